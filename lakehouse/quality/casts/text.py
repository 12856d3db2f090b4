"""Text into types, exactly: SQL for a value that says what the text says, or NULL."""

from __future__ import annotations

from pyspark.sql.types import (
    CharType,
    DataType,
    DateType,
    DecimalType,
    DoubleType,
    FloatType,
    IntegralType,
    TimestampNTZType,
    TimestampType,
    VarcharType,
)

from lakehouse.quality.casts.sql import TRIMMED, let, literal

__all__ = ["exact_text", "exact_zoned", "quick_text"]

_LONGEST_NUMBER = 100
"""Characters of a number in text; Spark parses all digits before it counts them, which takes minutes for megabytes."""
_NUMBER = "t RLIKE '^[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)(e[+-]?[0-9]{1,3})?$'"
_MANTISSA = "split_part(t, 'e', 1)"
_DIGITS = f"replace({_MANTISSA}, '.', '')"
_IS_ZERO = f"{_MANTISSA} RLIKE '^[+-]?[0.]+$'"
_SCALE = (
    f"length(split_part({_MANTISSA}, '.', 2)) - coalesce(try_cast(split_part(t, 'e', 2) AS INT), 0)"
    f" - length({_DIGITS}) + length(trim(TRAILING '0' FROM {_DIGITS}))"
)
"""How many digits stand behind the point when the number is written out, without zeros at its end."""
_WHOLE = "^[+-]?[0-9]{1,20}([.]0*)?$"
"""A text that ``try_cast`` would refuse costs a Java exception a row."""
_NOT_FINITE = "'nan', 'inf', '+inf', '-inf', 'infinity', '+infinity', '-infinity'"

_DAY = "[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}"
_MIDNIGHT = "([T ]00:00(:00([.]0+)?)?)?"
_TIME = "[T ][0-9]{1,2}:[0-9]{1,2}(:[0-9]{1,2}([.][0-9]{1,6}0*)?)?"
_ZONE = "[ ]?[A-Za-z+-][A-Za-z0-9_/:+-]*"
_FULL = "CASE WHEN t RLIKE ':.*:' THEN t WHEN instr(t, ':') > 0 THEN concat(t, ':00') ELSE concat(t, ' 00:00:00') END"
_WITH_SECONDS = f"regexp_replace(t, '^({_DAY}[T ][0-9]{{1,2}}:[0-9]{{1,2}})({_ZONE})$', '$1:00$2')"
"""Spark reads no zone behind hours and minutes."""


def exact_text(text: str, target: DataType) -> str:
    """Return SQL for the value of ``text`` in the type ``target``; NULL where the type can't hold what it says."""
    if isinstance(target, IntegralType):
        return f"coalesce({quick_text(text, target)}, {_tried(_decimal(text, 38, 0), target)})"
    if isinstance(target, DecimalType):
        return _decimal(text, target.precision, target.scale)
    if isinstance(target, DoubleType | FloatType):
        return _floating(text, target)
    if isinstance(target, DateType):
        day = "substring_index(substring_index(t, ' ', 1), 'T', 1)"
        return _trimmed(text, _when(f"t RLIKE '^{_DAY}{_MIDNIGHT}$'", f"try_cast({day} AS DATE)"))
    if isinstance(target, TimestampType):
        local = let("v", "try_cast(t AS TIMESTAMP)", _when(_stands("v", "t"), "v"))
        return _trimmed(text, _local_or_zoned(local))
    if isinstance(target, TimestampNTZType):
        return _trimmed(text, _when(f"t RLIKE '^{_DAY}({_TIME})?$'", _tried("t", target)))
    if isinstance(target, CharType | VarcharType):
        return _when(f"char_length({text}) <= {target.length}", text)
    return _tried(text, target)


def exact_zoned(text: str, zone: str) -> str:
    """Return SQL for the timestamp of ``text``, whose time of day is that of ``zone`` unless it names its own."""
    there, in_utc = (
        f"try_cast(concat({_FULL}, {literal(' ' + each)}) AS TIMESTAMP)" for each in (zone, "UTC")
    )
    local = let("v", there, _when(f"from_utc_timestamp(v, {literal(zone)}) = {in_utc}", "v"))
    return _trimmed(text, _local_or_zoned(local))


