"""The imports of a script that is written."""

from __future__ import annotations

__all__ = ["Imports"]


class Imports:
    """Collects what is imported, and gives a second thing of one name another name."""

    def __init__(self) -> None:
        self._modules: set[str] = set()
        self._words: set[str] = set()
        self._names: dict[str, tuple[str, str]] = {}
        """By the name in the script, module and name there."""

    def add(self, module: str, name: str) -> str:
        """Import a name from a module, and return what the script calls it."""
        called, number = name, 1
        while self._names.get(called, (module, name)) != (module, name):
            number += 1
            called = f"{name}_{number}"
        self._names[called] = (module, name)
        return called

    def add_module(self, module: str) -> None:
        """Import a module as it is called."""
        self._modules.add(module)

    def add_words(self, module: str) -> None:
        """Import a module whose words flows have then."""
        self._words.add(module)

    def text(self) -> str:
        """Return the lines, those of the standard library first, the library's own next."""
        by_module: dict[str, list[str]] = {}
        for called, (module, name) in sorted(self._names.items()):
            by_module.setdefault(module, []).append(name if name == called else f"{name} as {called}")
        words = [f"import {module}  # noqa: F401 - its words" for module in sorted(self._words)]
        lines = [_from(module, names) for module, names in sorted(by_module.items())]
        ours = [line for line in lines if line.startswith("from lakehouse.")]
        theirs = [line for line in lines if line not in ours]
        groups = [[f"import {each}" for each in sorted(self._modules)], ours, [*words, *theirs]]
        return "\n\n".join("\n".join(group) for group in groups if group)


def _from(module: str, names: list[str]) -> str:
    line = f"from {module} import {', '.join(names)}"
    if len(line) <= 100:
        return line
    return f"from {module} import (\n" + "".join(f"    {name},\n" for name in names) + ")"
