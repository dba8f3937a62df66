"""The text of a new device profile from what is known about the device."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Heard:
    """A characteristic of a device that was looked at."""

    uuid: str
    service_uuid: str
    properties: tuple[str, ...]
    notifications: tuple[bytes, ...] = ()
    """What it sent while it was listened to."""


@dataclass(frozen=True, slots=True)
class Sketch:
    """What is known or guessed of a device; the defaults are those of many small sensors."""

    title: str
    vendor: str
    name: str
    """Advertised name, * for what differs from piece to piece."""
    service_uuid: str
    data_uuid: str
    command_uuid: str = ""
    """"" when it streams as soon as notifications are on."""
    start: str = ""
    stop: str = ""
    """Bytes in the notation of profiles."""
    begins: str = ""
    """Constant bytes in front of each packet."""
    rate_hz: float = 100.0
    samples_per_packet: int = 1
    tick_type: str = "u32"
    """"" for a device without clock."""
    seconds_per_tick: float = 1e-3
    acc_range_g: float = 16.0
    gyr_range_dps: float = 2000.0
    """0 for a device without gyroscope."""
    service_uuids: tuple[str, ...] = ()
    """Advertised."""
    company_ids: tuple[int, ...] = ()
    sources: str = "To be filled in: where each fact is from, and what is not confirmed."
    heard: tuple[Heard, ...] = field(default=())


def profile_text(sketch: Sketch) -> str:
    """Write the profile; it passes the check as it stands, and says what to look at again."""
    parts = (
        _about(sketch),
        _advertised(sketch),
        _clock(sketch),
        _gatt(sketch),
        _packet(sketch),
        _steps(sketch),
    )
    return "\n".join(parts)


def _about(sketch: Sketch) -> str:
    placements = ["foot", "chest"] if sketch.gyr_range_dps else ["chest"]
    return f"""# A first sketch: README.md in device_profiles explains every key.

title = {_text(sketch.title)}
vendor = {_text(sketch.vendor)}
evidence = "unverified"
sources = {_text(sketch.sources)}
placements = {_list(placements)}
default_rate_hz = {sketch.rate_hz:g}
"""


def _advertised(sketch: Sketch) -> str:
    shown = sketch.name.replace("*", "{serial}")
    lines = ["[advertised]", f"name = {_text(shown)}"]
    if sketch.service_uuids:
        lines.append(f"service_uuids = {_list(sketch.service_uuids)}")
    if sketch.company_ids:
        lines.append(f"company_ids = {list(sketch.company_ids)}")
    lines += ["", "[[match]]", f"name = {_text(sketch.name)}", ""]
    return "\n".join(lines)


def _clock(sketch: Sketch) -> str:
    if not sketch.tick_type:
        return "# No clock: packets are stamped by their arrival.\n"
    return f"""[clock]
seconds_per_tick = {sketch.seconds_per_tick!r}
mark = "first"
"""


def _gatt(sketch: Sketch) -> str:
    lines = ["[gatt]", f"service = {_text(sketch.service_uuid)}", "", "[gatt.characteristics]"]
    properties = {each.uuid: each.properties for each in sketch.heard}
    usual = (("data", sketch.data_uuid, ("notify",)), ("command", sketch.command_uuid, ("write",)))
    for word, uuid, guess in usual:
        if uuid:
            kinds = _list(properties.get(uuid, guess))
            other = _other_service(sketch, uuid)
            lines.append(f"{word} = {{ uuid = {_text(uuid)}, properties = {kinds}{other} }}")
    named = {sketch.data_uuid, sketch.command_uuid}
    others = [each for each in sketch.heard if each.uuid not in named]
    lines += [f"# also there: {each.uuid} ({', '.join(each.properties)})" for each in others]
    return "\n".join([*lines, ""])


def _other_service(sketch: Sketch, uuid: str) -> str:
    services = {each.uuid: each.service_uuid for each in sketch.heard}
    service = services.get(uuid, sketch.service_uuid)
    return "" if service == sketch.service_uuid else f", service = {_text(service)}"


def _packet(sketch: Sketch) -> str:
    fields = []
    if sketch.begins:
        fields.append(f'{{ field = "constant", bytes = {_text(sketch.begins)} }}')
    if sketch.tick_type:
        fields.append(f'{{ field = "ticks", type = "{sketch.tick_type}" }}')
    fields.append(_vectors("acc", sketch.acc_range_g, "g"))
    if sketch.gyr_range_dps:
        fields.append(_vectors("gyr", sketch.gyr_range_dps, "deg/s"))
    inner = "".join(f"    {each},\n" for each in fields)
    return f"""[[streams]]
name = "imu"
characteristic = "data"
framing = "whole"

{_heard_as_comment(sketch)}[[streams.packets]]
samples = "fixed"
samples_per_packet = {sketch.samples_per_packet}
fields = [
{inner}]

[[rates]]
hz = {sketch.rate_hz:g}
"""


def _vectors(quantity: str, largest: float, unit: str) -> str:
    scale = largest / 32768
    return (
        f'{{ field = "{quantity}", type = "i16", scale = {scale!r}, unit = "{unit}", '
        f"saturation = {largest:g} }}"
    )


def _heard_as_comment(sketch: Sketch) -> str:
    lines = []
    for each in sketch.heard:
        for sent in each.notifications:
            lines.append(f"# {each.uuid} sent {len(sent)} bytes: {sent.hex(' ')}\n")
    return "".join(lines)


def _steps(sketch: Sketch) -> str:
    if not sketch.command_uuid or not sketch.start:
        return '[[setup]]\nsubscribe = "data"\neffect = "start"\n'
    steps = f"""[[setup]]
subscribe = "data"

[[setup]]
write = "command"
payload = {_text(sketch.start)}
response = true
effect = "start"
"""
    if not sketch.stop:
        return steps
    return f"""{steps}
[[shutdown]]
write = "command"
payload = {_text(sketch.stop)}
response = true
effect = "stop"
"""


def _text(text: str) -> str:
    """A basic string; JSON escapes the same characters, and DEL is the one it leaves out."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _list(texts: Sequence[str]) -> str:
    return f"[{', '.join(map(_text, texts))}]"
