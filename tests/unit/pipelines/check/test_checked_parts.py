"""What can't be written part by part, or file by file, is refused before any data is read."""

from __future__ import annotations

from pathlib import Path

import pytest

from lakehouse.pipelines import (
    DeclarativePipelineBuilder,
    Flow,
    ReplaceWhere,
    from_files,
    read,
    read_yaml_definition,
    seed,
)
from lakehouse.pipelines.check.declarations import declaration_problems

FILES = from_files("*.csv", columns=["id"], on_rewritten="replace")
DAYS = read("sales").aggregate(by="day", units="sum(units)")


def problems_of(flow: Flow) -> str:
    builder = DeclarativePipelineBuilder("shop").gold("t", flow)
    return "\n".join(map(str, declaration_problems(builder.build())))


@pytest.mark.parametrize(
    ("flow", "wrong"),
    [
        (
            FILES.deduplicate().append(),
            "from_files has on_rewritten='replace' in a table whose rows can't be told apart",
        ),
        (
            FILES.merge("id"),
            "from_files has on_rewritten='replace' in a table whose rows can't be told apart",
        ),
        (from_files("*.csv", columns=["id"], on_rewritten="x").append(), "has on_rewritten='x'"),  # type: ignore[arg-type]
        (
            read("sales", incremental=True).replace_where("day"),
            "gets only the new rows of 'sales' and replaces",
        ),
        (
            read("sales").cast({"day": "date"}).replace_where("day"),
            "may put rows into quarantine, and nobody can say",
        ),
        (
            seed("nowhere.csv").replace(),
            "seed(nowhere.csv) has a file that can't be used: there is no such file",
        ),
    ],
)
def test_a_contradiction_is_said_with_its_line_and_the_way_out(flow: Flow, wrong: str) -> None:
    found = problems_of(flow)
    assert wrong in found
    assert "test_checked_parts.py:" in found
    assert "Fix: " in found


def test_what_goes_together_is_accepted() -> None:
    assert problems_of(FILES.append()) == ""
    assert problems_of(DAYS.replace_where("day")) == ""


def test_yaml_says_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "seeds").mkdir()
    (tmp_path / "seeds" / "countries.csv").write_text(
        'code,name,since\nDE,"Germany, Federal",1990-10-03\nXX,,\n'
    )
    file = tmp_path / "shop.yaml"
    file.write_text(
        "name: shop\n"
        "tables:\n"
        "  - name: raw\n"
        "    layer: bronze\n"
        "    flow: {from_files: {pattern: '*.csv', columns: [id], on_rewritten: replace}}\n"
        "    write: append\n"
        "  - name: days\n"
        "    layer: gold\n"
        "    flow: {read: {table: raw}}\n"
        "    write: {replace_where: day}\n"
        "  - name: countries\n"
        "    layer: silver\n"
        "    flow: {seed: {file: countries.csv, columns: {code: string, since: date}}}\n"
        "    write: replace\n"
    )
    raw, days, countries = read_yaml_definition(file).tables
    assert raw.flow == FILES.append()
    assert days.flow.write_mode == ReplaceWhere(column="day")
    assert countries.flow == seed("countries.csv", columns={"code": "string", "since": "date"}).replace()
    assert countries.flow.source.rows == (("DE", "1990-10-03"), ("XX", None))  # type: ignore[attr-defined]
    whole = seed("countries.csv").source
    assert whole.rows[0] == ("DE", "Germany, Federal", "1990-10-03")  # type: ignore[attr-defined]
    wrong = seed("countries.csv", columns={"cod": "string"}).source.problems()
    assert "its header lacks cod" in str(wrong[0])
