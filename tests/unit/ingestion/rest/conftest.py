"""An API on loopback, for each test its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from rest_api_server import ApiServer


@pytest.fixture
def server() -> Iterator[ApiServer]:
    """A list ``orders`` of 95 records, ten on a page."""
    orders = [
        {"id": number, "name": f"order {number}", "updated_at": f"2026-01-{1 + number // 5:02}"}
        for number in range(95)
    ]
    with ApiServer({"orders": orders}).running() as api:
        yield api
