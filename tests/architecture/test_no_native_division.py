"""Nothing in the package divides: not in its source, not through what it imports, not when it runs."""

from __future__ import annotations

import ast
import decimal
import fractions
import importlib
import math
import operator
import pkgutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import numpy as np
import pyarrow.compute as pc
import pytest

import lakehouse.division
from lakehouse.division import BinaryInstructionSet, InstructionSet, RadixInstructionSet
from lakehouse.division.arithmetic_unit import long_division

PACKAGE = Path(lakehouse.division.__file__).parent
OPERATORS = (ast.Div, ast.FloorDiv, ast.Mod, ast.Pow)
EVERYWHERE = frozenset(
    [
        "divmod",
        "pow",
        "fmod",
        "Fraction",
        "Decimal",
        "truediv",
        "floordiv",
        "itruediv",
        "ifloordiv",
        "imod",
        "true_divide",
        "floor_divide",
        "divide_checked",
        "reciprocal",
        "float_power",
        "as_integer_ratio",
        "fractions",
        "decimal",
        "statistics",
        "__truediv__",
        "__floordiv__",
        "__mod__",
        "__divmod__",
        "__rtruediv__",
        "__rfloordiv__",
        "__rmod__",
        "__pow__",
    ]
)
ON_LIBRARIES = EVERYWHERE | {"divide", "remainder", "power", "mod", "mean", "average", "linalg"}
"""Some of these are words of the domain, and forbidden only where they are a library's."""
LIBRARIES = {"np", "numpy", "pc", "pa", "pyarrow", "math", "operator", "builtins"}
DIVIDING_MODULES = {"fractions", "decimal", "statistics", "operator", "cmath"}
WAYS_AROUND = {"eval", "exec", "getattr"}


def offences(source: str) -> Iterator[str]:
    """Every way to divide that ``source`` has, with its line."""
    for node in ast.walk(ast.parse(source)):
        line = getattr(node, "lineno", 0)
        if isinstance(node, ast.BinOp | ast.AugAssign) and isinstance(node.op, OPERATORS):
            yield f"{line}: the operator {type(node.op).__name__}"
        if isinstance(node, ast.Name) and node.id in EVERYWHERE | WAYS_AROUND:
            yield f"{line}: the name {node.id}"
        if isinstance(node, ast.Attribute):
            on_library = isinstance(node.value, ast.Name) and node.value.id in LIBRARIES
            if node.attr in (ON_LIBRARIES if on_library else EVERYWHERE):
                yield f"{line}: the attribute {node.attr}"
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield from _import_offences(node)


def _import_offences(node: ast.Import | ast.ImportFrom) -> Iterator[str]:
    module = getattr(node, "module", None) or ""
    for alias in node.names:
        of_library = alias.name in ON_LIBRARIES and not module.startswith("lakehouse")
        if of_library or {module, alias.name} & DIVIDING_MODULES:
            yield f"{node.lineno}: the import of {module} {alias.name}"


def modules() -> list[ModuleType]:
    found = pkgutil.walk_packages(lakehouse.division.__path__, "lakehouse.division.")
    return [lakehouse.division, *(importlib.import_module(info.name) for info in found)]


@pytest.mark.parametrize(
    "path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: str(path.relative_to(PACKAGE))
)
def test_no_source_file_divides(path: Path) -> None:
    assert list(offences(path.read_text("utf-8"))) == []


@pytest.mark.parametrize(
    "source",
    [
        "a / b",
        "a // b",
        "a % b",
        "a //= b",
        "a ** -1",
        "'%d' % a",
        "divmod(a, b)",
        "pow(a, -1, m)",
        "math.fmod(a, b)",
        "from fractions import Fraction",
        "from decimal import Decimal",
        "import fractions",
        "np.divide(a, b)",
        "np.remainder(a, b)",
        "np.reciprocal(a)",
        "pc.divide(a, b)",
        "a.__floordiv__(b)",
        "operator.mod(a, b)",
        "from operator import floordiv as subtract",
        "from numpy import remainder",
        "getattr(np, 'div' + 'ide')",
    ],
)
def test_the_search_finds_every_way_to_divide(source: str) -> None:
    assert list(offences(source))


def test_no_module_holds_a_division_of_another_library() -> None:
    forbidden = [
        divmod,
        pow,
        math.fmod,
        math.remainder,
        fractions.Fraction,
        decimal.Decimal,
        fractions,
        decimal,
        operator.truediv,
        operator.floordiv,
        operator.mod,
        np.divide,
        np.floor_divide,
        np.remainder,
        np.fmod,
        np.divmod,
        np.reciprocal,
        np.power,
        pc.divide,
        pc.divide_checked,
    ]
    identities = {id(thing) for thing in forbidden}
    for module in modules():
        held = [
            name for name, value in vars(module).items() if id(value) in identities and name != "__builtins__"
        ]
        assert held == [], module.__name__


class Undividable(int):
    """A whole number that can be added, subtracted, multiplied and shifted, but not divided."""

    def _refuse(self, *_: object) -> int:
        raise AssertionError("a number was divided")

    __truediv__ = __rtruediv__ = __floordiv__ = __rfloordiv__ = _refuse  # type: ignore[assignment]
    __mod__ = __rmod__ = __divmod__ = __rdivmod__ = __pow__ = __rpow__ = _refuse  # type: ignore[assignment]

    def __add__(self, other: int) -> Undividable:
        return Undividable(int(self) + int(other))

    def __sub__(self, other: int) -> Undividable:
        return Undividable(int(self) - int(other))

    def __mul__(self, other: int) -> Undividable:
        return Undividable(int(self) * int(other))

    def __lshift__(self, places: int) -> Undividable:
        return Undividable(int(self) << places)

    __radd__, __rmul__ = __add__, __mul__


@pytest.mark.parametrize("instructions", [BinaryInstructionSet(), RadixInstructionSet(10)])
def test_numbers_that_refuse_to_be_divided_are_divided(instructions: InstructionSet) -> None:
    with pytest.raises(AssertionError):
        Undividable(7) // 2
    assert long_division(instructions, Undividable(1000), Undividable(7)) == (142, 6)


def test_the_package_is_imported_without_spark() -> None:
    code = (
        "import sys; sys.modules['pyspark'] = None; sys.modules['py4j'] = None\n"
        "import lakehouse.division as d\n"
        "u = d.ArithmeticUnit(d.BinaryInstructionSet())\n"
        "print(int(u.divide(d.Operand.of(7), d.Operand.of(2)).quotient))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "3"
