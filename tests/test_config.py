"""What is remembered from run to run: written and read back whole, or a clear error."""

from collections.abc import Callable
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from bleak.backends.device import BLEDevice
from hypothesis import given
from hypothesis import strategies as st

from imu_stream.acquisition.ble import Found, SensorPlan
from imu_stream.cli.options import Wanted, cues_of, header, outdated, plan, sensors_of
from imu_stream.cli.programme import go_on
from imu_stream.config.file import load_config, save_config
from imu_stream.config.remembered import ChosenSensor, Config, Defaults, StoredCalibration
from imu_stream.config.text import config_text, parse_config
from imu_stream.cueing.observation import WantedStrike
from imu_stream.cueing.parameters import CueParams
from imu_stream.cueing.presets import (
    GENTLE,
    LAB,
    LIMITS,
    PRESETS,
    PROGRAMME_LIMITS,
    STANDARD,
    Preset,
    changed_cues,
    cues_text,
    parse_cues,
    short_cues_text,
)
from imu_stream.cueing.schedule import Programme
from imu_stream.datatypes import Mount, Placement, SessionHeader
from imu_stream.errors import ConfigError
from imu_stream.pipeline import Pipeline
from imu_stream.profiles import find_profile

LEFT, CHEST = Placement.LEFT_FOOT, Placement.CHEST
TURNED = ((0.0, -1.0, 0.0), (1.0, 0.0, 0.0), (0.0, 0.0, 1.0))
DATE = datetime(2026, 5, 4, 7, 30, tzinfo=UTC)
BELT = ChosenSensor("C4:00:00:00:00:03", "Polar H10 000003", "polar_h10")
SHOE = ChosenSensor("C4:00:00:00:00:01", "IMU_000001", "capture2go")
CALIBRATION = StoredCalibration(CHEST, BELT.address, DATE, TURNED, (0.01, -0.02, 0.0), 1.25)
CONFIG = Config({LEFT: SHOE, CHEST: BELT}, (CALIBRATION,), Defaults(9.5, 1.04))
TEXT = config_text(CONFIG)

numbers = st.floats(-1e6, 1e6)
triples = st.tuples(numbers, numbers, numbers)
zones = st.integers(-14 * 60, 14 * 60).map(lambda m: timezone(timedelta(minutes=m)))
texts = st.text(st.characters(exclude_categories=["Cs"]))
sensors = st.builds(ChosenSensor, texts.filter(bool), texts, texts)
calibrations = st.builds(
    StoredCalibration,
    st.sampled_from(Placement),
    texts,
    st.datetimes(timezones=zones),
    st.tuples(triples, triples, triples),
    triples,
    st.floats(0.0, 180.0),
)
cue_settings = st.builds(
    replace,
    st.sampled_from(list(PRESETS.values())),
    minimum_interval_s=st.floats(1.0, 3600.0),
    persistence_strides=st.integers(1, 100),
    enabled=st.booleans(),
    strike=st.sampled_from(WantedStrike),
    programme=st.builds(
        Programme,
        session=st.integers(0, 1000),
        minutes=st.floats(1.0, 600.0),
        on_percent=st.lists(st.integers(0, 100), min_size=1, max_size=20).map(tuple),
    ),
)
configs = st.builds(
    Config,
    st.dictionaries(st.sampled_from(Placement), sensors),
    st.lists(calibrations, unique_by=lambda c: (c.placement, c.sensor.casefold())).map(tuple),
    st.builds(Defaults, st.none() | st.floats(-90.0, 90.0), st.floats(0.5, 2.0)),
    cue_settings,
)


@given(configs)
def test_what_is_written_is_read_back(config: Config) -> None:
    assert parse_config(config_text(config), "config.toml") == config


def mistake_in(text: str) -> str:
    try:
        parse_config(text, "config.toml")
    except ConfigError as error:
        return str(error)
    return "in order"


@given(st.text() | st.text('[]="{}.\n#x0-:', max_size=60))
def test_any_text_is_a_config_or_a_clear_error(text: str) -> None:
    assert mistake_in(text).startswith(("config.toml: ", "in order"))


@given(st.integers(0, len(TEXT) - 1), st.characters(codec="utf-8"))
def test_a_damaged_config_is_still_a_config_or_a_clear_error(place: int, other: str) -> None:
    text = TEXT[:place] + other + TEXT[place + 1 :]
    assert mistake_in(text).startswith(("config.toml: ", "in order"))


