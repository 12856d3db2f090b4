"""What the Makefile makes sure of, on machines made of stubs: each stub writes down how it was called."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
TOOLS = ["cat", "chmod", "cmp", "cp", "mkdir", "rm", "sed", "sh"]


@dataclass
class Machine:
    """A folder as PATH, HOME and working directory, with only the programs that a test puts there."""

    root: Path
    variables: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        (self.root / "bin").mkdir()
        for tool in TOOLS:
            (self.root / "bin" / tool).symlink_to(shutil.which(tool) or tool)
        self.has("id", "echo 1000")

    def has(self, program: str, then: str = "", *, at: str = "bin") -> None:
        """Put a program that notes its call and does ``then``."""
        path = self.root / at / program
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f'#!/bin/sh\necho "{program} $*" >> {self.root}/calls\n{then}\n')
        path.chmod(0o755)

    def has_java(self, version: str, *, at: str = "bin") -> None:
        self.has("java", _says(version), at=at)

    def has_root(self) -> None:
        self.has("id", "echo 0")

    def run(self, script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        environment = {"PATH": str(self.root / "bin"), "HOME": str(self.root), **self.variables}
        return subprocess.run(
            [str(ROOT / "scripts" / script), *arguments],
            cwd=self.root,
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def calls(self, program: str) -> list[str]:
        log = self.root / "calls"
        lines = log.read_text().splitlines() if log.exists() else []
        return [line for line in lines if line.startswith(f"{program} ")]


def _says(version: str) -> str:
    return f"echo 'openjdk version \"{version}\" 2025-04-15' >&2"


def _brings_java(root: Path, at: str) -> str:
    """Shell text that puts a Java 17 into a folder, as an installer would."""
    body = f"#!/bin/sh\n{_says('17.0.9')}\n"
    return f"mkdir -p {root}/{at}; cat > {root}/{at}/java <<'END'\n{body}END\nchmod 755 {root}/{at}/java"


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


@pytest.mark.parametrize("version", ["17.0.15", "21.0.2", "25"])
def test_a_java_on_the_path_is_enough_and_nothing_is_said(machine: Machine, version: str) -> None:
    machine.has_root()
    machine.has("apt-get")
    machine.has_java(version)
    answer = machine.run("ensure-java", "python")
    assert (answer.returncode, answer.stdout, answer.stderr) == (0, "", "")
    assert machine.calls("apt-get") == []


@pytest.mark.parametrize("at", ["home/bin", ".jdk/jdk-17.0.9-jre/bin", ".jdk/x/Contents/Home/bin"])
def test_a_java_elsewhere_is_enough(machine: Machine, at: str) -> None:
    machine.has_java("11.0.2")
    machine.has_java("17.0.1", at=at)
    machine.variables["JAVA_HOME"] = str(machine.root / "home")
    assert machine.run("ensure-java", "python").returncode == 0


def test_root_with_apt_gets_debian_s_runtime(machine: Machine) -> None:
    machine.has_root()
    machine.has("apt-get", f'case "$1" in install) {_brings_java(machine.root, "bin")}\n;; esac')
    assert machine.run("ensure-java", "python").returncode == 0
    assert machine.calls("apt-get")[0] == "apt-get update -qq"
    assert machine.calls("apt-get")[1].endswith("openjdk-17-jre-headless")
    assert len(machine.calls("apt-get")) == 2


def test_a_debian_without_17_gets_its_newer_one(machine: Machine) -> None:
    machine.has_root()
    machine.has(
        "apt-get", f'case "$*" in *-21-*) {_brings_java(machine.root, "bin")}\n;; *-17-*) exit 100;; esac'
    )
    assert machine.run("ensure-java", "python").returncode == 0
    assert machine.calls("apt-get")[-1].endswith("openjdk-21-jre-headless")


def test_without_root_install_jdk_is_asked(machine: Machine) -> None:
    machine.has("apt-get")
    machine.has("python", _brings_java(machine.root, ".jdk/jdk-17/bin"))
    assert machine.run("ensure-java", "python").returncode == 0
    assert machine.calls("apt-get") == []
    assert 'jdk.install("17", jre=True)' in machine.calls("python")[0]


def test_where_apt_fails_install_jdk_is_asked(machine: Machine) -> None:
    machine.has_root()
    machine.has("apt-get", "exit 100")
    machine.has("python", _brings_java(machine.root, ".jdk/jdk-17/bin"))
    assert machine.run("ensure-java", "python").returncode == 0


def test_where_nothing_helps_one_line_says_what_to_do(machine: Machine) -> None:
    machine.has_java("1.8.0_402")
    machine.has("python", "exit 1")
    answer = machine.run("ensure-java", "python")
    assert answer.returncode == 1
    assert len(answer.stderr.splitlines()) == 1
    assert "Fix: install a Java 17 runtime and set JAVA_HOME" in answer.stderr


def test_the_second_time_nothing_is_installed(machine: Machine) -> None:
    machine.has_root()
    machine.has("apt-get", f'case "$1" in install) {_brings_java(machine.root, "bin")}\n;; esac')
    machine.run("ensure-java", "python")
    before = machine.calls("apt-get")
    assert machine.run("ensure-java", "python").stdout == ""
    assert machine.calls("apt-get") == before


def with_locked_azurite(machine: Machine, lock: str = "{}") -> None:
    folder = machine.root / "requirements" / "node"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "package.json").write_text("{}")
    (folder / "package-lock.json").write_text(lock)


def test_azurite_is_installed_once_until_its_lock_changes(machine: Machine) -> None:
    with_locked_azurite(machine)
    machine.has("node", "echo v20.1.0")
    machine.has("npm")
    for _ in range(2):
        assert machine.run("ensure-azurite").returncode == 0
    assert len(machine.calls("npm")) == 1
    with_locked_azurite(machine, lock='{"new": 1}')
    machine.run("ensure-azurite")
    assert len(machine.calls("npm")) == 2


@pytest.mark.parametrize("node", ["v18.19.0", "nonsense"])
def test_without_a_new_node_one_line_says_that_tests_skip(machine: Machine, node: str) -> None:
    with_locked_azurite(machine)
    machine.has("node", f"echo {node}")
    machine.has("npm")
    answer = machine.run("ensure-azurite")
    assert answer.returncode == 0
    assert answer.stderr.splitlines() == [
        "the tests of Azure storage will skip: Node.js 20 or later with npm is needed."
    ]


@pytest.mark.parametrize(("candidate", "installs"), [("20.19.2+dfsg-1", 1), ("18.20.4+dfsg-1", 0)])
def test_root_with_apt_gets_node_if_it_is_new_enough(machine: Machine, candidate: str, installs: int) -> None:
    with_locked_azurite(machine)
    machine.has_root()
    machine.has("apt-cache", f"echo '  Candidate: {candidate}'")
    machine.has("apt-get", 'case "$1" in install) exit 100;; esac')
    assert machine.run("ensure-azurite").returncode == 0
    assert len([call for call in machine.calls("apt-get") if "nodejs" in call]) == installs


def test_npm_that_fails_leaves_no_stamp(machine: Machine) -> None:
    with_locked_azurite(machine)
    machine.has("node", "echo v22.0.0")
    machine.has("npm", "exit 1")
    assert "tests of Azure storage will skip" in machine.run("ensure-azurite").stderr
    machine.has("npm")
    machine.run("ensure-azurite")
    assert len(machine.calls("npm")) == 2


def test_a_chromium_that_is_there_is_left_alone(machine: Machine) -> None:
    machine.has_root()
    machine.has("apt-get")
    machine.has("chromium")
    assert machine.run("ensure-chromium").stderr == ""
    assert machine.calls("apt-get") == []


def test_root_with_apt_gets_chromium(machine: Machine) -> None:
    machine.has_root()
    machine.has("apt-get")
    assert machine.run("ensure-chromium").returncode == 0
    assert "chromium" in machine.calls("apt-get")[-1]


def test_apt_that_gets_no_chromium_is_one_line_too(machine: Machine) -> None:
    machine.has_root()
    machine.has("apt-get", "echo 'E: Unable to fetch some archives' >&2; exit 100")
    answer = machine.run("ensure-chromium")
    assert answer.returncode == 0
    assert (
        answer.stderr == "the tests of the report in a browser will skip: apt could not install Chromium.\n"
    )


def test_without_chromium_one_line_says_that_tests_skip(machine: Machine) -> None:
    answer = machine.run("ensure-chromium")
    assert answer.returncode == 0
    assert answer.stderr == "the tests of the report in a browser will skip: Chromium is needed on PATH.\n"


def test_an_old_python_is_refused_in_one_line(machine: Machine) -> None:
    machine.has("old", 'case "$1" in --version) echo Python 3.10.2;; *) exit 1;; esac')
    answer = machine.run("ensure-venv", "old")
    assert answer.returncode == 1
    assert answer.stderr.startswith("error: Python 3.10.2 is too old: 3.11 or later is needed. Fix: ")
    assert len(answer.stderr.splitlines()) == 1


def test_no_python_is_said_in_one_line(machine: Machine) -> None:
    answer = machine.run("ensure-venv", "nopython")
    assert answer.returncode == 1
    assert answer.stderr.startswith("error: there is no 'nopython' on PATH. Fix: ")


@pytest.mark.parametrize(("arguments", "folder"), [((), ".venv"), ((".venv-docs",), ".venv-docs")])
def test_the_environment_is_made_where_it_is_wanted(
    machine: Machine, arguments: tuple[str, ...], folder: str
) -> None:
    machine.has("python3")
    assert machine.run("ensure-venv", "python3", *arguments).returncode == 0
    assert machine.calls("python3")[-1] == f"python3 -m venv {folder}"


@pytest.mark.parametrize(("user", "calls"), [("0", 2), ("1000", 0)])
def test_a_python_without_venv_gets_debian_s_package_where_root_may(
    machine: Machine, user: str, calls: int
) -> None:
    machine.has("id", f"echo {user}")
    machine.has("apt-get")
    machine.has("python3", 'case "$*" in "-m venv"*) exit 1;; *print*) echo python3.11;; esac')
    answer = machine.run("ensure-venv", "python3")
    assert answer.returncode == 1
    assert "Fix: install its venv module" in answer.stderr
    assert len(machine.calls("apt-get")) == calls
    assert all("python3.11-venv" in call for call in machine.calls("apt-get")[1:])
