"""An API from plain values, as YAML and Spark's options give them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from lakehouse.errors import did_you_mean
from lakehouse.ingestion.errors import InvalidApiError
from lakehouse.ingestion.rest.access import Auth
from lakehouse.ingestion.rest.declaration.api import RestApi
from lakehouse.ingestion.rest.declaration.incremental import Incremental
from lakehouse.ingestion.rest.declaration.limits import Limits
from lakehouse.ingestion.rest.pagination import Pagination
from lakehouse.words import Words

__all__ = ["rest_api"]


def rest_api(given: Mapping[str, Any]) -> RestApi:
    """Return the API that plain values declare: a pagination or auth by its word, ``{"page": {"size": 100}}``.

    Raises InvalidApiError, with the place and the value of what can't be meant.
    """
    values = dict(given)
    for name, words in (("pagination", Pagination.words), ("auth", Auth.words)):
        if name in values:
            values[name] = _chosen(words, values[name], place=name)
    for name, kind in (("incremental", Incremental), ("limits", Limits)):
        if name in values:
            values[name] = _converted(values[name], kind, place=name)
    for name, type_ in (
        ("endpoints", tuple[str, ...]),
        ("parameters", dict[str, str]),
        ("headers", dict[str, str]),
    ):
        if name in values:
            values[name] = _converted(values[name], type_, place=name)
    unknown = sorted(set(values) - set(RestApi.__dataclass_fields__))
    if unknown:
        raise InvalidApiError(
            problem=f"an API has no {unknown[0]!r}",
            fix=did_you_mean(unknown[0], RestApi.__dataclass_fields__),
        )
    if "url" not in values:
        raise InvalidApiError(problem="an API has no URL", fix="give url.")
    return RestApi(**values)


def _chosen(words: Words, given: Any, *, place: str) -> Any:
    choice = {given: {}} if isinstance(given, str) else given
    if not isinstance(choice, Mapping) or len(choice) != 1:
        raise InvalidApiError(problem=f"{place} is not one word with its options", fix=_one_of(words))
    ((name, options),) = choice.items()
    if name not in words:  # not repeated: it may be a secret that somebody wrote here
        raise InvalidApiError(problem=f"the word after {place} is unknown", fix=_one_of(words))
    return _converted(options or {}, words[name], place=f"{place}.{name}")


def _converted(given: Any, kind: Any, *, place: str) -> Any:
    fields = getattr(kind, "__dataclass_fields__", None)
    if fields is not None and isinstance(given, Mapping) and (unknown := sorted(set(given) - set(fields))):
        raise InvalidApiError(
            problem=f"{place} has no option {unknown[0]!r}", fix=did_you_mean(unknown[0], fields)
        )
    try:
        return msgspec.convert(given, kind, strict=False)
    except msgspec.ValidationError as error:
        raise InvalidApiError(problem=f"{place} can't be read: {error}", fix="check the value.") from error


def _one_of(words: Words) -> str:
    return f"use one of {', '.join(sorted(words))}."
