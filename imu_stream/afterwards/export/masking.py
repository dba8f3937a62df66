"""Takes out of exports what names a runner or a device."""

import hashlib
from dataclasses import replace
from pathlib import Path

from imu_stream.datatypes import Mark

_KEY_BYTES = 1 << 20
_DIGEST_BYTES = 8


class Masking:
    """Digests in the place of what names a runner or a device.

    The key comes from the recording itself, with its noise: without the recording nobody can find
    an address by trying all there are, and the same device has another digest in each session.
    """

    def __init__(self, path: Path, full: bool) -> None:
        with path.open("rb") as stream:
            self._key = hashlib.sha256(stream.read(_KEY_BYTES)).digest()
        self._full = full

    def digest(self, text: str) -> str:
        """The same for the same text of one recording."""
        keyed = hashlib.blake2b(
            text.encode(errors="surrogatepass"), key=self._key, digest_size=_DIGEST_BYTES
        )
        return keyed.hexdigest()

    def named(self, text: str) -> str:
        """The text itself when everything is kept; nothing stays nothing."""
        return text if self._full or not text else self.digest(text)

    def mark(self, mark: Mark) -> Mark:
        """Without what was written beside it: it may name someone."""
        return mark if self._full else replace(mark, text="")
