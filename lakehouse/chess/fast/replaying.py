"""From an Arrow array of games to an Arrow array of replays, without a Python object a game."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from lakehouse.chess.arrow_rows import gathered
from lakehouse.chess.fast.batch import GameTexts, PlayedGames, Player, play_batch
from lakehouse.chess.fast.columns import ReplayColumns
from lakehouse.chess.fast.game_kernel import DOUBTFUL, FAULTY, PLAYED, STOPPED, WAITING, play_games
from lakehouse.chess.fast.openings import OpeningHash
from lakehouse.chess.fast.settling import judge_endings, settle
from lakehouse.chess.fast.starts import GameStarts, find_starts, known_results, may_be_both_lost
from lakehouse.chess.fast.tags import find_tags, tag_strings
from lakehouse.chess.openings import OpeningTable, opening_table
from lakehouse.chess.replay_schema import TAG_COLUMNS

__all__ = ["replay_fast"]

_SETUP = ("FEN", "Variant", "Result")
_NO_OPENINGS = OpeningHash(OpeningTable({}))


@lru_cache(maxsize=1)
def _opening_hash() -> OpeningHash:
    return OpeningHash(opening_table())


def replay_fast(
    games: pa.BinaryArray, is_latin: list[bool], wanted: pa.StructType, *, strict: bool = False
) -> tuple[pa.StructArray, list[int]]:
    """Return the wanted columns of the replays, and which games are doubtful: their rows hold nothing, and are for
    the strategies."""
    batch = _Batch(games, is_latin, wanted, strict=strict)
    batch.play_all(np.arange(len(games)), player=play_games)
    waiting = np.flatnonzero(batch.starts.status == WAITING)
    if len(waiting):
        batch.play_all(waiting, player=_variant_player())
    return batch.rows(), batch.doubtful.tolist()


def _variant_player() -> Player:
    """Import the variants' kernels when the first game needs them: compiling them takes its time."""
    from lakehouse.chess.fast.variants.game_kernel import play_variant_games  # noqa: PLC0415

    return play_variant_games


class _Batch:
    """Plays a batch in parts, and puts the parts' rows together in the order of the games."""

    def __init__(
        self, games: pa.BinaryArray, is_latin: list[bool], wanted: pa.StructType, *, strict: bool
    ) -> None:
        self._wanted = wanted
        self._strict = strict
        self._is_latin = np.array(is_latin, dtype=np.bool_)
        data, bounds = _buffers(games)
        tag_columns = [TAG_COLUMNS[name] for name in wanted.names if name in TAG_COLUMNS]
        names = tuple(dict.fromkeys((*_SETUP, *tag_columns)))
        spans, self._tag_counts, begins = find_tags(data, bounds, names)
        self._tags = {
            name: tag_strings(data, spans[:, place], self._is_latin) for place, name in enumerate(names)
        }
        self._results = known_results(self._tags["Result"])
        self.starts: GameStarts = find_starts(self._tags, self._tag_counts, strict=strict)
        self.starts.status[may_be_both_lost(self._results)] = DOUBTFUL
        self._texts = GameTexts(
            data=data,
            begins=begins,
            ends=bounds[1:],
            variants=self.starts.variants,
            positions=self.starts.positions,
            status=self.starts.status,
        )
        self._openings = _opening_hash() if {"eco", "opening"}.intersection(wanted.names) else _NO_OPENINGS
        self._parts: list[pa.StructArray] = []
        self._places = np.zeros(len(games), dtype=np.int64)
        self._is_doubtful = self.starts.status == DOUBTFUL

    @property
    def doubtful(self) -> NDArray[np.int64]:
        """The games that the strategies must look at."""
        return np.flatnonzero(self._is_doubtful)

    def play_all(self, games: NDArray[np.int64], *, player: Player) -> None:
        """Play some of the games to their end, each that is for this player."""
        is_first = not self._parts
        texts = self._texts if is_first else self._texts.take(games, status=PLAYED)
        played = play_batch(texts, player=player, openings=self._openings)
        judge_endings(played, texts.variants)
        self._add(games, played, {}, {})
        stopped = np.flatnonzero(played.status == STOPPED)
        if len(stopped) == 0:
            return
        settled = settle(
            texts.take(stopped, status=PLAYED),
            played.take(stopped),
            is_latin=self._is_latin[games[stopped]],
            player=player,
            openings=self._openings,
            strict=self._strict,
        )
        judge_endings(settled.played, texts.variants[stopped])
        self._add(games[stopped], settled.played, settled.repairs, settled.faults)

    def _add(
        self,
        games: NDArray[np.int64],
        played: PlayedGames,
        repairs: dict[int, list[str]],
        faults: dict[int, str],
    ) -> None:
        """Make the rows of a part; a game's last part is the one that counts."""
        is_empty = (self._tag_counts[games] == 0) & (played.plies == 0) & (played.results == 0)
        is_ended = (played.status == PLAYED) | (played.status == FAULTY)
        self._is_doubtful[games[(played.status == DOUBTFUL) | (is_empty & is_ended)]] = True
        all_repairs = {
            place: [*self.starts.repairs.get(int(game), ()), *repairs.get(place, ())]
            for place, game in (enumerate(games) if self.starts.repairs or repairs else ())
        }
        is_whole = len(games) == len(self._places)
        chosen = None if is_whole else pa.array(games)
        columns = ReplayColumns(
            played,
            tags={name: tag if is_whole else tag.take(chosen) for name, tag in self._tags.items()},
            tag_results=self._results if is_whole else self._results.take(chosen),
            variants=self.starts.variants[games],
            openings=self._openings.openings,
            repairs=all_repairs,
            faults=faults,
        )
        self._places[games] = sum(map(len, self._parts)) + np.arange(len(games))
        arrays = [columns.column(name) for name in self._wanted.names]
        self._parts.append(pa.StructArray.from_arrays(arrays, fields=self._wanted.fields))

    def rows(self) -> pa.StructArray:
        """Return the rows of all games in their order."""
        if len(self._parts) == 1:
            return self._parts[0]
        return gathered(self._parts, self._places.tolist())


def _buffers(games: pa.BinaryArray) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    _, offsets, data = games.buffers()
    first = games.offset
    bounds = np.frombuffer(offsets, dtype=np.int32)[first : first + len(games) + 1].astype(np.int64)
    if data is None or data.size == 0:
        return np.zeros(1, dtype=np.uint8), bounds
    return np.frombuffer(data, dtype=np.uint8), bounds
