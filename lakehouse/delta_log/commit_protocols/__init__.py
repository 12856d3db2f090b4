"""The ways to make version N of a table visible, one a file. ``dynamodb`` needs boto3: import it by name."""

from lakehouse.delta_log.commit_protocols.hard_link import HardLinkProtocol
from lakehouse.delta_log.commit_protocols.interface import AlreadyTaken, CommitProtocol, Visible
from lakehouse.delta_log.commit_protocols.put_if_absent import PutIfAbsentProtocol
from lakehouse.delta_log.commit_protocols.rename import RenameProtocol
from lakehouse.delta_log.commit_protocols.spark_guard import SparkGuard

__all__ = [
    "AlreadyTaken",
    "CommitProtocol",
    "HardLinkProtocol",
    "PutIfAbsentProtocol",
    "RenameProtocol",
    "SparkGuard",
    "Visible",
]
