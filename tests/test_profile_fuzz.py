"""Whatever arrives, decoding goes on: random and mutated notifications of every device."""

import pickle
import random
from collections.abc import Callable, Iterator, Sequence

import numpy as np
from every_profile import (
    PROFILES,
    Decoded,
    corrupt_of,
    encode,
    every_profile,
    fingerprints,
    largest,
    samples_of,
    sending,
    some_packets,
    stream_of,
)

from imu_stream.datatypes import Array, Frame, Placement
from imu_stream.profiles import Corrupt, Decoder, DeviceProfile, Encoder, Mode, Read, Write

FRAMES = 100_000
LARGEST_PAYLOAD = 514
FEWEST_BITS_A_SAMPLE = 3
"""One for each axis, in a compressed packet."""
LARGEST_STATE = 400_000
"""Bytes of a decoder, all that it holds."""
BEYOND = 1.5
"""Values may be so much larger than the range; see `vector_numbers`."""
AFTERWARDS = 80
SURE_AFTER = 40
"""Packets until a stream of bytes is in step again, whatever came before."""

Notification = tuple[str, bytes]
"""Name of its stream, payload."""


# ---------------------------------------------------------------- what arrives


def valid(profile: DeviceProfile, count: int, alternative: int = 0) -> list[Notification]:
    """Some packets of every kind, in turn, as the device sends them."""
    mode = sending(profile.default_mode, alternative)
    encoders = [Encoder(mode, kind=number) for number in range(len(mode.packets))]
    encoded = [
        encode(encoder, some_packets(encoder, packet, count))
        for encoder, packet in zip(encoders, mode.packets, strict=True)
    ]
    return [
        (stream_of(mode, number), payload)
        for turn in zip(*encoded, strict=True)
        for number, payloads in enumerate(turn)
        for payload in payloads
    ]


def answers(mode: Mode) -> list[Notification]:
    """What the device answers while it is set up; some tell a scale."""
    steps = (step for step in mode.setup if isinstance(step, (Read, Write)))
    replies = (step.reply for step in steps if step.reply is not None)
    names = {stream.characteristic: stream.name for stream in mode.streams}
    return [(names.get(each.characteristic, each.characteristic), each.example) for each in replies]


Mutation = Callable[[random.Random, bytes, bytes], bytes]


def flip(chance: random.Random, payload: bytes, other: bytes) -> bytes:
    """Turn a few bits over."""
    flipped = bytearray(payload)
    for _ in range(chance.randint(1, 8) if payload else 0):
        flipped[chance.randrange(len(flipped))] ^= 1 << chance.randrange(8)
    return bytes(flipped)


def cut(chance: random.Random, payload: bytes, other: bytes) -> bytes:
    """Lose the end, or the beginning."""
    at = chance.randint(0, len(payload))
    return payload[:at] if chance.random() < 0.5 else payload[at:]


def join(chance: random.Random, payload: bytes, other: bytes) -> bytes:
    """Two in one."""
    return payload + other


def swap(chance: random.Random, payload: bytes, other: bytes) -> bytes:
    """Begin as one and end as another."""
    return payload[: chance.randint(0, len(payload))] + other[chance.randint(0, len(other)) :]


def repeat(chance: random.Random, payload: bytes, other: bytes) -> bytes:
    """Say a part twice."""
    start, end = sorted((chance.randint(0, len(payload)), chance.randint(0, len(payload))))
    return payload[:end] + payload[start:]


def nonsense(chance: random.Random, payload: bytes, other: bytes) -> bytes:
    """Any bytes, behind a right beginning or none."""
    return payload[: chance.choice((0, 0, 1, 2, 10))] + chance.randbytes(chance.randint(0, 60))


def nothing_wrong(chance: random.Random, payload: bytes, other: bytes) -> bytes:
    """As it should be: so that the rest begins in all states."""
    return payload


def long_nonsense(chance: random.Random, payload: bytes, other: bytes) -> bytes:
    """As much as fits."""
    return chance.randbytes(LARGEST_PAYLOAD)


MUTATIONS: tuple[Mutation, ...] = (flip, cut, join, swap, repeat, nonsense, nothing_wrong)


def damaged(profile: DeviceProfile, count: int) -> Iterator[Frame]:
    """Random and mutated notifications, the same in every run."""
    chance = random.Random(profile.name)
    most = max(len(packet.alternatives) for packet in profile.default_mode.packets)
    packets = [each for number in range(1 + most) for each in valid(profile, 50, number)]
    known = [*packets, *answers(profile.default_mode)]
    for number in range(count):
        stream, payload = chance.choice(packets if number % 50 else known)
        mutation = chance.choice(MUTATIONS) if number % 100 else long_nonsense
        changed = mutation(chance, payload, chance.choice(known)[1])
        yield Frame(0.001 * number, Placement.CHEST, stream, changed[:LARGEST_PAYLOAD])


# ---------------------------------------------------------------- what is made of it


@every_profile
def test_no_bytes_stop_the_decoding(profile: DeviceProfile) -> None:
    decoder = Decoder(profile.default_mode, Placement.CHEST)
    received = samples = damages = 0
    measured: dict[str, list[Array]] = {"acc": [], "gyr": []}
    for frame in damaged(profile, FRAMES):
        received += len(frame.payload)
        for one in decoder.decode(frame):
            if isinstance(one, Corrupt):
                damages += 1
                continue
            samples += len(one)
            for quantity, values in (("acc", one.acc), ("gyr", one.gyr)):
                if values is not None:
                    measured[quantity].append(values)
    assert 0 < samples <= 8 * received / FEWEST_BITS_A_SAMPLE
    assert damages <= 2 * FRAMES
    assert_within_the_range(profile.default_mode, measured)
    assert len(pickle.dumps(decoder)) < LARGEST_STATE
    assert_decodes_again(profile, decoder)


def assert_within_the_range(mode: Mode, measured: dict[str, list[Array]]) -> None:
    for quantity, parts in measured.items():
        most = BEYOND * max(largest(packet, quantity) for packet in mode.packets)
        assert not parts or np.abs(np.concatenate(parts)).max() <= most * (1 + 1e-9)


def assert_decodes_again(profile: DeviceProfile, decoder: Decoder) -> None:
    """After all that, packets in order come out as from a new decoder."""
    notifications = [*answers(profile.default_mode), *valid(profile, AFTERWARDS)]
    new = decoded(Decoder(profile.default_mode, Placement.CHEST), notifications)
    again = decoded(decoder, notifications)
    kept = SURE_AFTER * len(new) // AFTERWARDS
    assert not corrupt_of(again[-kept:])
    assert fingerprints(samples_of(again[-kept:])) == fingerprints(samples_of(new[-kept:]))


def decoded(decoder: Decoder, notifications: Sequence[Notification]) -> list[Decoded]:
    frames = (Frame(0.0, Placement.CHEST, *notification) for notification in notifications)
    return [one for frame in frames for one in decoder.decode(frame)]


def test_every_profile_is_tried() -> None:
    assert len(PROFILES) > 10
