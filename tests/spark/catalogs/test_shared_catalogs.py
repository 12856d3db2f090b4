"""Tables have names in catalogs that other sessions see: a real Hive metastore, and a plug-in that Spark itself has."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from lakehouse.spark_session import find_java
from tests.spark.catalogs.metastore_server import running_metastore

pytestmark = [pytest.mark.spark, pytest.mark.slow, pytest.mark.timeout(1200)]

JOB = Path(__file__).with_name("catalog_job.py")


def job(folder: Path, what: str, catalog: dict[str, Any], *more: str) -> Any:
    """Run the job in a process of its own, whose session knows nothing of another one."""
    command = [sys.executable, str(JOB), what, json.dumps(catalog), *more]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture
def landing(tmp_path: Path) -> Path:
    landing = tmp_path / "landing"
    landing.mkdir()
    (landing / "a.csv").write_text("id,units\n1,5\n2,6\n1,1\n")
    return landing


def test_another_session_finds_the_tables_by_name_in_a_hive_metastore(tmp_path: Path, landing: Path) -> None:
    (tmp_path / "metastore").mkdir()
    with running_metastore(tmp_path / "metastore", java=str(find_java().home / "bin" / "java")) as uri:
        hive = {"kind": "hive", "uri": uri}
        filled = job(tmp_path, "fill", hive, str(landing), str(tmp_path / "lake"))
        assert filled == {"status": "ok", "warnings": []}
        # A name of a shared catalog is this warehouse's: another one's run says so, and the name stays.
        other = job(tmp_path, "fill", hive, str(landing), str(tmp_path / "other"))
        assert other["status"] == "ok"
        assert "drop that name" in " ".join(other["warnings"])
        queries = (
            "SELECT id, units FROM gold.totals ORDER BY id",
            "SHOW TABLES IN silver",
            "DESCRIBE TABLE EXTENDED bronze.raw",
        )
        totals, silver, raw = job(tmp_path, "ask", hive, *queries)
        assert totals == [[1, 6], [2, 6]]
        assert [row[1] for row in silver] == ["sales"]
        described = {row[0]: row[1] for row in raw}
        assert described["Location"].removeprefix("file:") == str(tmp_path / "lake" / "bronze" / "raw")
        assert described["Type"] == "EXTERNAL"


def test_a_plug_in_is_loaded_and_one_that_holds_no_delta_tables_is_a_warning(
    tmp_path: Path, landing: Path
) -> None:
    database = {
        "url": f"jdbc:derby:{tmp_path}/db;create=true",
        "driver": "org.apache.derby.iapi.jdbc.AutoloadedDriver",
    }
    plugin = "org.apache.spark.sql.execution.datasources.v2.jdbc.JDBCTableCatalog"
    catalog = {"kind": "spark", "name": "lake", "plugin": plugin, "options": database}
    filled = job(tmp_path, "fill", catalog, str(landing), str(tmp_path / "lake"))
    assert filled["status"] == "ok"
    assert "lake" in " ".join(filled["warnings"])
    assert (tmp_path / "lake" / "gold" / "totals" / "_delta_log").is_dir()
    (schemas,) = job(tmp_path, "ask", catalog, "SHOW SCHEMAS IN lake")
    assert "SYS" in {row[0] for row in schemas}, "Derby's own: the plug-in answered"
