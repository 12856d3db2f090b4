"""Files of games in a cloud are checked where they lie, packed ones too, by the URI that Spark knows them by."""

from __future__ import annotations

import bz2
import gzip
import json
from collections.abc import Callable

import pytest
import zstandard
from storage_servers import Server

from lakehouse.chess import Core, UnreadableFileError, check_file
from lakehouse.chess.sample_games import sample_pgn
from lakehouse.cli import main
from lakehouse.storage import NotFoundError, ObjectStorageService

PGN = sample_pgn(seed=3, games=5)
FORMS = {
    "a.pgn": PGN,
    "a.pgn.gz": gzip.compress(PGN),
    "a.pgn.bz2": bz2.compress(PGN),
    "a.pgn.zst": zstandard.ZstdCompressor().compress(PGN),
}
Cloud = tuple[Server, Callable[..., ObjectStorageService]]


@pytest.fixture
def store(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> ObjectStorageService:
    server, make = cloud
    for variable in ("AWS_ENDPOINT_URL", "AZURE_STORAGE_ENDPOINT"):
        monkeypatch.setenv(variable, server.endpoint)
    return make()


def test_a_file_in_a_cloud_holds_the_games_of_the_local_one(
    store: ObjectStorageService, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, body in FORMS.items():
        store.write(name, body)
    uris = [store.uri(name) for name in FORMS]
    assert main(["chess", "check", *uris, "--json", "--core", "plain"]) == 0
    checked = json.loads(capsys.readouterr().out)
    assert [(one["file"], one["games"], one["good"]) for one in checked] == [(uri, 5, 5) for uri in uris]
    assert len({one["plies"] for one in checked}) == 1
    assert main(["chess", "show", uris[3], "--game", "2", "--ply", "0"]) == 0
    store.write("cut.pgn.zst", FORMS["a.pgn.zst"][:-9])
    with pytest.raises(UnreadableFileError, match=r"cut\.pgn\.zst.*damaged or cut off"):
        check_file(store.uri("cut.pgn.zst"), core=Core.PLAIN)
    with pytest.raises(NotFoundError, match=r"none\.pgn"):
        check_file(store.uri("none.pgn"), core=Core.PLAIN)
    assert main(["chess", "check", store.uri("none.pgn")]) == 1
