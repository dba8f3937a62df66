"""Tables of other tools: what is usable is kept, what is not is reported, nothing else is lost."""

import gzip
import math
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imu_stream.acquisition.tables import Table, blocks, read_table
from imu_stream.datatypes import Gap, GapReason, Placement, Samples
from imu_stream.errors import RecordingError

HEADER = "time_s,acc_x,acc_y,acc_z,gyr_x,gyr_y,gyr_z"
LEFT, CHEST = Placement.LEFT_FOOT, Placement.CHEST
HUNDRED_HZ = [index / 100.0 for index in range(100)]


def lines_of(times_s: list[float]) -> list[str]:
    """One row a time; acc_x counts the rows, so each can be told apart."""
    return [f"{time:.4f},{row},0.5,9.81,0.1,0.2,0.3" for row, time in enumerate(times_s)]


def read(path: Path, lines: list[str], header: str = HEADER) -> Table:
    path.write_text("\n".join([header, *lines]) + "\n")
    return read_table(path, LEFT)


def samples_of(table: Table) -> list[Samples]:
    return [item for item in table.items if isinstance(item, Samples)]


def gaps_of(table: Table) -> list[Gap]:
    return [item for item in table.items if isinstance(item, Gap)]


def rows_of(table: Table) -> list[int]:
    return [int(row) for samples in samples_of(table) for row in samples.acc[:, 0]]


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("tables") / "table.csv"


def test_a_clean_table_is_one_block(scratch: Path) -> None:
    table = read(scratch, lines_of(HUNDRED_HZ))
    (samples,) = samples_of(table)
    assert table.placement is samples.placement is LEFT
    assert table.rate_hz == pytest.approx(100.0)
    assert samples.t_s.tolist() == HUNDRED_HZ
    assert samples.acc.tolist() == [[row, 0.5, 9.81] for row in range(100)]
    assert samples.gyr is not None
    assert samples.gyr[7].tolist() == [0.1, 0.2, 0.3]
    assert samples.acc.flags.c_contiguous
    assert samples.gyr.flags.c_contiguous


def test_gzip_is_told_by_content(tmp_path: Path) -> None:
    content = "\n".join([HEADER, *lines_of(HUNDRED_HZ)]).encode()
    for name in ("a.csv.gz", "b.csv"):
        (tmp_path / name).write_bytes(gzip.compress(content))
        assert rows_of(read_table(tmp_path / name, LEFT)) == list(range(100))


def test_columns_in_any_order_among_others(scratch: Path) -> None:
    lines = [f"9.81,note,{time},{row},0.5" for row, time in enumerate(HUNDRED_HZ)]
    table = read(scratch, lines, ' acc_z ,label,time_s,"acc_x",acc_y')
    (samples,) = samples_of(table)
    assert samples.acc[3].tolist() == [3.0, 0.5, 9.81]
    assert samples.gyr is None


def test_a_byte_order_mark_and_other_line_ends(scratch: Path) -> None:
    text = "\r\n".join(["\ufeff" + HEADER, *lines_of(HUNDRED_HZ), ""])
    scratch.write_bytes(text.encode())
    assert rows_of(read_table(scratch, LEFT)) == list(range(100))


@pytest.mark.parametrize("rate_hz", [12.5, 52.0, 104.0, 204.8, 208.0, 833.0, 4000.0])
def test_the_rate_survives_times_of_four_decimals(scratch: Path, rate_hz: float) -> None:
    table = read(scratch, lines_of([row / rate_hz for row in range(2000)]))
    assert table.rate_hz == pytest.approx(rate_hz, rel=1e-3)
    assert not gaps_of(table)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_jitter_of_a_third_step_is_no_gap(scratch: Path, seed: int) -> None:
    times = np.arange(500) + np.random.default_rng(seed).uniform(-0.3, 0.3, 500)
    assert not gaps_of(read(scratch, lines_of((times / 100.0).tolist())))


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), first=st.integers(10, 400), count=st.integers(1, 60))
def test_lost_rows_are_found_in_spite_of_jitter(
    scratch: Path, seed: int, first: int, count: int
) -> None:
    times = (np.arange(500) + np.random.default_rng(seed).uniform(-0.1, 0.1, 500)) / 100.0
    lines = lines_of(times.tolist())
    (gap,) = gaps_of(read(scratch, lines[:first] + lines[first + count :]))
    assert (gap.reason, gap.samples) == (GapReason.LOST, count)
    assert gap.start_s == pytest.approx(times[first - 1] + 0.01, abs=1e-4)
    assert gap.end_s == pytest.approx(times[first + count], abs=1e-4)


@pytest.mark.parametrize("cell", ["", " ", "nan", "NaN", "inf", "-inf", "NA", "null"])
def test_a_row_with_a_cell_that_is_no_number_is_a_gap(scratch: Path, cell: str) -> None:
    lines = lines_of(HUNDRED_HZ)
    for row in (20, 21):
        lines[row] = f"{row / 100},{row},{cell},9.81,0,0,0"
    table = read(scratch, lines)
    (gap,) = gaps_of(table)
    assert gap == Gap(LEFT, gap.start_s, 0.22, GapReason.NOT_A_NUMBER, 2)
    assert gap.start_s == pytest.approx(0.20)
    assert rows_of(table) == [row for row in range(100) if row not in (20, 21)]
    assert [type(item) for item in table.items] == [Samples, Gap, Samples]


