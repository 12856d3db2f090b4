"""Print docs/reference/cli.md, made of what the commands say about themselves.

Run from the root: ``python scripts/cli_reference.py > docs/reference/cli.md``.
"""

from __future__ import annotations

from collections.abc import Iterator

import click

from lakehouse.cli.main import root_command

INTRODUCTION = """# Command line

`lakehouse VERB` for pipelines, Delta tables, stores and chess. This page is what `--help` prints, verb by verb.

`NAME` of a pipeline is `jobs/NAME.py`, which defines `pipeline`, or `conf/pipelines/NAME.yaml`. `URI` is a path,
`file:`, `s3://`, `s3a://` or `abfss://`. With `--json`, an answer that is one thing is one indented document; a list
that may be long, and every answer of `lakehouse table`, is one object a line.

| exit code | |
|---|---|
| 0 | it worked |
| 1 | the data, a table or a store failed: the command was right |
| 2 | the arguments, the settings or the definition are wrong: nothing was read or written |
| 3 | a bug in lakehouse: please report it |
"""


def page() -> str:
    """Return the whole page."""
    return "\n".join([INTRODUCTION, *_sections(root_command, "lakehouse", None)])


def _sections(command: click.Command, name: str, parent: click.Context | None) -> Iterator[str]:
    """Yield a section for each command, groups before their verbs."""
    context = click.Context(
        command,
        info_name=name,
        parent=parent,
        terminal_width=100,
        max_content_width=100,
        **command.context_settings,
    )
    if parent is not None:
        yield f"{'##' if parent.parent is None else '###'} {context.command_path}\n"
    yield f"```text\n{command.get_help(context).rstrip()}\n```\n"
    for verb in command.list_commands(context) if isinstance(command, click.Group) else ():
        found = command.get_command(context, verb)
        yield from _sections(found, verb, context)


if __name__ == "__main__":
    print(page(), end="")
