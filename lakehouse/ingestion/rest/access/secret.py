"""A secret by the place where it stands; its value is read where a request is made, and kept nowhere."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from lakehouse.ingestion.errors import InvalidApiError, MissingSecretError

__all__ = ["Secret"]


@dataclass(frozen=True, slots=True)
class Secret:
    """``env:NAME``, an environment variable, or ``file:/path``, a file with nothing else in it.

    The variable or the file must be there on every machine that makes requests: that of each executor.
    """

    source: str

    def problem(self) -> InvalidApiError | None:
        """Return what is wrong with the declaration. It does not repeat the text: it may be the secret itself."""
        kind, _, name = self.source.partition(":")
        if kind in ("env", "file") and name:
            return None
        return InvalidApiError(
            problem="a secret is given by its value, or not at all",
            fix="name the place where it stands: env:NAME or file:/path.",
        )

    def reveal(self) -> str:
        """Return the value, without white space around it. Raises MissingSecretError."""
        if (problem := self.problem()) is not None:
            raise problem
        kind, _, name = self.source.partition(":")
        try:
            value = (os.environ.get(name, "") if kind == "env" else Path(name).read_text("utf-8")).strip()
        except (OSError, UnicodeDecodeError) as error:
            raise MissingSecretError(source=self.source) from error
        if not value:
            raise MissingSecretError(source=self.source)
        return value
