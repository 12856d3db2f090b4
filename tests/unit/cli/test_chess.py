"""The verb ``chess``: what it prints, writes and returns."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest
import zstandard

from lakehouse.chess.sample_games import nasty_pgn, sample_pgn
from lakehouse.cli import main

ROOT = Path(__file__).parents[3]
KIWIPETE = "r3k2r/p1ppqpb1/bn2pnp1/3PN3/1p2P3/2N2Q1p/PPPBBPPP/R3K2R w KQkq - 0 1"


def test_perft_prints_the_count(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["chess", "perft", "start", "3"]) == 0
    assert capsys.readouterr().out == "8902\n"


def test_perft_divides_and_knows_variants(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["chess", "perft", KIWIPETE, "2", "--divide", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert (answer["nodes"], len(answer["divide"])) == (2039, 48)
    assert main(["chess", "perft", "start", "2", "--variant", "horde"]) == 0
    assert capsys.readouterr().out == "128\n"


def test_check_counts_and_names_what_is_quarantined(tmp_path: Path, capsys) -> None:
    (tmp_path / "nasty.pgn").write_bytes(nasty_pgn())
    (tmp_path / "good.pgn").write_bytes(sample_pgn(seed=1, games=4))
    paths = [str(tmp_path / name) for name in ("nasty.pgn", "good.pgn")]
    assert main(["chess", "check", *paths, "--json", "--core", "plain"]) == 1
    nasty, good = json.loads(capsys.readouterr().out)
    assert (nasty["encoding"], nasty["games"], nasty["good"], len(nasty["quarantined"])) == (
        "latin-1",
        19,
        15,
        4,
    )
    assert [note["ply"] for note in nasty["quarantined"]] == [2, None, None, 1]
    assert all(note["reason"] for note in nasty["quarantined"])
    assert (good["games"], good["good"], good["quarantined"]) == (4, 4, [])
    assert main(["chess", "check", paths[1], "--core", "plain"]) == 0
    assert "4 games" in capsys.readouterr().out


def test_check_lists_repairs_and_a_strict_one_quarantines_instead(tmp_path: Path, capsys) -> None:
    path = tmp_path / "signs.pgn.zst"
    path.write_bytes(zstandard.ZstdCompressor().compress(b'[Event "a"]\n\n1. e4 e5 += 2. Nf3 *\n'))
    assert main(["chess", "check", str(path), "--core", "plain"]) == 0
    out = capsys.readouterr().out
    assert "1 games, 3 plies, 1 good (1 repaired), 0 quarantined" in out
    assert "game 0 (byte 0) repaired: ply 2: read '+=' as $14" in out
    assert main(["chess", "check", str(path), "--core", "plain", "--strict", "--json"]) == 1
    (checked,) = json.loads(capsys.readouterr().out)
    assert (checked["good"], checked["repaired"], checked["quarantined"][0]["ply"]) == (0, [], 2)


def test_check_of_no_file_is_an_error_of_ours(tmp_path: Path, capsys) -> None:
    assert main(["chess", "check", str(tmp_path / "none.pgn")]) == 1
    assert "none.pgn" in capsys.readouterr().err


def test_a_game_is_played_recorded_and_shown(tmp_path: Path, monkeypatch, capsys) -> None:
    typed = iter(["f3", "e5", "Qh9", "help", "g4", "Qh4"])
    monkeypatch.setattr("click.prompt", lambda *args, **kwargs: next(typed))
    log = tmp_path / "games" / "one"
    assert main(["chess", "play", "--log", str(log), "--ascii", "--clock", "300+5"]) == 0
    out = capsys.readouterr().out
    assert "illegal move 'Qh9' at ply 2" in out
    assert out.endswith("0-1 by checkmate\n")
    picture = tmp_path / "board.svg"
    assert main(["chess", "show", str(log), "--ply", "2", "--svg", str(picture), "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["fen"] == "rnbqkbnr/pppp1ppp/8/4p3/8/5P2/PPPPP1PP/RNBQKBNR w KQkq - 0 2"
    pieces = [node for node in ElementTree.parse(picture).getroot() if node.get("font-size") == "36"]
    assert len(pieces) == 32


def test_show_draws_a_game_of_a_file(tmp_path: Path, capsys) -> None:
    path = tmp_path / "a.pgn"
    path.write_bytes(b"1. e4 e5 2. Nf3 *")
    assert main(["chess", "show", str(path), "--ply", "1", "--ascii"]) == 0
    assert capsys.readouterr().out.splitlines()[4] == "4  . . . . P . . ."
    assert main(["chess", "show", str(path), "--game", "2"]) == 2
    assert main(["chess", "show", "nowhere.pgn"]) == 1


def test_the_samples_in_the_project_are_what_the_generator_makes() -> None:
    assert (ROOT / "data" / "chess" / "samples.pgn").read_bytes() == sample_pgn(seed=2026, games=160)
    assert (ROOT / "data" / "chess" / "nasty.pgn").read_bytes() == nasty_pgn()
