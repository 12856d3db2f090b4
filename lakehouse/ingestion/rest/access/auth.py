"""What a request carries to be let in, one class for each way."""

from __future__ import annotations

import base64
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from lakehouse.ingestion.errors import InvalidApiError
from lakehouse.ingestion.rest.access.secret import Secret
from lakehouse.words import Words, word

__all__ = ["ApiKey", "Auth", "Basic", "Bearer", "Credentials", "NoAuth"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """What is added to each request. Lives only where requests are made, and shows none of it."""

    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    parameters: Mapping[str, str] = field(default_factory=dict, repr=False)
    secrets: tuple[str, ...] = field(default=(), repr=False)
    """The texts that nobody may read."""


class Auth(ABC):
    """A way to be let in. Declared with the names of secrets; a subclass with ``@word`` is known to YAML."""

    words: ClassVar[Words] = Words("way to be let in")

    @abstractmethod
    def credentials(self) -> Credentials:
        """Return what each request carries. Raises MissingSecretError."""

    def problems(self) -> Sequence[InvalidApiError]:
        """Return what is wrong with the declaration, found without reading a secret."""
        return ()


@word("none")
@dataclass(frozen=True, slots=True, kw_only=True)
class NoAuth(Auth):
    """The API lets everybody in."""

    def credentials(self) -> Credentials:
        return Credentials()


@dataclass(frozen=True, slots=True, kw_only=True)
class _WithSecret(Auth):
    secret: str
    """Where it stands: ``env:NAME`` or ``file:/path``."""

    def problems(self) -> Sequence[InvalidApiError]:
        problem = Secret(self.secret).problem()
        return [problem] if problem else []

    def __repr__(self) -> str:
        shown = self.secret if Secret(self.secret).problem() is None else "***"
        return f"{type(self).__name__}(secret={shown!r})"


@word("bearer")
@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Bearer(_WithSecret):
    """A token in the header ``Authorization: Bearer`` (RFC 6750)."""

    def credentials(self) -> Credentials:
        token = Secret(self.secret).reveal()
        return Credentials(headers={"Authorization": f"Bearer {token}"}, secrets=(token,))


@word("basic")
@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Basic(_WithSecret):
    """A user and a password (RFC 7617)."""

    user: str

    def credentials(self) -> Credentials:
        password = Secret(self.secret).reveal()
        packed = base64.b64encode(f"{self.user}:{password}".encode()).decode("ascii")
        return Credentials(headers={"Authorization": f"Basic {packed}"}, secrets=(password, packed))


@word("api_key")
@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ApiKey(_WithSecret):
    """A key in a header, or in a parameter of the URL."""

    header: str = ""
    parameter: str = ""

    def problems(self) -> Sequence[InvalidApiError]:
        problems = list(_WithSecret.problems(self))
        if bool(self.header) == bool(self.parameter):
            fix = "give exactly one of header and parameter."
            problems.append(InvalidApiError(problem="it is not said where the API's key goes", fix=fix))
        return problems

    def credentials(self) -> Credentials:
        key = Secret(self.secret).reveal()
        if self.header:
            return Credentials(headers={self.header: key}, secrets=(key,))
        return Credentials(parameters={self.parameter: key}, secrets=(key,))
