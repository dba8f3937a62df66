"""Frames -> samples for us, samples -> notifications for the virtual devices."""

from dataclasses import dataclass, replace

from imu_stream.datatypes import Array, DeviceSamples, Frame, Placement
from imu_stream.errors import ProfileError
from imu_stream.profiles.framing import make_deframer, seal
from imu_stream.profiles.layout import PacketLayout
from imu_stream.profiles.malformed import MalformedPacketError
from imu_stream.profiles.messages import Message
from imu_stream.profiles.packet_samples import PacketSamples
from imu_stream.profiles.packets import Factor, Framing, Packet, Stream
from imu_stream.profiles.polar_control import read_factor
from imu_stream.profiles.schema import Mode

_NOTIFICATION_HEADER = 3  # of the ATT_MTU, opcode and handle come off


@dataclass(frozen=True, slots=True)
class Corrupt:
    """Bytes that could not be decoded: counted and reported, never an error."""

    arrival_s: float
    placement: Placement
    problem: str


@dataclass(frozen=True, slots=True)
class _Kind:
    """One kind of packet of the mode."""

    layout: PacketLayout
    factor: Factor | None
    alone: bool
    """No other kind of the stream begins like this one."""


class Decoder:
    """Decodes the frames of one sensor, in order of arrival."""

    def __init__(self, mode: Mode, placement: Placement) -> None:
        """Start with nothing received."""
        self._streams: dict[str, _StreamDecoder] = {}
        first = 0
        for stream in mode.streams:
            self._streams[stream.name] = _StreamDecoder(stream, first, placement)
            first += len(stream.packets)

    def reset(self) -> None:
        """Forget half-received messages: for a new link."""
        for stream in self._streams.values():
            stream.reset()

    def decode(self, frame: Frame) -> list[DeviceSamples | Corrupt]:
        """Decode what a frame completes; frames of other streams give nothing.

        Never raises: damage is given as `Corrupt`, one for each damaged packet as far as
        that can be told.
        """
        stream = self._streams.get(frame.stream)
        if stream is not None:
            return stream.decode(frame)
        for each in self._streams.values():
            each.listen(frame)
        return []


class _StreamDecoder:
    """Decodes the frames of one stream."""

    def __init__(self, stream: Stream, first_kind: int, placement: Placement) -> None:
        self._stream = stream
        self._kinds = _kinds_of(stream, first_kind)
        self._placement = placement
        self._whole = stream.framing is Framing.WHOLE
        self.reset()

    def reset(self) -> None:
        self._deframer = make_deframer(self._stream, [kind.layout for kind in self._kinds])

    def listen(self, frame: Frame) -> None:
        """Hear an answer that may tell the scale of a packet's numbers."""
        for kind in self._kinds:
            if kind.factor is None:
                continue
            if (scale := _told_scale(kind.factor, frame)) is not None:
                kind.layout.rescale(scale)

    def decode(self, frame: Frame) -> list[DeviceSamples | Corrupt]:
        if self._whole:  # as most are, and with most frames a second
            return self._read(frame.arrival_s, frame.payload)
        decoded: list[DeviceSamples | Corrupt] = []
        for received in self._deframer.receive(frame.arrival_s, frame.payload):
            if isinstance(received, Message):
                decoded += self._read_joined(received)
            else:
                decoded.append(Corrupt(received.arrival_s, self._placement, received.problem))
        return decoded

    def _read_joined(self, message: Message) -> list[DeviceSamples | Corrupt]:
        """Read a message that may have come in parts, some time apart."""
        read = self._read(message.arrival_s, message.content)
        if not message.spread_s:
            return read
        spread_s = message.spread_s
        return [r if isinstance(r, Corrupt) else replace(r, spread_s=spread_s) for r in read]

    def _read(self, arrival_s: float, content: bytes) -> list[DeviceSamples | Corrupt]:
        kind = self._kind_of(content)
        if kind is None:
            return self._other(arrival_s, content)
        try:
            return [*kind.layout.read(content, arrival_s, self._placement)]
        except MalformedPacketError as error:
            return [Corrupt(arrival_s, self._placement, str(error))]

    def _kind_of(self, content: bytes) -> _Kind | None:
        """The kind that begins like this; of several, that whose length and constants fit."""
        first = None
        for kind in self._kinds:
            if content.startswith(kind.layout.prefix):
                if kind.alone or kind.layout.fits(content):
                    return kind
                first = first or kind
        return first

    def _other(self, arrival_s: float, content: bytes) -> list[DeviceSamples | Corrupt]:
        """A message without samples is no news if the profile knows of it."""
        if any(pattern.begins(content) for pattern in self._stream.ignored):
            return []
        if any(content.startswith(other.begins) for other in self._stream.other_messages):
            return []
        begin = content[:4].hex(" ") or "nothing"
        return [Corrupt(arrival_s, self._placement, f"an unknown kind of message: {begin}")]


