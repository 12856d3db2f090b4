"""Quotients of so many digits, against the decimal module of the standard library."""

from __future__ import annotations

import decimal
import random
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lakehouse.division import (
    DecimalRounding,
    DivideByZeroException,
    InvalidOptionError,
    NumericalOverflowException,
    div_round_arrow,
    divide_arrow,
)
from lakehouse.division.columns import divide as divide_module
from lakehouse.division.columns.div_round import div_round_by_row

ORACLE = {
    DecimalRounding.DOWN: decimal.ROUND_DOWN,
    DecimalRounding.UP: decimal.ROUND_UP,
    DecimalRounding.HALF_UP: decimal.ROUND_HALF_UP,
    DecimalRounding.HALF_DOWN: decimal.ROUND_HALF_DOWN,
    DecimalRounding.HALF_EVEN: decimal.ROUND_HALF_EVEN,
    DecimalRounding.CEILING: decimal.ROUND_CEILING,
    DecimalRounding.FLOOR: decimal.ROUND_FLOOR,
    DecimalRounding.ZERO_FIVE_UP: decimal.ROUND_05UP,
}
ENGINES = ["numba", "numpy", "rows"]


def expected(dividend: Decimal, divisor: Decimal, scale: int, rounding: DecimalRounding) -> Decimal:
    """Return the quotient rounded once: 200 digits of it, odd if there are more, decide every tie."""
    with decimal.localcontext(prec=200, rounding=decimal.ROUND_05UP):
        exact = dividend / divisor
    with decimal.localcontext(prec=200):
        return exact.quantize(Decimal(1).scaleb(-scale), rounding=ORACLE[rounding])


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(divide_module, "resolve_engine", lambda engine, algorithm: request.param)
    return str(request.param)


@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize("rounding", DecimalRounding)
@pytest.mark.parametrize("scale", [0, 2, 7])
def test_every_rounding_of_eighths_and_thirds_agrees_with_the_decimal_module(
    scale: int, rounding: DecimalRounding
) -> None:
    pairs = [(a, b) for a in range(-40, 41) for b in (-16, -3, -1, 1, 3, 7, 8, 16, 1000, 2000)]
    got = div_round_arrow(
        pa.array([a for a, _ in pairs]), pa.array([b for _, b in pairs]), scale=scale, rounding=rounding
    )
    assert got.type == pa.decimal128(38, scale)
    assert got.to_pylist() == [expected(Decimal(a), Decimal(b), scale, rounding) for a, b in pairs]


@pytest.mark.parametrize("rounding", DecimalRounding)
@pytest.mark.parametrize(
    ("left_scale", "right_scale", "scale"),
    [(2, 0, 2), (0, 4, 2), (18, 2, 3), (2, 18, 18), (30, 30, 0), (5, 9, 30)],
)
def test_decimals_of_any_two_scales_agree_with_the_decimal_module(
    left_scale: int, right_scale: int, scale: int, rounding: DecimalRounding
) -> None:
    chance = random.Random(left_scale * 100 + right_scale)
    lefts = [Decimal(chance.randrange(-(10**6), 10**6)).scaleb(-left_scale) for _ in range(40)]
    rights = [
        Decimal(chance.choice([-1, 1]) * chance.randrange(1, 10**6)).scaleb(-right_scale) for _ in range(40)
    ]
    wanted = [expected(a, b, scale, rounding) for a, b in zip(lefts, rights, strict=True)]
    got = div_round_arrow(
        pa.array(lefts, pa.decimal128(38, left_scale)),
        pa.array(rights, pa.decimal128(38, right_scale)),
        scale=scale,
        rounding=rounding,
    )
    assert got.to_pylist() == [each if abs(each) < Decimal(10) ** (38 - scale) else None for each in wanted]


@settings(deadline=None, max_examples=150)
@given(
    st.decimals(-(10**12), 10**12, places=4),
    st.decimals(-(10**6), 10**6, places=3).filter(bool),
    st.integers(0, 12),
    st.sampled_from(DecimalRounding),
)
def test_any_two_decimals_in_any_rounding_agree_with_the_decimal_module(
    dividend: Decimal, divisor: Decimal, scale: int, rounding: DecimalRounding
) -> None:
    got = div_round_arrow(pa.array([dividend], pa.decimal128(20, 4)), divisor, scale=scale, rounding=rounding)
    assert got.to_pylist() == [expected(dividend, divisor, scale, rounding)]


