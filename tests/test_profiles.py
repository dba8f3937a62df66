"""Device profiles: the files, what they say, and what is wrong in wrong ones."""

import contextlib
import math
import re
import tomllib
from pathlib import Path

import numpy as np
import pytest
from every_profile import PROFILES, every_profile, stream_of
from hypothesis import given, settings
from hypothesis import strategies as st

from imu_stream.datatypes import GRAVITY, Frame, Mount, Placement
from imu_stream.errors import Fault, ProfileError
from imu_stream.profiles import (
    Advertisement,
    Decoder,
    DeviceProfile,
    Encoder,
    Evidence,
    Read,
    Write,
    builtin_profiles,
    candidates,
    find_profile,
    load_profile,
    parse_profile,
)

unhurried = settings(deadline=None, max_examples=60)

DATA = Path(__file__).parent / "data"
MADE_UP = DATA / "made_up.toml"


# ---------------------------------------------------------------- the files


def test_devices_ship_with_the_package() -> None:
    assert {"capture2go", "movesense", "polar_h10", "open_imu"} <= {p.name for p in PROFILES}


def test_pieces_of_the_example_in_the_schema_make_a_profile() -> None:
    schema = (Path(__file__).parents[1] / "device_profiles" / "README.md").read_text("utf-8")
    example = parse_profile("".join(re.findall("```toml\n(.*?)```", schema, re.DOTALL)), "example")
    assert example.rates_hz == (100, 200)
    assert example.acc_ranges_g == (16, 8)
    use(example)


@every_profile
def test_profile_says_what_it_is(profile: DeviceProfile) -> None:
    assert profile.title
    assert profile.vendor
    assert profile.evidence in Evidence
    assert len(profile.sources) > 20
    assert profile.placements <= {"foot", "chest"}
    assert profile.default_rate_hz in profile.rates_hz
    assert profile.acc_saturation > GRAVITY
    assert find_profile(profile.name) is profile


@every_profile
def test_streams_and_steps_name_characteristics_of_the_device(profile: DeviceProfile) -> None:
    places = [(each.service_uuid, each.uuid) for each in profile.characteristics]
    assert len(set(places)) == len(places)
    uuids = [uuid for _, uuid in places]
    # only for a write is it looked up in its service
    assert all(uuids.count(stream.characteristic) == 1 for stream in profile.streams)


@every_profile
def test_default_mode_has_the_largest_ranges(profile: DeviceProfile) -> None:
    assert profile.default_mode.hz == profile.default_rate_hz
    assert profile.default_mode.acc_range_g == max(profile.acc_ranges_g, default=None)
    assert profile.default_mode.gyr_range_dps == max(profile.gyr_ranges_dps, default=None)
    assert profile.acc_saturation <= GRAVITY * 1.001 * max(profile.acc_ranges_g, default=math.inf)


@every_profile
def test_every_mode_is_found_by_its_rate_and_ranges(profile: DeviceProfile) -> None:
    for mode in profile.modes:
        assert profile.mode(mode.hz, mode.acc_range_g, mode.gyr_range_dps) is mode


@every_profile
def test_every_mode_measures_what_the_profile_says(profile: DeviceProfile) -> None:
    for mode in profile.modes:
        measured = frozenset().union(*(packet.measures for packet in mode.packets))
        assert measured == ({"acc", "gyr"} if profile.has_gyro else {"acc"})
        streams = [(stream.name, stream.characteristic) for stream in mode.streams]
        assert streams == [(stream.name, stream.characteristic) for stream in profile.streams]


@every_profile
def test_every_packet_fits_the_smallest_link_the_profile_allows(profile: DeviceProfile) -> None:
    for mode in profile.modes:
        for number in range(len(mode.packets)):
            assert Encoder(mode, profile.min_mtu, number).samples_per_packet >= 1


@every_profile
def test_text_of_a_profile_makes_the_same_profile(profile: DeviceProfile) -> None:
    assert parse_profile(profile.text, profile.name) == profile


# ---------------------------------------------------------------- advertisements


@every_profile
def test_own_advertisement_matches_and_no_other(profile: DeviceProfile) -> None:
    matching = [p for p in PROFILES if p.matches(profile.advertisement("12AB34CD"))]
    assert profile in matching
    assert matching == [profile] or all(map(tells_others_apart, matching))
    # whoever fits its advertisement can be fitted by it
    assert all(profile.matches(other.advertisement("12AB34CD")) for other in matching)


def tells_others_apart(profile: DeviceProfile) -> bool:
    """Whether every set-up asks a question to which others of the family answer otherwise."""
    return all(
        any(
            refusal.fault is Fault.OTHER_DEVICE
            for step in mode.setup
            if isinstance(step, (Read, Write)) and step.reply is not None
            for refusal in step.reply.refusals
        )
        for mode in profile.modes
    )


@pytest.mark.parametrize(
    ("advertisement", "name"),
    [
        (Advertisement("Movesense 174630000192", ()), "movesense"),
        (Advertisement(None, ("FDF3",)), "movesense"),
        (Advertisement("IMU_ab1234", ("80030001-E629-4C98-9324-AA7FC0C66DE7",)), "capture2go"),
        (Advertisement("Polar H10 2A3B4C5D", ("180d",), (0x6B,)), "polar_h10"),
        (Advertisement("Polar H9 2A3B4C5D", ("180d",), (0x6B,)), None),
        (Advertisement("IMU_ab1234", ()), None),
        (Advertisement(None, ()), None),
        (Advertisement("", ("no uuid",)), None),
    ],
)
def test_advertisements_match(advertisement: Advertisement, name: str | None) -> None:
    found = next(iter(candidates(advertisement, PROFILES)), None)
    assert (found and found.name) == name


