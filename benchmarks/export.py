"""How long the exports of a session take, and how large they are.

    python benchmarks/export.py --minutes 60 --to fit,csv,parquet

Records a virtual run of three sensors, derives it as `imu-stream export` does, and writes each
format; the exit status is 1 when FIT takes more than 5 s.
"""

import argparse
import resource
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from chaos_session import chaos_session
from rich.console import Console
from rich.table import Table

from imu_stream.acquisition.recorder import Recorder
from imu_stream.acquisition.simulation.faults import Faults
from imu_stream.afterwards.export import FORMATS, export
from imu_stream.afterwards.export.gathering import ExportRequest, gather

LONGEST_FIT_S = 5.0
SLIGHTLY_LOSSY = Faults(lost=0.005, burst=2.0)


def record(path: Path, seconds: float) -> None:
    session = chaos_session(("movesense",) * 3, seconds, seed=1, faults=SLIGHTLY_LOSSY)
    with Recorder(path, session.header, clock=lambda: 0.0) as recorder:
        for item in session.items:
            recorder.write(item)


def size_mb(path: Path) -> float:
    files = [path] if path.is_file() else [each for each in path.rglob("*") if each.is_file()]
    return 1e-6 * sum(each.stat().st_size for each in files)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--to", default=",".join(FORMATS))
    arguments = parser.parse_args()
    table = Table("what", "wall s", "CPU s", "MB")
    too_slow = False
    with TemporaryDirectory() as folder:
        path = Path(folder) / "run.mcap"
        record(path, 60.0 * arguments.minutes)
        begun_s, begun_cpu_s = time.perf_counter(), time.process_time()

        def row(what: str, size: float) -> float:
            nonlocal begun_s, begun_cpu_s
            wall_s, cpu_s = time.perf_counter() - begun_s, time.process_time() - begun_cpu_s
            table.add_row(what, f"{wall_s:.2f}", f"{cpu_s:.2f}", f"{size:.1f}")
            begun_s, begun_cpu_s = time.perf_counter(), time.process_time()
            return wall_s

        data = gather(path, ExportRequest(), samples=False)
        row("derived", size_mb(path))
        names = arguments.to.split(",")
        if any(FORMATS[name].needs_samples for name in names):
            data = gather(path, ExportRequest(), samples=True)
            row("derived, with samples", size_mb(path))
        for name in names:
            written = export(data, FORMATS[name], Path(folder))
            wall_s = row(name, size_mb(written))
            too_slow = too_slow or (name == "fit" and wall_s > LONGEST_FIT_S)
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    Console().print(table, f"peak memory {peak_mb:.0f} MB")
    sys.exit(too_slow)


if __name__ == "__main__":
    main()
