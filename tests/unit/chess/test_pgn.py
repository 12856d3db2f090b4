"""PGN in and out: whatever comes in comes out, read or quarantined."""

from __future__ import annotations

import io

import chess.engine
import chess.pgn
import pytest

from lakehouse.chess.pgn import (
    PgnGame,
    QuarantinedGame,
    detect_encoding,
    read_game,
    read_pgn,
    split_games,
    write_pgn,
)
from lakehouse.chess.pgn.annotations import Evaluation, format_clock, read_annotations

TWO_GAMES = b'[Event "A"]\n[White "x"]\n\n\n1. e4 e5 1-0\n\n[Event "B"]\n\n1. d4 *\n'


def pieces(data: bytes) -> list[bytes]:
    return [game.raw for game in split_games(data)]


def only(text: str | bytes) -> PgnGame:
    data = text if isinstance(text, bytes) else text.encode()
    (game,) = read_pgn(data)
    assert isinstance(game, PgnGame), game
    return game


def sans(game: PgnGame) -> list[str]:
    return [move.san for move in game.moves]


@pytest.mark.parametrize(
    ("data", "count"),
    [
        (b"", 0),
        (b" \r\n\n\t", 0),
        (b"\xef\xbb\xbf", 0),
        (TWO_GAMES, 2),
        (TWO_GAMES.replace(b"\n", b"\r\n"), 2),
        (TWO_GAMES.replace(b"\n", b"\r"), 2),
        (b"\xef\xbb\xbf" + TWO_GAMES, 2),
        (b'[Event "A"]\n\n[Date "2020"]\n1. e4\n\n\n1... e5 *', 1),
        (b"1. e4 e5 1-0 1. d4 d5 0-1 {why} 1. c4 *", 3),
        (b'1. e4 {[Event "no"] still a comment} e5 *', 1),
        (b'1. e4 {never closed\n[Event "B"]\n\n1. d4 *', 2),
        (b'1. e4 {a\n[White "in a comment"]\nb} e5 *', 1),
        (b'[Event "A"]\n[Event "B"]\n*', 2),
        (b"garbage", 1),
        (b'[Event "A"] [White "x"] 1. e4 *\n[Event "B"] 1. d4 *', 2),
        (b'1. e4 ; [Event "no"] 1-0 1. d4\n e5 *', 1),
        (b"1. e4 (1. d4 1-0) e5 1-0", 1),
    ],
)
def test_games_are_cut_where_they_begin(data: bytes, count: int) -> None:
    assert len(pieces(data)) == count
    assert count == 0 or b"".join(pieces(data)) == data


def test_moves_after_blank_lines_are_not_lost() -> None:
    text = '[Event "A"]\n\n\n1. e4 e5\n\n2. Nf3 Nc6 *'
    assert sans(only(text)) == ["e4", "e5", "Nf3", "Nc6"]
    oracle = chess.pgn.read_game(io.StringIO(text))
    assert oracle is not None
    assert len(list(oracle.mainline_moves())) == 0, "the usual library loses them: if not, drop this remark"


def test_a_broken_game_does_not_stop_the_file() -> None:
    data = b'[Event "A"]\n1. e4 e4 *\n[Event "B"]\n[Variant "Bughouse"]\n1. e4 *\n[Event "C"]\n1. d4 *\n'
    first, second, third = read_pgn(data)
    assert isinstance(first, QuarantinedGame)
    assert (first.ply, first.source.raw) == (1, b'[Event "A"]\n1. e4 e4 *\n')
    assert "illegal move 'e4' at ply 1 in rnbqkbnr/pppppppp/8/8/4P3/" in first.reason
    assert isinstance(second, QuarantinedGame)
    assert second.ply is None
    assert "Bughouse" in second.reason
    assert isinstance(third, PgnGame)


def test_the_encoding_is_detected_by_file() -> None:
    assert detect_encoding('[White "Müller"]'.encode()) == "utf-8"
    assert detect_encoding('[White "Müller"]'.encode("latin-1")) == "latin-1"
    assert detect_encoding('[White "Müller"]'.encode("utf-8-sig")) == "utf-8-sig"
    for encoding in ("utf-8", "latin-1", "utf-8-sig"):
        game = only('[Event "é"]\n[White "Müller"]\n\n1. e4 {schön} *'.encode(encoding))
        assert game.tags["White"] == "Müller"
        assert game.moves[0].comment is not None
        assert game.moves[0].comment.text == "schön"


def test_variations_nags_comments_and_commands_are_kept() -> None:
    text = """[Event "A"]

{Opening word} 1. e4! $14 {[%clk 0:05:23.5] [%eval 0.33,20] best} e5 (1... c5 2. Nf3 (2. c3 d5) 2... d6)
(1... e6 {French}) 2. Nf3?! ; to the end of the line
2... Nc6 {[%eval #-3]} 1/2-1/2
"""
    game = only(text)
    first, second, third, fourth = game.moves
    assert first.before == "Opening word"
    assert first.nags == (1, 14)
    assert first.comment is not None
    assert (first.comment.text, first.comment.clock_ms) == ("best", 323_500)
    assert first.comment.evaluation == Evaluation(centipawns=33, depth=20)
    assert [[move.san for move in line] for line in second.variations] == [["c5", "Nf3", "d6"], ["e6"]]
    assert second.variations[0][1].variations[0][0].san == "c3"
    assert third.nags == (6,)
    assert third.comment is not None
    assert third.comment.text == "to the end of the line"
    assert fourth.comment is not None
    assert fourth.comment.evaluation == Evaluation(mate_in=-3)
    assert game.result == "1/2-1/2"


