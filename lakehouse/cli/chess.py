"""The verb ``chess``: count positions, check files of games, play one, show one."""

from __future__ import annotations

from pathlib import Path

import click
import msgspec

from lakehouse.chess import (
    CHESS960,
    STANDARD,
    CheckedFile,
    Core,
    check_file,
    draw_svg,
    draw_text,
    fast_perft_or_none,
    format_fen,
    variant_of,
)
from lakehouse.chess import (
    divide as divided,
)
from lakehouse.chess import (
    perft as counted,
)
from lakehouse.cli.chess_play import play
from lakehouse.cli.chess_positions import position_of_game
from lakehouse.cli.exit_codes import ExitCode
from lakehouse.cli.written_files import write_text

__all__ = ["command"]


@click.group(name="chess")
def command() -> None:
    """Chess: perft, check PGN files, play and show games."""


@command.command()
@click.argument("fen")
@click.argument("depth", type=click.IntRange(0, 12))
@click.option("--variant", default="standard", help="one of the variants' names")
@click.option("--divide", is_flag=True, help="the count below each first move")
@click.option("--json", "as_json", is_flag=True, help="for machines")
def perft(fen: str, depth: int, *, variant: str, divide: bool, as_json: bool) -> None:
    """Count the games of DEPTH moves from FEN; "start" is the variant's first position."""
    game = variant_of(variant)
    board = game.start_board() if fen == "start" else game.board_of(fen)
    fast = fast_perft_or_none() if game in (STANDARD, CHESS960) else None
    counts: dict[str, int] | None = None
    if divide:
        counts = divided(game.engine, board, depth, chess960=game.is_chess960, count=fast)
        nodes = sum(counts.values())
    else:
        nodes = fast(board, depth) if fast is not None else counted(game.engine, board, depth)
    if as_json:
        answer = {"fen": format_fen(board), "variant": game.name, "depth": depth, "nodes": nodes}
        click.echo(msgspec.json.encode(answer if counts is None else {**answer, "divide": counts}))
        return
    for move, count in (counts or {}).items():
        click.echo(f"{move}: {count}")
    click.echo(f"nodes: {nodes}" if counts else str(nodes))


@command.command()
@click.argument("files", nargs=-1, required=True, type=str)
@click.option("--json", "as_json", is_flag=True, help="for machines")
@click.option("--core", type=click.Choice([core.value for core in Core]), default=Core.AUTO.value)
@click.option("--strict", is_flag=True, help="quarantine what can be read only with a repair")
def check(files: tuple[str, ...], *, as_json: bool, core: str, strict: bool) -> int:
    """Replay every game of FILES, plain or packed (.gz, .bz2, .zst); exit code 1 when one had to be quarantined.

    FILES are paths or URIs (s3://, abfss://).
    """
    checked = [check_file(path, core=Core(core), strict=strict) for path in files]
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(checked), indent=2))
    else:
        for one in checked:
            _print_checked(one)
    return ExitCode.FAILED if any(one.quarantined for one in checked) else ExitCode.FINE


def _print_checked(one: CheckedFile) -> None:
    counts = f"{one.good} good ({len(one.repaired)} repaired), {len(one.quarantined)} quarantined"
    click.echo(f"{one.file}: {one.games} games, {one.plies} plies, {counts}")
    for repaired in one.repaired:
        click.echo(f"  game {repaired.game} (byte {repaired.offset}) repaired: {'; '.join(repaired.repairs)}")
    for note in one.quarantined:
        where = "before its first move" if note.ply is None else f"at ply {note.ply}"
        click.echo(f"  game {note.game} (byte {note.offset}) {where}: {note.reason}")


@command.command()
@click.argument("game")
@click.option("--game", "number", type=click.IntRange(1), default=1, help="which game of a PGN file")
@click.option("--ply", type=click.IntRange(0), default=None, help="after so many moves; default: the last")
@click.option("--variant", default="standard", help="of a FEN")
@click.option("--svg", type=click.Path(path_type=Path), default=None, help="write a picture to this file")
@click.option("--ascii", "ascii_only", is_flag=True, help="letters instead of chess glyphs")
@click.option("--json", "as_json", is_flag=True, help="for machines")
def show(
    game: str,
    *,
    number: int,
    ply: int | None,
    variant: str,
    svg: Path | None,
    ascii_only: bool,
    as_json: bool,
) -> None:
    """Draw the board of GAME: a PGN file or its URI, the folder of an audit log, or a FEN."""
    shown = position_of_game(game, number=number, ply=ply, variant=variant)
    if svg is not None:
        write_text(svg, draw_svg(shown.board, last=shown.last))
    if as_json:
        answer = {"fen": format_fen(shown.board), "ply": shown.ply, "svg": None if svg is None else str(svg)}
        click.echo(msgspec.json.encode(answer))
        return
    click.echo(draw_text(shown.board, ascii_only=ascii_only))
    click.echo(format_fen(shown.board))


command.add_command(play)