def changed(old: str, new: str) -> str:
    assert old in TEXT
    return TEXT.replace(old, new)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("sensors = 3", "c.toml: sensors: must be a table"),
        ("[sensors.nose]\n", "c.toml: sensors.nose: is no place for a sensor"),
        (changed("[sensors.chest]", "[sensors.head]"), "c.toml: sensors.head: is no place"),
        (changed('profile = "polar_h10"', ""), "c.toml: sensors.chest.profile: is missing"),
        (changed(f'"{BELT.name}"', "7"), "c.toml: sensors.chest.name: must be a text"),
        (changed(f'address = "{SHOE.address}"', 'address = ""'), "left_foot.address: is empty"),
        (changed('"chest"', '"belly"'), "c.toml: calibrations[0].placement: is no place"),
        (changed("2026-05-04T07:30:00+00:00", "2026-05-04"), "calibrations[0].date: must be"),
        (changed("+00:00", ""), "c.toml: calibrations[0].date: must be a date with time and"),
        (changed("[0.01, -0.02, 0.0]", "[0.01, nan, 0.0]"), "calibrations[0].gyro_bias: is too"),
        (changed("[0.01, -0.02, 0.0]", "[0.01, true, 0]"), "calibrations[0].gyro_bias: must be"),
        (changed("[0.01, -0.02, 0.0]", "[0.01, 1]"), "gyro_bias: must be three numbers"),
        (changed("[[0.0, -1.0, 0.0], ", "["), "c.toml: calibrations[0].rotation: must be three"),
        (changed("error_deg = 1.25", "error_deg = -1"), "error_deg: is -1; a number from 0 to 180"),
        (changed("9.5", "95"), "c.toml: defaults.target_deg: is 95"),
        (changed("stride_factor", "stride"), "c.toml: defaults.stride: is not known here"),
        ("calibrations = [1]", "c.toml: calibrations: must be a list of tables"),
        (f"colour = 1\n{TEXT}", "c.toml: colour: is not known here"),
        ("[" * 100_000, "c.toml: is not valid TOML"),
        ("cues = 1", "c.toml: cues: must be a table"),
        ('[cues]\npreset = "loud"', "c.toml: cues.preset: is 'loud'; there are: gentle, standard"),
        ('[cues]\nstrike = "toe"', "cues.strike: is 'toe'; there are: any, rearfoot, midfoot, "),
        ("[cues]\nvolume = 1", "c.toml: cues.volume: is not known here"),
        ("[cues]\nenabled = 1", "c.toml: cues.enabled: must be true or false"),
        ("[cues]\nminimum_interval_s = 0", "cues.minimum_interval_s: is 0; a number from 1 to"),
        ("[cues]\ncap_per_minute = 2.5", "cues.cap_per_minute: must be a whole number from 1 to"),
        ("[cues]\npersistence_strides = true", "cues.persistence_strides: must be a whole"),
        ("[cues]\ntarget_min_deg = 20", "cues.target_min_deg: is larger than target_max_deg"),
        ("[cues.programme]\nsession = -1", "c.toml: cues.programme.session: must be a whole"),
        ("[cues.programme]\non_percent = 5", "programme.on_percent: must be a list of whole"),
        ("[cues.programme]\non_percent = []", "cues.programme.on_percent: is empty"),
        ("[cues.programme]\nweeks = 2", "c.toml: cues.programme.weeks: is not known here"),
    ],
)
def test_a_mistake_is_named_with_file_and_key(text: str, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_config(text, "c.toml")
    assert said in str(caught.value)


def test_two_calibrations_of_one_mounting_are_a_mistake() -> None:
    twice = Config(calibrations=(CALIBRATION, CALIBRATION))
    with pytest.raises(ConfigError, match="calibrations: holds two of one sensor at one place"):
        parse_config(config_text(twice), "c.toml")


def test_no_file_is_an_empty_config(tmp_path: Path) -> None:
    assert load_config(tmp_path / "none" / "config.toml") == Config()


def test_saved_in_a_folder_that_is_not_there_yet_and_loaded(tmp_path: Path) -> None:
    path = tmp_path / "new" / "config.toml"
    save_config(path, CONFIG)
    assert load_config(path) == CONFIG
    save_config(path, Config())
    assert load_config(path) == Config()
    assert [each.name for each in path.parent.iterdir()] == ["config.toml"]


def test_what_stood_there_stays_when_writing_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "config.toml"
    save_config(path, CONFIG)

    def no_space(file: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", no_space)
    with pytest.raises(ConfigError, match=r"config\.toml: cannot be written: No space left"):
        save_config(path, Config())
    assert load_config(path) == CONFIG
    assert [each.name for each in tmp_path.iterdir()] == ["config.toml"]


def make_folder(path: Path) -> None:
    path.mkdir()


def make_noise(path: Path) -> None:
    path.write_bytes(b"\xff\xfe\x00")


def make_large(path: Path) -> None:
    path.write_text("#" * 100_001)


@pytest.mark.parametrize(
    ("make", "said"),
    [(make_folder, "cannot be read"), (make_noise, "not text in UTF-8"), (make_large, "longer")],
)
def test_an_unreadable_file_is_one_sentence(
    tmp_path: Path, make: Callable[[Path], None], said: str
) -> None:
    make(tmp_path / "config.toml")
    with pytest.raises(ConfigError, match=said):
        load_config(tmp_path / "config.toml")


def test_a_calibration_takes_the_place_of_the_same_mounting_only() -> None:
    newer = StoredCalibration(CHEST, BELT.address.lower(), DATE, TURNED, (0.0, 0.0, 0.0), 0.5)
    other = StoredCalibration(CHEST, "C4:00:00:00:00:09", DATE, TURNED, (0.0, 0.0, 0.0), 0.5)
    config = CONFIG.with_calibration(newer).with_calibration(other)
    assert config.calibrations == (newer, other)
    assert config.calibration(CHEST, BELT.address) == newer
    assert config.calibration(LEFT, BELT.address) is None


def test_a_sensor_that_is_assigned_anew_leaves_its_old_place() -> None:
    assert CONFIG.with_sensors({CHEST: SHOE}).sensors == {CHEST: SHOE}


# ------------------------------------------------------------------------------ what a run takes


def test_a_run_takes_what_is_remembered_unless_a_sensor_of_motion_is_named() -> None:
    remembered = {LEFT: SHOE.address, CHEST: BELT.address}
    assert sensors_of(CONFIG, {}, {}) == remembered
    buzzer = {Placement.BUZZER: "iTAG"}
    assert sensors_of(CONFIG, {}, buzzer) == remembered | buzzer
    assert sensors_of(CONFIG, {LEFT: "other"}, {}) == {LEFT: "other"}
    assert sensors_of(Config({Placement.HEART: BELT}), {}, {}) is None


def chest_plan() -> SensorPlan:
    profile = find_profile("polar_h10")
    device = BLEDevice(BELT.address, BELT.name, None)
    return plan(CHEST, Found(device, BELT.name, -50, (profile,)))


def mount_of(wanted: Wanted) -> Mount:
    return header([chest_plan()], wanted).sensors[0].mount


def test_the_calibrated_mounting_is_in_the_header_unless_another_is_given() -> None:
    own = find_profile("polar_h10").mount
    assert mount_of(Wanted({}, None, None)) == own
    stored = mount_of(Wanted({}, None, None, config=CONFIG))
    assert stored == Mount(own.forward, own.up, TURNED)
    assert mount_of(Wanted({}, None, "x,z", config=CONFIG)) == Mount("x", "z")


@pytest.mark.parametrize(("days", "warned"), [(30, False), (31, True)])
def test_an_old_calibration_is_said_to_be_old(days: int, warned: bool) -> None:
    head = header([chest_plan()], Wanted({}, None, None, config=CONFIG))
    said = outdated(head, CONFIG, DATE + timedelta(days=days))
    assert said == (
        ["chest: calibrated 31 days ago; run `imu-stream calibrate` again"] if warned else []
    )


def test_nothing_is_said_of_a_calibration_that_is_not_used() -> None:
    head = header([chest_plan()], Wanted({}, None, "x,z", config=CONFIG))
    assert outdated(head, CONFIG, DATE + timedelta(days=365)) == []


def test_the_remembered_profile_is_tried_first() -> None:
    family = (find_profile("capture2go"), find_profile("movesense"))
    found = Found(BLEDevice(SHOE.address, SHOE.name, None), SHOE.name, -50, family)
    assert plan(LEFT, found).profile.name == "capture2go"
    likeliest = plan(LEFT, found, "movesense")
    assert likeliest.profile.name == "movesense"
    assert [each.profile.name for each in likeliest.otherwise] == ["capture2go"]


@given(cue_settings)
def test_the_settings_of_cues_are_read_back_from_both_forms(params: CueParams) -> None:
    assert parse_cues(cues_text(params), "header") == params
    assert parse_cues(short_cues_text(params), "config.toml") == params


def test_a_session_says_every_number_of_its_cues_whatever_a_preset_becomes() -> None:
    for params in PRESETS.values():
        text = cues_text(params)
        assert "preset" not in text
        assert all(f"{each.name} = " in text for each in fields(Programme))
        assert all(f"{e.name} = " in text for e in fields(CueParams) if e.name != "programme")


def test_every_number_of_the_cues_has_its_limits_and_every_preset_keeps_them() -> None:
    assert LIMITS.keys() == {each.name for each in fields(CueParams)} - {
        "enabled",
        "strike",
        "programme",
    }
    assert PROGRAMME_LIMITS.keys() == {each.name for each in fields(Programme)} - {"on_percent"}
    for params in PRESETS.values():
        for name, (least, largest) in LIMITS.items():
            assert least <= getattr(params, name) <= largest, name


def test_a_session_that_says_nothing_of_cues_has_the_standard_ones() -> None:
    assert parse_cues("", "header") == STANDARD


def test_a_preset_goes_before_the_config_but_programme_strike_and_cadence_go_on() -> None:
    kept = {"programme": Programme(session=2), "strike": WantedStrike.FOREFOOT}
    remembered = replace(GENTLE, step_deg=1.0, cadence_increase=0.05, **kept)
    config = Config(cues=remembered)
    assert cues_of(config, None) == remembered
    chosen = replace(STANDARD, cadence_increase=0.05, **kept)
    assert cues_of(config, Preset.STANDARD) == chosen
    other = WantedStrike.OFF_HEEL
    assert cues_of(config, Preset.STANDARD, other) == replace(chosen, strike=other)
    wanted = Wanted({}, None, None, cues=remembered)
    assert parse_cues(header([chest_plan()], wanted).cues, "header") == remembered


def test_a_session_with_cue_settings_that_cannot_be_used_is_refused() -> None:
    broken = SessionHeader("0", "2026-01-01", (), {}, None, cues="[cues]\nlevels = 0")
    with pytest.raises(ConfigError, match=r"the session.s header: cues\.levels"):
        Pipeline(broken)


def in_session(session: int) -> Config:
    return replace(CONFIG, cues=replace(GENTLE, programme=Programme(session, minutes=20.0)))


@pytest.mark.parametrize(
    ("session", "minutes", "after"), [(1, 20.0, 2), (3, 10.0, 4), (3, 9.9, 3), (1000, 20.0, 1000)]
)
def test_a_programme_goes_on_after_a_run_of_half_its_time(
    tmp_path: Path, session: int, minutes: float, after: int
) -> None:
    path, config = tmp_path / "config.toml", in_session(session)
    save_config(path, config)
    go_on(path, config.cues.programme, 60.0 * minutes)
    assert load_config(path) == in_session(after)
    assert f"session = {after}" in path.read_text(encoding="utf-8")


def test_without_a_programme_no_config_is_written(tmp_path: Path) -> None:
    go_on(tmp_path / "config.toml", Programme(), 3600.0)
    assert not (tmp_path / "config.toml").exists()


def test_a_programme_that_was_edited_during_the_run_stays_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    save_config(path, in_session(7))
    go_on(path, in_session(3).cues.programme, 3600.0)
    assert load_config(path) == in_session(7)


def test_a_programme_that_cannot_be_stored_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "config.toml"
    path.write_text("[", encoding="utf-8")
    go_on(path, Programme(session=3), 3600.0)
    assert "cues.programme.session" in "".join(capsys.readouterr())
    assert path.read_text(encoding="utf-8") == "["


def test_single_numbers_of_the_cues_change_by_key_and_value() -> None:
    remembered = replace(LAB, programme=Programme(session=2, minutes=25.0))
    changed = changed_cues(
        remembered, ["minimum_interval_s=25", 'strike="midfoot"', "programme.session = 3"], "--set"
    )
    assert changed == replace(
        remembered,
        minimum_interval_s=25.0,
        strike=WantedStrike.MIDFOOT,
        programme=Programme(session=3, minutes=25.0),
    )
    assert changed_cues(remembered, [], "--set") == remembered


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ("minimum_interval_s", "not valid TOML"),
        ("minimum_interval_s=0", "cues.minimum_interval_s"),
        ("interval=25", "cues.interval"),
        ("gap_s=nan", "cues.gap_s"),
        ("levels=2\n[sensors]", "sensors"),
    ],
)
def test_a_change_that_cannot_be_made_is_a_clear_error(change: str, problem: str) -> None:
    with pytest.raises(ConfigError, match=f"--set.*{problem}"):
        changed_cues(STANDARD, [change], "--set")
