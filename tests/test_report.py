"""The report: what it says and draws, that nothing foreign gets into it, and a real browser."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from html.parser import HTMLParser
from math import nan
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sessions import recorded_with_jitter
from test_cli import Command, imu_stream  # noqa: F401
from test_summary import lean, run

from imu_stream.acquisition.simulation.faults import Faults
from imu_stream.afterwards.collected import CollectedOutputs
from imu_stream.afterwards.derivation import KeepingSink, derive
from imu_stream.afterwards.finished import FinishedSession, TargetBand
from imu_stream.afterwards.report import report_html
from imu_stream.afterwards.report.advice import advice_figures
from imu_stream.afterwards.report.bins import MOST_BINS, Point, binned, counts, spans
from imu_stream.afterwards.report.course import lean_drawings
from imu_stream.afterwards.report.overlays import gaps_of
from imu_stream.afterwards.report.overview import shares_of
from imu_stream.afterwards.report.page import report_of
from imu_stream.afterwards.report.scale import scale_of
from imu_stream.afterwards.report.sides import laps_of
from imu_stream.afterwards.report.trust import missing_of
from imu_stream.afterwards.report.weeks import Week, weeks_html
from imu_stream.afterwards.report.wording import duration, foreign, number, percent
from imu_stream.cli.live import Recorded, write_up
from imu_stream.cli.radio import SessionClock
from imu_stream.cli.results import Results
from imu_stream.datatypes import (
    Answer,
    Battery,
    Cue,
    CueKind,
    CueReaction,
    Gap,
    GapReason,
    Mark,
    MarkKind,
    Mount,
    Placement,
    SensorSetup,
    SessionHeader,
    TargetChange,
)
from imu_stream.pipeline import Pipeline
from imu_stream.session import Session
from imu_stream.sinks.outputs.settings import OutputSettings
from imu_stream.sinks.summary_sink import SummarySink

CHEST, LEFT = Placement.CHEST, Placement.LEFT_FOOT
CHROMIUM = Path("/usr/bin/chromium")
EVIL = (
    "<script>alert(1)</script>\"'><img src=http://example.com/x onerror=alert(2)>\u202e\x00\ud800"
)
MARKS = (
    Mark(20.0, MarkKind.LAP, "warm <up>"),
    Mark(25.0, MarkKind.NOTE, EVIL.replace("\ud800", "")),
    Mark(30.0, MarkKind.PAUSE),
    Mark(33.0, MarkKind.RESUME),
    TargetChange(40.0, 9.0),
)
LOSSY = Faults(lost=0.02, jitter_s=0.01, outage_every_s=30.0, outage_s=(2.0, 4.0))


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> FinishedSession:
    """A minute of the virtual runner with laps, notes, a pause, gaps and a target."""
    path = tmp_path_factory.mktemp("report") / "run.mcap"
    return derive(recorded_with_jitter(path, 60.0, LOSSY, also=MARKS, target_deg=8.0))


@pytest.fixture(scope="module")
def html(finished: FinishedSession) -> str:
    return report_html(finished, "1.2.3")


class Page(HTMLParser):
    """Tags with their attributes, and all text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def values(self) -> Iterator[str]:
        return (value or "" for _, attributes in self.tags for value in attributes.values())


def empty(**changes: Any) -> FinishedSession:
    """A session in which nothing was measured."""
    sensors = tuple(SensorSetup(where, "movesense", 208.0) for where in (CHEST, LEFT))
    header = SessionHeader("0", "2026-05-01T18:30:00+00:00", sensors, {}, None)
    summary = SummarySink().result({})
    return replace(
        FinishedSession(Path("run.mcap"), header, summary, CollectedOutputs(), None, False),
        **changes,
    )


def holding(*outputs: Any) -> CollectedOutputs:
    collected = CollectedOutputs()
    for output in outputs:
        collected.write(output)
    return collected


# ----------------------------------------------------------------------------------- what it says


def test_a_report_has_every_section(html: str) -> None:
    text = Page(html).text
    for title in (
        "How you ran",
        "Your trunk",
        "How your feet landed",
        "Left and right",
        "Rhythm",
        "Laps and notes",
        "Your sensors",
        "How far to trust this",
        "What the words mean",
    ):
        assert title in text
    assert "imu_stream 1.2.3, definitions 1" in text


