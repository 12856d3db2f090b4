"""``lakehouse chess play``: a game in the terminal, for two people or against random moves."""

from __future__ import annotations

import random
from pathlib import Path

import click

from lakehouse.chess import (
    AuditLog,
    ChessError,
    Color,
    EventKind,
    Game,
    draw_text,
    format_clock,
    parse_time_control,
    variant_of,
)
from lakehouse.storage import LocalStorageService

__all__ = ["play"]

HELP = "Type a move (Nf3, e2e4, O-O), or: draw, accept, claim, resign, fen, moves, help, quit."


@click.command()
@click.option("--variant", default="standard")
@click.option("--fen", default=None, help="begin at this position")
@click.option("--clock", "control", default="-", help="such as 300+5 or 40/5400:900+30; - for none")
@click.option("--random-black", "seed", type=int, default=None, help="Black plays random moves of this seed")
@click.option("--log", type=click.Path(path_type=Path), default=None, help="record the game in this folder")
@click.option("--ascii", "ascii_only", is_flag=True, help="letters instead of chess glyphs")
def play(
    *, variant: str, fen: str | None, control: str, seed: int | None, log: Path | None, ascii_only: bool
) -> None:
    """Play a game. Every event is recorded in --log before it counts."""
    sink = None if log is None else AuditLog(LocalStorageService(log.resolve().parent), log.name)
    game = Game(variant=variant_of(variant), fen=fen, clock=parse_time_control(control), sink=sink)
    game.start_game()
    chooser = None if seed is None else random.Random(seed)  # noqa: S311 - moves, not secrets
    click.echo(HELP)
    while game.ending is None:
        click.echo(f"\n{draw_text(game.board, ascii_only=ascii_only)}\n")
        if chooser is not None and game.board.turn is Color.BLACK:
            move = chooser.choice(game.variant.engine.legal_moves(game.board))
            click.echo(f"Black plays {game.submit_move(move).san}")
        elif not _take_turn(game):
            click.echo("left unfinished")
            return
    _say_ending(game, ascii_only=ascii_only)


def _take_turn(game: Game) -> bool:
    """Ask until something is done that the rules allow; False to leave."""
    while True:
        try:
            answer = click.prompt(_prompt(game), prompt_suffix="> ").strip()
        except click.Abort:
            return False
        if answer == "quit":
            return False
        try:
            if _do(game, answer):
                return True
        except ChessError as error:
            click.echo(str(error))


def _prompt(game: Game) -> str:
    color = game.board.turn
    clock = "" if game.clock is None else f" {format_clock(game.clock.remaining(color) // 1000 * 1000)}"
    return f"{game.board.fullmove_number}. {color.name.lower()}{clock}"


def _do(game: Game, answer: str) -> bool:
    """Do what was typed; True when the turn or the game is over."""
    by = game.board.turn
    if answer in ("help", "fen", "moves"):
        click.echo({"help": HELP, "fen": game.get_history()[-1].fen, "moves": _moves(game)}[answer])
        return False
    if answer == "draw":
        game.offer_draw(by)
        click.echo("draw offered: make your move; the opponent may accept")
        return game.ending is not None
    if answer == "accept":
        game.accept_draw(by)
    elif answer == "claim":
        rejected = game.claim_draw(by).kind is EventKind.CLAIM_REJECTED
        click.echo("the claim is wrong" if rejected else "")
        return not rejected
    elif answer == "resign":
        game.resign(by)
    else:
        game.submit_move(answer, by=by)
    return True


def _moves(game: Game) -> str:
    return " ".join(event.san for event in game.get_history() if event.san is not None)


def _say_ending(game: Game, *, ascii_only: bool) -> None:
    click.echo(f"\n{draw_text(game.board, ascii_only=ascii_only)}\n")
    if (ending := game.ending) is not None:
        click.echo(f"{ending.result} by {ending.termination.value}")
