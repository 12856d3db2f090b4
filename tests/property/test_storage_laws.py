"""Any sequence of calls on a storage service gives what a plain dictionary gives."""

from __future__ import annotations

import shutil
import tempfile

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from lakehouse.storage import (
    AbstractStorageService,
    AlreadyThere,
    Changed,
    Created,
    LocalStorageService,
    MemoryStorageService,
    NotFoundError,
    Replaced,
)

# Few segments, so that sequences meet; leaves end in a letter that no folder has, as a disk needs it.
SEGMENTS = st.sampled_from(["a", "b", "a b", "a-", "ä", "%41"])
KEYS = st.lists(SEGMENTS, max_size=2).flatmap(
    lambda folders: st.sampled_from(["x", "y", "x-", "X"]).map(lambda leaf: "/".join([*folders, leaf + ".f"]))
)
BODIES = st.binary(max_size=30)


class ServiceAgainstDictionary(RuleBasedStateMachine):
    """The dictionary maps keys to bodies; the machine remembers the ETags it was given."""

    def __init__(self) -> None:
        super().__init__()
        self.store = self.make()
        self.model: dict[str, bytes] = {}
        self.etags: dict[str, list[str]] = {}

    def make(self) -> AbstractStorageService:
        return MemoryStorageService()

    def remember(self, key: str, etag: str) -> None:
        assert etag not in self.etags.setdefault(key, []), "an ETag came back"
        self.etags[key].append(etag)

    @rule(key=KEYS, body=BODIES)
    def write(self, key: str, body: bytes) -> None:
        self.remember(key, self.store.write(key, body).etag)
        self.model[key] = body

    @rule(key=KEYS, bodies=st.lists(BODIES, max_size=4))
    def write_in_parts(self, key: str, bodies: list[bytes]) -> None:
        self.remember(key, self.store.write(key, iter(bodies)).etag)
        self.model[key] = b"".join(bodies)

    @rule(key=KEYS, body=BODIES)
    def put_if_absent(self, key: str, body: bytes) -> None:
        outcome = self.store.put_if_absent(key, body)
        if key in self.model:
            assert outcome == AlreadyThere(key=key)
        else:
            assert isinstance(outcome, Created)
            self.remember(key, outcome.stat.etag)
            self.model[key] = body

    @rule(key=KEYS, body=BODIES, age=st.integers(0, 3))
    def replace(self, key: str, body: bytes, age: int) -> None:
        known = [*self.etags.get(key, []), "never-was"][::-1]
        etag = known[min(age, len(known) - 1)]
        current = key in self.model and etag == self.etags[key][-1]
        outcome = self.store.replace(key, body, etag=etag)
        if current:
            assert isinstance(outcome, Replaced)
            self.remember(key, outcome.stat.etag)
            self.model[key] = body
        else:
            assert outcome == Changed(key=key)

    @rule(source=KEYS, to=KEYS)
    def copy(self, source: str, to: str) -> None:
        try:
            self.remember(to, self.store.copy(source, to).etag)
        except NotFoundError:
            assert source not in self.model
        else:
            self.model[to] = self.model[source]

    @rule(key=KEYS)
    def delete(self, key: str) -> None:
        self.store.delete(key)
        self.model.pop(key, None)

    @rule(key=KEYS, start=st.integers(0, 40), length=st.integers(0, 40))
    def read(self, key: str, start: int, length: int) -> None:
        assert self.store.exists(key) == (key in self.model)
        if key in self.model:
            body = self.model[key]
            assert self.store.read(key) == b"".join(self.store.stream(key, chunk_bytes=7)) == body
            assert self.store.read_range(key, start, length) == body[start : start + length]
            assert self.store.stat(key).etag == self.etags[key][-1]

    @rule(prefix=st.one_of(st.just(""), KEYS, SEGMENTS), start=st.one_of(st.just(""), KEYS))
    def list_some(self, prefix: str, start: str) -> None:
        expected = [key for key in sorted(self.model, key=str.encode) if key.startswith(prefix)]
        found = [stat.key for stat in self.store.list(prefix, start_after=start)]
        assert found == [key for key in expected if key.encode() > start.encode()]

    @invariant()
    def everything_is_listed(self) -> None:
        found = {stat.key: stat.size_bytes for stat in self.store.list()}
        assert found == {key: len(body) for key, body in self.model.items()}


class LocalServiceAgainstDictionary(ServiceAgainstDictionary):
    """The same on a disk."""

    def make(self) -> AbstractStorageService:
        self.folder = tempfile.mkdtemp()
        return LocalStorageService(self.folder)

    def teardown(self) -> None:
        shutil.rmtree(self.folder)


TestMemory = ServiceAgainstDictionary.TestCase
TestMemory.settings = settings(max_examples=25, stateful_step_count=40, deadline=None)
TestLocal = LocalServiceAgainstDictionary.TestCase
TestLocal.settings = settings(max_examples=25, stateful_step_count=40, deadline=None)
