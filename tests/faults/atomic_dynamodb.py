"""Moto checks a condition and writes in two steps, without a lock: two threads may both pass. DynamoDB doesn't."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from moto.dynamodb.models import DynamoDBBackend


def make_puts_atomic(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let moto's conditional writes exclude each other, as those of the service do."""
    lock, put_item = threading.Lock(), DynamoDBBackend.put_item

    def locked(*args: Any, **kwargs: Any) -> Any:
        with lock:
            return put_item(*args, **kwargs)

    monkeypatch.setattr(DynamoDBBackend, "put_item", locked)
