"""A recording that is killed at any instant can be read, and has what was written."""

import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from imu_stream.acquisition.recording import Recording

KILLS = 20
AT_ONCE = 4
WRITER = """
import sys, time
from pathlib import Path
from imu_stream.acquisition.recorder import Recorder
from imu_stream.datatypes import Frame, Placement, SessionHeader
header = SessionHeader("0", "2026-01-01T00:00:00+00:00", (), {}, None)
begun = time.monotonic()
with Recorder(Path(sys.argv[1]), header, clock=time.monotonic) as recorder:
    for number in range(1_000_000):
        recorder.write(Frame(time.monotonic() - begun, Placement.CHEST, "imu", bytes(200)))
        sys.stdout.write(f"{number}\\n")
        sys.stdout.flush()
        time.sleep(0.002)
"""
"""Writes at the rate of three sensors, and says what it has written."""


@pytest.mark.parametrize("batch", range(KILLS // AT_ONCE))
def test_killed_at_a_random_instant(batch: int, tmp_path: Path) -> None:
    random_s = random.Random(batch)
    paths = [tmp_path / f"{number}.mcap" for number in range(AT_ONCE)]
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, path], stdout=subprocess.PIPE)
        for path in paths
    ]
    for writer in writers:
        assert writer.stdout is not None
        assert writer.stdout.readline() == b"0\n"
    for path, writer in zip(paths, writers, strict=True):
        time.sleep(random_s.uniform(0.0, 0.4))
        writer.kill()
        said, _ = writer.communicate()
        recording = Recording(path)
        read = list(recording)
        assert recording.truncated
        assert len(read) >= 1 + len(said.splitlines())
        assert all(item.payload == bytes(200) for item in read if hasattr(item, "payload"))
