"""Results brought up to date by their groups: only those that new rows touch are computed again.

What a flow's grouping step makes is kept beside the table, a row a group, for the batch that the table took last.
The next batch adds its rows to that, and the flow goes on from there. What is kept is never trusted over the data:
where it is lost, or of another batch, definition or session, all rows are read.
"""

from lakehouse.pipelines.refresh.groups.grouped_flow import GroupedFlow, NotGrouped, grouped_flow
from lakehouse.pipelines.refresh.groups.kept_state import KeptState, KeptStates
from lakehouse.pipelines.refresh.groups.refresh import GroupRefresh

__all__ = ["GroupRefresh", "GroupedFlow", "KeptState", "KeptStates", "NotGrouped", "grouped_flow"]
