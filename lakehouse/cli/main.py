"""The entry point: runs one verb and turns its errors into one line and an exit code."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Sequence

import click

from lakehouse.cli.exit_codes import ExitCode, exit_code_of
from lakehouse.cli.verbs import VERBS, VerbGroup
from lakehouse.errors import LakehouseError
from lakehouse.version import __version__

__all__ = ["main", "root_command"]


@click.group(cls=VerbGroup, verbs=VERBS, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="lakehouse")
def root_command() -> None:
    """Bronze, Silver and Gold tables on Spark and Delta."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code; ``arguments`` default to the process's own."""
    try:
        outcome = root_command.main(
            args=None if arguments is None else list(arguments), prog_name="lakehouse", standalone_mode=False
        )
    except click.ClickException as error:
        error.show()
        return ExitCode.WRONG_USE
    except (click.Abort, KeyboardInterrupt):
        click.echo("stopped", err=True)
        return ExitCode.FAILED
    except BrokenPipeError:
        # The reader of our output has gone: nothing may be written to it again, not even at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.FAILED
    except LakehouseError as error:
        click.echo(f"error: {error}", err=True)
        return exit_code_of(error)
    except Exception:  # noqa: BLE001 - the top: an error that nobody declared is a bug, and is reported as one
        traceback.print_exc()
        click.echo("This is a bug in lakehouse. Fix: please report it with the lines above.", err=True)
        return ExitCode.BUG
    return ExitCode(outcome) if isinstance(outcome, int) else ExitCode.FINE


def _script() -> None:
    sys.exit(main())