def test_text_is_rounded_without_a_limit_to_its_length() -> None:
    got = div_round_arrow(pa.array(["1" + "0" * 50, "-2"]), 3, scale=4, returns=pa.string())
    assert got.to_pylist() == ["3" * 50 + ".3333", "-0.6667"]


def test_a_row_without_an_answer_is_null_or_names_itself() -> None:
    left = pa.array([1, 5, None, 2**62])
    right = pa.array([4, 0, 1, 1])
    assert div_round_arrow(left, right, scale=20).to_pylist() == [Decimal("0.25"), None, None, None]
    with pytest.raises(DivideByZeroException, match=r"^row 1: 5 was divided by 0"):
        div_round_arrow(left, right, on_error="raise")
    with pytest.raises(NumericalOverflowException, match=r"^row 1: "):
        div_round_arrow(left.take(pa.array([0, 3])), 1, scale=20, on_error="raise")


def test_the_type_asked_for_bounds_the_quotient() -> None:
    got = div_round_arrow(pa.array([99_949, 99_950]), 1000, scale=1, returns=pa.decimal128(3, 1))
    assert got.to_pylist() == [Decimal("99.9"), None], "100.0 has a digit too many"
    assert div_round_arrow(pa.array([7]), 2, scale=0, returns=pa.int8()).to_pylist() == [4]


@pytest.mark.parametrize(
    "options",
    [
        {"scale": -1},
        {"scale": 39},
        {"scale": 2.0},
        {"scale": True},
        {"rounding": "nearest"},
        {"rounding": None},
        {"on_error": "quarantine"},
        {"returns": pa.float64()},
        {"scale": 3, "returns": pa.decimal128(10, 2)},
    ],
    ids=str,
)
def test_an_unknown_option_is_refused_with_the_choices(options: dict[str, Any]) -> None:
    with pytest.raises(InvalidOptionError, match="Fix: use one of"):
        div_round_arrow(pa.array([1]), 1, **options)


def test_a_rounding_is_known_by_its_name_in_any_case() -> None:
    for name in ("half_even", "HALF_EVEN", DecimalRounding.HALF_EVEN):
        assert div_round_arrow(pa.array([1, 3]), 8, rounding=name).to_pylist() == [
            Decimal("0.12"),
            Decimal("0.38"),
        ]


def test_scale_and_rounding_may_be_the_row_s_own() -> None:
    got = div_round_by_row(
        pa.array([1, 1, 1, None, 1, 1]),
        pa.array([8, 8, 8, 8, 0, 8]),
        pa.array([2, 2, 1, 2, 2, None]),
        pa.array(["half_up", "half_even", "up", "up", "up", "up"]),
        returns=pa.string(),
        on_error="null",
    )
    assert got.to_pylist() == ["0.13", "0.12", "0.2", None, None, None]
    with pytest.raises(DivideByZeroException, match=r"^row 1: "):
        div_round_by_row(
            pa.array([1, 1]),
            pa.array([8, 0]),
            pa.array([2, 1]),
            pa.array(["up", "down"]),
            returns=pa.decimal128(38, 18),
            on_error="raise",
        )
    with pytest.raises(InvalidOptionError, match="scale=19"):
        div_round_by_row(
            pa.array([1]),
            pa.array([8]),
            pa.array([19]),
            pa.array(["up"]),
            returns=pa.decimal128(38, 18),
            on_error="null",
        )


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("rounding", DecimalRounding)
@pytest.mark.parametrize("width", [8, 64, 128, None])
def test_whole_columns_take_these_roundings_too(
    width: int | None, rounding: DecimalRounding, engine: Any
) -> None:
    pairs = [(a, b) for a in range(-60, 61, 3) for b in (-8, -5, -2, -1, 1, 2, 5, 8)]
    pairs += [(127, 126), (-128, 127), (-128, -128), (1, -128)]
    got = divide_arrow(
        pa.array([a for a, _ in pairs]),
        pa.array([b for _, b in pairs]),
        width=width,
        rounding=rounding,
        engine=engine,
    )
    for (a, b), row in zip(pairs, got.to_pylist(), strict=True):
        quotient = int(expected(Decimal(a), Decimal(b), 0, rounding))
        assert (int(row["quotient"]), int(row["remainder"])) == (quotient, a - quotient * b), (a, b)
