"""A pipeline as one page of HTML: how it stands, what happened, where its columns come from.

It reads the definition, the event log and the logs of tables; it starts no session and reads no row, but for samples
of what was set aside where somebody asks for them.
"""

from lakehouse.pipelines.report.collecting import report_of
from lakehouse.pipelines.report.page import report_page

__all__ = ["report_of", "report_page"]
