"""Which profiles there are, which fits, how well it serves, and the sketch of a new one."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imu_stream.datatypes import MOTION, Placement
from imu_stream.errors import ProfileError
from imu_stream.profiles import (
    Advertisement,
    available_profiles,
    builtin_profiles,
    candidates,
    find_profile,
    parse_profile,
    profile_of,
)
from imu_stream.profiles.available import companion_profiles
from imu_stream.profiles.fitness import Verdict, fitness
from imu_stream.profiles.skeleton import Heard, Sketch, profile_text

FOOT, CHEST = Placement.LEFT_FOOT, Placement.CHEST
SKETCH = Sketch("Pod", "Nobody", "POD-*", "fff0", "fff2")


def named(name: str) -> Advertisement:
    return Advertisement(name, ())


def test_own_profiles_come_first_and_replace_those_of_their_name(tmp_path: Path) -> None:
    shipped = find_profile("movesense")
    changed = shipped.text.replace('vendor = "Movesense"', 'vendor = "Myself"')
    (tmp_path / "movesense.toml").write_text(changed, "utf-8")
    (tmp_path / "alike.toml").write_text(find_profile("polar_h10").text, "utf-8")
    profiles = available_profiles(tmp_path)
    assert [profile.name for profile in profiles].count("movesense") == 1
    (fitting,) = candidates(named("Movesense 1"), profiles)
    assert fitting.vendor == "Myself"
    alike = candidates(find_profile("polar_h10").advertisement("1"), profiles)
    assert [profile.name for profile in alike] == ["alike", "polar_h10"]


def test_a_wrong_profile_of_ones_own_is_named(tmp_path: Path) -> None:
    (tmp_path / "broken.toml").write_text("title = 1", "utf-8")
    with pytest.raises(ProfileError, match=r"broken\.toml"):
        available_profiles(tmp_path)


def test_no_folder_of_ones_own_is_in_order(tmp_path: Path) -> None:
    profiles = available_profiles(tmp_path / "none")
    assert profiles == (*builtin_profiles(), *companion_profiles())


def test_a_companion_is_meant_only_where_nothing_else_fits() -> None:
    profiles = (*companion_profiles(), *builtin_profiles())
    strap = find_profile("polar_h10").advertisement("1")
    assert [p.name for p in candidates(strap, profiles)] == ["polar_h10"]
    beside = Advertisement("Polar H9 1", ("180d",), (0x6B,))
    assert [p.name for p in candidates(beside, profiles)] == ["heart_rate"]
    assert candidates(named("nothing"), profiles) == ()


def test_a_profile_is_found_by_name_or_by_file(tmp_path: Path) -> None:
    file = tmp_path / "pod.toml"
    file.write_text(profile_text(SKETCH), "utf-8")
    assert profile_of(str(file)).title == "Pod"
    assert profile_of("movesense") == find_profile("movesense")
    with pytest.raises(ProfileError, match="no known device profile"):
        profile_of("none")


@pytest.mark.parametrize(
    ("name", "placement", "verdict", "reason"),
    [
        ("capture2go", FOOT, Verdict.GOOD, ""),
        ("polar_h10", FOOT, Verdict.NO, "no gyroscope"),
        ("polar_h10", CHEST, Verdict.LIMITED, "lean within 2° only"),
        ("movella_dot", FOOT, Verdict.LIMITED, "60 Hz at most"),
        ("movella_dot", CHEST, Verdict.GOOD, ""),
        ("movesense", FOOT, Verdict.LIMITED, "clips at ±8 g"),
        ("thingy52", FOOT, Verdict.LIMITED, "clips at ±2 g"),
        ("witmotion_ble5", CHEST, Verdict.LIMITED, "no clock of its own"),
    ],
)
def test_how_well_a_device_serves(
    name: str, placement: Placement, verdict: Verdict, reason: str
) -> None:
    judged = fitness(find_profile(name), placement)
    assert judged.verdict is verdict
    assert any(reason in each for each in judged.reasons) or not reason


def test_every_sensor_of_motion_serves_somewhere() -> None:
    for profile in builtin_profiles():
        assert any(fitness(profile, place).verdict is not Verdict.NO for place in MOTION)


def test_a_sketch_passes_the_check() -> None:
    profile = parse_profile(profile_text(SKETCH), "pod")
    assert profile.matches(named("POD-7"))
    assert profile.has_gyro
    assert profile.default_mode.packets[0].clock is not None


def test_a_sketch_says_what_was_heard() -> None:
    heard = (
        Heard("0000fff2-0000-1000-8000-00805f9b34fb", "fff0", ("notify",), (b"\x01\x02",)),
        Heard("0000fff9-0000-1000-8000-00805f9b34fb", "fff0", ("read",)),
    )
    text = profile_text(replace(SKETCH, data_uuid=heard[0].uuid, heard=heard))
    assert "sent 2 bytes: 01 02" in text
    assert "# also there: 0000fff9" in text


texts = st.text(min_size=1, max_size=20).filter(str.strip)


@given(
    title=texts,
    vendor=texts,
    name=texts,
    start=st.sampled_from(["", "01 02"]),
    tick_type=st.sampled_from(["", "u8", "u24", "u32"]),
    gyr_range_dps=st.sampled_from([0.0, 250.0, 2000.0]),
    rate_hz=st.floats(1, 2000),
)
def test_any_sketch_passes_the_check(
    title: str,
    vendor: str,
    name: str,
    start: str,
    tick_type: str,
    gyr_range_dps: float,
    rate_hz: float,
) -> None:
    sketch = replace(
        SKETCH,
        title=title,
        vendor=vendor,
        name="*" + name.translate(str.maketrans("", "", "[]?*{}")),
        command_uuid="fff1",
        start=start,
        stop=start,
        tick_type=tick_type,
        gyr_range_dps=gyr_range_dps,
        rate_hz=rate_hz,
    )
    profile = parse_profile(profile_text(sketch), "any")
    assert (profile.title, profile.vendor) == (title, vendor)
    assert profile.has_gyro == bool(gyr_range_dps)
