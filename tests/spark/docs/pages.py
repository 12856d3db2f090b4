"""The pages that people read, as blocks of code, and a reader who does what they say."""

from __future__ import annotations

import contextlib
import io
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import click

from lakehouse.cli import main
from lakehouse.cli.main import root_command

__all__ = ["PAGES", "ROOT", "Block", "Reader", "blocks_of", "command_lines", "comparable", "parse"]

ROOT = Path(__file__).parents[3]
PAGES = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")])

_FENCE = re.compile(r'^```(\w+)(?: title="([^"]*)")?\n(.*?)^```$', flags=re.S | re.M)
_VARYING = [
    (re.compile(r"\d+\.\d s\b"), "# s"),
    (re.compile(r"[\d,]+ rows/s"), "# rows/s"),
    (re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC"), "# UTC"),
    (re.compile(r" +\d+\.\d  (?=ok)"), "  #  "),
]
"""What differs from one run to the next."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A fenced block of a page."""

    language: str
    title: str
    text: str


def blocks_of(page: Path, *languages: str) -> list[Block]:
    """Return the page's blocks, of these languages or of all, in their order."""
    found = [
        Block(language=language, title=title, text=text)
        for language, title, text in _FENCE.findall(page.read_text("utf-8"))
    ]
    return [block for block in found if not languages or block.language in languages]


def command_lines(page: Path) -> Iterator[list[str]]:
    """Yield the arguments of every ``lakehouse`` command in the page's ``sh`` and ``console`` blocks."""
    for block in blocks_of(page, "sh", "console"):
        for line in block.text.splitlines():
            if line.removeprefix("$ ").startswith("lakehouse "):
                yield shlex.split(line.removeprefix("$ "), comments=True)[1:]


class Reader:
    """Follows a page in a folder of their own: runs its code, types its commands, makes its edits."""

    def __init__(self, page: Path, **names: Any) -> None:
        self._page = page
        self._module = ModuleType(f"page_{page.stem.replace('-', '_')}")
        self._names = vars(self._module)
        self._names.update(names)
        self._start = Path.cwd()

    def follow(self) -> dict[str, Any]:
        """Do all that the page says; return the names that its Python defined."""
        sys.modules[self._module.__name__] = self._module  # where a dataclass looks for its names
        try:
            self._follow()
        finally:
            del sys.modules[self._module.__name__]
        return self._names

    def _follow(self) -> None:
        printed = ""
        for block in blocks_of(self._page):
            match block.language:
                case "python":
                    printed = self._run(block)
                case "text":
                    assert printed == block.text, f"{self._page.name} shows another output"
                case "diff":
                    self._edit(block)
                case "console":
                    self._type(block)

    def _run(self, block: Block) -> str:
        if block.title and Path(block.title).exists():
            assert Path(block.title).read_text() == block.text, f"{block.title} is another in the project"
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            exec(compile(block.text, block.title or self._page.name, "exec"), self._names)
        return out.getvalue()

    def _edit(self, block: Block) -> None:
        lines = block.text.splitlines(keepends=True)
        before = "".join(line[1:] for line in lines if line[0] != "+")
        after = "".join(line[1:] for line in lines if line[0] != "-")
        file = Path(block.title)
        assert before in file.read_text(), f"{block.title} does not have the lines to edit"
        file.write_text(file.read_text().replace(before, after))

    def _type(self, block: Block) -> None:
        for entry in re.split(r"^\$ ", block.text, flags=re.M)[1:]:
            lines = entry.splitlines(keepends=True)
            typed = [line.removeprefix("> ") for line in lines[1:] if line.startswith("> ")]
            command = "".join([lines[0], *typed])
            shown = "".join(line for line in lines[1:] if not line.startswith("> "))
            answer = self._answer(command)
            assert self._comparable(answer, command) == self._comparable(shown, command), command + answer

    def _answer(self, command: str) -> str:
        words = shlex.split(command.partition("\n")[0])
        if words[0] == "cd":
            os.chdir(words[1])
            return ""
        if words[0] != "lakehouse":
            return subprocess.run(command, shell=True, capture_output=True, text=True, check=True).stdout
        out = io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
            main(words[1:])
        return out.getvalue()

    def _comparable(self, output: str, command: str) -> list[str]:
        in_no_order = command.startswith(("lakehouse run", "lakehouse table cat"))
        return comparable(output, home=self._start, in_order=not in_no_order)


def comparable(output: str, *, home: Path, in_order: bool) -> list[str]:
    """Return the lines of an output without what differs between two runs; ``home`` is /home/you on a page."""
    for folder in (str(home), "/home/you"):
        output = output.replace(folder, "~")
    for pattern, stand_in in _VARYING:
        output = pattern.sub(stand_in, output)
    return output.splitlines() if in_order else sorted(output.splitlines())


def parse(arguments: Sequence[str]) -> None:
    """Read a command line as ``lakehouse`` would, without running it. Raises click.ClickException."""
    context = click.Context(root_command, **root_command.context_settings)
    command: click.Command | None = root_command
    rest = list(arguments)
    while isinstance(command, click.Group):
        name = rest.pop(0)
        command = command.get_command(context, name)
        assert command is not None, f"lakehouse has no verb {name!r}"
    command.make_context(command.name, rest, parent=context)
