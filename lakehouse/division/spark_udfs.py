"""Arrow UDFs for columns of Spark, and their names for SQL. The one module here that knows pyspark.

What begins with ``safe_`` or ``try_`` fails for no row. The others follow
``spark.sql.ansi.enabled`` as it is when the query runs, as Spark's own operators do: on, the first bad
row raises; off, it is NULL. All of them take the integral types, decimals of any precision and scale, and
strings of digits of any length. A column of another type, such as double, fails the query in each of them: it is
not exact, and to take it for a number would lose money without a word.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

import pyarrow as pa
from pyspark import TaskContext
from pyspark.sql import Column, SparkSession
from pyspark.sql.pandas.functions import arrow_udf

from lakehouse.cache import Lease, ReferenceFile, on_node
from lakehouse.division.columns.allocate import allocate_arrow
from lakehouse.division.columns.div_round import (
    as_rounding,
    check_scale,
    div_round_arrow,
    div_round_by_row,
)
from lakehouse.division.columns.exact_types import divide_exact_types
from lakehouse.division.columns.options import OnError
from lakehouse.division.columns.repeating import expand_arrow
from lakehouse.division.errors import InvalidOptionError
from lakehouse.division.exchange_rates import ExchangeRates, parse_rates
from lakehouse.division.rounding import Rounding

__all__ = [
    "allocate",
    "div_round",
    "divide_exact",
    "euclid_div",
    "exchange_rate",
    "floor_div",
    "mod",
    "register",
    "repeating_decimal",
    "safe_allocate",
    "safe_div",
    "safe_div_round",
    "safe_mod",
    "safe_repeating_decimal",
    "try_divide_exact",
]

_Udf = Callable[..., Column]
_ANSI = "spark.sql.ansi.enabled"
_REPEATING = "text string, whole string, prefix string, period string, start int, length int"
_DECIMAL = re.compile(r"decimal\(\s*([0-9]{1,2})\s*,\s*([0-9]{1,2})\s*\)")
_RETURNS = {"": "bigint", "_decimal": "decimal(38,0)", "_string": "string"}
_ROUNDED = {"": "decimal(38,18)", "_string": "string"}
_REMAINDERS = {"": "bigint", "_decimal": "decimal(38,18)", "_string": "string"}


def safe_div(dividend: Column | str, divisor: Column | str, *, returns: str = "bigint") -> Column:
    """The quotient towards zero, as of ``div``; NULL for a zero divisor or what ``returns`` can't hold."""
    return _part("quotient", Rounding.TRUNCATE, returns, "null")(dividend, divisor)


def floor_div(dividend: Column | str, divisor: Column | str, *, returns: str = "bigint") -> Column:
    """The quotient rounded down, as Python's ``//``."""
    return _part("quotient", Rounding.FLOOR, returns, None)(dividend, divisor)


def euclid_div(dividend: Column | str, divisor: Column | str, *, returns: str = "bigint") -> Column:
    """The quotient whose remainder is never negative."""
    return _part("quotient", Rounding.EUCLIDEAN, returns, None)(dividend, divisor)


def mod(dividend: Column | str, divisor: Column | str, *, returns: str = "bigint") -> Column:
    """The remainder with the dividend's sign, as of Spark's ``%``; it keeps a decimal's digits."""
    return _part("remainder", Rounding.TRUNCATE, returns, None)(dividend, divisor)


def safe_mod(dividend: Column | str, divisor: Column | str, *, returns: str = "bigint") -> Column:
    """As ``mod``, and NULL where that fails."""
    return _part("remainder", Rounding.TRUNCATE, returns, "null")(dividend, divisor)


def divide_exact(dividend: Column | str, divisor: Column | str) -> Column:
    """struct(quotient, remainder) of bigint, towards zero; together they make the dividend again."""
    return _pair("bigint", "bigint", None)(dividend, divisor)


def try_divide_exact(dividend: Column | str, divisor: Column | str) -> Column:
    """As ``divide_exact``, and a field ``error`` that says why there is no result, else NULL."""
    return _pair("bigint", "bigint", "quarantine")(dividend, divisor)


