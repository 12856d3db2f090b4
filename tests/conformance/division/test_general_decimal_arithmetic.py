"""The General Decimal Arithmetic vectors: a case in scope matches in digits, exponent, sign, conditions."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from lakehouse.division import ArithmeticUnit, DecimalInstructionSet, DecimalRounding
from lakehouse.division.decimal_context import DecimalFlag
from lakehouse.division.decimal_operand import DecimalOperand

VARIABLE = "LAKEHOUSE_DECTEST_DATA"
CASES_IN_FILE = {
    "divide": 631,
    "divideint": 389,
    "remainder": 517,
    "ddDivide": 717,
    "ddDivideInt": 373,
    "ddRemainder": 505,
}
_CASE = re.compile(
    r"(?P<id>\w+)\s+(?P<operation>divide|divideint|remainder)\s+(?P<rest>.*?)\s*->\s*(?P<answer>.*)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    id: str
    operation: str
    operands: tuple[str, ...]
    answer: str
    conditions: frozenset[str]
    directives: dict[str, str]

    @property
    def out_of_scope(self) -> str:
        if "#" in self.operands:
            return "an operand is a null reference (#), which a Python caller can't pass as an Operand"
        return ""


def read_cases(path: Path) -> list[Case]:
    directives: dict[str, str] = {}
    cases = []
    for line in path.read_text("utf-8").splitlines():
        text = line.split("--")[0].strip()
        directive = re.fullmatch(r"(\w+)\s*:\s*(\S+)", text)
        if directive:
            directives = directives | {directive[1].lower(): directive[2].lower()}
        elif text:
            cases.append(parse_case(text, directives))
    return cases


def parse_case(text: str, directives: dict[str, str]) -> Case:
    match = _CASE.fullmatch(text)
    assert match, f"a line that is neither directive nor case: {text}"
    operands = tuple(part.strip("'\"") for part in match["rest"].split())
    answer, *conditions = match["answer"].split()
    return Case(
        id=match["id"],
        operation=match["operation"],
        operands=operands,
        answer=answer.strip("'\""),
        conditions=frozenset(condition.lower() for condition in conditions),
        directives=directives,
    )


def compute(case: Case) -> tuple[str, frozenset[str]]:
    directives = case.directives
    unit = ArithmeticUnit(
        DecimalInstructionSet(
            precision=int(directives["precision"]),
            rounding=DecimalRounding(directives["rounding"]),
            max_exponent=int(directives["maxexponent"]),
            min_exponent=int(directives["minexponent"]),
            clamp=directives.get("clamp", "0") == "1",
            integral=case.operation != "divide",
            traps=DecimalFlag.NONE,
        )
    )
    result = unit.divide(*(DecimalOperand.of(operand) for operand in case.operands))
    if case.operation == "remainder":
        return str(result.remainder), names(result.remainder_flags)
    return str(result.quotient), names(result.flags)


def names(flags: DecimalFlag) -> frozenset[str]:
    return frozenset(flag.name.lower() for flag in DecimalFlag if flag & flags)


@pytest.mark.parametrize("name", CASES_IN_FILE)
def test_every_vector_in_scope_matches(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    folder = os.environ.get(VARIABLE)
    if not folder:
        pytest.skip(f"{VARIABLE} names no folder with the .decTest files")
    cases = read_cases(Path(folder) / f"{name}.decTest")
    in_scope = [case for case in cases if not case.out_of_scope]
    failed = [
        (case, computed) for case in in_scope if (computed := compute(case)) != (case.answer, case.conditions)
    ]
    with capsys.disabled():
        print(f"\n{name}: {len(in_scope) - len(failed)}/{len(cases)} passed", end="")
        for case in cases:
            if case.out_of_scope:
                print(f"\n  out of scope {case.id}: {case.out_of_scope}", end="")
    assert not failed, "\n".join(f"{case.id}: {case} gave {computed}" for case, computed in failed[:20])
    assert len(cases) == CASES_IN_FILE[name]
