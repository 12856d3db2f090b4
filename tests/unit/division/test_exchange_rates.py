"""Exchange rates are exact as written, and a file with a line that can't be used says which."""

from __future__ import annotations

from decimal import Decimal

import pyarrow as pa
import pytest

from lakehouse.division.errors import InvalidRatesError
from lakehouse.division.exchange_rates import parse_rates


def test_rates_are_looked_up_by_column_exactly_as_written() -> None:
    rates = parse_rates('market,currency,rate\nFrance,EUR,0.1\n"Korea, South",KRW,0.000000000000000001\n')
    found = rates.look_up(pa.array(["Korea, South", "France", "Atlantis", None, "France"])).to_pylist()
    euro = {"currency": "EUR", "rate": Decimal("0.1")}
    nothing = {"currency": None, "rate": None}
    assert found == [{"currency": "KRW", "rate": Decimal(10) ** -18}, euro, nothing, nothing, euro]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "Line 1 .* the header market,currency,rate"),
        ("market;currency;rate\n", "Line 1 .* the header"),
        ("market,currency,rate\nFrance,EUR\n", "Line 2 .* a market, a currency and a rate"),
        ("market,currency,rate\nFrance,EUR,1\nFrance,FRF,1\n", "Line 3 .* one line for 'France'"),
        ("market,currency,rate\nFrance,EUR,0\n", "above zero .* not '0'"),
        ("market,currency,rate\nFrance,EUR,-1\n", "above zero .* not '-1'"),
        ("market,currency,rate\nFrance,EUR,one\n", "above zero .* not 'one'"),
        ("market,currency,rate\nFrance,EUR,NaN\n", "above zero .* not 'NaN'"),
        ("market,currency,rate\nFrance,EUR,1.0000000000000000001\n", "at most 18 digits"),
    ],
)
def test_an_unusable_line_is_an_error_with_its_number(text: str, complaint: str) -> None:
    with pytest.raises(InvalidRatesError, match=complaint):
        parse_rates(text)
