"""A name that is misspelt in a project's script is said with its line and the name that was meant."""

from __future__ import annotations

from pathlib import Path

import pytest

from lakehouse.cli.definitions import load_definition
from lakehouse.cli.exit_codes import ExitCode
from lakehouse.cli.main import main
from lakehouse.errors import LakehouseError

SCRIPT = """\
from lakehouse import DeclarativePipelineBuilder, from_files, read

flow = read("raw").cast({"id": "int"}).deduplicate("id", keep="latest", order_by="id")
pipeline = (
    DeclarativePipelineBuilder("shop")
    .bronze("raw", from_files("data/*.csv", columns=["id"]))
    .silver("orders", flow.append(), comment="all")
    .build()
)
"""
MISSPELT = {
    "a word of a flow": ('.cast({"id": "int"})', '.castt({"id": "int"})', 3, "did you mean 'cast'?"),
    "an argument of a word": ("keep=", "kep=", 3, "did you mean 'keep'?"),
    "an option of a table": ("comment=", "coment=", None, "did you mean 'comment'?"),
    "a method of the builder": (".silver(", ".silber(", None, "did you mean 'silver'?"),
    "an argument of a source": ("columns=", "colums=", 6, "did you mean 'columns'?"),
    "a word that is imported": ("from_files, read", "from_file, read", 1, "did you mean 'from_files'?"),
    "a word of another package": (
        "from_files, read",
        "from_files, read, from_rows",
        1,
        "Fix: from lakehouse.pipelines import from_rows.",
    ),
    "a word that is not imported": (
        'read("raw")',
        'from_rows([], columns={"id": "int"})',
        3,
        "Fix: from lakehouse.pipelines import from_rows.",
    ),
    "the package in place of the word": (
        "from lakehouse import",
        "from lakehouse import queries; queries('SELECT 1')\nfrom lakehouse import",
        1,
        "Fix: call a function of the module, imported as in: from lakehouse.queries import query.",
    ),
    "a file format": ('columns=["id"]', 'columns=["id"], format="jsonl"', 6, "did you mean 'json'?"),
    "a policy of casts": (
        'cast({"id": "int"})',
        'cast({"id": "int"}, on_error="nul")',
        3,
        "cast has on_error='nul'. Fix: use one of 'quarantine', 'null', 'fail'.",
    ),
    "a name of the script's own": ("flow.append()", "flwo.append()", None, "NameError: name 'flwo'"),
}


@pytest.mark.parametrize("case", MISSPELT)
def test_a_misspelt_name_is_said_with_its_line_and_the_one_that_was_meant(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, case: str
) -> None:
    written, misspelt, line, message = MISSPELT[case]
    monkeypatch.chdir(tmp_path)
    (tmp_path / "jobs").mkdir()
    assert written in SCRIPT
    (tmp_path / "jobs" / "shop.py").write_text(SCRIPT.replace(written, misspelt, 1))
    with pytest.raises(LakehouseError) as refused:
        load_definition("shop")
    place = "jobs/shop.py:" if line is None else f"jobs/shop.py:{line}: "
    assert str(refused.value).startswith(place)
    assert message in str(refused.value)
    assert "Fix: " in str(refused.value)


def test_a_misspelt_verb_or_value_is_said_with_the_way_out(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rnu", "shop"]) == ExitCode.WRONG_USE
    assert "there is no verb 'rnu'. Fix: did you mean 'run'?" in capsys.readouterr().err
    assert main(["table", "hisotry", "x"]) == ExitCode.WRONG_USE
    assert "did you mean 'history'?" in capsys.readouterr().err
    assert main(["validate", "shop", "--set", "cut"]) == ExitCode.WRONG_USE
    assert "'cut' is not KEY=VALUE. Fix: write it as --set" in capsys.readouterr().err