def test_its_numbers_are_those_of_the_summary(finished: FinishedSession, html: str) -> None:
    text = Page(html).text.replace("\N{NO-BREAK SPACE}", " ")
    summary = finished.summary
    assert f"{summary.lean_mean_deg:.1f}°" in text
    assert f"{summary.cadence_mean_spm:.0f}" in text
    for sensor in summary.sensors.values():
        assert f"{sensor.lost_percent:.1f} %" in text


def test_shares_of_the_techniques_are_the_whole_running_time(finished: FinishedSession) -> None:
    assert len(shares_of(finished)) >= 4
    total = sum(map(seconds_of, (share.time for share in shares_of(finished))))
    assert total == pytest.approx(finished.running_s, abs=3.0)


def seconds_of(text: str) -> float:
    minutes, seconds = text.split(":")
    return 60.0 * int(minutes) + int(seconds)


def test_the_band_is_the_one_of_the_time() -> None:
    bands = (TargetBand(0.0, 8.0, 6.5, 15.0), TargetBand(10.0, 12.0, 10.5, 18.0))
    leans = [lean(1.0, 8.0), lean(2.0, 6.0), lean(11.0, 8.0), lean(12.0, 11.0)]
    assert empty(outputs=holding(*leans), bands=bands).in_band_share == pytest.approx(0.5)
    assert empty(outputs=holding(*leans)).in_band_share is None


def test_reactions_are_counted_as_they_were() -> None:
    def reaction(answer: Answer, strides: int) -> CueReaction:
        return CueReaction(9.0, 1.0, CueKind.LEAN_MORE, answer, strides)

    outputs = holding(
        *(Cue(float(t), CueKind.LEAN_MORE, 3.0, 6.0, t + 1.0) for t in range(4)),
        Cue(5.0, CueKind.LEAN_GOOD, 8.0, 7.0, 6.0),
        reaction(Answer.RETURNED, 4),
        reaction(Answer.RETURNED, 8),
        reaction(Answer.NONE, 20),
        reaction(Answer.BROKEN_OFF, 3),
    )
    advice, answered, back = advice_figures(empty(outputs=outputs))
    assert (advice.value, advice.note) == ("4", "praise: 1")
    assert answered.value.replace("\N{NO-BREAK SPACE}", " ") == "67 %"
    assert back.value == "6 strides"


def test_laps_reach_from_mark_to_mark(finished: FinishedSession) -> None:
    first, second = laps_of(finished)
    assert (first.name, first.start_s, first.end_s) == ("warm <up>", 0.0, 20.0)
    assert (second.name, second.start_s) == ("2", 20.0)
    assert second.end_s == pytest.approx(finished.seconds)


def test_what_was_not_worn_is_not_measured() -> None:
    said = " ".join(missing_of(empty()))
    assert "No sensor on the right foot" in said
    assert "left foot:" not in said


@pytest.mark.parametrize("outputs", [(), tuple(run(4)), (lean(1.0, 8.0),)])
def test_a_session_of_nearly_nothing_still_has_a_report(outputs: tuple[Any, ...]) -> None:
    html = report_html(empty(outputs=holding(*outputs), seconds=3.0), "0")
    assert "Your sensors" in html
    assert not re.search(r"\b(nan|inf|None)\b", Page(html).text)


@pytest.mark.parametrize("seconds", [0.0, 1e-9, 86_400.0 * 30, 1e15, 1e300])
def test_a_clock_gone_wild_fills_no_page(seconds: float) -> None:
    leans = [lean(0.7 * n, 8.0) for n in range(20)]
    gap = Gap(CHEST, 8.0, 1e300, GapReason.LOST, 10**18)
    html = report_html(empty(outputs=holding(*leans, gap), seconds=seconds), "0")
    assert len(html) < 50_000


def test_a_damaged_date_is_said_to_be_unknown() -> None:
    header = replace(empty().header, started="yesterday")
    assert "unknown day" in report_html(empty(header=header), "0")


def test_a_virtual_runner_is_told_apart() -> None:
    header = replace(empty().header, virtual=True)
    assert "virtual runner: no real run" in report_html(empty(header=header), "0")
    assert "no real run" not in report_html(empty(), "0")


