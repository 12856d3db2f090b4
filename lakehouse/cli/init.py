"""``lakehouse init NAME``: a project of your own that runs at once."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

import click

from lakehouse.cli.errors import ProjectExistsError
from lakehouse.cli.exit_codes import ExitCode
from lakehouse.version import __version__

__all__ = ["command"]

_TEMPLATE = resources.files("lakehouse.cli") / "project_template"
"""A tree as the project has it; every file has ``.txt`` after its name, so that no tool takes it for its own."""
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")


@click.command("init")
@click.argument("name")
def command(name: str) -> int:
    """Write a new project into the folder NAME: a pipeline, a day of data, tests, an environment."""
    if not _NAME.fullmatch(name):
        raise click.BadParameter(
            f"{name!r} is not a name of letters, digits, '-' and '_' that begins with a letter or '_'.",
            param_hint="NAME",
        )
    files = {Path(name) / path: text for path, text in _files(_TEMPLATE, Path(), name)}
    for path in files:
        if path.exists():
            raise ProjectExistsError(path=path)
    for path, text in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    click.echo(f"wrote {len(files)} files; next: cd {name} && lakehouse run {name}")
    return ExitCode.FINE


def _files(folder: Traversable, below: Path, name: str) -> Iterator[tuple[Path, str]]:
    """Yield each file of the template, filled in: its path in the project, and its text.

    A script is a module, whose name has no ``-``.
    """
    module = name.replace("-", "_")
    for entry in sorted(folder.iterdir(), key=lambda each: each.name):
        if entry.is_dir():
            yield from _files(entry, below / entry.name, name)
        elif entry.name.endswith(".txt"):
            text = entry.read_text(encoding="utf-8").replace("LAKEHOUSE_VERSION", __version__)
            text = text.replace("jobs/PROJECT_NAME.py", f"jobs/{module}.py")
            target = entry.name.removesuffix(".txt").replace("PROJECT_NAME", module)
            yield below / target, text.replace("PROJECT_NAME", name)
