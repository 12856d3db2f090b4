"""What is not written by the rules is read with a repair, and the repair is listed: by the reader and by both cores."""

from __future__ import annotations

import chess
import pyarrow as pa
import pytest

from lakehouse.chess import (
    STANDARD,
    Core,
    PgnGame,
    QuarantinedGame,
    is_legal,
    legal_moves,
    read_pgn,
    replay_arrow,
    replay_game,
    split_arrow,
    split_games,
    variant_of,
    write_pgn,
)
from lakehouse.chess.errors import InvalidFenError

CORES = pytest.mark.parametrize("core", [Core.PLAIN, Core.FAST])


def read(text: str | bytes) -> PgnGame:
    (game,) = read_pgn(text if isinstance(text, bytes) else text.encode())
    assert isinstance(game, PgnGame), game
    return game


def sans(text: str | bytes) -> list[str]:
    return [move.san for move in read(text).moves]


def replayed(text: str | bytes, *, core: Core, strict: bool = False) -> dict:
    """Replay one game by a core; both cores must say the same."""
    raw = pa.array([text if isinstance(text, bytes) else text.encode()], pa.binary())
    rows = [replay_arrow(raw, core=each, strict=strict).to_pylist()[0] for each in (core, Core.PLAIN)]
    assert rows[0] == rows[1]
    return rows[0]


SIGNS = {
    "±": 16,
    "∓": 17,
    "=": 10,
    "+=": 14,
    "⩲": 14,
    "=+": 15,
    "⩱": 15,
    "+-": 18,
    "+−": 18,
    "-+": 19,
    "∞": 13,
    "N": 146,
    "D": 220,
    "□": 7,
}
"""The glyphs of the PGN standard, 10, and of the Informator."""


@pytest.mark.parametrize(("sign", "nag"), SIGNS.items())
def test_a_sign_in_the_movetext_is_read_as_its_glyph(sign: str, nag: int) -> None:
    for text in (f"1. e4 e5 {sign} 2. Nf3 *", f"1. e4 e5{sign} 2. Nf3 *"):
        if text.endswith((f"e5{sign} 2. Nf3 *",)) and sign in ("N", "D"):
            continue
        game = read(text)
        assert [move.san for move in game.moves] == ["e4", "e5", "Nf3"]
        assert game.moves[1].nags == (nag,)
        assert game.repairs == (f"ply 2: read {sign.replace('−', '-')!r} as ${nag}",)
        assert set(game.repairs) <= set(game.warnings)


@pytest.mark.parametrize("sign", ["<1>", "<", "⇆", "•", "|", "**", "!?", ":", "\ufeff", "\x00"])
def test_a_sign_without_a_glyph_is_left_out(sign: str) -> None:
    assert sans(f"1. e4 e5 {sign} 2. Nf3 *") == ["e4", "e5", "Nf3"]


@CORES
def test_the_cores_list_the_repairs_of_signs(core: Core) -> None:
    row = replayed("1. e4 ± e5 <1> 2. Nf3 (2. d4 ∞) Nc6 = 1-0", core=core)
    assert row["repairs"] == ["ply 1: read '±' as $16", "ply 2: left out '<1>'", "ply 4: read '=' as $10"]
    assert (row["plies"], row["result"], row["fault"]) == (4, "1-0", None)


@CORES
@pytest.mark.parametrize(
    ("text", "ply"),
    [
        ("1. e4 e5 ± 2. Nf3 *", 2),
        ("1. e4 e5± 2. Nf3 *", 2),
        ("1. e4 e5 2. Nf3 (2. d4 Nc6 *", 3),
        ("1. e4 e5 1-0 2. Nf3", 2),
        ("1. e4 {on and on", 1),
        ("1. e4 ) e5 *", 1),
        ('[FEN "7k/5K2/4R3/8/8/8/8/8 w KQkq - 0 1"]\n\n1. Rh6# *', None),
        ('[Event "a\n\n1. e4 *', None),
    ],
)
def test_a_strict_reading_quarantines_what_needs_a_repair(core: Core, text: str, ply: int | None) -> None:
    row = replayed(text, core=core, strict=True)
    assert row["fault"] is not None
    assert (row["fault_ply"], row["plies"]) == (ply, ply or 0)
    (game,) = read_pgn(text.encode(), strict=True)
    assert isinstance(game, QuarantinedGame)
    assert game.ply == ply
    assert replayed(text, core=core)["fault"] is None
    assert replayed(text, core=core)["repairs"] == list(read(text).repairs) != []


