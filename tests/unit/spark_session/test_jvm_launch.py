"""How a JVM is started is decided without one: class path, class data, compiler; and what a user gives stays."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lakehouse.settings import Settings, SparkSettings
from lakehouse.spark_session import SparkSessionFactory, delta_packages
from lakehouse.spark_session.class_data import Absent, ClassDataArchive, Ready
from lakehouse.spark_session.jvm_launch import SMALL_WORK_BYTES, JvmLaunch

JAVA = "spark.driver.defaultJavaOptions"
CLASS_PATH = "spark.driver.extraClassPath"
READY = Ready(path=Path("/cache/k.jsa"), size_bytes=1)
OURS = ("SPARK_CONF_DIR", "SPARK_SUBMIT_OPTS", "PYSPARK_SUBMIT_ARGS", "JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS")


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in OURS:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def jars_folder(tmp_path: Path) -> Path:
    """Delta's jars as a download leaves them: two, empty."""
    ivy = tmp_path / "jars" / delta_packages().replace(":", "_")
    (ivy / "jars").mkdir(parents=True)
    for name in ("a.jar", "b.jar"):
        (ivy / "jars" / name).write_bytes(b"")
    (ivy / "jars.json").write_text(json.dumps(["a.jar", "b.jar"]))
    return tmp_path / "jars"


def launch(jars_folder: Path, **spark: object) -> JvmLaunch:
    settings = Settings(spark=SparkSettings(**spark))  # type: ignore[arg-type]
    return SparkSessionFactory(settings, jars_folder=jars_folder).launch(downloads=False)


def test_delta_s_jars_are_on_the_class_path_that_the_jvm_starts_with(jars_folder: Path) -> None:
    options = launch(jars_folder).options(Absent())
    assert [Path(each).name for each in options[CLASS_PATH].split(":")] == ["a.jar", "b.jar"]
    assert "spark.jars" not in options


def test_executors_elsewhere_get_the_jars_too(jars_folder: Path) -> None:
    options = launch(jars_folder, master="spark://h:7077").options(Absent())
    assert options["spark.jars"].split(",") == options[CLASS_PATH].split(":")


def test_an_archive_is_mapped_when_it_is_ready_only(jars_folder: Path) -> None:
    decided = launch(jars_folder)
    assert "-XX:SharedArchiveFile=/cache/k.jsa" in decided.options(READY)[JAVA].split()
    assert "SharedArchiveFile" not in decided.options(Absent())[JAVA]


def test_sessions_without_delta_s_jars_have_an_archive_of_their_own(jars_folder: Path) -> None:
    plain, other = (launch(jars_folder, delta=delta).class_data for delta in (True, False))
    assert isinstance(plain, ClassDataArchive)
    assert isinstance(other, ClassDataArchive)
    assert (plain.has_delta, other.has_delta) == (True, False)
    assert plain.key != other.key


@pytest.mark.parametrize(
    ("compiler", "expected_bytes", "quick"),
    [
        ("auto", 0, True),
        ("auto", SMALL_WORK_BYTES, True),
        ("auto", SMALL_WORK_BYTES + 1, False),
        ("auto", None, False),
        ("quick", None, True),
        ("quick", 10**12, True),
        ("full", 0, False),
    ],
)
def test_small_work_takes_the_quick_compiler_unless_the_settings_say_which(
    jars_folder: Path, compiler: str, expected_bytes: int | None, quick: bool
) -> None:
    factory = SparkSessionFactory(Settings(spark=SparkSettings(compiler=compiler)), jars_folder=jars_folder)  # type: ignore[arg-type]
    options = factory.launch(expected_bytes=expected_bytes, downloads=False).options(READY)
    assert ("-XX:TieredStopAtLevel=1" in options[JAVA]) is quick
    assert ("-XX:+UseSerialGC" in options[JAVA]) is quick


def test_java_options_of_the_settings_come_behind_ours_so_that_they_win(jars_folder: Path) -> None:
    options = launch(jars_folder, conf={JAVA: "-Dmine=1"}).options(READY)
    assert options[JAVA].split()[-1] == "-Dmine=1"
    assert "SharedArchiveFile" in options[JAVA]
    extra = launch(jars_folder, conf={"spark.driver.extraJavaOptions": "-Dmine=1"}).options(READY)
    assert "spark.driver.extraJavaOptions" not in extra, "the settings' own value stays as it is"


