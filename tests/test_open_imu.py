"""The open profile for firmware: the bytes in its document are what the code sends and reads."""

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from imu_stream.datatypes import GRAVITY, DeviceSamples, Frame, Placement
from imu_stream.errors import Fault
from imu_stream.profiles import (
    Advertisement,
    Corrupt,
    Decoder,
    DeviceProfile,
    Encoder,
    Mode,
    Read,
    Reply,
    Responder,
    Subscribe,
    Write,
    builtin_profiles,
    find_profile,
)

DOCUMENT = (Path(__file__).parents[1] / "docs" / "firmware.md").read_text(encoding="utf-8")
STREAM = "imu"
MTU_OF_THREE_SAMPLES = 47
COMPLETE_128_BIT_SERVICES = 0x07
COMPLETE_NAME = 0x09
ACC_STEP = 16.0 * GRAVITY / 32768
GYR_STEP = np.radians(2000.0) / 32768


@pytest.fixture(scope="module")
def profile() -> DeviceProfile:
    return find_profile("open_imu")


@pytest.fixture(scope="module")
def mode(profile: DeviceProfile) -> Mode:
    return profile.default_mode


def lines(block: str) -> list[str]:
    """The lines of a block of bytes in the document, without remarks."""
    found = re.search(rf"```hex {block}\n(.*?)```", DOCUMENT, re.DOTALL)
    assert found is not None, f"the document has no block {block!r}"
    return [line.partition(";")[0].strip() for line in found[1].splitlines()]


def content(block: str) -> bytes:
    return b"".join(map(bytes.fromhex, lines(block)))


def rows(heading: str) -> list[list[str]]:
    """The cells of the table in the document whose head begins like this."""
    _, _, rest = DOCUMENT.partition(f"| {heading} |")
    body = rest.split("\n\n")[0].splitlines()[2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in body]


def fields(advertising: bytes) -> dict[int, bytes]:
    """Advertising data by kind."""
    found = {}
    while advertising:
        end = 1 + advertising[0]
        found[advertising[1]] = advertising[2:end]
        advertising = advertising[end:]
    return found


def numbers(cell: str) -> list[int]:
    return [int(each.replace("−", "-")) for each in cell.split(",")]


def decoded(mode: Mode, packet: bytes) -> list[DeviceSamples | Corrupt]:
    return Decoder(mode, Placement.CHEST).decode(Frame(0.0, Placement.CHEST, STREAM, packet))


def taken(mode: Mode) -> list[tuple[str, bytes]]:
    """What the steps of the profile do, in the document's signs."""
    done = []
    for step in mode.setup:
        match step:
            case Write(payload=payload, reply=Reply(example=example)):
                done += [(">", payload), ("<", example)]
            case Read(Reply(example=example)):
                done.append(("=", example))
    return done


def test_the_advertisement_is_known_as_this_profile_alone(profile: DeviceProfile) -> None:
    shown = fields(content("advertisement")) | fields(content("scan response"))
    uuid = shown[COMPLETE_128_BIT_SERVICES][::-1].hex()
    assert (uuid,) == tuple(u.replace("-", "") for u in profile.advertised.service_uuids)
    name = shown[COMPLETE_NAME].decode()
    heard = Advertisement(name, profile.advertised.service_uuids)
    assert [each.name for each in builtin_profiles() if each.matches(heard)] == ["open_imu"]
    assert profile.advertisement("000001").name == name


def test_advertisement_and_scan_response_fit_into_31_bytes() -> None:
    assert len(content("advertisement")) <= 31
    assert len(content("scan response")) <= 31


def test_a_device_of_another_name_is_known_by_its_service(profile: DeviceProfile) -> None:
    assert profile.matches(Advertisement("Runner's own", profile.advertised.service_uuids))