def test_an_illegal_variation_is_a_warning_and_the_game_is_whole() -> None:
    game = only('[Event "A"]\n1. e4 (1. e5 (1. d4) e6) e5 (1... c5) 2. Nf3 1-0')
    assert sans(game) == ["e4", "e5", "Nf3"]
    assert "variation left out: illegal move 'e5' at ply 0" in game.warnings[0]
    assert len(game.moves[1].variations) == 1


def test_a_written_game_reads_back_the_same_here_and_elsewhere() -> None:
    source = """[Event "A \\"quoted\\" \\\\ name"]
[White "x"]
[Annotator "me"]
[Result "1-0"]

{Start} 1. e4 $1 {[%eval 0.33] [%clk 0:05:23]} e5 (1... c5 {Sicilian} 2. Nf3 (2. c3) 2... d6) 2. Nf3 Nc6
3. Bb5 a6 4. Ba4 Nf6 5. O-O Be7 6. Re1 b5 7. Bb3 d6 8. c3 O-O 9. h3 Nb8 10. d4 Nbd7 1-0
"""
    game = only(source)
    text = write_pgn(game)
    again = only(text)
    assert (again.tags, again.moves, again.result) == ({**again.tags, **game.tags}, game.moves, game.result)
    assert write_pgn(again) == text
    assert max(map(len, text.splitlines())) <= 79
    oracle = chess.pgn.read_game(io.StringIO(text))
    assert oracle is not None
    assert oracle.errors == []
    assert (
        oracle.end().board().fen() == "r1bq1rk1/2pnbppp/p2p1n2/1p2p3/3PP3/1BP2N1P/PP3PP1/RNBQR1K1 w - - 1 11"
    )
    assert oracle.next() is not None
    assert oracle.next().eval() == chess.engine.PovScore(chess.engine.Cp(33), chess.WHITE)
    assert oracle.next().clock() == 323.0


def test_the_seven_tags_come_first_and_in_their_order() -> None:
    text = write_pgn(only('[ZZ "1"]\n[Black "b"]\n[AA "2"]\n\n*'))
    names = [line[1:].split()[0] for line in text.splitlines() if line.startswith("[")]
    assert names == ["Event", "Site", "Date", "Round", "White", "Black", "Result", "AA", "ZZ"]


def test_a_black_start_is_numbered_with_dots() -> None:
    fen = "rnbqkbnr/pppp1ppp/8/4p3/4P3/5N2/PPPP1PPP/RNBQKB1R b KQkq - 1 2"
    game = only(f'[FEN "{fen}"]\n[SetUp "1"]\n\n2... Nc6 3. Bb5 *')
    assert write_pgn(game).splitlines()[-2] == "2... Nc6 3. Bb5 *"


@pytest.mark.parametrize(
    ("tag", "name", "value"),
    [
        ('[White "A \\"B\\" C"]', "White", 'A "B" C'),
        ('[White "A "B" C"]', "White", 'A "B" C'),
        ('[White   "  padded"  ]', "White", "  padded"),
        ('[White "no end"', "White", "no end"),
    ],
)
def test_tags_of_any_form_are_read(tag: str, name: str, value: str) -> None:
    assert only(f"{tag}\n\n1. e4 *").tags[name] == value


def test_what_the_game_says_twice_must_agree() -> None:
    game = only('[Result "1-0"]\n\n1. e4 0-1')
    assert game.result == "0-1"
    assert game.warnings == ("the tag says 1-0, the movetext 0-1",)


@pytest.mark.parametrize("text", ["{only a comment}", "; only a comment"])
def test_text_without_tags_and_moves_is_quarantined(text: str) -> None:
    (game,) = read_pgn(text.encode())
    assert isinstance(game, QuarantinedGame)
    assert "no tags, no moves" in game.reason


def test_deep_nesting_does_not_stop_the_reader() -> None:
    data = b'[Event "A"]\n1. e4 ' + b"(1. d4 " * 5_000 + b")" * 5_000 + b" e5 *"
    assert sans(only(data)) == ["e4", "e5"]


@pytest.mark.parametrize(
    ("text", "ms"),
    [
        ("[%clk 1:02:03]", 3_723_000),
        ("[%clk 0:00:09.25] x", 9_250),
        ("[%clk 2:03]", 123_000),
        ("[%clk ?]", None),
    ],
)
def test_clocks_are_read(text: str, ms: int | None) -> None:
    assert read_annotations(text).clock_ms == ms
    if ms is not None:
        assert read_annotations(f"[%clk {format_clock(ms)}]").clock_ms == ms


def test_read_game_takes_one_piece() -> None:
    source = split_games(TWO_GAMES)[1]
    game = read_game(source)
    assert isinstance(game, PgnGame)
    assert source.offset == TWO_GAMES.index(b'[Event "B"]')
