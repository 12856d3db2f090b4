"""A run that is started in a notebook shows there how it goes, and nothing in any other place."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from lakehouse.pipelines import DeclarativePipelineBuilder, Failed, NothingNew, from_files, read, run_pipeline
from lakehouse.pipelines.run.notebook import NotebookProgress

EVIL = "<script>alert('x')</script>"


class Notebook(ModuleType):
    """What IPython gives a cell, as far as it is used: the place of a display and what stands there."""

    def __init__(self, *, kernel: bool) -> None:
        super().__init__("IPython")
        self.pages: list[str] = []
        self.places = 0
        self.display = SimpleNamespace(HTML=lambda text: text, display=self._show)
        self._shell = SimpleNamespace(kernel=object()) if kernel else SimpleNamespace()

    def get_ipython(self) -> Any:
        return self._shell

    def _show(self, html: str, *, display_id: bool) -> Any:
        assert display_id
        self.places += 1
        self.pages.append(html)
        return SimpleNamespace(update=self.pages.append)


def run(folder: Path) -> None:
    """Run a pipeline that finds nothing, so that no session is opened."""
    (folder / "in").mkdir()
    raw = from_files(f"{folder}/in/*.csv", columns=["id"])
    shop = DeclarativePipelineBuilder("shop").bronze("raw", raw).gold("all", read("raw").replace()).build()
    result = run_pipeline(
        shop, spark=lambda **_: pytest.fail("no session is needed"), warehouse=folder / "lake"
    )
    assert result.status == "nothing new"


def test_a_run_in_a_notebook_fills_one_table_below_its_cell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    notebook = Notebook(kernel=True)
    monkeypatch.setitem(sys.modules, "IPython", notebook)
    run(tmp_path)
    assert notebook.places == 1
    first, *_, before, last = notebook.pages
    assert "shop: 2 tables" in first
    assert first.count("waits") == 2
    assert before.count("nothing new") == 2
    assert "waits" not in before
    assert last.startswith("<p>shop: nothing new in ")
    assert "<table>" not in last, "the result is shown as the value of the cell"


@pytest.mark.parametrize("module", [None, Notebook(kernel=False)], ids=["script", "terminal"])
def test_a_run_elsewhere_shows_nothing(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    module: Notebook | None,
    capsys: pytest.CaptureFixture[str],
) -> None:
    if module is None:
        monkeypatch.delitem(sys.modules, "IPython", raising=False)
    else:
        monkeypatch.setitem(sys.modules, "IPython", module)
    run(tmp_path)
    assert module is None or module.pages == []
    assert capsys.readouterr().out == ""


def test_steps_and_ends_of_tables_are_shown_without_markup_of_theirs() -> None:
    pages: list[str] = []
    progress = NotebookProgress(SimpleNamespace(show=pages.append))
    progress.run_started(EVIL, ["a", EVIL])
    progress.step_done("a", "validate")
    assert "validate ✓" in pages[-1]
    assert pages[-1].count("waits") == 1
    progress.table_finished(NothingNew(table="a"))
    progress.table_finished(Failed(table=EVIL, error=ValueError(EVIL), seconds=1.0))
    assert "nothing new" in pages[-1]
    assert "failed" in pages[-1]
    progress.run_failed(KeyboardInterrupt())
    assert "stopped by KeyboardInterrupt" in pages[-1]
    assert not any("<script" in page for page in pages)


def test_a_cell_that_can_not_be_drawn_fails_no_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Gone(Notebook):
        def _show(self, html: str, *, display_id: bool) -> Any:
            raise OSError("the kernel is gone")

    monkeypatch.setitem(sys.modules, "IPython", Gone(kernel=True))
    run(tmp_path)
