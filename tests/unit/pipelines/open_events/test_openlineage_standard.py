"""Events are what OpenLineage's schemas allow, and the judge of that finds what they don't."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from openlineage_standard import problems_of
from runs_to_tell import events_of_a_run

PARENT = "airflow/dag/task/11111111-1111-1111-1111-111111111111"


def test_every_event_of_a_run_is_what_the_standard_allows() -> None:
    events = events_of_a_run(namespace="here", parent=PARENT)
    assert [problems_of(event) for event in events] == [[]] * 10
    said = {
        *(name for event in events for name in event["run"]["facets"]),
        *(name for event in events for each in event["outputs"] for name in each.get("facets", {})),
        *(name for event in events for each in event["outputs"] for name in each.get("outputFacets", {})),
        *(name for event in events for each in event["inputs"] for name in each.get("inputFacets", {})),
    }
    assert said == {
        "columnLineage",
        "dataQualityAssertions",
        "errorMessage",
        "outputStatistics",
        "parent",
        "schema",
        "version",
    }


def _drop(name: str) -> Callable[[dict[str, Any]], object]:
    return lambda event: event.pop(name)


def _output(event: dict[str, Any]) -> dict[str, Any]:
    return event["outputs"][0]["facets"]


def _assertions(event: dict[str, Any]) -> list[dict[str, Any]]:
    return event["inputs"][0]["inputFacets"]["dataQualityAssertions"]["assertions"]


@pytest.mark.parametrize(
    "break_it",
    [
        _drop("eventTime"),
        _drop("run"),
        _drop("producer"),
        lambda event: event.update(eventType="DONE"),
        lambda event: event.update(more=1),
        lambda event: event["run"].update(runId="7"),
        lambda event: event["job"].pop("namespace"),
        lambda event: event["inputs"][0].pop("name"),
        lambda event: _output(event)["version"].update(datasetVersion=4),
        lambda event: _output(event)["schema"].update(_schemaURL="https://openlineage.io/spec/facets/9"),
        lambda event: _output(event)["columnLineage"]["fields"]["price"].pop("inputFields"),
        lambda event: _output(event).update(event["outputs"][0]["outputFacets"]),
        lambda event: _assertions(event)[0].pop("success"),
        lambda event: _assertions(event)[0].update(success="no"),
    ],
)
def test_an_event_with_a_fault_is_found(break_it: Callable[[dict[str, Any]], object]) -> None:
    events = [each for each in events_of_a_run() if each["job"]["name"] == "shop.sales"]
    event = events[-1]
    assert problems_of(event) == []
    break_it(event)
    try:
        found = problems_of(event)
    except (KeyError, ValueError) as error:
        found = [repr(error)]
    assert found