def test_nothing_is_claimed_about_health(html: str) -> None:
    text = Page(html).text.lower()
    assert "not a medical device" in text
    for word in ("prevent", "heal ", "diagnos", "valgus", "injury risk score", "correct form"):
        assert word not in text


# ----------------------------------------------------------------------------- what it draws


@given(
    st.lists(st.tuples(st.floats(0, 7200), st.floats(-50, 50)), max_size=200),
    st.floats(1.0, 7200.0),
)
def test_bins_lose_no_extreme(points: list[tuple[float, float]], seconds: float) -> None:
    inside = [Point(t_s, value) for t_s, value in points if t_s <= seconds]
    stretches = binned(inside, seconds)
    bins = [each for stretch in stretches for each in stretch]
    assert len(bins) <= MOST_BINS
    assert min((b.low for b in bins), default=None) == min((p.value for p in inside), default=None)
    assert max((b.high for b in bins), default=None) == max((p.value for p in inside), default=None)
    assert all(b.low <= b.mid <= b.high for b in bins)


def test_a_break_parts_a_curve_and_an_unknown_value_is_left_out() -> None:
    points = [Point(float(t), 1.0) for t in range(100) if not 40 <= t < 60]
    stretches = binned([*points, Point(50.0, nan)], 100.0)
    assert [round(100 * s[0].at) for s in stretches] == [1, 61]


@given(st.lists(st.tuples(st.floats(0, 3600), st.floats(0, 30)), max_size=50))
def test_no_gap_is_left_out_however_short(gaps: list[tuple[float, float]]) -> None:
    stretches = [(start_s, min(start_s + length_s, 3600.0)) for start_s, length_s in gaps]
    drawn = spans(stretches, 3600.0)
    assert len(drawn) <= 2 * MOST_BINS + 1
    for start_s, end_s in stretches:
        inside = (s for s in drawn if s.start <= start_s / 3600 + 1e-9)
        assert any(span.end >= end_s / 3600 - 1e-9 for span in inside)


def test_a_sensor_that_never_comes_back_leaves_a_gap_to_the_end(finished: FinishedSession) -> None:
    """The virtual chest sensor's battery is empty before the end."""
    last = gaps_of(finished, [CHEST])[-1]
    assert last.end == pytest.approx(1.0)


def test_gaps_of_damage_without_length_are_not_drawn() -> None:
    damage = Gap(CHEST, 5.0, 5.0, GapReason.CORRUPT, 0)
    assert gaps_of(empty(outputs=holding(damage), seconds=10.0), [CHEST]) == ()


def test_counts_keep_what_is_beyond_the_ends() -> None:
    assert counts([-99.0, 0.5, 1.5, 99.0, nan], 0.0, 1.0, 3) == (2, 1, 1)


@given(st.floats(-200, 200), st.floats(0, 300))
def test_a_scale_holds_its_values(low: float, span: float) -> None:
    scale = scale_of([low, low + span], "°", 10.0)
    assert scale.low <= low + 1e-9
    assert scale.high >= low + span - 1e-9
    assert 2 <= len(scale.ticks()) <= 8