def test_a_cut_last_row_is_a_gap_at_the_end(scratch: Path) -> None:
    lines = lines_of(HUNDRED_HZ)
    table = read(scratch, [*lines[:-1], "0.99,99,0."])
    (gap,) = gaps_of(table)
    assert table.items[-1] is gap
    assert (gap.reason, gap.samples) == (GapReason.NOT_A_NUMBER, 1)
    assert (gap.start_s, gap.end_s) == pytest.approx((0.99, 1.0))


def test_bad_rows_at_the_front_are_a_gap_before_the_first(scratch: Path) -> None:
    lines = lines_of(HUNDRED_HZ)
    table = read(scratch, [",,,,,,", ",,,,,,", *lines[2:]])
    assert table.items[0] == Gap(LEFT, 0.0, 0.02, GapReason.NOT_A_NUMBER, 2)


def test_a_bad_row_within_a_hole_is_told_from_the_lost(scratch: Path) -> None:
    lines = lines_of(HUNDRED_HZ)
    lines[30] = ",,,,,,"
    table = read(scratch, lines[:31] + lines[34:])
    not_a_number, lost = gaps_of(table)
    assert (not_a_number.reason, not_a_number.samples) == (GapReason.NOT_A_NUMBER, 1)
    assert (lost.reason, lost.samples) == (GapReason.LOST, 3)
    assert not_a_number.end_s == lost.start_s
    assert (not_a_number.start_s, lost.end_s) == pytest.approx((0.30, 0.34))


@pytest.mark.parametrize("time_s", [0.49, 0.50, 0.10, -3.0, 1e9, -1e300])
def test_one_row_with_a_wrong_time_is_dropped(scratch: Path, time_s: float) -> None:
    times = [*HUNDRED_HZ[:51], time_s, *HUNDRED_HZ[51:]]
    table = read(scratch, lines_of(times))
    (gap,) = gaps_of(table)
    assert gap.samples == 1
    assert gap.reason is (GapReason.NOT_A_NUMBER if time_s == -1e300 else GapReason.CLOCK)
    assert rows_of(table) == [row for row in range(101) if row != 51]
    assert gap.start_s <= gap.end_s


def test_a_clock_that_runs_back_for_a_while_loses_only_those_rows(scratch: Path) -> None:
    times = [*HUNDRED_HZ[:60], *HUNDRED_HZ[20:50], *HUNDRED_HZ[60:]]
    table = read(scratch, lines_of(times))
    (gap,) = gaps_of(table)
    assert (gap.reason, gap.samples) == (GapReason.CLOCK, 30)
    assert rows_of(table) == [*range(60), *range(90, 130)]


@pytest.mark.parametrize(
    ("first_s", "first", "rest"), [(0, 600, 400), (0, 900, 150), (60, 150, 900)]
)
def test_a_clock_set_back_for_good_is_an_error(
    scratch: Path, first_s: int, first: int, rest: int
) -> None:
    times = [first_s + row / 100.0 for row in range(first)] + [row / 100.0 for row in range(rest)]
    with pytest.raises(RecordingError, match=rf"to 0\.0000 s at data row {first + 1};"):
        read(scratch, lines_of(times))


def test_a_clock_set_back_that_catches_up_loses_what_overlaps(scratch: Path) -> None:
    table = read(scratch, lines_of([row / 100.0 for row in (*range(300), *range(700))]))
    (gap,) = gaps_of(table)
    assert (gap.reason, gap.samples) == (GapReason.CLOCK, 300)


def test_times_that_run_backwards_throughout_are_an_error(scratch: Path) -> None:
    with pytest.raises(RecordingError, match=r"usable rows|increasing times"):
        read(scratch, lines_of(HUNDRED_HZ[::-1]))


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        ([], "no rows"),
        (["", "  "], "no rows"),
        (["0,1,2,3,4,5,6"], "1 usable rows"),
        ([",1,2,3,4,5,6"] * 9, "0 usable rows"),
        (["0,1,2,3,4,5,6"] * 9, "1 usable rows"),
        (lines_of([float(row) for row in range(9)]), "makes 1 rows a second"),
        (lines_of([row * 1e-4 for row in range(9)]), "makes 1e.04 rows a second"),
        ([*lines_of(HUNDRED_HZ[:5]), "0.05,1,2,three,4,5,6"], "row 7, column 4: 'three'"),
        ([*lines_of(HUNDRED_HZ[:5]), "08:15,1,2,3,4,5,6"], "row 7, column 1: '08:15'"),
    ],
)
def test_an_unusable_table_is_an_error(scratch: Path, lines: list[str], problem: str) -> None:
    with pytest.raises(RecordingError, match=problem) as caught:
        read(scratch, lines)
    assert str(scratch) in str(caught.value)


