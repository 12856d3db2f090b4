"""Texts made by chance: a cast either gives the number that the text says, as an exact rational, or notes it."""

from __future__ import annotations

import random
from fractions import Fraction

import pytest
from pyspark.sql import SparkSession

from lakehouse.quality import CAST_ERRORS, CastPolicy, cast_columns

pytestmark = pytest.mark.spark

TYPES = {
    "int": (31, 0),
    "bigint": (63, 0),
    "decimal(38,0)": (None, 0),
    "decimal(20,5)": (None, 5),
    "decimal(5,2)": (None, 2),
}


def text(chance: random.Random) -> str:
    digits = "".join(
        chance.choice("0123456789" if chance.random() < 0.7 else "0") for _ in range(chance.randint(1, 42))
    )
    point = chance.randint(0, len(digits))
    number = digits if chance.random() < 0.4 else digits[:point] + "." + digits[point:]
    exponent = chance.choice(["", "", f"e{chance.randint(-45, 45)}", f"E+{chance.randint(0, 9)}"])
    blanks = chance.choice(["", "", " ", "\t"])
    return blanks + chance.choice(["", "-", "+"]) + number + exponent + blanks


def expected(said: str, type_: str) -> Fraction | None:
    bits, scale = TYPES[type_]
    value = Fraction(said.strip())
    if (value * 10**scale).denominator != 1:
        return None
    if bits is not None:
        return value if -(2**bits) <= value < 2**bits else None
    precision = int(type_.split("(")[1].split(",")[0])
    return value if abs(value) * 10**scale < 10**precision else None


@pytest.mark.parametrize("type_", TYPES)
def test_every_text_is_its_own_number_or_noted(spark: SparkSession, type_: str) -> None:
    chance = random.Random(type_)
    texts = [said for said in (text(chance) for _ in range(1500)) if said.strip() not in ("-.", "+.", ".")]
    frame = spark.createDataFrame(list(enumerate(texts)), "i int, x string").repartition(2)
    rows = cast_columns(frame, {"x": type_}, on_error=CastPolicy.QUARANTINE).collect()
    wrong = [
        (texts[row.i], row.x, row[CAST_ERRORS])
        for row in rows
        if (None if row.x is None else Fraction(row.x)) != expected(texts[row.i], type_)
        or (row.x is None) != (row[CAST_ERRORS] is not None)
    ]
    assert wrong == []
    assert 0 < sum(row.x is None for row in rows) < len(rows)
