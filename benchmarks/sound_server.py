"""A PulseAudio server of its own with a sink that no sound card is needed for, and its recorder.

What is sent to the sink can be recorded at its monitor: what a listener would hear.
"""

import os
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray

RATE_HZ = 48_000
PROGRAMS = ("pulseaudio", "parec", "pactl")
_START_S = 20.0
_AUDIBLE = 500 / 32768
_ALSA = """
pcm.!default { type pulse }
ctl.!default { type pulse }
"""
"""PortAudio speaks ALSA, which hands on to PulseAudio."""


def missing_programs() -> list[str]:
    """What is not installed of what is needed."""
    return [each for each in PROGRAMS if shutil.which(each) is None]


@contextmanager
def sound_server(folder: Path) -> Iterator[Mapping[str, str]]:
    """The environment of programs that shall sound on it, while it runs."""
    socket = folder / "pulse.sock"
    alsa = folder / "asound.conf"
    alsa.write_text(f"</usr/share/alsa/alsa.conf>\n{_ALSA}", encoding="utf-8")
    environment = os.environ | {
        "HOME": str(folder),
        "XDG_RUNTIME_DIR": str(folder),
        "XDG_CONFIG_HOME": str(folder),
        "PULSE_SERVER": f"unix:{socket}",
        "ALSA_CONFIG_PATH": str(alsa),
    }
    modules = (
        f"module-null-sink sink_name=cue rate={RATE_HZ} channels=2",
        f"module-native-protocol-unix socket={socket} auth-anonymous=1",
    )
    command = ["pulseaudio", "-n", "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no"]
    command += [word for module in modules for word in ("-L", module)]
    with subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL) as server:
        try:
            _wait_until_it_answers(environment)
            yield environment
        finally:
            server.terminate()
            server.wait(10.0)


def _wait_until_it_answers(environment: Mapping[str, str]) -> None:
    deadline_s = time.monotonic() + _START_S
    while subprocess.run(["pactl", "info"], env=environment, capture_output=True).returncode:
        if time.monotonic() > deadline_s:
            raise TimeoutError("the sound server did not start")
        time.sleep(0.05)


@dataclass
class Recorder:
    """All that was recorded so far, with when each part of it came."""

    parts: list[tuple[float, NDArray[np.float64]]] = field(default_factory=list)
    """When it had come, `time.monotonic`; samples from -1 to 1."""
    grown: threading.Condition = field(default_factory=threading.Condition)

    def read(self, stream: IO[bytes]) -> None:
        """Record until the stream ends."""
        while data := os.read(stream.fileno(), 4096):
            samples = np.frombuffer(data[: len(data) // 2 * 2], "<i2") / 32768.0
            with self.grown:
                self.parts.append((time.monotonic(), samples))
                self.grown.notify_all()

    def wait_until(self, instant_s: float, patience_s: float = 10.0) -> None:
        """Wait until all up to then is recorded; TimeoutError when nothing comes."""
        with self.grown:
            if not self.grown.wait_for(lambda: self._end_s >= instant_s, patience_s):
                raise TimeoutError("nothing is recorded any more")

    def since(self, instant_s: float) -> NDArray[np.float64]:
        """What came after an instant."""
        with self.grown:
            return np.concatenate([part for at_s, part in self.parts if at_s >= instant_s])

    def onset_s(self, instant_s: float) -> float | None:
        """When the first audible sample after an instant came; None when all was silent."""
        with self.grown:
            later = [(at_s, part) for at_s, part in self.parts if at_s >= instant_s]
        for at_s, part in later:
            audible = np.flatnonzero(np.abs(part) > _AUDIBLE)
            if audible.size:
                return at_s - (len(part) - int(audible[0])) / RATE_HZ
        return None

    @property
    def _end_s(self) -> float:
        return self.parts[-1][0] if self.parts else float("-inf")


@contextmanager
def recorded(environment: Mapping[str, str]) -> Iterator[Recorder]:
    """Record the monitor of the sink."""
    command = ["parec", "--raw", "--format=s16le", f"--rate={RATE_HZ}", "--channels=1"]
    command += ["--latency-msec=4", "-d", "cue.monitor"]
    recorder = Recorder()
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        reading = threading.Thread(target=recorder.read, args=(process.stdout,), daemon=True)
        reading.start()
        try:
            recorder.wait_until(time.monotonic() + 0.5)
            yield recorder
        finally:
            process.terminate()
            process.wait(10.0)
            reading.join(10.0)
