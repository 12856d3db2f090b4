"""The two forms of every verb's answer: columns that line up for people, JSON that programs can read."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass
from decimal import Decimal

import click
import pytest

from lakehouse.cli.output import Output, json_option


@dataclass
class Stored:
    """An answer, as a verb gives one."""

    name: str
    when: dt.datetime
    price: Decimal
    raw: bytes


STORED = Stored("ä", dt.datetime(2026, 1, 2, tzinfo=dt.UTC), Decimal("1.50"), b"\0\1")
AS_JSON = {"name": "ä", "when": "2026-01-02T00:00:00Z", "price": "1.50", "raw": "AAE="}


def test_a_record_is_one_line_of_json(capsys: pytest.CaptureFixture[str]) -> None:
    Output(as_json=True).record(STORED)
    Output(as_json=True).record([1])
    first, second = capsys.readouterr().out.splitlines()
    assert (json.loads(first), json.loads(second)) == (AS_JSON, [1])


def test_a_document_is_indented_json(capsys: pytest.CaptureFixture[str]) -> None:
    Output(as_json=True).document([STORED])
    text = capsys.readouterr().out
    assert text == json.dumps([AS_JSON], indent=2, ensure_ascii=False) + "\n"


def test_text_that_is_not_valid_unicode_is_escaped_in_json(capsys: pytest.CaptureFixture[str]) -> None:
    Output(as_json=True).record({"key": "a\udcff", "when": STORED.when})
    assert json.loads(capsys.readouterr().out) == {"key": "a\udcff", "when": AS_JSON["when"]}


def test_columns_are_as_wide_as_their_widest_text_and_numbers_stand_to_the_right(
    capsys: pytest.CaptureFixture[str],
) -> None:
    Output().table(("table", "rows", "why"), [("sales", "7", "new"), ("a", "1,200", "")], numbers=("rows",))
    assert capsys.readouterr().out == "table   rows  why\nsales      7  new\na      1,200\n"


def test_colour_takes_no_room_in_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    Output().table(("", ""), [(click.style("ok", fg="green"), "Java"), ("missing", "jars")])
    assert capsys.readouterr().out == "ok       Java\nmissing  jars\n"


def test_a_table_without_rows_has_its_headings(capsys: pytest.CaptureFixture[str]) -> None:
    Output().table(("table", "why"), [])
    Output().table(("", ""), [])
    assert capsys.readouterr().out == "table  why\n"


@pytest.mark.parametrize(("arguments", "as_json"), [([], False), (["--json"], True)])
def test_the_flag_gives_a_command_its_output(arguments: list[str], as_json: bool) -> None:
    command = click.command()(json_option()(lambda output: output))
    assert command.main(arguments, standalone_mode=False) == Output(as_json=as_json)
