"""The command line as a whole: how it ends, and what it loads."""

from __future__ import annotations

import gc
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import click
import pytest

from lakehouse.cli import main
from lakehouse.cli import verbs as cli_verbs
from lakehouse.errors import DefinitionError, TableError


@pytest.fixture
def verb(monkeypatch: pytest.MonkeyPatch):
    """Put a verb on the command line that does what the test gives it."""

    def install(action) -> None:
        monkeypatch.setitem(cli_verbs.VERBS, "probe", cli_verbs.Verb(module="probe_verb", help="a probe"))
        command = click.Command("probe", callback=action)
        monkeypatch.setitem(sys.modules, "probe_verb", SimpleNamespace(command=command))

    return install


def raising(error: BaseException):
    def action() -> None:
        raise error

    return action


@pytest.mark.parametrize(
    ("action", "code"),
    [
        (lambda: None, 0),
        (lambda: 1, 1),
        (raising(TableError("it broke.", fix="correct it.")), 1),
        (raising(DefinitionError("it is wrong.", fix="correct it.")), 2),
        (raising(click.UsageError("no such thing")), 2),
        (raising(ZeroDivisionError()), 3),
    ],
)
def test_the_exit_code_says_whose_fault_it_was(verb, action, code: int) -> None:
    verb(action)
    assert main(["probe"]) == code


def test_an_error_of_ours_is_one_line_with_a_way_out(verb, capsys: pytest.CaptureFixture[str]) -> None:
    verb(raising(TableError("it broke.", fix="correct it.")))
    main(["probe"])
    assert capsys.readouterr().err == "error: it broke. Fix: correct it.\n"


def test_garbage_is_collected_again_once_a_verb_is_loaded(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "probe_of_garbage.py"
    file.write_text("import click, gc\nwhile_loading = gc.isenabled()\ncommand = click.Command('probe')\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    probe = cli_verbs.Verb(module="probe_of_garbage", help="a probe")
    monkeypatch.setitem(cli_verbs.VERBS, "probe", probe)
    monkeypatch.delitem(sys.modules, "probe_of_garbage", raising=False)
    assert main(["probe"]) == 0
    assert not sys.modules["probe_of_garbage"].while_loading
    assert gc.isenabled()


def test_an_unknown_verb_is_wrong_use(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["nonsense"]) == 2
    assert "nonsense" in capsys.readouterr().err


def test_help_loads_no_spark() -> None:
    code = "import sys; from lakehouse.cli import main; main(['--help']); sys.exit('pyspark' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "Bronze, Silver and Gold" in done.stdout
