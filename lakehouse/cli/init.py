"""``lakehouse init NAME``: a project of your own that runs at once."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

import click

from lakehouse.cli.errors import ProjectExistsError
from lakehouse.cli.exit_codes import ExitCode

__all__ = ["command"]

_TEMPLATE = resources.files("lakehouse.cli") / "project_template"


@click.command("init")
@click.argument("name")
def command(name: str) -> int:
    """Write a new project into the folder NAME: a pipeline, a day of data, a test."""
    if not (name.isascii() and name.isidentifier()):
        raise click.BadParameter(f"{name!r} is no name of letters, digits and '_'.", param_hint="NAME")
    folder = Path(name)
    files = {
        folder / f"jobs/{name}.py": "pipeline.py.txt",
        folder / "data/orders/2024-01-01.csv": "orders.csv.txt",
        folder / "tests/test_pipeline.py": "test_pipeline.py.txt",
        folder / "README.md": "README.md.txt",
    }
    for path in files:
        if path.exists():
            raise ProjectExistsError(path=path)
    for path, template in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        text = (_TEMPLATE / template).read_text(encoding="utf-8").replace("PROJECT_NAME", name)
        path.write_text(text, encoding="utf-8")
    click.echo(f"wrote {len(files)} files; next: cd {name} && lakehouse run {name}")
    return ExitCode.FINE
