"""``ls``, ``cat`` and ``cp`` on local paths and on a store that a test registers."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lakehouse.cli import main
from lakehouse.storage import MemoryStorageService, register_scheme, schemes

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str]) -> Run:
    def run_with(*arguments: str) -> tuple[int, str, str]:
        code = main(list(arguments))
        return code, *capfd.readouterr()

    return run_with


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for key, body in {"b/2 two.txt": b"two", "b/1.txt": b"one", "a.txt": b"\x00\xff"}.items():
        (tmp_path / "data" / key).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "data" / key).write_bytes(body)
    return tmp_path / "data"


@pytest.fixture
def memory(monkeypatch: pytest.MonkeyPatch) -> Iterator[MemoryStorageService]:
    monkeypatch.setattr(schemes, "_FACTORIES", dict(schemes._FACTORIES))
    service = MemoryStorageService()
    register_scheme("probe", lambda location, settings: service)
    return service


def test_ls_lists_keys_in_order_with_size_and_time(run: Run, folder: Path) -> None:
    code, out, _ = run("ls", str(folder))
    assert code == 0
    assert [line.split(maxsplit=3)[0::3] for line in out.splitlines()] == [
        ["2", "a.txt"],
        ["3", "b/1.txt"],
        ["3", "b/2 two.txt"],
    ]


@pytest.mark.parametrize("write", [str, lambda path: f"file://{path}", lambda path: f"file:{path}/"])
def test_ls_prints_json_by_line(run: Run, folder: Path, write: Callable[[Path], str]) -> None:
    code, out, _ = run("ls", "--json", write(folder / "b"))
    found = [json.loads(line) for line in out.splitlines()]
    assert code == 0
    assert [(item["key"], item["size_bytes"]) for item in found] == [("1.txt", 3), ("2 two.txt", 3)]
    assert found[0]["modified_ms"] == (folder / "b/1.txt").stat().st_mtime_ns // 1_000_000


def test_ls_of_one_object_shows_that_object(run: Run, folder: Path) -> None:
    code, out, _ = run("ls", str(folder / "a.txt"))
    assert (code, out.split()[-1]) == (0, "a.txt")


def test_ls_of_a_missing_place_fails_and_says_so(run: Run, folder: Path) -> None:
    code, _, err = run("ls", str(folder / "none"))
    assert code == 1
    assert "'none'" in err
    assert "Fix:" in err


def test_ls_lets_no_file_name_steer_the_terminal(run: Run, tmp_path: Path) -> None:
    (tmp_path / "evil\x1b[2J").write_bytes(b"")
    _, out, _ = run("ls", str(tmp_path))
    assert "\x1b" not in out
    assert r"evil\x1b[2J" in out


def test_cat_writes_the_bytes_as_they_are(folder: Path) -> None:
    code = "import sys; from lakehouse.cli import main; sys.exit(main(sys.argv[1:]))"
    command = [sys.executable, "-c", code, "cat", str(folder / "a.txt")]
    done = subprocess.run(command, capture_output=True, check=False)
    assert (done.returncode, done.stdout) == (0, b"\x00\xff")


def test_cat_of_a_folder_is_wrong_use(run: Run, folder: Path) -> None:
    code, _, err = run("cat", f"{folder}/")
    assert code == 2
    assert "names a folder" in err


def test_cp_copies_between_stores_and_prints_both_uris(
    run: Run, folder: Path, memory: MemoryStorageService
) -> None:
    code, out, _ = run("cp", "--json", str(folder / "a.txt"), "probe://place/copy of a.txt")
    assert code == 0
    assert json.loads(out) == {
        "source": f"file://{folder}/a.txt",
        "target": "memory:///copy of a.txt",
        "size_bytes": 2,
    }
    assert memory.read("copy of a.txt") == b"\x00\xff"


def test_cp_within_one_store_lets_the_store_copy(run: Run, memory: MemoryStorageService) -> None:
    memory.write("from/key", b"body")
    assert run("cp", "probe://place/from/key", "probe://place/to/")[0] == 0
    assert memory.read("to/key") == b"body"


def test_cp_into_a_folder_keeps_the_name(run: Run, folder: Path, tmp_path: Path) -> None:
    assert run("cp", str(folder / "a.txt"), f"{tmp_path}/new/")[0] == 0
    assert (tmp_path / "new" / "a.txt").read_bytes() == b"\x00\xff"


def test_cp_copies_a_whole_tree(run: Run, folder: Path, tmp_path: Path) -> None:
    code, out, _ = run("cp", "-r", str(folder), str(tmp_path / "tree"))
    assert code == 0
    assert len(out.splitlines()) == 3
    for path in folder.rglob("*.txt"):
        assert (tmp_path / "tree" / path.relative_to(folder)).read_bytes() == path.read_bytes()


def test_cp_if_absent_overwrites_nothing(run: Run, folder: Path, tmp_path: Path) -> None:
    target = str(tmp_path / "target")
    assert run("cp", "--if-absent", str(folder / "b/1.txt"), target)[0] == 0
    code, _, err = run("cp", "--if-absent", str(folder / "a.txt"), target)
    assert code == 1
    assert "already exists" in err
    assert (tmp_path / "target").read_bytes() == b"one"


@pytest.mark.parametrize(
    "uri",
    [
        "nonsense://place/key",
        "s3://KEYID:SECRETKEY@bucket/key",
        "s3://bucket/key?X-Amz-Signature=SECRETKEY",
        "abfss://container:SECRETKEY@account.dfs.core.windows.net/key",
        "abfss://c@account.dfs.core.windows.net/key?sv=2&sig=SECRETKEY",
    ],
)
@pytest.mark.parametrize("verb", ["ls", "cat"])
def test_a_uri_that_names_no_store_is_wrong_use_and_its_secret_is_not_repeated(
    run: Run, verb: str, uri: str
) -> None:
    code, out, err = run(verb, uri)
    assert code == 2
    assert "Fix:" in err
    assert "SECRETKEY" not in out + err
