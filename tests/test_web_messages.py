"""What goes between the server and a page: every message can be read, no text does harm."""

import json
import math
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imu_stream.datatypes import CueKind, LeanState, MarkKind, Placement, Strike, StrikeType
from imu_stream.sinks.outputs.earcons import EARCONS, FADE_S, LEVELS, PEAK
from imu_stream.sinks.web.history import Past
from imu_stream.sinks.web.messages import Hello, Lean, Message, encode
from imu_stream.sinks.web.page_state import PageState, Surroundings
from imu_stream.sinks.web.patterns import PATTERNS
from imu_stream.sinks.web.requests import (
    LONGEST_NOTE,
    AskHistory,
    Given,
    Malformed,
    Ping,
    PutMark,
    Request,
    SetTarget,
    Stop,
    Way,
    parse,
)

DOCUMENT = Path(__file__).parents[1] / "docs" / "live_page.md"
KINDS: dict[type, str] = {
    Ping: "ping",
    AskHistory: "history",
    Given: "given",
    SetTarget: "set_target",
    PutMark: "mark",
    Stop: "stop",
}
PRINTABLE = st.characters(categories=["L", "N", "P", "S"])
FINITE = st.floats(allow_nan=False, allow_infinity=False)
REQUESTS: st.SearchStrategy[Request] = st.one_of(
    st.builds(Ping, st.floats(-1e15, 1e15)),
    st.builds(AskHistory),
    st.builds(Given, st.integers(), st.sampled_from(Way)),
    st.builds(SetTarget, st.floats(0.0, 25.0)),
    st.builds(PutMark, st.sampled_from(MarkKind), st.text(PRINTABLE, max_size=LONGEST_NOTE)),
    st.builds(Stop),
)
JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@given(REQUESTS)
def test_what_a_page_asks_is_read_as_it_was_meant(request_: Request) -> None:
    text = json.dumps({"kind": KINDS[type(request_)], **asdict(request_)})
    assert parse(text) == request_


@given(st.text())
def test_any_text_is_a_request_or_malformed(text: str) -> None:
    assert isinstance(parse(text), Malformed | Request)


@given(st.sampled_from(sorted(KINDS.values())), st.dictionaries(st.text(), JSON))
def test_any_content_of_a_known_kind_is_a_request_or_malformed(
    kind: str, content: dict[str, Any]
) -> None:
    assert isinstance(parse(json.dumps({**content, "kind": kind})), Malformed | Request)


@given(
    st.sampled_from(["at_ms", "target_deg", "number", "by", "mark", "text"]),
    JSON,
    st.sampled_from(sorted(KINDS.values())),
)
def test_any_value_in_a_known_place_is_a_request_or_malformed(
    name: str, value: Any, kind: str
) -> None:
    usual = {"at_ms": 1.0, "target_deg": 8.0, "number": 1, "by": "sound", "mark": "lap"}
    text = json.dumps({**usual, "kind": kind, name: value})
    assert isinstance(parse(text), Malformed | Request)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "null",
        "{}",
        "[" * 4000,
        '{"kind": ["ping"]}',
        '{"kind": "ping"}',
        '{"kind": "ping", "at_ms": true}',
        '{"kind": "set_target", "target_deg": NaN}',
        '{"kind": "set_target", "target_deg": 25.1}',
        '{"kind": "set_target", "target_deg": 1e999}',
        '{"kind": "set_target", "target_deg": ' + "9" * 500 + "}",
        '{"kind": "mark", "mark": "explode"}',
        '{"kind": "mark", "mark": "note", "text": "two\\nlines"}',
        '{"kind": "mark", "mark": "note", "text": "\\ud800"}',
        json.dumps({"kind": "mark", "mark": "note", "text": "x" * (LONGEST_NOTE + 1)}),
        '{"kind": "given", "number": 1.0, "by": "sound"}',
        '{"kind": "given", "number": 1, "by": "smoke"}',
    ],
)
def test_what_means_nothing_is_malformed(text: str) -> None:
    assert isinstance(parse(text), Malformed)