def test_cues_and_gaps_are_marked_in_the_course_of_lean() -> None:
    leans = [lean(0.7 * n, 8.0) for n in range(20)]
    cue = Cue(5.0, CueKind.LEAN_MORE, 5.0, 6.5, 6.0)
    gap = Gap(CHEST, 8.0, 9.0, GapReason.LOST, 200)
    bands = (TargetBand(0.0, 8.0, 6.5, 15.0),)
    outputs = holding(*leans, cue, gap)
    (drawing,) = lean_drawings(empty(outputs=outputs, seconds=14.0, bands=bands))
    assert "0:05: Lean forward" in drawing.chart
    assert '<rect class="gap" x="571.4" y="0" width="71.4"' in drawing.chart
    assert drawing.chart.count('<rect class="band"') == 1
    assert [key.text for key in drawing.keys][-1] == "nothing measured"


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.0, "0:00"), (59.6, "1:00"), (3599.6, "1:00:00"), (7325.0, "2:02:05")]
)
def test_durations(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_numbers() -> None:
    assert [number(v, "°") for v in (None, nan, -0.01, -1.26)] == [
        "not measured",
        "not measured",
        "0.0°",
        "−1.3°",
    ]
    shares = [percent(v).replace("\N{NO-BREAK SPACE}", " ") for v in (0.0, 0.001, 0.999, 1.0)]
    assert shares == ["0 %", "< 1 %", "> 99 %", "100 %"]


# ------------------------------------------------------------------------ foreign texts, one file


def hostile() -> FinishedSession:
    """Every text that comes from a file or a device is an attack."""
    setup = SensorSetup(CHEST, EVIL, 208.0, Mount(), EVIL, EVIL)
    header = SessionHeader(EVIL, EVIL, (setup,), {EVIL: EVIL}, None)
    devices = {CHEST.value: {"manufacturer": EVIL, "model": EVIL, "firmware": EVIL}}
    summary = replace(SummarySink().result({}), devices=devices, notes=(EVIL,))
    leans = [lean(0.7 * n, 8.0) for n in range(20)]
    marks = [Mark(float(n), kind, EVIL) for n, kind in enumerate(MarkKind)]
    outputs = holding(*leans, *marks, Battery(1.0, CHEST, 50))
    path = Path("<b onclick=alert(3)>.mcap")
    return empty(path=path, header=header, summary=summary, outputs=outputs, seconds=14.0)


TAGS = set(
    [
        "html",
        "head",
        "meta",
        "title",
        "style",
        "body",
        "header",
        "main",
        "section",
        "footer",
        "article",
        "h1",
        "h2",
        "h3",
        "p",
        "ul",
        "li",
        "dl",
        "div",
        "dt",
        "dd",
        "b",
        "small",
        "span",
        "bdi",
        "details",
        "summary",
        "figure",
        "figcaption",
        "table",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
        "svg",
        "rect",
        "path",
        "circle",
        "text",
    ]
)


def test_nothing_foreign_becomes_markup() -> None:
    html = report_html(hostile(), "0")
    page = Page(html)
    assert {tag for tag, _ in page.tags} <= TAGS
    assert not any(name.startswith("on") for _, attributes in page.tags for name in attributes)
    assert "alert(1)" in page.text
    assert not any(character in html for character in "\u202e\x00\ud800")
    html.encode("utf-8")


def test_a_long_name_is_cut_and_hidden_characters_are_shown() -> None:
    assert foreign("a\u202eb\x00") == "a\N{REPLACEMENT CHARACTER}b\N{REPLACEMENT CHARACTER}"
    assert len(foreign("x" * 10_000)) == 201


def test_a_report_asks_for_nothing_outside(html: str) -> None:
    page = Page(html)
    assert not {tag for tag, _ in page.tags} & {"script", "link", "iframe", "img", "object", "a"}
    assert not any(re.search(r"https?:|//|url\(", value) for value in page.values())
    policy = next(a["content"] for t, a in page.tags if a.get("http-equiv"))
    assert policy is not None
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy


def test_an_hour_makes_a_small_file() -> None:
    """As many strides, gaps and cues as an hour has; far more gaps than a bad radio makes."""
    leans = [lean(0.7 * n, 8.0 + n % 7) for n in range(5000)]
    gaps = [Gap(CHEST, 0.5 * n, 0.5 * n + 0.1, GapReason.LOST, 20) for n in range(7000)]
    cues = [Cue(6.0 * n, CueKind.LEAN_MORE, 5.0, 6.5, 6.0 * n + 1.0) for n in range(600)]
    outputs = holding(*run(10_000), *leans, *gaps, *cues)
    html = report_html(empty(outputs=outputs, seconds=3600.0), "0")
    assert len(html.encode()) < 400_000


def test_the_same_session_gives_the_same_report(finished: FinishedSession, html: str) -> None:
    assert report_html(finished, "1.2.3") == html


def test_every_section_of_the_report_is_filled(finished: FinishedSession) -> None:
    report = report_of(finished, "0")
    assert report.lean
    assert len(report.strikes) == 5
    assert len(report.rhythm) == 2
    assert len(report.sensors) == 3
    assert report.notes.rows
    assert report.laps.rows
    assert report.gaps.rows


# ----------------------------------------------------------------------------- command, browser


def test_report_writes_beside_the_session(imu_stream: Command, tmp_path: Path) -> None:  # noqa: F811
    session = recorded_with_jitter(tmp_path / "run.mcap", 15.0)
    ended = imu_stream("report", session)
    assert (ended.status, ended.err) == (0, "")
    assert (tmp_path / "run.html").read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    elsewhere = tmp_path / "other" / "page.html"
    assert imu_stream("report", session, "--out", elsewhere).status == 0
    assert elsewhere.read_bytes() == (tmp_path / "run.html").read_bytes()


def test_a_report_that_cannot_be_written_ends_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """On a full disk, say: told, with what to do; here a folder has its name."""
    header = empty().header
    pipeline = Pipeline(replace(header, sensors=()))
    keeping = KeepingSink(replace(header, sensors=()), pipeline)
    path = tmp_path / "run.mcap"
    path.with_suffix(".html").mkdir()
    recorded = Recorded(Session(pipeline, [keeping]), path, SessionClock(), keeping)
    write_up(recorded, Results(None, None, OutputSettings(), report=True))
    said = " ".join(capsys.readouterr().out.split())
    assert "no report:" in said
    assert "imu-stream report" in said


def test_report_of_what_is_no_session(imu_stream: Command, tmp_path: Path) -> None:  # noqa: F811
    file = tmp_path / "odd.mcap"
    file.write_bytes(b"nothing of this kind")
    imu_stream("report", file).refused("odd.mcap", "is not a session file")
    assert not (tmp_path / "odd.html").exists()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    if not CHROMIUM.exists():
        pytest.skip(f"platform: {CHROMIUM} is not here")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(
            executable_path=str(CHROMIUM), args=["--no-sandbox"], headless=True
        )
        yield opened
        opened.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [375, 1280])
