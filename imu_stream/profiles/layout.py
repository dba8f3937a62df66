"""A message of samples <-> time stamp, counter and arrays.

In blocks (all accelerations of a packet, all angular rates) or in records (sample after
sample); every other field has a fixed length. Little-endian throughout.
"""

from collections.abc import Sequence
from dataclasses import replace

from imu_stream.datatypes import DeviceSamples, Placement
from imu_stream.profiles.malformed import MalformedPacketError
from imu_stream.profiles.message_plan import MessagePlan, field_length, make_plan
from imu_stream.profiles.packet_samples import PacketSamples, row, write_message
from imu_stream.profiles.packets import (
    Constant,
    Encoding,
    Packet,
    PacketField,
    Records,
    SampleCount,
    Vectors,
    fields_of,
)


class PacketLayout:
    """Reads and writes messages of one packet kind.

    Attributes:
        prefix: the constant bytes a message starts with; they tell its kind.
        samples_per_packet: how many samples a message usually holds (always, if fixed).
    """

    def __init__(self, packet: Packet, kind: int = 0) -> None:
        """Lay out the packets of one kind, which has this number among those of the mode."""
        first = packet.fields[0]
        self.prefix = first.content if isinstance(first, Constant) else b""
        self.samples_per_packet = packet.samples_per_packet
        self._packet = packet
        self._kind = kind
        vectors = fields_of(packet.fields, Vectors)
        self._delta = any(each.encoding is not Encoding.PLAIN for each in vectors)
        self._fixed = sum(field_length(field, 0) for field in packet.fields)
        self._per_sample = sum(field_length(field, 1) for field in packet.fields) - self._fixed
        self._plans: dict[int, MessagePlan | None] = {}

    @property
    def fixed_count(self) -> bool:
        """Whether every message holds `samples_per_packet` samples."""
        return self._packet.samples is SampleCount.FIXED

    def rescale(self, scale: float) -> None:
        """Take the scale the device has told: SI value of the number 1."""
        fields = tuple(_rescaled(field, scale) for field in self._packet.fields)
        self._packet = replace(self._packet, fields=fields)
        self._plans.clear()

    def length(self, samples: int) -> int:
        """Give the length of a message with that many samples, bytes; the longest it can have."""
        return self._fixed + samples * self._per_sample + 2 * samples * self._delta

    def sample_count(self, length: int) -> int | None:
        """Give how many samples a message of this length holds; None if there is no such.

        A delta-compressed message says it only when it is read: 0.
        """
        if self._delta:
            return 0 if length > self._fixed else None
        samples, rest = divmod(length - self._fixed, self._per_sample)
        if rest or samples < 1 or (self.fixed_count and samples != self.samples_per_packet):
            return None
        return samples

    def fits(self, message: bytes) -> bool:
        """Whether a message has the length and the constant bytes of this kind."""
        plan = self._plan(len(message))
        return plan is not None and plan.has_its_constants(message)

    def read(self, message: bytes, arrival_s: float, placement: Placement) -> list[DeviceSamples]:
        """Read a message: as a whole, or sample by sample when each has its time stamp.

        Args:
            message: begins with `prefix`.
            arrival_s: when it was complete.
            placement: of the sensor.

        Raises:
            MalformedPacketError: wrong length, a constant or checksum that differs, or an
                impossible value.
        """
        plan = self._plan(len(message))
        if plan is None:
            raise MalformedPacketError(f"no message of samples has {len(message)} bytes")
        plan.verify(message)
        acc = gyr = None
        for reader in plan.readers:
            values = reader.read(message)
            acc = acc if reader.acc is None else values[reader.acc]
            gyr = gyr if reader.gyr is None else values[reader.gyr]
        counter = None if plan.counter is None else plan.counter.read(message)
        stamp, kind = plan.ticks, self._kind
        if stamp is None or not stamp.step:
            ticks = None if stamp is None else stamp.read(message)
            return [DeviceSamples(arrival_s, placement, ticks, acc, gyr, kind, counter)]
        samples = []
        for k in range(plan.samples):
            ticks = stamp.read(message, k)
            one = row(acc, k), row(gyr, k)
            samples.append(DeviceSamples(arrival_s, placement, ticks, *one, kind, counter))
        return samples

    def write(self, packet: PacketSamples, stamps: Sequence[int]) -> bytes:
        """Write a message; see `write_message`."""
        return write_message(self._packet.fields, packet, stamps)

    def _plan(self, length: int) -> MessagePlan | None:
        """How messages of this length are read; None if there are none."""
        try:
            return self._plans[length]
        except KeyError:
            samples = self.sample_count(length)
            plan = None if samples is None else make_plan(self._packet.fields, samples)
            self._plans[length] = plan
            return plan


def _rescaled(field: PacketField, scale: float) -> PacketField:
    match field:
        case Vectors():
            return replace(field, scale=scale)
        case Records(fields):
            rescaled = (replace(f, scale=scale) if isinstance(f, Vectors) else f for f in fields)
            return Records(tuple(rescaled))
        case _:
            return field