@CORES
def test_a_strict_reading_of_a_sound_game_finds_nothing(core: Core) -> None:
    text = '[Event "a"]\n\n1. e4! $1 {x} e5 (1... c5) 2. Nf3 1-0'
    row = replayed(text, core=core, strict=True)
    assert (row["fault"], row["repairs"], row["plies"]) == (None, [], 3)


@pytest.mark.parametrize("remark", ["e.p.", "ep", "e.p"])
@CORES
def test_en_passant_may_be_said_behind_the_move(core: Core, remark: str) -> None:
    text = f"1. e4 Nf6 2. e5 d5 3. exd6 {remark} Nc6 *"
    board = chess.Board()
    for san in ("e4", "Nf6", "e5", "d5", "exd6", "Nc6"):
        board.push_san(san)
    row = replayed(text, core=core)
    assert (row["final_fen"], row["repairs"]) == (board.fen(), [])
    assert len(sans(text)) == 6


@pytest.mark.parametrize(
    ("written", "result"),
    [
        *[(f"1{dash}0", "1-0") for dash in "-–—−‐:"],
        *[(f"0{dash}1", "0-1") for dash in "-–"],
        *[(draw, "1/2-1/2") for draw in ("1/2-1/2", "½-½", "½–½", "1/2–1/2", "1/2", "½")],
        ("*", "*"),
    ],
)
@CORES
def test_a_result_is_read_in_every_form(core: Core, written: str, result: str) -> None:
    for encoding in ("utf-8", "latin-1"):
        try:
            raw = f"1. e4 e5 {written}".encode(encoding)
        except UnicodeEncodeError:
            continue
        row = replayed(raw, core=core)
        assert (row["plies"], row["result"], row["repairs"]) == (2, result, [])
        assert [len(game.raw) > 0 for game in split_games(raw + b" 1. d4 *")] == [True, True]
        assert split_arrow(raw + b" 1. d4 *", core=core)[1] == [0, len(raw) + 1]
    assert replayed(f'[Result "{written}"]\n\n1. e4', core=core)["result"] == result
    assert replayed(b"1. e4 e5 1\x960", core=core)["result"] == "1-0"


@CORES
def test_both_players_may_lose(core: Core) -> None:
    for text in ('[Result "0-0"]\n\n0-0', "1. e4 e5 0-0", '[Result "0-0"]\n\n1. e4 e5'):
        assert replayed(text, core=core)["result"] == "0-0"
        assert read(write_pgn(read(text))).result == "0-0"
    castles = "1. Nf3 Nf6 2. g3 g6 3. Bg2 Bg7 4. 0-0"
    assert (replayed(castles, core=core)["plies"], replayed(castles, core=core)["result"]) == (7, "*")
    tagged = replayed(f'[Result "0-0"]\n\n{castles}', core=core)
    assert (tagged["plies"], tagged["result"]) == (6, "0-0")


@CORES
def test_a_variation_that_nothing_closes_takes_the_rest_and_the_result(core: Core) -> None:
    text = '[Event "A"]\n\n1. e4 e5 2. Nf3 (2. d4 Nc6 3. Bb5 a6 1-0'
    row = replayed(text, core=core)
    assert (row["plies"], row["result"]) == (3, "1-0")
    assert row["repairs"] == ["ply 3: closed a variation at the end of the game; 4 moves read as part of it"]
    game = read(text)
    assert [move.san for move in game.moves[-1].variations[0]] == ["d4", "Nc6", "Bb5", "a6"]
    assert game.result == "1-0"


