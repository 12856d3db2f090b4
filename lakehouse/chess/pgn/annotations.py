"""What comments say to programs: ``[%clk 0:05:23]``, ``[%emt 0:00:04]``, ``[%eval -1.35]``."""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = ["Annotations", "Evaluation", "format_annotations", "format_clock", "read_annotations"]

_COMMAND = re.compile(r"\[ ?%(?P<name>[a-z]+) (?P<value>[^\]]*)\]")
_CLOCK = re.compile(r"(?:([0-9]{1,4}):)?([0-9]{1,3}):([0-9]{1,2})(?:\.([0-9]{1,3})[0-9]*)?")
_EVAL = re.compile(r"(?P<mate>#)?(?P<value>[+-]?[0-9]{1,6}(?:\.[0-9]{1,4})?)(?:,(?P<depth>[0-9]{1,4}))?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """What an engine thought of the position, from White's side."""

    centipawns: int | None = None
    mate_in: int | None = None
    """Moves to mate, negative when Black mates."""
    depth: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Annotations:
    """A comment in its parts. Commands that this project doesn't know stay in ``text``."""

    text: str
    clock_ms: int | None = None
    """What the player's clock showed after the move."""
    elapsed_ms: int | None = None
    evaluation: Evaluation | None = None


def read_annotations(comment: str) -> Annotations:
    """Take a comment apart; a command that can't be read stays in the text."""
    clock = elapsed = evaluation = None
    text = comment
    for match in _COMMAND.finditer(comment):
        name, value = match["name"], match["value"].strip()
        if name == "clk" and (ms := _read_clock(value)) is not None:
            clock = ms
        elif name == "emt" and (ms := _read_clock(value)) is not None:
            elapsed = ms
        elif name == "eval" and (found := _read_eval(value)) is not None:
            evaluation = found
        else:
            continue
        text = text.replace(match[0], "", 1)
    return Annotations(text=" ".join(text.split()), clock_ms=clock, elapsed_ms=elapsed, evaluation=evaluation)


def format_annotations(annotations: Annotations) -> str:
    """Write the comment, commands first."""
    parts = []
    if annotations.evaluation is not None:
        parts.append(f"[%eval {_format_eval(annotations.evaluation)}]")
    if annotations.clock_ms is not None:
        parts.append(f"[%clk {format_clock(annotations.clock_ms)}]")
    if annotations.elapsed_ms is not None:
        parts.append(f"[%emt {format_clock(annotations.elapsed_ms)}]")
    return " ".join([*parts, annotations.text]).strip()


def format_clock(ms: int) -> str:
    """Write a duration as ``h:mm:ss``, with the fraction of a second if there is one."""
    seconds, fraction = divmod(ms, 1000)
    text = f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    return f"{text}.{fraction:03}".rstrip("0") if fraction else text


def _read_clock(text: str) -> int | None:
    match = _CLOCK.fullmatch(text)
    if match is None:
        return None
    hours, minutes, seconds, fraction = match.groups()
    total = int(hours or 0) * 3600 + int(minutes) * 60 + int(seconds)
    return total * 1000 + int((fraction or "0").ljust(3, "0"))


def _read_eval(text: str) -> Evaluation | None:
    match = _EVAL.fullmatch(text)
    if match is None:
        return None
    depth = int(match["depth"]) if match["depth"] else None
    if match["mate"]:
        return Evaluation(mate_in=int(float(match["value"])), depth=depth)
    return Evaluation(centipawns=round(float(match["value"]) * 100), depth=depth)


def _format_eval(evaluation: Evaluation) -> str:
    depth = "" if evaluation.depth is None else f",{evaluation.depth}"
    if evaluation.mate_in is not None:
        return f"#{evaluation.mate_in}{depth}"
    return f"{(evaluation.centipawns or 0) / 100:.2f}{depth}"