def quick_text(text: str, target: DataType) -> str:
    """Return SQL that finds most of what ``exact_text`` finds, and nothing else, at a fraction of the price."""
    if isinstance(target, IntegralType):
        return _when(f"{text} RLIKE '{_WHOLE}'", _tried(f"substring_index({text}, '.', 1)", target))
    if isinstance(target, DecimalType):
        before, behind = max(1, target.precision - target.scale), target.scale
        fraction = f"([.][0-9]{{1,{behind}}})?" if behind else ""
        return _when(f"{text} RLIKE '^-?[0-9]{{1,{before}}}{fraction}$'", _tried(text, target))
    if isinstance(target, DoubleType | FloatType):
        longest = 15 if isinstance(target, DoubleType) else 7
        plain = f"length({text}) <= {longest} AND {text} RLIKE '^-?[0-9]+([.][0-9]+)?$'"
        return _when(plain, _tried(text, target))
    if isinstance(target, DateType):
        return _when(f"{text} RLIKE '^[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}$'", _tried(text, target))
    if isinstance(target, TimestampType):
        shape = f"{text} RLIKE '^[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}[T ][0-9]{{2}}:[0-9]{{2}}(:[0-9]{{2}})?$'"
        value = _tried(text, target)
        return _when(f"{shape} AND {_stands(value, text)}", value)
    return exact_text(text, target)


def _decimal(text: str, precision: int, scale: int) -> str:
    number = f"length(t) <= {_LONGEST_NUMBER} AND {_NUMBER}"
    # A zero may have any exponent; Spark takes none that is large.
    plain = f"if({_IS_ZERO}, '0', t)"
    fits = f"{number} AND ({_IS_ZERO} OR {_SCALE} <= {scale})"
    return _trimmed(text, _when(fits, f"try_cast({plain} AS DECIMAL({precision},{scale}))"), by="lower")


def _floating(text: str, target: DoubleType | FloatType) -> str:
    whole_below, digits = (2**53, 15) if isinstance(target, DoubleType) else (2**24, 6)
    exact = _decimal("t", 38, 0)
    # 2 to the 63rd becomes the largest bigint, which is one less.
    whole = f"(v < {2**63}D AND try_cast(v AS BIGINT) = {exact} OR try_cast(v AS DECIMAL(38,0)) = {exact})"
    short = f"length(trim(TRAILING '0' FROM {_DIGITS})) <= {digits}"
    holds = (
        f"abs(v) < double('Infinity') AND (v <> 0 OR {_IS_ZERO})"
        f" AND (abs(v) < {whole_below} OR instr(t, 'e') > 0 OR {short} OR {whole})"
    )
    finite = let("v", _tried("t", target), _when(holds, "v"))
    named = _tried("t", target)
    return _trimmed(
        text, f"CASE WHEN t IN ({_NOT_FINITE}) THEN {named} WHEN {_NUMBER} THEN {finite} END", by="lower"
    )


def _local_or_zoned(local: str) -> str:
    zoned = f"t RLIKE '^{_DAY}{_TIME}{_ZONE}$' THEN try_cast({_WITH_SECONDS} AS TIMESTAMP)"
    return f"CASE WHEN t RLIKE '^{_DAY}({_TIME})?$' THEN {local} WHEN {zoned} END"


def _stands(moment: str, text: str) -> str:
    """Return whether clocks ever showed the time of ``text``: when they go forward, an hour is left out."""
    return f"try_cast({moment} AS TIMESTAMP_NTZ) = try_cast({text} AS TIMESTAMP_NTZ)"


def _trimmed(text: str, body: str, *, by: str = "") -> str:
    return let("t", f"{by}({TRIMMED.format(text)})", body)


def _when(condition: str, value: str) -> str:
    return f"CASE WHEN {condition} THEN {value} END"


def _tried(value: str, target: DataType) -> str:
    return f"try_cast({value} AS {target.simpleString()})"
