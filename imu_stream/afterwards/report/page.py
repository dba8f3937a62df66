"""Puts a report together: its sections, the style sheet and the template."""

import base64
import hashlib
from functools import cache
from importlib.resources import files

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

from imu_stream.afterwards.finished import FinishedSession
from imu_stream.afterwards.report.advice import advice_figures, advice_note, cues_table
from imu_stream.afterwards.report.content import Definition, Report
from imu_stream.afterwards.report.course import lean_drawings, rhythm_drawings, strike_drawings
from imu_stream.afterwards.report.health import gaps_note, gaps_table, sensor_cards
from imu_stream.afterwards.report.overview import (
    badges_of,
    figures_of,
    shares_of,
    story_of,
    subtitle_of,
    technique_bar,
    title_of,
)
from imu_stream.afterwards.report.sides import feet_table, laps_table, notes_table
from imu_stream.afterwards.report.trust import missing_of, trust_figures
from imu_stream.afterwards.report.wording import foreign
from imu_stream.afterwards.report.words import DEFINITIONS as MEANINGS
from imu_stream.afterwards.report.words import LIMITS
from imu_stream.definitions import DEFINITIONS


def report_html(finished: FinishedSession, version: str) -> str:
    """The report as one HTML text that asks nothing of any other host, and runs no script."""
    return page("report.html.j2", report=report_of(finished, version))


def page(template: str, **content: object) -> str:
    """A page with its style sheet inside, the only one its security policy allows."""
    style = _text_of("report.css")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    text = (
        _environment()
        .get_template(template)
        .render(style=Markup(style), style_hash=digest, **content)
    )
    # what no text in UTF-8 may hold, a name may have brought in
    return text.encode("utf-8", "replace").decode("utf-8")


@cache
def _environment() -> Environment:
    return Environment(
        loader=FunctionLoader(_text_of),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _text_of(name: str) -> str:
    return files("imu_stream.afterwards.report").joinpath(name).read_text(encoding="utf-8")


def report_of(finished: FinishedSession, version: str) -> Report:
    """Every section."""
    header = finished.header
    return Report(
        title=title_of(finished),
        subtitle=subtitle_of(finished),
        badges=badges_of(finished),
        story=story_of(finished),
        figures=figures_of(finished),
        techniques=shares_of(finished),
        technique_bar=technique_bar(finished),
        lean=lean_drawings(finished),
        strikes=strike_drawings(finished),
        rhythm=rhythm_drawings(finished),
        feet=feet_table(finished),
        advice=advice_figures(finished),
        advice_note=advice_note(finished),
        cues=cues_table(finished),
        laps=laps_table(finished),
        notes=notes_table(finished),
        sensors=sensor_cards(finished),
        gaps=gaps_table(finished),
        gaps_note=gaps_note(finished),
        trust=trust_figures(finished),
        limits=LIMITS,
        missing=missing_of(finished),
        definitions=tuple(Definition(*each) for each in MEANINGS),
        made_by=(
            f"imu_stream {version}, definitions {DEFINITIONS}; recorded with "
            f"{foreign(header.version)}; outputs {finished.summary.outputs_sha256[:16]}"
        ),
    )
