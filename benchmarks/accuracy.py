"""How near the measurements come to the truth: one table, JSON, and a picture.

    python benchmarks/accuracy.py --json accuracy.json --picture accuracy.png

The exit status is 1 when a figure misses its limit, 2 when the recordings are not there.
"""

import argparse
import sys
from dataclasses import replace
from pathlib import Path

from comparing import compared
from conditions import FULL, QUICK, all_groups
from picture import draw
from report import missed, print_report, write_json
from rich.progress import track
from runs import data_folder, recorded_runs

from imu_stream.errors import ImuStreamError

GROUPS = 14


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="How near the measurements come to the truth.")
    parser.add_argument("--data", type=Path, help="folder of the recordings (IMU_STREAM_DATA)")
    parser.add_argument("--json", type=Path, help="also write the figures here")
    parser.add_argument("--picture", type=Path, help="also draw them here (PNG)")
    parser.add_argument("--quick", action="store_true", help="shorter simulations, fewer repeats")
    parser.add_argument("--all-mountings", action="store_true", help="all 48, instead of 6")
    arguments = parser.parse_args()
    arguments.data = data_folder(arguments.data)
    if not (arguments.data / "runners").is_dir():
        parser.error(f"no recordings in {arguments.data}; name their folder with --data")
    return arguments


def main() -> int:
    """Measure, print, write; 1 when a limit is missed."""
    arguments = parsed()
    extent = QUICK if arguments.quick else FULL
    if arguments.all_mountings:
        extent = replace(extent, mountings=None)
    found = all_groups(arguments.data, extent)
    groups = list(track(found, "measuring", total=GROUPS, transient=True))
    print_report(groups)
    if arguments.json is not None:
        write_json(groups, arguments.json)
    if arguments.picture is not None:
        runs = recorded_runs(arguments.data)
        draw([pair for run in runs for pair in compared(run).pairs], arguments.picture)
    return 1 if missed(groups) else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except ImuStreamError as error:
        sys.exit(f"accuracy: {error}")