def test_java_options_of_spark_s_defaults_file_stay(
    jars_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "spark-defaults.conf").write_text(
        f"# ours\n{JAVA}  -Dmine=1 -Dand=2\nspark.ui.enabled=true\n"
    )
    monkeypatch.setenv("SPARK_CONF_DIR", str(tmp_path))
    assert launch(jars_folder).options(READY)[JAVA].endswith(" -Dmine=1 -Dand=2")


@pytest.mark.parametrize(
    "option", ["-XX:SharedArchiveFile=/mine.jsa", "-Xshare:off", "-XX:AOTCache=/mine.aot"]
)
@pytest.mark.parametrize("place", ["settings", "SPARK_SUBMIT_OPTS", "JAVA_TOOL_OPTIONS"])
def test_class_data_of_the_user_s_own_are_left_alone(
    jars_folder: Path, monkeypatch: pytest.MonkeyPatch, option: str, place: str
) -> None:
    conf = {"spark.driver.extraJavaOptions": option} if place == "settings" else {}
    if not conf:
        monkeypatch.setenv(place, option)
    state = launch(jars_folder, conf=conf).class_data.state()
    assert not state.java_options
    assert not state.is_to_be_built
    assert "options that you give" in str(state)


def test_a_compiler_of_the_user_s_own_stays(jars_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPARK_SUBMIT_OPTS", "-XX:-TieredCompilation")
    assert "TieredStopAtLevel" not in launch(jars_folder, compiler="quick").options(READY)[JAVA]


@pytest.mark.parametrize("option", ["-XX:+UseG1GC", "-XX:+UseParallelGC", "-XX:-UseSerialGC"])
def test_a_collector_of_the_user_s_own_stays_for_a_jvm_takes_no_two(jars_folder: Path, option: str) -> None:
    decided = launch(jars_folder, compiler="quick", conf={"spark.driver.extraJavaOptions": option})
    assert "GC" not in decided.options(READY)[JAVA]


@pytest.mark.parametrize(
    ("conf", "variable"),
    [
        ({CLASS_PATH: "/mine.jar"}, ""),
        ({}, "--driver-class-path /mine.jar pyspark-shell"),
        ({}, f"--conf {CLASS_PATH}=/mine.jar pyspark-shell"),
    ],
)
def test_a_class_path_of_the_user_s_own_stays_and_delta_comes_beside_it(
    jars_folder: Path, monkeypatch: pytest.MonkeyPatch, conf: dict[str, str], variable: str
) -> None:
    monkeypatch.setenv("PYSPARK_SUBMIT_ARGS", variable)
    decided = launch(jars_folder, conf=conf)
    assert CLASS_PATH not in decided.options(Absent())
    assert decided.options(Absent())["spark.jars"].count(".jar") == 2
    assert not decided.class_data.state().is_to_be_built


def test_jars_of_the_settings_take_the_place_of_delta_s(jars_folder: Path) -> None:
    decided = launch(jars_folder, conf={"spark.jars": "/mine.jar"})
    assert decided.options(Absent()).keys() == {JAVA}
    assert not decided.class_data.state().is_to_be_built


def test_class_data_can_be_switched_off(jars_folder: Path) -> None:
    assert str(launch(jars_folder, class_data=False).class_data.state()) == "off in the settings"


def test_the_archive_is_beside_the_jars_and_absent_at_first(jars_folder: Path) -> None:
    assert launch(jars_folder).class_data.state() == Absent()
    assert not (jars_folder.parent / "class-data").exists(), "looking at it writes nothing"


def test_the_launcher_takes_the_collector_that_the_user_names(
    jars_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert launch(jars_folder).given.launcher_options.split()[-1] == "-XX:+UseSerialGC"
    monkeypatch.setenv("JAVA_TOOL_OPTIONS", "-XX:+UseG1GC")
    assert launch(jars_folder).given.launcher_options == "-XX:TieredStopAtLevel=1"
