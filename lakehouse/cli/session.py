"""``lakehouse session …``: a session that goes on between runs, so that a run need not start one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from lakehouse.cli.exit_codes import ExitCode
from lakehouse.cli.output import Output, json_option
from lakehouse.cli.project_folder import enter_project
from lakehouse.optional_imports import require
from lakehouse.settings import Settings, default_environment, load_settings
from lakehouse.spark_session import ServerState, SparkSessionFactory
from lakehouse.storage import register_settings, with_spark_access

__all__ = ["command"]


@click.group("session")
def command() -> None:
    """Keep a Spark session running in this folder; run, validate and plan then use it, and start none."""


def _environment(callback: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the environment, as a factory of its sessions."""
    option = click.option(
        "--env",
        "factory",
        default=default_environment,
        show_default="local",
        callback=lambda context, parameter, name: SparkSessionFactory(_settings(name)),
        help="Read conf/environments/ENV.yaml.",
    )
    return option(json_option()(callback))


def _print(state: ServerState, output: Output) -> None:
    """Print the state; the token stays in its file."""
    if output.as_json:
        running = state.running
        output.document(
            {
                "running": running is not None,
                "pid": running and running.pid,
                "port": running and running.port,
                "versions": running and running.versions,
                "warning": state.warning,
            }
        )
    else:
        output.line(str(state))


def _settings(environment: str) -> Settings:
    enter_project({})  # the session reads relative paths from the folder that it is started in
    settings = load_settings(environment)
    register_settings(settings.storage)
    return with_spark_access(settings)


@command.command("start")
@_environment
def start(factory: SparkSessionFactory, output: Output) -> int:
    """Start the session, or find the one that runs. It listens on this machine only, and goes on until 'stop'."""
    require("pyspark.sql.connect.session", extra="connect", purpose="A session that goes on")
    _print(factory.start_local_server(), output)
    return ExitCode.FINE


@command.command("stop")
@_environment
def stop(factory: SparkSessionFactory, output: Output) -> int:
    """End the session, and whatever works in it."""
    stopped = factory.local_server().stop()
    if output.as_json:
        output.document({"stopped": stopped})
    else:
        output.line("stopped" if stopped else "there is no session to stop")
    return ExitCode.FINE


@command.command("status")
@_environment
def status(factory: SparkSessionFactory, output: Output) -> int:
    """Say whether the session runs. The exit code is 1 when it doesn't."""
    state = factory.local_server().state()
    _print(state, output)
    return ExitCode.FINE if state.remote else ExitCode.FAILED