# ---------------------------------------------------------------- rates and ranges


def test_rate_not_offered_is_refused() -> None:
    with pytest.raises(ProfileError, match="no rate of 60 Hz"):
        find_profile("movesense").mode(60)


@pytest.mark.parametrize("ranges", [(3.0, None), (None, 100.0)])
def test_range_not_offered_is_refused(ranges: tuple[float | None, float | None]) -> None:
    with pytest.raises(ProfileError, match=r"it offers 16, 8 g and 2000 deg/s"):
        load_profile(MADE_UP).mode(100, *ranges)


def test_unknown_name_lists_the_known() -> None:
    with pytest.raises(ProfileError, match=r"known are .*movesense"):
        find_profile("stryd")


# ---------------------------------------------------------------- all parts of the schema


def test_every_part_of_the_schema_is_read() -> None:
    profile = load_profile(MADE_UP)
    assert (profile.evidence, profile.pairing) == ("unverified", "windows")
    assert profile.limits == ("not to be had",)
    assert profile.min_mtu == 120
    assert profile.mount == Mount("z", "-x")
    assert profile.fits(Placement.LEFT_FOOT)
    assert profile.advertisement("7") == Advertisement(
        "MADE 7", ("0000fff0-0000-1000-8000-00805f9b34fb",), (0x1234,)
    )
    assert {c.uuid[4:8]: c.service_uuid[4:8] for c in profile.characteristics}["fff3"] == "fff8"
    assert profile.rates_hz == (50, 100)
    assert profile.acc_ranges_g == (16, 8)
    assert profile.gyr_ranges_dps == (2000,)


def test_firmware_is_judged_by_its_number() -> None:
    firmware = load_profile(MADE_UP).firmware
    assert firmware is not None
    verdicts = {each: firmware.suits(each) for each in ("1.1.9", "1.2", "1.3", "2", "", "1.x")}
    assert verdicts == {"1.1.9": False, "1.2": True, "1.3": False, "2": True, "": True, "1.x": True}


def test_ranges_scale_and_limit_what_is_measured() -> None:
    profile = load_profile(MADE_UP)
    assert profile.acc_saturation == pytest.approx(16 * GRAVITY)
    assert profile.gyr_saturation == pytest.approx(math.radians(2000))
    packet = profile.mode(100, acc_range_g=8).packets[0]
    acc = packet.fields[3]
    assert (acc.scale, acc.saturation) == pytest.approx((1e-6 * GRAVITY, 8 * GRAVITY))
    assert packet.fields[0].content == b"\xa5\x08"


def test_what_is_only_at_some_rates_is_there_alone() -> None:
    profile = load_profile(MADE_UP)
    assert [len(profile.mode(hz).packets) for hz in (50, 100)] == [3, 2]
    assert [len(profile.mode(hz).setup) for hz in (50, 100)] == [5, 6]


# ---------------------------------------------------------------- wrong files

WRONG = tomllib.loads((DATA / "wrong_profiles.toml").read_text("utf-8"))["wrong"]


@pytest.mark.parametrize("wrong", WRONG, ids=lambda wrong: f"{wrong['key']}-{wrong['problem']}")
def test_wrong_profile_names_file_and_key(wrong: dict[str, str], tmp_path: Path) -> None:
    text, key = MADE_UP.read_text("utf-8"), wrong["key"]
    assert wrong["found"] in text
    text = text.replace(wrong["found"], wrong["replacement"], 1)
    path = tmp_path / "wrong.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ProfileError) as caught:
        load_profile(path)
    assert caught.value.key == key
    assert str(caught.value).startswith(f"{path}: {key}: ")
    assert wrong["problem"] in str(caught.value)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"title = ", "not valid TOML"),
        (b"a = " + b"[" * 5000, "not valid TOML"),
        (b"a = " + b"9" * 5000, "not valid TOML"),
        (b"\xff\xfe", "not text in UTF-8"),
        (b"# " + b"x" * 200_000, "longer than"),
        (b"", "is missing"),
    ],
)
def test_file_that_is_no_profile(content: bytes, problem: str, tmp_path: Path) -> None:
    path = tmp_path / "wrong.toml"
    path.write_bytes(content)
    with pytest.raises(ProfileError, match=r"wrong\.toml") as caught:
        load_profile(path)
    assert problem in str(caught.value)


def test_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ProfileError, match=r"absent\.toml: cannot be read"):
        load_profile(tmp_path / "absent.toml")


def use(profile: DeviceProfile) -> None:
    """A profile that loads can be decoded and played by a virtual device."""
    for mode in (profile.modes[0], profile.default_mode):
        decoder = Decoder(mode, Placement.CHEST)
        for number in range(len(mode.packets)):
            encoder = Encoder(mode, kind=number)
            still = np.zeros((encoder.samples_per_packet, 3))
            for payload in encoder.encode(0, still, still):
                decoder.decode(Frame(0.0, Placement.CHEST, stream_of(mode, number), payload))


TEXTS = [MADE_UP.read_text("utf-8"), *(profile.text for profile in builtin_profiles())]


@unhurried
@given(st.sampled_from(TEXTS), st.integers(0), st.text(max_size=6))
def test_misprinted_profile_works_or_says_why(text: str, where: int, misprint: str) -> None:
    position = where % len(text)
    with contextlib.suppress(ProfileError):
        use(parse_profile(text[:position] + misprint + text[position + 1 :], "misprint"))


@unhurried
@given(st.sampled_from(TEXTS), st.integers(0))
def test_profile_without_one_of_its_lines_works_or_says_why(text: str, which: int) -> None:
    lines = text.splitlines(keepends=True)
    del lines[which % len(lines)]
    with contextlib.suppress(ProfileError):
        use(parse_profile("".join(lines), "incomplete"))
