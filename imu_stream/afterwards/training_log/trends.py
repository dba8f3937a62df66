"""Weeks of the training log, added up by DuckDB."""

from collections.abc import Iterable
from typing import Any

from imu_stream.afterwards.report.weeks import Week
from imu_stream.afterwards.training_log.rows import SessionRow
from imu_stream.afterwards.training_log.store import DerivedRows
from imu_stream.errors import MissingExtraError

WEEKS = """
SELECT
    CAST(date_trunc('week', CAST(day AS DATE)) AS DATE) AS monday,
    count(*) AS sessions,
    sum(running_s) AS running_s,
    sum(distance_m) AS distance_m,
    sum(lean_mean_deg * running_s) / sum(running_s) FILTER (lean_mean_deg IS NOT NULL) AS lean_deg,
    sum(in_band_percent * running_s) / sum(running_s) FILTER (in_band_percent IS NOT NULL)
        AS in_band_percent,
    sum(cadence_spm * running_s) / sum(running_s) FILTER (cadence_spm IS NOT NULL) AS cadence_spm,
    CAST(sum(advice) AS BIGINT) AS advice,
    100.0 * sum(returned) / nullif(sum(returned + unanswered), 0) AS returned_percent,
    sum(retention_percent * retention_s) / sum(retention_s) AS retention_percent,
    sum(heel_strike_s) AS heel_strike_s,
    sum(midfoot_s) AS midfoot_s,
    sum(forefoot_upright_s) AS forefoot_upright_s,
    sum(forefoot_with_lean_s) AS forefoot_with_lean_s,
    sum(unknown_s) AS unknown_s
FROM sessions
WHERE running_s > 0 AND TRY_CAST(day AS DATE) IS NOT NULL
GROUP BY monday
ORDER BY monday
"""
"""Weeks begin on Monday; what was not measured is left out of a mean, not taken for nothing."""


def weeks_of(rows: Iterable[SessionRow], store: DerivedRows) -> tuple[Week, ...]:
    """The rows week by week, in order of time.

    Raises:
        MissingExtraError: DuckDB is not installed.
    """
    with _database() as database:
        database.register("sessions", store.table(rows))
        found = database.execute(WEEKS)
        names = [column[0] for column in found.description]
        return tuple(Week(**dict(zip(names, row, strict=True))) for row in found.fetchall())


def _database() -> Any:
    """One in memory that reaches neither files nor the network."""
    try:
        import duckdb
    except ImportError:
        raise MissingExtraError("trends", "log") from None
    return duckdb.connect(":memory:", config={"autoinstall_known_extensions": "false"})
