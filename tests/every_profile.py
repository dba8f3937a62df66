"""Every profile there is, its modes and kinds of packets, and samples as its device sends them."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pytest
from decoding import chosen, sending

from imu_stream.datatypes import Array, DeviceSamples, Frame, Placement
from imu_stream.profiles import (
    ClockMark,
    Corrupt,
    Decoder,
    DeviceProfile,
    Encoder,
    Mode,
    Packet,
    builtin_profiles,
    find_profile,
    parse_profile,
)
from imu_stream.profiles.packets import Framing, Vectors, fields_of

PROFILES = builtin_profiles()
MOST_MODES = 40
LARGEST_MTU = 517
FIRST_TICK = 0x12_3456
"""Of a device that has been on for a while: no byte of its time stamp is always zero."""

Decoded = DeviceSamples | Corrupt

every_profile = pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.name)


def variant(name: str, *changes: tuple[str, str]) -> DeviceProfile:
    """A profile with parts of its text replaced."""
    text = find_profile(name).text
    for found, replacement in changes:
        assert text.count(found) == 1, found
        text = text.replace(found, replacement)
    return parse_profile(text, name)


def modes_of(profile: DeviceProfile) -> list[Mode]:
    """All modes; of very many each rate with the usual ranges, each range at the usual rate."""
    if len(profile.modes) <= MOST_MODES:
        return list(profile.modes)
    usual = profile.default_mode
    rates = [profile.mode(hz) for hz in profile.rates_hz]
    acc = [profile.mode(usual.hz, range_g) for range_g in profile.acc_ranges_g]
    gyr = [profile.mode(usual.hz, None, range_dps) for range_dps in profile.gyr_ranges_dps]
    return [*rates, *acc, *gyr]


@dataclass(frozen=True)
class Kind:
    """One kind of packet of a profile at its default mode, or an alternative to it."""

    profile: DeviceProfile
    number: int
    alternative: int

    @property
    def mode(self) -> Mode:
        return self.profile.default_mode

    @property
    def packet(self) -> Packet:
        return chosen(self.mode.packets[self.number], self.alternative)

    @property
    def framing(self) -> Framing:
        streams = [stream for stream in self.mode.streams for _ in stream.packets]
        return streams[self.number].framing

    def encoder(self, mtu: int = LARGEST_MTU) -> Encoder:
        return Encoder(sending(self.mode, self.alternative), mtu, self.number)


KINDS = {
    f"{profile.name}-{number}" + (f"-or-{alternative}" if alternative else ""): Kind(
        profile, number, alternative
    )
    for profile in PROFILES
    for number, packet in enumerate(profile.default_mode.packets)
    for alternative in range(1 + len(packet.alternatives))
}
every_kind = pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS.keys())


def largest(packet: Packet, quantity: str) -> float:
    """The largest value that the packet holds of a quantity, SI; 0 if it holds none."""
    fields = fields_of(packet.fields, Vectors)
    return max((each.saturation for each in fields if each.quantity == quantity), default=0.0)


@dataclass(frozen=True)
class Sent:
    """One packet before it is encoded."""

    ticks: int
    acc: Array
    gyr: Array


def some_packets(encoder: Encoder, packet: Packet, count: int, seed: int = 7) -> list[Sent]:
    """Random packets, a tenth of the range, on the device's clock."""
    random = np.random.default_rng(seed)
    shape = (encoder.samples_per_packet, 3)
    acc, gyr = (0.1 * largest(packet, quantity) for quantity in ("acc", "gyr"))
    return [
        Sent(FIRST_TICK + 1000 * k, *(random.uniform(-each, each, shape) for each in (acc, gyr)))
        for k in range(count)
    ]


def encode(encoder: Encoder, packets: Iterable[Sent]) -> list[list[bytes]]:
    """The notifications of each packet."""
    return [encoder.encode(p.ticks, p.acc, p.gyr) for p in packets]


def flat(encoded: Iterable[Sequence[bytes]]) -> list[bytes]:
    return [payload for payloads in encoded for payload in payloads]


def stream_of(mode: Mode, number: int = 0) -> str:
    """Name of the stream that carries a kind of packet."""
    return [stream.name for stream in mode.streams for _ in stream.packets][number]


def decode(decoder: Decoder, stream: str, payloads: Iterable[bytes]) -> list[Decoded]:
    """What a decoder makes of notifications that arrive 10 ms apart."""
    frames = (Frame(0.01 * k, Placement.CHEST, stream, each) for k, each in enumerate(payloads))
    return [decoded for frame in frames for decoded in decoder.decode(frame)]


def decode_once(mode: Mode, payloads: Iterable[bytes], number: int = 0) -> list[Decoded]:
    """What a new decoder makes of notifications of one stream."""
    return decode(Decoder(mode, Placement.CHEST), stream_of(mode, number), payloads)


def samples_of(decoded: Iterable[Decoded]) -> list[DeviceSamples]:
    return [one for one in decoded if isinstance(one, DeviceSamples)]


def corrupt_of(decoded: Iterable[Decoded]) -> list[Corrupt]:
    return [one for one in decoded if isinstance(one, Corrupt)]


def fingerprints(decoded: Iterable[DeviceSamples]) -> list[tuple[int | None, bytes, bytes]]:
    """What can be compared of samples."""
    return [
        (
            one.ticks,
            b"" if one.acc is None else one.acc.tobytes(),
            b"" if one.gyr is None else one.gyr.tobytes(),
        )
        for one in decoded
    ]


def joined(samples: Sequence[DeviceSamples], quantity: str) -> Array | None:
    """All accelerations, or angular rates, as one array."""
    parts = [getattr(one, quantity) for one in samples]
    return None if any(part is None for part in parts) else np.concatenate(parts)


def stamps_of(mode: Mode, packet: Packet, ticks: int) -> list[int | None]:
    """The time stamps with which a packet comes out."""
    if packet.clock is None:
        return [None]
    if packet.clock.mark is not ClockMark.EACH:
        return [ticks % (1 << packet.clock.bits)]
    step = 1.0 / (mode.hz * packet.clock.seconds_per_tick)
    stamps = (ticks + round(k * step) for k in range(packet.samples_per_packet))
    return [stamp % (1 << packet.clock.bits) for stamp in stamps]


def half_step(vectors: Vectors) -> float:
    """By how much rounding may change a value, SI."""
    if vectors.type == "f32":
        return vectors.saturation * 2**-24
    return math.nextafter(vectors.scale / 2, math.inf) * (1 + 1e-9)
