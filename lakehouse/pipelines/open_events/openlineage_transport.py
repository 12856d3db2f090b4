"""Where events of OpenLineage go: by the variables and the file that the standard's own clients read."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import yaml

from lakehouse.masking import hide
from lakehouse.pipelines.open_events.file_target import FileTarget
from lakehouse.pipelines.open_events.http_target import HttpTarget, hide_key
from lakehouse.pipelines.open_events.outbox import Target

__all__ = ["openlineage_target"]

_log = logging.getLogger(__name__)
_ENDPOINT = "api/v1/lineage"
_BY_VARIABLE = "OPENLINEAGE__TRANSPORT__"


def openlineage_target(environment: Mapping[str, str]) -> Target | None:
    """Return who takes the events; None where nobody is named, or OpenLineage is disabled.

    The file that ``OPENLINEAGE_CONFIG`` names, and variables such as ``OPENLINEAGE__TRANSPORT__TYPE``, come before
    ``OPENLINEAGE_URL``. Raises ValueError for a transport that can't be used.
    """
    if environment.get("OPENLINEAGE_DISABLED", "").strip().lower() == "true":
        return None
    transport = {**_in_file(environment.get("OPENLINEAGE_CONFIG", "")), **_in_variables(environment)}
    kind = str(transport.get("type", "")).lower()
    if kind:
        try:
            return _of_kind(kind, transport)
        except (AttributeError, TypeError):
            # The options themselves may be keys.
            raise ValueError(f"an option of OpenLineage's transport {kind!r} has a wrong form") from None
    url = environment.get("OPENLINEAGE_URL", "")
    if not url:
        return None
    return _http(
        url, environment.get("OPENLINEAGE_ENDPOINT", _ENDPOINT), environment.get("OPENLINEAGE_API_KEY")
    )


def _of_kind(kind: str, transport: Mapping[str, Any]) -> Target | None:
    match kind:
        case "http":
            auth = transport.get("auth") or {}
            return _http(
                str(transport.get("url", "")),
                str(transport.get("endpoint", _ENDPOINT)),
                auth.get("apikey"),
                headers=transport.get("customheaders") or {},
                timeout_seconds=float(transport.get("timeout", 3.0)),
            )
        case "file" if path := transport.get("logfilepath"):
            return FileTarget(Path(str(path)))
        case "console":
            return _Console()
        case "noop":
            return None
    raise ValueError(
        f"OpenLineage's transport is {kind!r}; expected http with its url, file with its log_file_path, console or noop"
    )


def _http(
    url: str,
    endpoint: str,
    key: object,
    *,
    headers: Mapping[str, str] | None = None,
    timeout_seconds: float = 3.0,
) -> HttpTarget:
    given = dict(headers or {})
    for value in given.values():
        hide_key(str(value))
    if key:
        hide(str(key))
        given["Authorization"] = f"Bearer {key}"
    return HttpTarget.of(
        f"{url.strip().rstrip('/')}/{endpoint.lstrip('/')}", headers=given, timeout_seconds=timeout_seconds
    )


def _in_file(path: str) -> Mapping[str, Any]:
    """Return the file's transport; nothing where no file is named."""
    if not path:
        return {}
    try:
        document = yaml.safe_load(Path(path).read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"the file {path!r} of OPENLINEAGE_CONFIG can't be read: {error}") from error
    except yaml.YAMLError as error:
        # Its text shows the line, which may hold a key.
        mark = getattr(error, "problem_mark", None)
        line = "" if mark is None else f", line {mark.line + 1}"
        raise ValueError(f"the file {path!r} of OPENLINEAGE_CONFIG can't be read as YAML{line}") from None
    transport = document.get("transport") if isinstance(document, dict) else None
    return _spelt_alike(transport) if isinstance(transport, dict) else {}


def _in_variables(environment: Mapping[str, str]) -> Mapping[str, Any]:
    found: dict[str, Any] = {}
    for name, value in environment.items():
        if name.startswith(_BY_VARIABLE):
            first, *rest = name.removeprefix(_BY_VARIABLE).split("__")
            if rest:
                group = found.get(first)
                found[first] = {**(group if isinstance(group, dict) else {}), "".join(rest): value}
            else:
                found[first] = _object_or_text(value)
    return _spelt_alike(found)


def _object_or_text(value: str) -> Any:
    """Return a group of options that is written as an object of JSON; any other value as it is."""
    try:
        read = msgspec.json.decode(value)
    except msgspec.DecodeError:
        return value
    return read if isinstance(read, dict) else value


def _spelt_alike(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return options by names without case and strokes: clients write ``apiKey``, ``api_key`` and ``APIKEY``.

    Names of headers stay as they are.
    """
    found = {}
    for name, value in given.items():
        plain = str(name).lower().replace("_", "")
        is_group = isinstance(value, dict) and plain != "customheaders"
        found[plain] = _spelt_alike(value) if is_group else value
    return found


@dataclass(frozen=True, slots=True)
class _Console:
    """Logs each event: what a run prints is for who started it."""

    def __call__(self, body: bytes) -> None:
        _log.info("OpenLineage: %s", body.decode())
