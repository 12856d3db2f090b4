"""Which session a verb works in, told without starting one."""

from __future__ import annotations

import json
from typing import Any

import pytest

from lakehouse.cli import main, sessions
from lakehouse.settings import Settings, SparkSettings


@pytest.fixture
def created(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> list[SparkSettings]:
    """The Spark settings of the sessions that were asked for; none of them is started."""
    seen: list[SparkSettings] = []
    factory = sessions.SparkSessionFactory
    monkeypatch.setattr(
        factory, "create", lambda self, name, expected_bytes: seen.append(self._settings.spark)
    )
    monkeypatch.setattr(sessions, "has_jvm", lambda: False)
    monkeypatch.setenv("LAKEHOUSE_CACHE", str(tmp_path))
    monkeypatch.delenv("SPARK_REMOTE", raising=False)
    return seen


def test_a_verb_starts_a_session_of_its_own_where_no_other_runs(created: list[SparkSettings]) -> None:
    sessions.open_session(Settings(), "x", expected_bytes=0)
    assert created == [SparkSettings()]


def test_spark_remote_names_the_session_unless_the_settings_name_a_cluster(
    created: list[SparkSettings], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SPARK_REMOTE", "sc://h:1")
    sessions.open_session(Settings(), "x", expected_bytes=0)
    sessions.open_session(Settings(spark=SparkSettings(master="spark://c:1")), "x", expected_bytes=0)
    assert [each.remote for each in created] == ["sc://h:1", None]


def test_a_process_with_a_jvm_stays_in_it(
    created: list[SparkSettings], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SPARK_REMOTE", "sc://h:1")
    monkeypatch.setattr(sessions, "has_jvm", lambda: True)
    sessions.open_session(Settings(), "x", expected_bytes=0)
    assert created[0].remote is None


def test_a_session_that_can_not_be_used_is_said_and_another_is_started(
    created: list[SparkSettings], capsys: pytest.CaptureFixture[str]
) -> None:
    server = sessions.SparkSessionFactory(Settings()).local_server()
    server.log.parent.mkdir(parents=True)
    record = {"pid": 2**22 + 1, "born_at": "1", "port": 1, "token": "t", "folder": "/", "versions": {}}
    server.log.with_suffix(".json").write_text(json.dumps(record))
    sessions.open_session(Settings(), "x", expected_bytes=0)
    assert created == [SparkSettings()]
    assert "has ended" in capsys.readouterr().err
    assert main(["session", "status"]) == 1
    assert "can't be used" in capsys.readouterr().out
    assert main(["session", "stop"]) == 0
    assert main(["session", "status", "--json"]) == 1
    assert json.loads(capsys.readouterr().out.partition("\n")[2])["warning"] == ""