@CORES
@pytest.mark.parametrize(
    "text", ["( 1. e4 e5 2. Nf3 Nc6 1-0", "1. e4 e5 ( 2. Nf3 Nc6 1-0", "1. e4 e5 2. Nf3 Nc6) 1-0"]
)
def test_a_bracket_by_slip_is_left_out_and_no_move_is_lost(core: Core, text: str) -> None:
    row = replayed(text, core=core)
    assert (row["plies"], row["result"]) == (4, "1-0")
    assert len(row["repairs"]) == 1
    assert sans(text) == ["e4", "e5", "Nf3", "Nc6"]


def test_rubbish_behind_a_bracket_is_quarantined() -> None:
    assert replay_game(b"(\xb5/\xfd\x04X rubbish", encoding="latin-1").fault is not None


def test_moves_behind_the_result_are_listed() -> None:
    game = read('[Event "x"]\n\n1. e4 e5 0-1\n\n2. Nf3 Nc6')
    assert game.repairs == ("ply 2: left out 2 moves behind the result",)


def test_words_without_moves_are_kept() -> None:
    game = read('[Event "x"]\n[Result "1-0"]\n\n{Black did not come} 1-0')
    assert game.comment == "Black did not come"
    assert read(write_pgn(game)).comment == "Black did not come"
    said = read("1. e4 ({only words here}) e5 *")
    assert said.moves[0].comment is not None
    assert said.moves[0].comment.text == "only words here"
    assert "only words here" in write_pgn(said)
    before = read("({a word first}) 1. e4 *")
    assert before.moves[0].before == "a word first"
    lost = read("(1. d4 d5) 1. e4 *")
    assert lost.warnings == ("variation left out: no move stands before it",)


TWO_GAMES = [
    b'[White "a"]\n[Black "b"]\n\n[White "c"]\n[Black "d"]\n\n1. e4 *\n',
    b'[White "a"]\r\n[Black "b"]\r\n\r\n[White "c"]\r\n[Black "d"]\r\n\r\n1. e4 *\r\n',
    b'[FEN "4k3/8/8/8/8/8/8/R3K3 w - - 0 1"]\n\n[FEN "4k3/8/8/8/8/8/8/4K2R w - - 0 1"]\n',
    b'[Site "1"]\n[Event "E1"]\n\n[Site "2"]\n[Event "E2"]\n\n1. c4 *\n',
    b'[White "a"]\n{not played}\n[White "b"]\n\n1. c4 *\n',
    b'[Event "A"]\n\n1. e4 *\n\xef\xbb\xbf[Event "B"]\n\n1. d4 *\n',
    b'[Event "A"]\n\n1. e4 *\xef\xbb\xbf[Event "B"]\n\n1. d4 *\n',
    b'[Event "A"]\n\n1. e4 {never closed\n\xef\xbb\xbf[White "B"]\n\n1. d4 *\n',
    b'\xef\xbb\xbf[Event "A"]\n\n\n\xef\xbb\xbf\n[White "B"]\n\n1. d4 *\n\xef\xbb\xbf',
    b"1. e4 e5\n\xef\xbb\xbf1. d4 *",
]


@CORES
@pytest.mark.parametrize("data", TWO_GAMES)
def test_games_without_moves_and_joined_files_are_cut_where_they_begin(core: Core, data: bytes) -> None:
    games, starts = split_arrow(data, core=core)
    assert len(starts) == 2
    assert b"".join(games.to_pylist()) == data
    assert starts == [game.offset for game in split_games(data)]
    first, second = read_pgn(data)
    assert isinstance(first, PgnGame)
    assert isinstance(second, PgnGame)
    assert "\ufeff" not in str(second.tags)


def test_the_players_of_a_game_are_its_own() -> None:
    first, second = read_pgn(TWO_GAMES[0])
    assert (first.tags["White"], second.tags["White"]) == ("a", "c")
    first, second = read_pgn(TWO_GAMES[3])
    assert (first.tags["Site"], second.tags["Site"]) == ("1", "2")


def test_tags_that_may_be_of_two_games_are_a_warning() -> None:
    game = read('[White "a"]\n[White "b"]\n\n[Round "1"]\n\n1. e4 *')
    assert "tag White is given twice, and the first one counts: 'a', 'b'" in game.warnings
    assert any("both sides of a gap" in warning for warning in game.warnings)


IDLE = '[FEN "7k/5K2/4R3/8/8/8/8/8 w KQkq - 0 1"]\n[SetUp "1"]\n\n1. Rh6# *'