def div_round(
    dividend: Column | str, divisor: Column | str, scale: int = 2, rounding: str = "half_up"
) -> Column:
    """decimal(38,scale): the quotient with so many digits behind the point, rounded once from the exact one.

    Roundings are those of DecimalRounding by name: half_up (Spark's ``round``), half_even, half_down, up, down,
    ceiling, floor, 05up. Raises InvalidOptionError for another one, or a scale out of 0 to 38.
    """
    return _div_round(scale, rounding, None)(dividend, divisor)


def safe_div_round(
    dividend: Column | str, divisor: Column | str, scale: int = 2, rounding: str = "half_up"
) -> Column:
    """As ``div_round``, and NULL where that fails."""
    return _div_round(scale, rounding, "null")(dividend, divisor)


def allocate(amount: Column | str, weights: Column | str) -> Column:
    """array<decimal(38,2)>: the amount split by weights to the cent, nothing lost or made."""
    return _allocate(None)(amount, weights)


def safe_allocate(amount: Column | str, weights: Column | str) -> Column:
    """As ``allocate``, and NULL where that fails: weights that sum to 0 or are negative, an amount below a cent."""
    return _allocate("null")(amount, weights)


def repeating_decimal(dividend: Column | str, divisor: Column | str) -> Column:
    """The fraction written out: struct(text, whole, prefix, period, start, length), such as ``0.08(3)``."""
    return _repeating(None)(dividend, divisor)


def safe_repeating_decimal(dividend: Column | str, divisor: Column | str) -> Column:
    """As ``repeating_decimal``, and NULL where that fails."""
    return _repeating("null")(dividend, divisor)


def exchange_rate(market: Column | str, rates: ReferenceFile) -> Column:
    """struct(currency, rate decimal(38,18)) of a market; NULLs for one that the rates don't have.

    Each node fetches the rates once, and each worker parses them once (``lakehouse.division.exchange_rates``).
    """

    def look_up(markets: pa.Array) -> pa.Array:
        return rates.load(on_node(), _rates_in).look_up(markets)

    return _udf(look_up, "currency string, rate decimal(38,18)")(market)


def _rates_in(lease: Lease) -> ExchangeRates:
    return parse_rates(lease.read().decode("utf-8"))


def register(spark: SparkSession) -> list[str]:
    """Give every function its name in SQL, and return the names.

    A name alone is bigint; with ``_decimal`` it is decimal(38,0), a remainder decimal(38,18); with
    ``_string`` digits. Spark's own ``mod`` keeps that name in SQL, so ours is ``exact_mod`` there.
    ``div_round`` and ``safe_div_round`` take scale and rounding as arguments; they are decimal(38,18), and
    with ``_string`` text of just so many digits.
    """
    functions = _quotient_functions() | _remainder_functions() | _rounded_functions()
    functions |= {
        "try_divide_exact": _pair("bigint", "bigint", "quarantine"),
        "allocate": _allocate(None),
        "safe_allocate": _allocate("null"),
        "repeating_decimal": _repeating(None),
        "safe_repeating_decimal": _repeating("null"),
    }
    for name, function in functions.items():
        spark.udf.register(name, function)
    return sorted(functions)


def _quotient_functions() -> dict[str, _Udf]:
    functions = {}
    for suffix, returns in _RETURNS.items():
        functions[f"safe_div{suffix}"] = _part("quotient", Rounding.TRUNCATE, returns, "null")
        functions[f"floor_div{suffix}"] = _part("quotient", Rounding.FLOOR, returns, None)
        functions[f"euclid_div{suffix}"] = _part("quotient", Rounding.EUCLIDEAN, returns, None)
    return functions


def _remainder_functions() -> dict[str, _Udf]:
    functions = {}
    for suffix, returns in _REMAINDERS.items():
        functions[f"exact_mod{suffix}"] = _part("remainder", Rounding.TRUNCATE, returns, None)
        functions[f"safe_mod{suffix}"] = _part("remainder", Rounding.TRUNCATE, returns, "null")
        functions[f"divide_exact{suffix}"] = _pair(_RETURNS[suffix], returns, None)
    return functions


