"""What a unit of each market's currency is worth: a small table to look rates up in, for whole columns at once."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.division.errors import InvalidRatesError

__all__ = ["RATE_TYPE", "ExchangeRates", "parse_rates"]

HEADER = ["market", "currency", "rate"]
RATE_TYPE = pa.decimal128(38, 18)


class ExchangeRates:
    """Currency and rate by market, exact as written."""

    def __init__(self, rows: list[tuple[str, str, pa.Scalar]]) -> None:
        self._markets = pa.array([market for market, _, _ in rows], pa.string())
        self._currencies = pa.array([currency for _, currency, _ in rows], pa.string())
        self._rates = pa.array([rate for _, _, rate in rows], RATE_TYPE)

    def look_up(self, markets: pa.Array) -> pa.StructArray:
        """Return ``currency`` and ``rate`` (decimal(38,18)) of each market; nulls for one that is not here."""
        places = pc.index_in(markets, value_set=self._markets)
        columns = [self._currencies.take(places), self._rates.take(places)]
        return pa.StructArray.from_arrays(columns, names=["currency", "rate"])


def parse_rates(text: str) -> ExchangeRates:
    """Return the rates of a CSV text with the header ``market,currency,rate``. Raises InvalidRatesError.

    A rate is above zero, has at most 18 digits behind the point, and stands once for each market.
    """
    rows = csv.reader(io.StringIO(text))
    if next(rows, []) != HEADER:
        raise InvalidRatesError(line=1, expected=f"the header {','.join(HEADER)}")
    return ExchangeRates(list(_checked(rows)))


def _checked(rows: Iterator[list[str]]) -> Iterator[tuple[str, str, pa.Scalar]]:
    seen = set()
    for line, row in enumerate(rows, start=2):
        if len(row) != len(HEADER):
            raise InvalidRatesError(line=line, expected="a market, a currency and a rate")
        market, currency, rate = row
        if market in seen:
            raise InvalidRatesError(line=line, expected=f"one line for {market!r}")
        seen.add(market)
        yield market, currency, _rate(rate, line)


def _rate(text: str, line: int) -> pa.Scalar:
    try:
        rate = pa.scalar(text).cast(RATE_TYPE)
    except pa.ArrowInvalid as error:
        raise _no_rate(text, line) from error
    if rate.as_py() <= 0:
        raise _no_rate(text, line)
    return rate


def _no_rate(text: str, line: int) -> InvalidRatesError:
    expected = f"a number above zero with at most {RATE_TYPE.scale} digits behind the point, not {text!r}"
    return InvalidRatesError(line=line, expected=expected)
