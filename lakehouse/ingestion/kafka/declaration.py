"""Topics as they are declared, and what a client of Kafka is told. No Spark here."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, get_args

from lakehouse.ingestion.errors import InvalidApiError, InvalidFormatError
from lakehouse.ingestion.kafka.payload import Payload, RawPayload
from lakehouse.ingestion.rest.access.secret import Secret
from lakehouse.masking import hide

__all__ = ["KafkaTopics", "OnLoss", "Security"]

Security = Literal["plaintext", "ssl", "sasl_plaintext", "sasl_ssl"]
OnLoss = Literal["fail", "accept"]

_KEYS = ("text", "raw")
_LOGINS = {
    "PLAIN": "org.apache.kafka.common.security.plain.PlainLoginModule",
    "SCRAM-SHA-256": "org.apache.kafka.common.security.scram.ScramLoginModule",
    "SCRAM-SHA-512": "org.apache.kafka.common.security.scram.ScramLoginModule",
}
_SECRET_OPTION = re.compile(r"password|secret|jaas|token|keystore\.key", re.IGNORECASE)
_PLACE = re.compile(r"(env|file):.+")
_OURS = ("bootstrap.servers", "security.protocol", "sasl.mechanism", "group.id", "auto.offset.reset")
_SERVER = re.compile(r"[^\s,@/]+:\d{1,5}")


@dataclass(frozen=True, slots=True, kw_only=True)
class KafkaTopics:
    """One topic or several, read as one stream of records.

    Records of transactions that were aborted, or go on, are not read (``isolation.level``).
    """

    servers: str
    """``host:port``, with commas between several."""
    topics: tuple[str, ...]
    value: Payload = field(default_factory=RawPayload)
    key: str = "text"
    """``text`` (UTF-8) or ``raw`` (bytes)."""
    starting: str = "earliest"
    """Where a table's first batch begins: ``earliest``, ``latest``, or a time (ISO 8601) by the records' timestamps."""
    max_offsets: int | None = None
    """How many offsets a batch takes at most, but for one more from each partition; None: all that there are."""
    on_loss: OnLoss = "fail"
    """What becomes of a batch when the brokers have thrown away records that no batch took."""
    security: Security = "plaintext"
    mechanism: str = "PLAIN"
    """How ``user`` and ``password`` are proved."""
    user: str = ""
    """Where it stands: ``env:NAME`` or ``file:/path``; empty: the brokers ask for none."""
    password: str = ""
    client: Mapping[str, str] = field(default_factory=dict)
    """Further settings of Kafka's clients; a secret among them is named by its place."""

    @property
    def label(self) -> str:
        """The topics as messages name them."""
        return ", ".join(self.topics)

    @property
    def starting_ms(self) -> int | None:
        """The time to begin at, in milliseconds since the epoch; None where it is no time."""
        try:
            moment = dt.datetime.fromisoformat(self.starting)
        except ValueError:
            return None
        moment = moment if moment.tzinfo is not None else moment.replace(tzinfo=dt.UTC)
        return (moment - dt.datetime.fromtimestamp(0, dt.UTC)) // dt.timedelta(milliseconds=1)

    @property
    def accepts_loss(self) -> bool:
        """Whether a batch goes on behind records that are gone."""
        return self.on_loss == "accept"

    def client_options(self) -> dict[str, str]:
        """Return what a client of Kafka is told, secrets included: read now. Raises MissingSecretError."""
        options = {
            "bootstrap.servers": self.servers,
            "isolation.level": "read_committed",
            "default.api.timeout.ms": "30000",
            "security.protocol": self.security.upper(),
        }
        if self.user:
            user, password = Secret(self.user).reveal(), _revealed(self.password)
            login = _LOGINS[self.mechanism]
            options["sasl.mechanism"] = self.mechanism
            options["sasl.jaas.config"] = (
                f'{login} required username="{_quoted(user)}" password="{_quoted(password)}";'
            )
        return options | {name: self._client_value(name) for name in self.client}

    def _client_value(self, name: str) -> str:
        value = self.client[name]
        return _revealed(value) if _SECRET_OPTION.search(name) else value

    def problems(self) -> Sequence[InvalidApiError | InvalidFormatError]:
        """Return what is wrong with the declaration."""
        found = [
            *self._problems_of_places(),
            *self._problems_of_words(),
            *self._problems_of_access(),
        ]
        problems = [InvalidApiError(problem=problem, fix=fix) for problem, fix in found]
        secrets = [Secret(each).problem() for each in (self.user, self.password) if each]
        return [*problems, *(each for each in secrets if each is not None), *self.value.problems()]

    def _problems_of_places(self) -> list[tuple[str, str]]:
        found = []
        servers = self.servers.split(",")
        if not all(_SERVER.fullmatch(each.strip()) for each in servers):
            found.append(("servers are expected as host:port, with commas between", "write 'broker:9092'."))
        if not self.topics or not all(self.topics) or len(set(self.topics)) < len(self.topics):
            found.append(("one topic or several different ones are expected", "name them: topic='orders'."))
        return found

    def _problems_of_words(self) -> list[tuple[str, str]]:
        found = []
        for name, value, known in (
            ("key", self.key, _KEYS),
            ("on_loss", self.on_loss, get_args(OnLoss)),
            ("security", self.security, get_args(Security)),
            ("mechanism", self.mechanism, tuple(_LOGINS)),
        ):
            if value not in known:
                found.append((f"{name}={value!r} is unknown", f"use one of {', '.join(known)}."))
        if self.starting not in ("earliest", "latest") and self.starting_ms is None:
            found.append(
                (f"starting={self.starting!r} is no time", "use 'earliest', 'latest' or '2024-01-31T12:00Z'.")
            )
        if self.max_offsets is not None and self.max_offsets < 1:
            found.append((f"max_offsets={self.max_offsets}", "let a batch take at least one."))
        return found

    def _problems_of_access(self) -> list[tuple[str, str]]:
        found = []
        if bool(self.user) != bool(self.password):
            found.append(("a user and a password go together", "name where both stand, or leave both out."))
        if bool(self.user) != self.security.startswith("sasl") and not self._logs_in_otherwise:
            found.append(
                (f"security={self.security!r} and a user don't go together", "use 'sasl_ssl' with a user.")
            )
        for name, value in self.client.items():
            if name in _OURS or name.startswith("kafka."):
                found.append(
                    (f"the client's setting {name!r} is not to be given", "use the source's own words.")
                )
            elif _SECRET_OPTION.search(name) and _PLACE.fullmatch(value) is None:
                found.append(
                    (
                        f"the client's setting {name!r} is a secret, given by its value",
                        "write env:NAME or file:/path.",
                    )
                )
        return found

    @property
    def _logs_in_otherwise(self) -> bool:
        return any(name.startswith("sasl.") for name in self.client)


def _revealed(place: str) -> str:
    value = Secret(place).reveal()
    hide(value)
    return value


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')
