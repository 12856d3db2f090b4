"""Read a log as an auditor: nothing is repaired, everything is told. Nothing of a table is trusted."""

from lakehouse.delta_log.audit.auditor import verify
from lakehouse.delta_log.audit.findings import Finding, Severity

__all__ = [
    "Finding",
    "Severity",
    "verify",
]
