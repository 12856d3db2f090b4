"""Which session a verb works in: the one that SPARK_REMOTE names, the one that runs here, or one of its own."""

from __future__ import annotations

import dataclasses
import os

import click
from pyspark.sql import SparkSession

from lakehouse.settings import Settings
from lakehouse.spark_session import SparkSessionFactory, has_jvm

__all__ = ["open_session"]


def open_session(settings: Settings, app_name: str, *, expected_bytes: int | None) -> SparkSession:
    """Return a session for work that reads no more than ``expected_bytes``; None when nobody can say."""
    remote = _remote(settings)
    if remote is not None:
        spark = dataclasses.replace(settings.spark, remote=remote)
        settings = dataclasses.replace(settings, spark=spark)
    return SparkSessionFactory(settings).create(app_name, expected_bytes=expected_bytes)


def _remote(settings: Settings) -> str | None:
    """Return the address of a session to use, where the settings name neither a server nor a cluster."""
    if settings.spark.mode != "local" or has_jvm():
        return None
    if os.environ.get("SPARK_REMOTE"):
        return os.environ["SPARK_REMOTE"]
    state = SparkSessionFactory(settings).local_server().state()
    if state.warning:
        click.echo(f"the session of 'lakehouse session start' is not used: {state.warning}.", err=True)
    return state.remote
