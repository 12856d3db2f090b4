"""Binary floating point: the processor is binary64's oracle, exact fractions are the others'."""

from __future__ import annotations

import itertools
import math
import random
import struct
from fractions import Fraction

import pytest

from lakehouse.division import (
    BINARY16,
    BINARY32,
    BINARY64,
    ArithmeticUnit,
    FloatFlag,
    FloatFormat,
    FloatOperand,
    FloatResult,
    FloatRounding,
    Ieee754InstructionSet,
    InvalidOperandError,
    Operand,
    Rounding,
)

FORMATS = [BINARY16, BINARY32, BINARY64]
EDGES = [0.0, 5e-324, 2.2250738585072011e-308, 2.2250738585072014e-308, 1.0, 1.5, 3.0, 1.7976931348623157e308]


def divide(
    dividend: float,
    divisor: float,
    *,
    fmt: FloatFormat = BINARY64,
    rounding: FloatRounding = FloatRounding.TIES_TO_EVEN,
    whole: Rounding = Rounding.TRUNCATE,
) -> FloatResult:
    unit = ArithmeticUnit(Ieee754InstructionSet(format=fmt, rounding=rounding), rounding=whole)
    result = unit.divide(FloatOperand.from_float(dividend, fmt), FloatOperand.from_float(divisor, fmt))
    assert isinstance(result, FloatResult)
    return result


def bits(value: float) -> bytes:
    return struct.pack(">d", value)


def random_doubles(count: int) -> list[tuple[float, float]]:
    chance = random.Random(754)
    pairs = []
    while len(pairs) < count:
        pair = struct.unpack(">dd", chance.randbytes(16))
        if chance.random() < 0.4:  # quotients that are subnormal
            pair = (math.ldexp(pair[0], 0) if abs(pair[0]) < 1e-290 else 1.5e-308, chance.uniform(1, 1e6))
        if not any(map(math.isnan, pair)) and pair[1]:
            pairs.append(pair)
    return pairs


def test_binary64_agrees_with_the_processor_bit_for_bit() -> None:
    edges = [sign * value for value in EDGES for sign in (1, -1)]
    pairs = [pair for pair in itertools.product(edges, edges) if pair[1]]
    for dividend, divisor in pairs + random_doubles(4000):
        assert bits(float(divide(dividend, divisor).quotient)) == bits(dividend / divisor), (
            dividend,
            divisor,
        )


def test_the_remainders_are_those_of_the_c_library() -> None:
    for dividend, divisor in random_doubles(600):
        if math.isinf(dividend):
            continue
        truncated = divide(dividend, divisor).remainder
        nearest = divide(dividend, divisor, whole=Rounding.HALF_EVEN).remainder
        assert bits(float(truncated)) == bits(math.fmod(dividend, divisor)), (dividend, divisor)
        assert bits(float(nearest)) == bits(math.remainder(dividend, divisor)), (dividend, divisor)


def exact_neighbours(exact: Fraction, fmt: FloatFormat) -> tuple[Fraction, Fraction]:
    """The two numbers of the format (were its exponents unlimited upwards) on either side of ``exact``."""
    exponent = fmt.tiny_exponent
    while abs(exact) >= Fraction(2) ** (exponent + fmt.precision):
        exponent += 1
    step = Fraction(2) ** exponent
    low = math.floor(exact / step) * step
    return low, low if low == exact else low + step


def oracle(exact: Fraction, fmt: FloatFormat, rounding: FloatRounding) -> float:
    low, high = exact_neighbours(exact, fmt)
    limit = Fraction(2) ** (fmt.max_exponent + 1)
    match rounding:
        case FloatRounding.TOWARD_NEGATIVE:
            chosen = low
        case FloatRounding.TOWARD_POSITIVE:
            chosen = high
        case FloatRounding.TOWARD_ZERO:
            chosen = low if exact > 0 else high
        case FloatRounding.TIES_TO_AWAY:
            away = high if exact > 0 else low
            chosen = low if exact - low < high - exact else high if exact - low > high - exact else away
        case FloatRounding.TIES_TO_EVEN:
            even = low if (low / (high - low or 1)) % 2 == 0 else high
            chosen = low if exact - low < high - exact else high if exact - low > high - exact else even
    if abs(chosen) < limit:
        return float(chosen)
    largest = float(limit - Fraction(2) ** (fmt.max_exponent + 1 - fmt.precision))
    towards = {FloatRounding.TOWARD_ZERO} | (
        {FloatRounding.TOWARD_NEGATIVE} if exact > 0 else {FloatRounding.TOWARD_POSITIVE}
    )
    return math.copysign(largest if rounding in towards else math.inf, 1 if exact > 0 else -1)