@pytest.mark.parametrize(
    ("header", "problem"),
    [
        ("time_s,acc_x,acc_y", "lacks the column acc_z"),
        ("time,acc_x,acc_y,acc_z", "lacks the column time_s"),
        ("time_s,acc_x,acc_y,acc_z,gyr_x,gyr_z", "lacks the column gyr_y"),
        ("time_s;acc_x;acc_y;acc_z", "lacks the column time_s, acc_x, acc_y, acc_z; expected"),
        ("time_s,acc_x,acc_y,acc_z,acc_x", "acc_x twice"),
        ("", "lacks the column"),
    ],
)
def test_a_wrong_header_names_the_column(scratch: Path, header: str, problem: str) -> None:
    with pytest.raises(RecordingError, match=problem):
        read(scratch, lines_of(HUNDRED_HZ), header)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"\xff\xfe\x00\x01" * 99, "not a text file"),
        (gzip.compress(HEADER.encode() * 99)[:-9], "damaged or incomplete gzip"),
        (b"\x1f\x8b" + bytes(50), "damaged or incomplete gzip"),
        (b"", "lacks the column"),
    ],
)
def test_a_file_that_is_no_table_is_an_error(scratch: Path, content: bytes, problem: str) -> None:
    scratch.write_bytes(content)
    with pytest.raises(RecordingError, match=problem):
        read_table(scratch, LEFT)


def test_an_absent_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="cannot be read"):
        read_table(tmp_path / "absent.csv", LEFT)


@given(noise=st.binary(max_size=200))
def test_any_bytes_below_the_header_read_or_are_an_error(scratch: Path, noise: bytes) -> None:
    scratch.write_bytes(f"{HEADER}\n0,1,2,3,4,5,6\n".encode() + noise)
    with pytest.raises(RecordingError):
        read_table(scratch, LEFT)


number_cells = st.floats(-1e300, 1e300).map(str) | st.sampled_from(["", "nan", "1e999", "x", "1"])


@settings(deadline=None)
@given(rows=st.lists(st.lists(number_cells, min_size=3, max_size=8), max_size=12))
def test_any_numbers_read_or_are_an_error(scratch: Path, rows: list[list[str]]) -> None:
    try:
        table = read(scratch, [",".join(row) for row in rows], "time_s,acc_x,acc_y,acc_z")
    except RecordingError:
        return
    check_order(table)


@settings(max_examples=60, deadline=None)
@given(
    steps=st.lists(st.sampled_from([1, 1, 1, 1, 1, 1, 2, 7, 0, -3]), min_size=20, max_size=80),
    bad=st.sets(st.integers(0, 80), max_size=6),
)
def test_every_row_is_in_a_block_or_in_a_gap(
    scratch: Path, steps: list[int], bad: set[int]
) -> None:
    times = (np.cumsum(steps) / 100.0).tolist()
    lines = lines_of(times)
    for row in bad & set(range(len(lines))):
        lines[row] = f"{times[row]},nan,0,0,0,0,0"
    try:
        table = read(scratch, lines)
    except RecordingError:
        return
    check_order(table)
    reported = sum(gap.samples for gap in gaps_of(table) if gap.reason is not GapReason.LOST)
    assert len(rows_of(table)) + reported == len(lines)


def check_order(table: Table) -> None:
    for item, following in pairwise(table.items):
        assert item.end_s <= (following.start_s if isinstance(following, Gap) else following.t_s[0])
    for gap in gaps_of(table):
        assert gap.start_s <= gap.end_s
        assert gap.samples > 0
    for samples in samples_of(table):
        assert (np.diff(samples.t_s) > 0.0).all()


def test_blocks_interleave_the_placements_in_time_order(tmp_path: Path) -> None:
    left = read(tmp_path / "left.csv", lines_of([row / 104.0 for row in range(300)]))
    lines = lines_of([0.3 + row / 52.0 for row in range(150)])
    (tmp_path / "chest.csv").write_text("\n".join([HEADER, *lines[:50], *lines[60:]]))
    chest = read_table(tmp_path / "chest.csv", CHEST)
    items = list(blocks([left, chest], seconds=0.5))
    starts = [item.start_s if isinstance(item, Gap) else item.t_s[0] for item in items]
    assert starts == sorted(starts)
    for table in (left, chest):
        parts = [item for item in items if item.placement is table.placement]
        cut = [item for item in parts if isinstance(item, Samples)]
        assert [item for item in parts if isinstance(item, Gap)] == gaps_of(table)
        assert all(item.t_s[-1] - item.t_s[0] < 0.5 for item in cut)
        whole = np.concatenate([item.acc for item in samples_of(table)])
        assert np.array_equal(np.concatenate([item.acc for item in cut]), whole)


def test_blocks_shorter_than_a_step_hold_one_sample(scratch: Path) -> None:
    table = read(scratch, lines_of(HUNDRED_HZ))
    items = list(blocks([table], seconds=0.0))
    assert len(items) == 100
    assert math.fsum(len(item.t_s) for item in items if isinstance(item, Samples)) == 100


def test_no_tables_give_no_blocks() -> None:
    assert list(blocks([])) == []