def _rounded_functions() -> dict[str, _Udf]:
    functions = {}
    for suffix, returns in _ROUNDED.items():
        functions[f"div_round{suffix}"] = _div_round_by_row(returns, None)
        functions[f"safe_div_round{suffix}"] = _div_round_by_row(returns, "null")
    return functions


@lru_cache
def _part(field: str, rounding: Rounding, returns: str, on_error: OnError | None) -> _Udf:
    # The other part is not asked for: no row fails for it.
    kinds = {"quotient": None, "remainder": None} | {field: _arrow_type(returns)}

    def divide(dividends: pa.Array, divisors: pa.Array) -> pa.Array:
        return divide_exact_types(
            dividends,
            divisors,
            quotient_type=kinds["quotient"],
            remainder_type=kinds["remainder"],
            rounding=rounding,
            on_error=on_error or _on_error(),
        ).field(field)

    return _udf(divide, returns)


@lru_cache
def _pair(quotient: str, remainder: str, on_error: OnError | None) -> _Udf:
    quotient_type, remainder_type = _arrow_type(quotient), _arrow_type(remainder)
    returns = f"quotient {quotient}, remainder {remainder}"

    def divide(dividends: pa.Array, divisors: pa.Array) -> pa.Array:
        return divide_exact_types(
            dividends,
            divisors,
            quotient_type=quotient_type,
            remainder_type=remainder_type,
            rounding=Rounding.TRUNCATE,
            on_error=on_error or _on_error(),
        )

    error = ", error string" if on_error == "quarantine" else ""
    return _udf(divide, returns + error)


@lru_cache
def _div_round(scale: int, rounding: str, on_error: OnError | None) -> _Udf:
    check_scale(scale)
    how = as_rounding(rounding)

    def divide(dividends: pa.Array, divisors: pa.Array) -> pa.Array:
        return div_round_arrow(
            dividends, divisors, scale=scale, rounding=how, on_error=on_error or _on_error()
        )

    return _udf(divide, f"decimal(38,{scale})")


@lru_cache
def _div_round_by_row(returns: str, on_error: OnError | None) -> _Udf:
    kind = _arrow_type(returns)

    def divide(dividends: pa.Array, divisors: pa.Array, scales: pa.Array, roundings: pa.Array) -> pa.Array:
        return div_round_by_row(
            dividends, divisors, scales, roundings, returns=kind, on_error=on_error or _on_error()
        )

    return _udf(divide, returns)


@lru_cache
def _allocate(on_error: OnError | None) -> _Udf:
    def split(amounts: pa.Array, weights: pa.Array) -> pa.Array:
        return allocate_arrow(amounts, weights, on_error=on_error or _on_error())

    return _udf(split, "array<decimal(38,2)>")


@lru_cache
def _repeating(on_error: OnError | None) -> _Udf:
    def write_out(dividends: pa.Array, divisors: pa.Array) -> pa.Array:
        return expand_arrow(dividends, divisors, on_error=on_error or _on_error())

    return _udf(write_out, _REPEATING)


def _udf(function: Callable[..., pa.Array], returns: str) -> _Udf:
    # Its kind comes from the type hints, which pyspark's stubs don't know of.
    made: _Udf = arrow_udf(function, returns)  # type: ignore[call-overload]
    return made


def _on_error() -> OnError:
    """What ANSI mode asks for; Spark sends the settings along with a query's tasks, if they are set."""
    task = TaskContext.get()
    setting = task.getLocalProperty(_ANSI) if task else None
    return "null" if (setting or "true").lower() == "false" else "raise"


def _arrow_type(returns: str) -> pa.DataType:
    if returns in {"bigint", "string"}:
        return pa.int64() if returns == "bigint" else pa.string()
    asked = _DECIMAL.fullmatch(returns)
    if not asked or not int(asked[2]) <= int(asked[1]) <= 38:
        choices = ("bigint", "string", "decimal(38,0)")
        raise InvalidOptionError(option="returns", value=returns, allowed=choices)
    return pa.decimal128(int(asked[1]), int(asked[2]))
