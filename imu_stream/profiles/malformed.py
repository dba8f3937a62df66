"""The one error of all readers of bytes from devices."""


class MalformedPacketError(ValueError):
    """A message that is not as its layout says; never leaves this package."""