def test_a_browser_shows_it(
    browser: Any, html: str, tmp_path: Path, width: int, scheme: str
) -> None:
    """No error, no request but the file, nothing wider than the screen, the policy not broken."""
    path = tmp_path / "report.html"
    for text in (html, report_html(hostile(), "0")):
        path.write_text(text, encoding="utf-8")
        page = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)
        said: list[str] = []
        asked: list[str] = []
        page.on("console", lambda message, said=said: said.append(message.text))
        page.on("pageerror", lambda error, said=said: said.append(str(error)))
        page.on("dialog", lambda dialog, said=said: said.append(dialog.message))
        page.on("request", lambda request, asked=asked: asked.append(request.url))
        page.goto(path.as_uri())
        page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        background = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert background == ("rgb(251, 250, 247)" if scheme == "light" else "rgb(20, 24, 27)")
        assert said == []
        assert asked == [path.as_uri()]
        page.close()


def test_the_page_of_weeks_fits_a_phone(browser: Any, tmp_path: Path) -> None:
    week = Week(
        monday=date(2026, 4, 27),
        sessions=3,
        running_s=5400.0,
        distance_m=16_000.0,
        lean_deg=8.1,
        in_band_percent=72.0,
        cadence_spm=171.0,
        advice=12,
        returned_percent=75.0,
        retention_percent=60.0,
        heel_strike_s=1000.0,
        midfoot_s=900.0,
        forefoot_upright_s=1500.0,
        forefoot_with_lean_s=2000.0,
        unknown_s=0.0,
    )
    path = tmp_path / "weeks.html"
    path.write_text(weeks_html((week,), "0", ""), encoding="utf-8")
    page = browser.new_page(viewport={"width": 375, "height": 800})
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.goto(path.as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") <= 375
    assert "2026-04-27 – 05-03" in page.inner_text("table")
    assert said == []
    page.close()


def test_it_prints_in_light_colours(browser: Any, html: str, tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    path.write_text(html, encoding="utf-8")
    page = browser.new_page(color_scheme="dark")
    page.goto(path.as_uri())
    page.emulate_media(media="print", color_scheme="dark")
    assert page.evaluate("getComputedStyle(document.body).color") == "rgb(0, 0, 0)"
    assert page.pdf(format="A4").startswith(b"%PDF")
    page.close()
