"""Where the results of a session go, and how they are told."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from imu_stream.cli.files import write_text
from imu_stream.cli.outputs import require_outputs
from imu_stream.cli.speaking import console, say
from imu_stream.cli.summary_view import summary_table
from imu_stream.cli.web import NO_PAGE, Web, require_page
from imu_stream.session import Session
from imu_stream.sinks.outputs.settings import OutputSettings
from imu_stream.sinks.summary import Summary


@dataclass(frozen=True, slots=True)
class Results:
    """Where a session's results go."""

    out: Path | None
    json: Path | None
    cues: OutputSettings
    """What gives the cues."""
    web: Web = NO_PAGE
    report: bool = False
    """Whether a report is written beside the session file."""


def require_packages(results: Results) -> None:
    """Before any sensor is looked for; MissingExtraError when one is absent."""
    require_page(results.web)
    require_outputs(results.cues)


def tell_results(
    session: Session, path: Path, results: Results, extra: Mapping[str, object]
) -> Summary:
    """Show the summary and write it where it is wanted, with what is `extra` beside it."""
    summary = session.summary()
    latency_ms = {f"p{percent}": session.latencies.percentile_ms(percent) for percent in (50, 99)}
    content = {**asdict(summary), "latency_ms": latency_ms, **extra, "session": str(path)}
    text = json.dumps(content, indent=2) + "\n"
    if results.out is not None:
        write_text(path.with_suffix(".json"), text)
    if results.json is not None:
        write_text(results.json, text)
    console.print(summary_table(summary))
    say(
        f"latency from frame to output: median {latency_ms['p50']:.2f} ms, "
        f"99 % within {latency_ms['p99']:.2f} ms"
    )
    say(f"session file: {path}")
    return summary