def test_every_uuid_in_the_document_is_one_of_the_profile(profile: DeviceProfile) -> None:
    base = re.search(r"79caxxxx(-[0-9a-f-]+)", DOCUMENT)
    assert base is not None
    listed = [row[0].strip("`") for row in rows("xxxx")]
    written = {f"79ca{each}{base[1]}" for each in listed}
    own = {each.uuid for each in profile.characteristics if each.uuid.startswith("79ca")}
    assert written == own | {profile.advertised.service_uuids[0]}


def test_the_exchange_is_that_of_the_profile(mode: Mode) -> None:
    written = [(line[0], bytes.fromhex(line[1:])) for line in lines("exchange")]
    assert written == taken(mode)


def test_the_virtual_device_takes_the_exchange(profile: DeviceProfile, mode: Mode) -> None:
    device, started = Responder(profile), []
    for step in mode.setup:
        match step:
            case Write(characteristic=characteristic, payload=payload, reply=Reply() as reply):
                response = device.respond(characteristic, payload)
                assert [each.payload for each in response.replies] == [reply.example]
                started.append(response.start)
            case Read(reply):
                assert reply.accepts(device.value(reply.characteristic))
            case Subscribe(characteristic):
                device.subscribed(characteristic)
    assert started == [None, None, mode]


def test_every_mode_is_started_stopped_and_read_back(profile: DeviceProfile) -> None:
    for mode in profile.modes:
        device = Responder(profile)
        writes = [step for step in mode.setup if isinstance(step, Write)]
        responses = [device.respond(each.characteristic, each.payload) for each in writes]
        assert [each.start for each in responses] == [None, None, mode]
        (held,) = (step.reply for step in mode.setup if isinstance(step, Read))
        assert held.accepts(device.value(held.characteristic))
        (last,) = mode.shutdown
        assert isinstance(last, Write)
        assert device.respond(last.characteristic, last.payload).stop


def test_each_status_is_told_as_the_document_says(mode: Mode) -> None:
    configure = next(s for s in mode.setup if isinstance(s, Write) and s.payload[0] == 3)
    assert configure.reply is not None
    for status, _, told in rows("status"):
        answer = b"\x83" + bytes.fromhex(status.strip("`"))
        assert configure.reply.refuses(answer) == (Fault(told) if told else None)


def test_a_refused_rate_is_told_as_such(mode: Mode) -> None:
    _, answer = (bytes.fromhex(line[1:]) for line in lines("refusal"))
    configure = next(s for s in mode.setup if isinstance(s, Write) and s.payload[0] == 3)
    assert configure.reply is not None
    assert configure.reply.refuses(answer) is Fault.RATE


@pytest.mark.parametrize(
    ("held", "fault"),
    [
        ("01 64 00 10 d0 07", Fault.RATE),
        ("01 c8 00 08 d0 07", Fault.RANGE),
        ("01 c8 00 10 e8 03", Fault.RANGE),
        ("02 c8 00 10 d0 07", Fault.FIRMWARE),
        ("", None),
    ],
)
def test_what_is_read_back_must_be_what_was_asked(
    mode: Mode, held: str, fault: Fault | None
) -> None:
    (reply,) = (step.reply for step in mode.setup if isinstance(step, Read))
    assert not reply.accepts(bytes.fromhex(held))
    assert reply.refuses(bytes.fromhex(held)) is fault


def test_the_packet_decodes_to_the_table(mode: Mode) -> None:
    (samples,) = decoded(mode, content("packet"))
    assert isinstance(samples, DeviceSamples)
    assert (samples.counter, samples.ticks) == (2, 7_030_000)
    assert samples.acc is not None
    assert samples.gyr is not None
    table = rows("sample")
    np.testing.assert_allclose(samples.acc / ACC_STEP, [numbers(row[1]) for row in table])
    np.testing.assert_allclose(samples.gyr / GYR_STEP, [numbers(row[2]) for row in table])


