"""What goes over the air before a connection: advertisements and UUIDs, to bytes and back."""

from typing import cast

from bleak.backends.scanner import AdvertisementData
from bumble import core
from bumble.core import UUID, AdvertisingData
from bumble.device import Advertisement as HeardAdvertisement

from imu_stream.profiles import Advertisement

_LONGEST = 31
_FLAGS = bytes([0x06])
"""Generally discoverable, no classic Bluetooth."""
_BLUETOOTH_BASE = "-0000-1000-8000-00805f9b34fb"
_SERVICE_UUID_LISTS = (
    core.AdvertisingData.COMPLETE_LIST_OF_16_BIT_SERVICE_CLASS_UUIDS,
    core.AdvertisingData.INCOMPLETE_LIST_OF_16_BIT_SERVICE_CLASS_UUIDS,
    core.AdvertisingData.COMPLETE_LIST_OF_128_BIT_SERVICE_CLASS_UUIDS,
    core.AdvertisingData.INCOMPLETE_LIST_OF_128_BIT_SERVICE_CLASS_UUIDS,
)


def uuid_of(text: str) -> UUID:
    """The short form where there is one: it is what fits into an advertisement."""
    if text.endswith(_BLUETOOTH_BASE) and text.startswith("0000"):
        return UUID.from_16_bits(int(text[4:8], 16))
    return UUID(text)


def uuid_text(uuid: UUID) -> str:
    """The long form in lower case, as bleak writes it."""
    if len(uuid.uuid_bytes) == 16:
        return uuid.to_hex_str("-").lower()
    number = int.from_bytes(uuid.uuid_bytes, "little")
    return f"{number:08x}{_BLUETOOTH_BASE}"


def advertising_bytes(shown: Advertisement) -> tuple[bytes, bytes]:
    """Advertising and scan response data; what does not fit in the first goes to the second."""
    advertising = scan_response = b""
    for kind, content in _fields(shown):
        part = bytes(AdvertisingData([(kind, content)]))
        if len(advertising) + len(part) <= _LONGEST and not scan_response:
            advertising += part
        else:
            scan_response += part
    return advertising, scan_response


def _fields(shown: Advertisement) -> list[tuple[AdvertisingData.Type, bytes]]:
    fields = [(AdvertisingData.FLAGS, _FLAGS)]
    fields += [_listed(uuid_of(text)) for text in shown.service_uuids]
    fields += [
        (AdvertisingData.MANUFACTURER_SPECIFIC_DATA, number.to_bytes(2, "little") + bytes(2))
        for number in shown.company_ids
    ]
    if shown.name:
        fields.append((AdvertisingData.COMPLETE_LOCAL_NAME, shown.name.encode()))
    return fields


def _listed(uuid: UUID) -> tuple[AdvertisingData.Type, bytes]:
    if len(uuid.uuid_bytes) == 2:
        return AdvertisingData.COMPLETE_LIST_OF_16_BIT_SERVICE_CLASS_UUIDS, bytes(uuid)
    return AdvertisingData.COMPLETE_LIST_OF_128_BIT_SERVICE_CLASS_UUIDS, bytes(uuid)


def bleak_advertisement(advertisement: HeardAdvertisement) -> AdvertisementData:
    """An advertisement heard by the host stack, as bleak tells it."""
    fields = advertisement.data
    kinds = core.AdvertisingData
    return AdvertisementData(
        local_name=fields.get(kinds.COMPLETE_LOCAL_NAME) or fields.get(kinds.SHORTENED_LOCAL_NAME),
        manufacturer_data={
            company: bytes(value)
            for company, value in fields.get_all(kinds.MANUFACTURER_SPECIFIC_DATA)
        },
        service_data={},
        service_uuids=_service_uuids(fields),
        tx_power=fields.get(kinds.TX_POWER_LEVEL),
        rssi=advertisement.rssi,
        platform_data=(advertisement,),
    )


def _service_uuids(fields: core.AdvertisingData) -> list[str]:
    listed = (fields.get(kind) or [] for kind in _SERVICE_UUID_LISTS)
    return [uuid_text(uuid) for uuids in listed for uuid in cast(list[core.UUID], uuids)]
