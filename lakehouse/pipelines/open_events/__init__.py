"""What other systems hear of a run: each kind is one listener in one file, turned on by one environment variable.

None of them can fail a run: what one can't do is logged, and the run goes on.
"""

from lakehouse.pipelines.open_events.environment import listeners_from_environment
from lakehouse.pipelines.open_events.hearing import heard_by
from lakehouse.pipelines.open_events.listeners import Listeners
from lakehouse.pipelines.open_events.subject import RunSubject

__all__ = ["Listeners", "RunSubject", "heard_by", "listeners_from_environment"]