def _kinds_of(stream: Stream, first: int) -> list[_Kind]:
    """The kinds of packets of a stream, numbered from `first`; alternatives share a number."""
    numbered = [
        (first + k, each)
        for k, packet in enumerate(stream.packets)
        for each in (packet, *packet.alternatives)
    ]
    layouts = [PacketLayout(packet, number) for number, packet in numbered]
    alike = [
        sum(a.prefix.startswith(b.prefix) or b.prefix.startswith(a.prefix) for b in layouts)
        for a in layouts
    ]
    return [
        _Kind(layout, packet.factor, count == 1)
        for (_, packet), layout, count in zip(numbered, layouts, alike, strict=True)
    ]


def _told_scale(factor: Factor, frame: Frame) -> float | None:
    if frame.stream != factor.stream or not factor.answer.begins(frame.payload):
        return None
    try:
        told = read_factor(frame.payload)
    except MalformedPacketError:
        return None  # the answer to a command; the link has judged it
    return None if told is None else told * factor.unit


class Encoder:
    """Encodes the samples of one kind of packet as the device sends them.

    Attributes:
        samples_per_packet: how many samples to give for each packet.
        characteristic: UUID of the characteristic that notifies them.
    """

    def __init__(self, mode: Mode, mtu: int = 517, kind: int = 0) -> None:
        """Fit the packets to a link.

        Args:
            mode: rate and ranges.
            mtu: ATT_MTU of the link, bytes; 23 is the smallest there is.
            kind: which of the mode's packets.

        Raises:
            ProfileError: not one packet fits the link.
        """
        self._packet = mode.packets[kind]
        stream = [stream for stream in mode.streams for _ in stream.packets][kind]
        self.characteristic = stream.characteristic
        self._framing = stream.framing
        self._largest = mtu - _NOTIFICATION_HEADER
        self._layout = PacketLayout(self._packet)
        self._tick_step = _tick_step(self._packet, mode.hz)
        self.samples_per_packet = self._packet.samples_per_packet
        self._sent = 0
        if self._framing is Framing.WHOLE:
            self.samples_per_packet = self._fit(stream)

    def encode(self, ticks: int, acc: Array, gyr: Array | None) -> list[bytes]:
        """Encode one packet.

        Args:
            ticks: device clock of the sample the packet's clock marks, of the first where it
                marks each; taken modulo its bits, and of no effect without clock.
            acc: (samples_per_packet, 3) m/s², finite; clipped and rounded as the device does.
            gyr: (samples_per_packet, 3) rad/s, finite; not used by a device without gyroscope.

        Returns:
            The notifications that carry the packet, complete with it.

        Raises:
            ValueError: the arrays do not have that shape.
        """
        expected = (self.samples_per_packet, 3)
        if acc.shape != expected or (gyr is not None and gyr.shape != expected):
            raise ValueError(f"arrays of shape {expected} are needed")
        stamps = [ticks + round(k * self._tick_step) for k in range(self.samples_per_packet)]
        packet = PacketSamples(ticks, self._sent, acc, gyr)
        message = self._layout.write(packet, stamps)
        self._sent += 1
        return seal(self._framing, message, self._largest)

    def _fit(self, stream: Stream) -> int:
        """Send fewer samples at a time over a link with a small MTU, if the device can."""
        usual = self.samples_per_packet
        counts = [usual] if self._layout.fixed_count else range(usual, 0, -1)
        for samples in counts:
            if self._layout.length(samples) <= self._largest:
                return samples
        raise ProfileError(stream.name, "streams", "no packet fits the MTU of the link")


def _tick_step(packet: Packet, rate_hz: float) -> float:
    """Ticks from one sample to the next."""
    return 0.0 if packet.clock is None else 1.0 / (rate_hz * packet.clock.seconds_per_tick)
