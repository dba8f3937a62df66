"""Frames -> samples for us, samples -> notifications for the virtual devices."""

from dataclasses import dataclass

from imu_stream.datatypes import Array, DeviceSamples, Frame, Placement
from imu_stream.errors import ProfileError
from imu_stream.profiles.device_profile import DeviceProfile
from imu_stream.profiles.framing import make_deframer, seal
from imu_stream.profiles.layout import MalformedPacketError, PacketLayout
from imu_stream.profiles.messages import Damage, Message
from imu_stream.profiles.schema import Framing

_NOTIFICATION_HEADER = 3  # of the ATT_MTU, opcode and handle come off


@dataclass(frozen=True, slots=True)
class Corrupt:
    """Bytes that could not be decoded: counted and reported, never an error."""

    arrival_s: float
    placement: Placement
    problem: str


class Decoder:
    """Decodes the frames of one sensor, in order of arrival."""

    def __init__(self, profile: DeviceProfile, placement: Placement, rate_hz: float) -> None:
        """Start with nothing received.

        Raises:
            ProfileError: the device does not offer the rate.
        """
        rate = profile.rate(rate_hz)
        self._stream = profile.streams[0]
        self._placement = placement
        self._layout = PacketLayout(rate.packet, rate.samples_per_packet)
        self.reset()

    def reset(self) -> None:
        """Forget half-received messages: for a new link."""
        self._deframer = make_deframer(self._stream.framing, self._layout)

    def decode(self, frame: Frame) -> list[DeviceSamples | Corrupt]:
        """Decode what a frame completes; frames of other streams give nothing.

        Never raises: damage is given as `Corrupt`, one for each damaged packet as far as
        that can be told.
        """
        if frame.stream != self._stream.name:
            return []
        decoded: list[DeviceSamples | Corrupt] = []
        for received in self._deframer.receive(frame.arrival_s, frame.payload):
            match received:
                case Message():
                    decoded += self._decode_message(received)
                case Damage(arrival_s, problem):
                    decoded.append(Corrupt(arrival_s, self._placement, problem))
        return decoded

    def _decode_message(self, message: Message) -> list[DeviceSamples | Corrupt]:
        content = message.content
        if not content.startswith(self._layout.prefix):
            if any(pattern.begins(content) for pattern in self._stream.ignored):
                return []
            begin = content[:4].hex(" ") or "nothing"
            problem = f"an unknown kind of message: {begin}"
            return [Corrupt(message.arrival_s, self._placement, problem)]
        try:
            samples = self._layout.read(content)
        except MalformedPacketError as error:
            return [Corrupt(message.arrival_s, self._placement, str(error))]
        return [
            DeviceSamples(
                arrival_s=message.arrival_s,
                placement=self._placement,
                ticks=samples.ticks,
                acc=samples.acc,
                gyr=samples.gyr,
            )
        ]


class Encoder:
    """Encodes samples as the device sends them.

    Attributes:
        samples_per_packet: how many samples to give for each packet.
    """

    def __init__(self, profile: DeviceProfile, rate_hz: float, mtu: int = 517) -> None:
        """Fit the packets to a link.

        Args:
            profile: the device.
            rate_hz: one of its rates.
            mtu: ATT_MTU of the link, bytes; 23 is the smallest there is.

        Raises:
            ProfileError: no such rate, or not one packet fits the link.
        """
        rate = profile.rate(rate_hz)
        self._framing = profile.streams[0].framing
        self._largest = mtu - _NOTIFICATION_HEADER
        self._layout = PacketLayout(rate.packet, rate.samples_per_packet)
        self.samples_per_packet = rate.samples_per_packet
        if self._framing is Framing.WHOLE:
            self.samples_per_packet = self._fit(profile)

    def encode(self, ticks: int, acc: Array, gyr: Array | None) -> list[bytes]:
        """Encode one packet.

        Args:
            ticks: device clock of the sample the profile's clock marks; taken modulo its bits.
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
        return seal(self._framing, self._layout.write(ticks, acc, gyr), self._largest)

    def _fit(self, profile: DeviceProfile) -> int:
        """Send fewer samples at a time over a link with a small MTU, if the device can."""
        usual = self.samples_per_packet
        counts = [usual] if self._layout.fixed_count else range(usual, 0, -1)
        for samples in counts:
            if self._layout.length(samples) <= self._largest:
                return samples
        raise ProfileError(profile.name, "streams", "no packet fits the MTU of the link")
