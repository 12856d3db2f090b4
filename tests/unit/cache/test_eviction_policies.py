"""Each eviction policy against a naive model of itself that is plainly right and slow."""

from __future__ import annotations

import random
from abc import ABC, abstractmethod

import pytest

from lakehouse.cache import EvictionPolicy, FIFOPolicy, LFUPolicy, LRUPolicy, NothingToEvictError, SIEVEPolicy
from lakehouse.cache.linked_list import Node
from lakehouse.cache.ticked_lru_policy import TickedLRUPolicy


class Model(ABC):
    """Keys in a list, oldest first; every question answered by looking at all of them."""

    def __init__(self) -> None:
        self.keys: list[int] = []

    def track(self, key: int) -> None:
        if key in self.keys:
            self.use(key)
        else:
            self.keys.append(key)
            self.enter(key)

    def forget(self, key: int) -> None:
        if key in self.keys:
            self.keys.remove(key)

    def evict(self) -> int:
        key = self.victim()
        self.forget(key)
        return key

    def enter(self, key: int) -> None:  # noqa: B027  # only LFU has something to do
        pass

    @abstractmethod
    def use(self, key: int) -> None: ...

    @abstractmethod
    def victim(self) -> int: ...


class FIFOModel(Model):
    def use(self, key: int) -> None:
        pass

    def victim(self) -> int:
        return self.keys[0]


class LRUModel(Model):
    def use(self, key: int) -> None:
        self.keys.remove(key)
        self.keys.append(key)

    def victim(self) -> int:
        return self.keys[0]


class LFUModel(LRUModel):
    def __init__(self) -> None:
        super().__init__()
        self.uses: dict[int, int] = {}

    def enter(self, key: int) -> None:
        self.uses[key] = 1

    def use(self, key: int) -> None:
        super().use(key)
        self.uses[key] += 1

    def victim(self) -> int:
        return min(self.keys, key=lambda key: (self.uses[key], self.keys.index(key)))


class SIEVEModel(Model):
    """After the paper's algorithm 1: the hand is an index into the queue."""

    def __init__(self) -> None:
        super().__init__()
        self.visited: set[int] = set()
        self.hand = 0

    def use(self, key: int) -> None:
        self.visited.add(key)

    def forget(self, key: int) -> None:
        if key in self.keys:
            self.visited.discard(key)
            self.hand -= self.keys.index(key) < self.hand
            self.keys.remove(key)
            if self.hand == len(self.keys):
                self.hand = 0

    def victim(self) -> int:
        while True:
            if self.hand >= len(self.keys):
                self.hand = 0
            key = self.keys[self.hand]
            if key not in self.visited:
                return key
            self.visited.discard(key)
            self.hand += 1


PAIRS: list[tuple[type[EvictionPolicy[int]], type[Model]]] = [
    (LRUPolicy, LRUModel),
    (TickedLRUPolicy, LRUModel),
    (FIFOPolicy, FIFOModel),
    (LFUPolicy, LFUModel),
    (SIEVEPolicy, SIEVEModel),
]


@pytest.mark.parametrize(("kind", "model_kind"), PAIRS)
@pytest.mark.parametrize("seed", range(5))
def test_it_evicts_by_key_what_its_model_evicts(
    kind: type[EvictionPolicy[int]], model_kind: type[Model], seed: int
) -> None:
    random_numbers = random.Random(seed)
    policy, model = kind(), model_kind()
    for _ in range(3000):
        key = random_numbers.randrange(30)
        action = random_numbers.random()
        if action < 0.1:
            policy.forget(key)
            model.forget(key)
        elif action < 0.35 and model.keys:
            assert policy.evict_key() == model.evict()
        else:
            policy.track_access(key)
            model.track(key)


@pytest.mark.parametrize(("kind", "model_kind"), PAIRS)
@pytest.mark.parametrize("seed", range(5))
def test_it_evicts_by_node_what_its_model_evicts(
    kind: type[EvictionPolicy[int]], model_kind: type[Model], seed: int
) -> None:
    random_numbers = random.Random(seed)
    policy, model = kind(), model_kind()
    nodes: dict[int, Node[int]] = {}
    for _ in range(3000):
        key = random_numbers.randrange(30)
        action = random_numbers.random()
        if action < 0.1 and key in nodes:
            policy.discard(nodes.pop(key))
            model.forget(key)
        elif action < 0.35 and model.keys:
            evicted = policy.evict_key()
            assert evicted == model.evict()
            del nodes[evicted]
        elif key in nodes:
            policy.touch(nodes[key])
            model.track(key)
        else:
            nodes[key] = Node(key)
            policy.admit(nodes[key])
            model.track(key)


@pytest.mark.parametrize(("kind", "model_kind"), PAIRS)
def test_an_empty_policy_has_nothing_to_evict(
    kind: type[EvictionPolicy[int]], model_kind: type[Model]
) -> None:
    policy = kind()
    policy.track_access(1)
    assert policy.evict_key() == 1
    with pytest.raises(NothingToEvictError, match=rf"{kind.__name__} tracks no key\. Fix:"):
        policy.evict_key()


@pytest.mark.parametrize(("kind", "model_kind"), PAIRS)
def test_a_late_touch_of_a_discarded_node_harms_no_other_key(
    kind: type[EvictionPolicy[int]], model_kind: type[Model]
) -> None:
    policy = kind()
    nodes = [Node(key) for key in range(4)]
    for node in nodes:
        policy.admit(node)
    policy.discard(nodes[1])
    policy.touch(nodes[1])
    policy.discard(nodes[1])
    assert [policy.evict_key() for _ in range(3)] == [0, 2, 3]


def test_the_queues_of_the_ticked_policy_don_t_grow_with_discarded_keys() -> None:
    policy: TickedLRUPolicy[int] = TickedLRUPolicy()
    for key in range(10_000):
        node = Node(key)
        policy.admit(node)
        policy.discard(node)
    assert len(policy._queue) + len(policy._later) < 200
