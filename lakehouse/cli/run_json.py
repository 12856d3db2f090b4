"""The result of a run for programs."""

from __future__ import annotations

from typing import Any

from lakehouse.cli.run_text import MARKS
from lakehouse.pipelines import Failed, NothingNew, Outcome, Refresh, Refreshed, RunResult, Skipped

__all__ = ["outcome_json", "result_json"]


def result_json(result: RunResult) -> dict[str, Any]:
    return {
        "run_id": result.run_id,
        "pipeline": result.pipeline,
        "status": result.status,
        "started_at": result.started_at.isoformat(),
        "seconds": round(result.seconds, 3),
        "tables": [outcome_json(outcome) for outcome in result.outcomes.values()],
        "warnings": list(result.warnings),
        "cache": None if result.cache is None else result.cache.as_dict(),
    }


def outcome_json(outcome: Outcome) -> dict[str, Any]:
    plain: dict[str, Any] = {"table": outcome.table, "status": MARKS[type(outcome)]}
    match outcome:
        case Refreshed():
            return plain | {"batches": [_refresh_json(refresh) for refresh in outcome.refreshes]}
        case Failed():
            error = {"class": type(outcome.error).__name__, "message": str(outcome.error)}
            return plain | {"error": error | {"root_cause": outcome.cause}}
        case Skipped():
            return plain | {"because": outcome.because}
        case NothingNew():
            return plain


def _refresh_json(refresh: Refresh) -> dict[str, Any]:
    tally = refresh.tally
    return {
        "batch": refresh.batch.number,
        "version": refresh.version,
        "read": refresh.rows_read,
        "rows_in": tally.rows_in,
        "written": tally.written,
        "dropped": tally.dropped,
        "quarantined": tally.quarantined,
        "rules": dict(tally.broken),
        "steps": [
            {"step": each.step, "rows_in": each.rows_in, "rows_out": each.rows_out} for each in refresh.steps
        ],
        "seconds": round(refresh.seconds, 3),
        "set_aside": dict(refresh.set_aside),
        **({"refresh": refresh.inputs["refresh"]} if "refresh" in refresh.inputs else {}),
        **refresh.details,
    }
