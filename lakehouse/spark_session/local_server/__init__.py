"""A Spark Connect server on this machine that outlives one run: started, found again and stopped. No pyspark here.

It listens on the loopback only, and takes only clients that know its token.
"""

from lakehouse.spark_session.local_server.process import ServerNotStartedError
from lakehouse.spark_session.local_server.record import ServerRecord
from lakehouse.spark_session.local_server.server import LocalServer, ServerState

__all__ = ["LocalServer", "ServerNotStartedError", "ServerRecord", "ServerState"]