@CORES
def test_rights_that_the_board_does_not_bear_out_are_left_out(core: Core) -> None:
    row = replayed(IDLE, core=core)
    assert (row["ending"], row["fault"], len(row["repairs"])) == ("checkmate", None, 4)
    assert row["repairs"][0].startswith("left out of the FEN: the castling right 'K' has no king")
    passed = replayed('[FEN "4k3/8/8/8/8/8/4P3/4K3 w - e3 0 1"]\n\n1. e4 *', core=core)
    assert (passed["plies"], len(passed["repairs"])) == (1, 1)
    with pytest.raises(InvalidFenError, match=r"FIDE 3\.8\.2"):
        STANDARD.board_of("7k/5K2/4R3/8/8/8/8/8 w KQkq - 0 1")


@pytest.mark.parametrize(
    "fen",
    [
        "4k3/8/8/8/8/8/8/R3KR2 w KQ - 0 1",
        "4k3/8/8/8/8/8/8/2R1K3 w Q - 0 1",
        "r2qk2r/pppppppp/8/8/8/8/PPPPPPPP/R2KQ2R w KQkq - 0 1",
        "r3k1r1/8/8/8/8/8/8/1R2K2R b KQkq - 0 1",
        "4k3/8/8/8/8/8/8/R3K2R w KQ - 0 1",
    ],
)
def test_standard_chess_castles_from_the_e_file_with_a_rook_in_the_corner(fen: str) -> None:
    expected = sorted(move.uci() for move in chess.Board(fen).legal_moves)
    assert legal_moves(pa.array([fen])).to_pylist() == [expected]
    assert replayed(f'[FEN "{fen}"]\n\n*', core=Core.FAST)["final_fen"] == chess.Board(fen).fen()
    board = chess.Board(fen, chess960=True)
    names = [(move, board.san(move)) for move in board.legal_moves if board.is_castling(move)]
    for move, san in names:
        answer = is_legal(pa.array([fen]), pa.array([san])).to_pylist()
        assert (
            answer == [chess.Board(fen).parse_uci(move.uci()) in chess.Board(fen).legal_moves]
            if (chess.Board(fen).is_legal(move))
            else answer == [False]
        )


@pytest.mark.parametrize("pocket", ["[-]", "[]", ""])
def test_an_empty_hand_is_written_in_every_way(pocket: str) -> None:
    start = "rnbqkbnr/pppppppp/8/8/8/8/PPPPPPPP/RNBQKBNR"
    crazyhouse = variant_of("crazyhouse")
    assert crazyhouse.board_of(f"{start}{pocket} w KQkq - 0 1") == crazyhouse.start_board()


@CORES
def test_evaluations_stand_beside_the_clocks(core: Core) -> None:
    text = (
        "1. e4 {[%eval 0.33] [%clk 0:05:00]} e5 {[%eval -1.5,18]} 2. Nf3 {[%eval #-3]} Nc6 {[%clk 0:04:00]} "
        "3. Bc4 {[%eval ?]} Bc5 {[%eval +0.07] [%eval #12]} 4. O-O {[%eval 0.125]} *"
    )
    row = replayed(text, core=core)
    assert row["evaluations"] == [
        {"centipawns": 33, "mate_in": None},
        {"centipawns": -150, "mate_in": None},
        {"centipawns": None, "mate_in": -3},
        None,
        None,
        {"centipawns": None, "mate_in": 12},
        {"centipawns": 12, "mate_in": None},
    ]
    assert row["clocks_ms"] == [300_000, None, None, 240_000, None, None, None]


def test_one_illegal_move_costs_its_own_game_only() -> None:
    games = [b"1. e4 e5 2. Ke3 Nc6 *", b"1. d4 d5 *", b"1. c4 Qh4 *"]
    rows = replay_arrow(pa.array(games, pa.binary()), core=Core.FAST).to_pylist()
    assert [row["fault_ply"] for row in rows] == [2, None, 1]
    assert [row["plies"] for row in rows] == [2, 2, 1]
    assert rows == replay_arrow(pa.array(games, pa.binary()), core=Core.PLAIN).to_pylist()