def test_the_values_encode_to_the_packet(mode: Mode) -> None:
    table = rows("sample")
    acc = ACC_STEP * np.array([numbers(row[1]) for row in table], dtype=np.float64)
    gyr = GYR_STEP * np.array([numbers(row[2]) for row in table], dtype=np.float64)
    encoder = Encoder(mode, MTU_OF_THREE_SAMPLES)
    packets = [encoder.encode(7_030_000, acc, gyr) for _ in range(3)]
    assert packets[2] == [content("packet")]


def test_any_changed_bit_of_the_packet_is_noticed(mode: Mode) -> None:
    packet = content("packet")
    for bit in range(8 * len(packet)):
        changed = bytearray(packet)
        changed[bit // 8] ^= 1 << bit % 8
        (damage,) = decoded(mode, bytes(changed))
        assert isinstance(damage, Corrupt)


def test_one_sample_fills_the_smallest_link(mode: Mode) -> None:
    encoder = Encoder(mode, 23)
    (packet,) = encoder.encode(0, np.zeros((1, 3)), np.zeros((1, 3)))
    assert (encoder.samples_per_packet, len(packet)) == (1, 20)


@pytest.mark.parametrize("mtu", [23, 35, 47, 100, 107, 185, 247, 517])
def test_samples_per_packet_follow_the_rule_of_the_document(
    profile: DeviceProfile, mtu: int
) -> None:
    for mode in profile.modes:
        usual = round(0.04 * mode.hz)
        assert Encoder(mode, mtu).samples_per_packet == min(usual, (mtu - 11) // 12)


def test_a_batch_may_be_of_any_length(mode: Mode) -> None:
    for mtu in range(23, 120, 12):
        encoder = Encoder(mode, mtu)
        acc = np.full((encoder.samples_per_packet, 3), GRAVITY)
        (packet,) = encoder.encode(5, acc, 0.0 * acc)
        (samples,) = decoded(mode, packet)
        assert isinstance(samples, DeviceSamples)
        assert len(samples) == encoder.samples_per_packet


def test_vibration_is_asked_for_as_in_the_document(profile: DeviceProfile) -> None:
    vibrate, alert = profile.cues
    assert vibrate.payload(300) == content("haptic")
    assert vibrate.payload(60_000) == (2000).to_bytes(2, "little")
    assert alert.payload() == b"\x02"


def test_a_scale_of_the_document_is_that_of_its_range(profile: DeviceProfile) -> None:
    for mode in profile.modes:
        assert mode.acc_range_g is not None
        assert mode.gyr_range_dps is not None
        ends = np.array([[32767, -32767, 0]], dtype=np.float64)
        acc = ends * mode.acc_range_g * GRAVITY / 32768
        gyr = ends * np.radians(mode.gyr_range_dps) / 32768
        (packet,) = Encoder(mode, 23).encode(0, acc, gyr)
        assert packet[6:12] == packet[12:18] == bytes.fromhex("ff 7f 01 80 00 00")


def test_the_factor_for_other_parts_is_right() -> None:
    found = re.search(r"raw × 70 / 61\.035 = raw × (\d+\.\d+)", DOCUMENT)
    assert found is not None
    assert float(found[1]) == pytest.approx(0.070 / (2000 / 32768), abs=1e-9)


def crc_of_the_document(content: Sequence[int]) -> int:
    """The function of the document, line by line."""
    crc = 0xFFFF
    for byte in content:
        crc ^= byte << 8
        for _ in range(8):
            crc = (crc << 1 ^ 0x1021 if crc & 0x8000 else crc << 1) & 0xFFFF
    return crc


def test_the_checksum_of_the_document_is_that_of_the_packet() -> None:
    packet = content("packet")
    assert crc_of_the_document(packet[:-2]) == int.from_bytes(packet[-2:], "little")
    assert crc_of_the_document(b"123456789") == 0x29B1
    assert f"{int.from_bytes(packet[-2:], 'little'):#06x}" in DOCUMENT