@given(FINITE, FINITE, st.booleans(), st.floats(0.0, 1.0))
def test_a_message_is_strict_json_with_its_kind_and_all_its_fields(
    lean_deg: float, sent_s: float, valid: bool, confidence: float
) -> None:
    lean = Lean(1.0, lean_deg, lean_deg, 0.0, 170.0, valid, confidence)
    body = json.loads(encode(lean, sent_s), parse_constant=pytest.fail)
    assert body.pop("kind") == "lean"
    assert body.pop("sent_s") == round(sent_s, 4)
    assert body == asdict(lean)


@given(*[st.floats()] * 4)
def test_whatever_number_a_sensor_gives_the_message_is_strict_json(
    lean_deg: float, cadence_spm: float, confidence: float, fsa_deg: float
) -> None:
    state = PageState(Surroundings(lambda: None, dict), lambda: 0.0, 1.0)
    lean = LeanState(1.0, 1.7, lean_deg, 0.0, cadence_spm, 0.08, True, confidence, 1.8)
    strike = Strike(
        Placement.LEFT_FOOT, 1.0, fsa_deg, StrikeType.of(fsa_deg), confidence, True, 1.1
    )
    for message in (*state.take(lean), *state.take(strike)):
        json.loads(encode(message, 0.0), parse_constant=pytest.fail)


def test_the_document_names_every_message_and_every_field_of_it() -> None:
    told = DOCUMENT.read_text(encoding="utf-8")
    for message in get_args(Message):
        assert f"`{message.kind}`" in told
        for field in fields(message):
            assert f"`{field.name}`" in told, (message.kind, field.name)
    for request, kind in KINDS.items():
        assert f"`{kind}`" in told
        for field in fields(request):
            assert f"`{field.name}`" in told, (kind, field.name)


def test_a_phone_plays_the_tones_that_the_computer_plays() -> None:
    hello = json.loads(encode(Hello("1", False, False, PATTERNS, PEAK, FADE_S, LEVELS), 0.0))
    for kind in CueKind:
        tones = [asdict(tone) for tone in EARCONS[kind]]
        assert hello["patterns"][kind]["tones"] == tones
    assert hello["peak"] == PEAK


def stride(number: int, lean_deg: float, later_s: float = 0.0) -> LeanState:
    start_s = 0.7 * number + later_s
    end_s = start_s + 0.7
    return LeanState(start_s, end_s, lean_deg, 0.0, 170.0, 0.08, True, 0.9, end_s + 0.1)


def lean_messages(strides: list[LeanState]) -> list[Lean]:
    state = PageState(Surroundings(lambda: None, dict), lambda: 0.0, 1.0)
    messages = [message for each in strides for message in state.take(each)]
    assert all(isinstance(message, Lean) for message in messages)
    return [message for message in messages if isinstance(message, Lean)]


def test_the_lean_shown_is_the_mean_of_the_strides_that_the_cue_is_judged_by() -> None:
    leans = lean_messages([stride(number, float(number)) for number in range(20)])
    assert leans[0].smoothed_deg == 0.0
    assert leans[-1].smoothed_deg == (16 + 17 + 18 + 19) / 4
    assert leans[-1].trend_deg == pytest.approx(17.5 - sum(range(4, 16)) / 12)


def test_the_mean_starts_over_after_a_break() -> None:
    before = [stride(number, 4.0) for number in range(6)]
    leans = lean_messages([*before, stride(6, 12.0, later_s=3.0)])
    assert leans[-1].smoothed_deg == 12.0
    assert leans[-1].trend_deg == 0.0


def test_the_past_stays_small_however_long_it_lasts() -> None:
    past = Past()
    lean = Lean(0.0, 8.0, 8.0, 0.0, 170.0, True, 1.0)
    for number in range(5000):
        past.keep(lean, float(number))
    assert len(past.history().leans) == 500
    assert past.latest() == [(lean, 4999.0)]


def test_what_was_not_measured_is_null() -> None:
    state = PageState(Surroundings(lambda: None, dict), lambda: 0.0, 1.0)
    strike = Strike(Placement.LEFT_FOOT, 1.0, math.nan, StrikeType.UNKNOWN, 0.0, True, 1.1)
    body = json.loads(encode(state.take(strike)[0], 0.0))
    assert body["fsa_deg"] is None
