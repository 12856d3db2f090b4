"""Steps and rules whose text says that each row stands alone: nobody asks Spark's plan about them."""

from __future__ import annotations

from typing import Any

import pytest
from pyspark.sql import functions as F

from lakehouse.pipelines import Flow, read

NO_PLAN: Any = object()
"""A frame whose plan nobody can see: whatever asks for it has to take its rows for chosen."""

NEW = read("a")


@pytest.mark.parametrize(
    ("flow", "may"),
    [
        (NEW.where("n > 0 AND lower(t) LIKE 'a%'"), False),
        (NEW.where("rand() < 0.5"), True),
        (NEW.where("my_own(n) > 0"), True),
        (NEW.where("n IN (SELECT id FROM range(9) LIMIT 1)"), True),
        (NEW.where(lambda: F.col("n") > 0), True),
        (NEW.select("n", "n + 1 AS m"), False),
        (NEW.select("n", "current_timestamp() AS m"), True),
        (NEW.select("row_number() OVER (ORDER BY n) AS m"), True),
        (NEW.cast({"n": "int"}), False),
        (NEW.rename(n="m"), False),
        (NEW.deduplicate("n"), True),
        (NEW.transform(lambda frame: frame), True),
    ],
)
def test_a_step_may_choose_unless_its_text_says_that_it_does_not(flow: Flow, may: bool) -> None:
    assert flow.steps[0].chooses_freely(NO_PLAN, NO_PLAN) is may


@pytest.mark.parametrize(
    ("flow", "by_row"),
    [
        (NEW.expect("r", "n > 0"), True),
        (NEW.expect("r", "rand() < 0.5"), False),
        (NEW.expect("r", "my_own(n)"), False),
        (NEW.expect("r", lambda: F.col("n") > 0), False),
    ],
)
def test_a_rule_judges_by_row_where_its_text_says_so(flow: Flow, by_row: bool) -> None:
    assert flow.rules[0].is_by_row is by_row