@pytest.mark.parametrize("fmt", [BINARY16, BINARY32], ids=lambda fmt: fmt.name)
@pytest.mark.parametrize("rounding", FloatRounding)
def test_every_direction_agrees_with_exact_fractions(fmt: FloatFormat, rounding: FloatRounding) -> None:
    chance = random.Random(16)
    for _ in range(400):
        dividend, divisor = (FloatOperand.from_bits(chance.getrandbits(fmt.bits), fmt) for _ in range(2))
        if not (math.isfinite(float(dividend)) and math.isfinite(float(divisor)) and float(divisor)):
            continue
        result = divide(float(dividend), float(divisor), fmt=fmt, rounding=rounding)
        if not float(dividend):
            continue
        exact = Fraction(float(dividend)) / Fraction(float(divisor))
        expected = oracle(exact, fmt, rounding)
        assert float(result.quotient) == expected, (dividend, divisor)
        assert (FloatFlag.INEXACT in result.flags) == (math.isinf(expected) or Fraction(expected) != exact)


@pytest.mark.slow
@pytest.mark.parametrize("rounding", FloatRounding)
def test_binary64_in_every_direction_agrees_with_exact_fractions(rounding: FloatRounding) -> None:
    for dividend, divisor in random_doubles(1500):
        if dividend and math.isfinite(dividend) and math.isfinite(divisor):
            exact = Fraction(dividend) / Fraction(divisor)
            got = float(divide(dividend, divisor, rounding=rounding).quotient)
            assert got == oracle(exact, BINARY64, rounding), (dividend, divisor)


def test_binary16_agrees_with_exact_fractions_on_every_divisor_of_one() -> None:
    for encoding in range(1, 1 << 15):
        divisor = FloatOperand.from_bits(encoding, BINARY16)
        if math.isfinite(float(divisor)) and encoding % 7 == 0:
            expected = oracle(1 / Fraction(float(divisor)), BINARY16, FloatRounding.TIES_TO_EVEN)
            assert float(divide(1.0, float(divisor), fmt=BINARY16).quotient) == expected


@pytest.mark.parametrize(
    ("dividend", "divisor", "quotient", "flags"),
    [
        (1.0, 0.0, math.inf, FloatFlag.DIVIDE_BY_ZERO),
        (1.0, -0.0, -math.inf, FloatFlag.DIVIDE_BY_ZERO),
        (0.0, 0.0, math.nan, FloatFlag.INVALID),
        (math.inf, math.inf, math.nan, FloatFlag.INVALID),
        (math.inf, -2.0, -math.inf, FloatFlag.NONE),
        (-1.0, math.inf, -0.0, FloatFlag.NONE),
        (-0.0, 5.0, -0.0, FloatFlag.NONE),
        (math.nan, 1.0, math.nan, FloatFlag.NONE),
        (1.0, 3.0, 1 / 3, FloatFlag.INEXACT),
        (1.7976931348623157e308, 0.5, math.inf, FloatFlag.OVERFLOW | FloatFlag.INEXACT),
        (5e-324, 2.0, 0.0, FloatFlag.UNDERFLOW | FloatFlag.INEXACT),
        (2.2250738585072014e-308, 2.0, 1.1125369292536007e-308, FloatFlag.NONE),
    ],
)
def test_the_special_cases_of_the_standard(
    dividend: float, divisor: float, quotient: float, flags: FloatFlag
) -> None:
    result = divide(dividend, divisor)
    assert (math.isnan(quotient) and math.isnan(float(result.quotient))) or bits(
        float(result.quotient)
    ) == bits(quotient)
    assert result.flags == flags


def test_a_signalling_nan_is_invalid_and_keeps_its_payload() -> None:
    signalling = FloatOperand.from_bits(0x7FF0_0000_0000_002A)
    result = ArithmeticUnit(Ieee754InstructionSet()).divide(signalling, FloatOperand.from_float(1.0))
    assert isinstance(result, FloatResult)
    assert result.quotient.bits == 0x7FF8_0000_0000_002A
    assert result.flags == FloatFlag.INVALID


@pytest.mark.parametrize("fmt", FORMATS, ids=lambda fmt: fmt.name)
def test_every_encoding_is_read_and_written_alike(fmt: FloatFormat) -> None:
    chance = random.Random(3)
    wide = 1 << fmt.bits
    for encoding in [0, 1, wide - 1, wide >> 1, *(chance.randrange(wide) for _ in range(2000))]:
        assert FloatOperand.from_bits(encoding, fmt).bits == encoding


def test_a_float_that_a_format_does_not_hold_is_refused() -> None:
    for value in (1e5, 1.0001, 1e-9):
        with pytest.raises(InvalidOperandError, match="binary16"):
            FloatOperand.from_float(value, BINARY16)
    with pytest.raises(InvalidOperandError, match="FloatOperand"):
        ArithmeticUnit(Ieee754InstructionSet()).divide(Operand.of(1), Operand.of(2))
