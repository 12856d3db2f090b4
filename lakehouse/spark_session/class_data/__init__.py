"""The class-data archive: classes of Spark and Delta as a JVM laid them out once, mapped by every later start.

The archive is an aid and never a condition: whatever is wrong with it, a session starts without it. No pyspark here.
"""

from lakehouse.spark_session.class_data.archive import ClassDataArchive
from lakehouse.spark_session.class_data.background import WITHOUT_DELTA
from lakehouse.spark_session.class_data.identity import ClassDataIdentity
from lakehouse.spark_session.class_data.interface import ClassData, NoClassData
from lakehouse.spark_session.class_data.states import Absent, Building, ClassDataState, Ready, Unusable

__all__ = [
    "WITHOUT_DELTA",
    "Absent",
    "Building",
    "ClassData",
    "ClassDataArchive",
    "ClassDataIdentity",
    "ClassDataState",
    "NoClassData",
    "Ready",
    "Unusable",
]
