"""The columns that a replay gives, for both ways to make them."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

from lakehouse.chess.errors import UnknownReplayColumnError
from lakehouse.chess.fen import format_fen
from lakehouse.chess.replay import Replay

__all__ = ["EVALUATION_TYPE", "REPLAY_TYPE", "TAG_COLUMNS", "replay_row", "replay_type", "signed64"]

TAG_COLUMNS = {
    "event": "Event",
    "site": "Site",
    "date": "Date",
    "round": "Round",
    "white": "White",
    "black": "Black",
    "white_elo": "WhiteElo",
    "black_elo": "BlackElo",
    "time_control": "TimeControl",
    "termination_tag": "Termination",
}
"""Columns that hold a tag as it is written, and the tag's name."""

EVALUATION_TYPE = pa.struct([("centipawns", pa.int32()), ("mate_in", pa.int32())])
"""What an engine thought, from White's side: one of the two; see ``pgn.Evaluation``."""

REPLAY_TYPE = pa.struct(
    [
        *(pa.field(column, pa.string()) for column in TAG_COLUMNS),
        pa.field("variant", pa.string()),
        pa.field("result", pa.string()),
        pa.field("plies", pa.int32()),
        pa.field("moves", pa.binary()),
        pa.field("position_keys", pa.list_(pa.int64())),
        pa.field("clocks_ms", pa.list_(pa.int32())),
        pa.field("evaluations", pa.list_(EVALUATION_TYPE)),
        pa.field("final_fen", pa.string()),
        pa.field("repetitions", pa.int32()),
        pa.field("ending", pa.string()),
        pa.field("winner", pa.string()),
        pa.field("eco", pa.string()),
        pa.field("opening", pa.string()),
        pa.field("repairs", pa.list_(pa.string())),
        pa.field("fault_ply", pa.int32()),
        pa.field("fault", pa.string()),
    ]
)
"""``moves`` are little-endian uint16 (see ``pack_move``); ``ending`` and ``winner`` are what the last position says
by itself. ``repairs`` lists what was read otherwise than it is written. A game is good if ``fault`` is null;
``fault_ply`` is how many moves were played before the fault, and null where the game can't begin."""


def replay_type(columns: Sequence[str]) -> pa.StructType:
    """Return REPLAY_TYPE with these columns only, in this order. Raises UnknownReplayColumnError."""
    for name in columns:
        if name not in REPLAY_TYPE.names:
            raise UnknownReplayColumnError(column=name, available=REPLAY_TYPE.names)
    return pa.struct([REPLAY_TYPE.field(name) for name in columns])


def signed64(key: int) -> int:
    """Return an unsigned 64-bit key as the signed number that Spark can hold."""
    return key - (1 << 64) if key >> 63 else key


def replay_row(replay: Replay) -> dict[str, object]:
    """Return a replay as a row of REPLAY_TYPE."""
    ending, opening, fault = replay.ending, replay.opening, replay.fault
    winner = None if ending is None or ending.winner is None else ending.winner.name.lower()
    return {
        **{column: replay.tags.get(tag) for column, tag in TAG_COLUMNS.items()},
        "variant": replay.variant.name,
        "result": replay.result,
        "plies": len(replay.moves),
        "moves": replay.packed_moves,
        "position_keys": [signed64(key) for key in replay.keys],
        "clocks_ms": list(replay.clocks_ms),
        "evaluations": [
            None if each is None else {"centipawns": each.centipawns, "mate_in": each.mate_in}
            for each in replay.evaluations
        ],
        "final_fen": format_fen(replay.final),
        "repetitions": replay.repetitions,
        "ending": None if ending is None else ending.termination.value,
        "winner": winner,
        "eco": None if opening is None else opening.eco,
        "opening": None if opening is None else opening.name,
        "repairs": list(replay.repairs),
        "fault_ply": None if fault is None else fault.ply,
        "fault": None if fault is None else fault.reason,
    }
