"""A small API for jobs/orders.py: orders and refunds by cursor, some replies of which ask to come again later.

``python jobs/orders_server.py 8080`` serves until Ctrl-C.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar
from urllib.parse import parse_qsl, urlsplit

PAGE = 50
LISTS: dict[str, list[dict[str, Any]]] = {
    "/orders": [
        {
            "order_id": number,
            "customer": f"customer {number % 37}",
            "amount": f"{number % 90 + 0.99:.2f}" if number % 100 else "-1.00",
            "updated_at": f"2026-01-{1 + number // 60:02}T{number % 60 // 3:02}:{number % 3 * 20:02}:00Z",
        }
        for number in range(1_200)
    ],
    "/refunds": [
        {
            "order_id": 12 * number,
            "customer": f"customer {12 * number % 37}",
            "amount": "5.00",
            "updated_at": f"2026-02-{1 + number // 10:02}T00:00:00Z",
        }
        for number in range(100)
    ],
}


class OrdersApi(BaseHTTPRequestHandler):
    """Answers ``/orders`` and ``/refunds``, from ``after`` on and from ``cursor`` on."""

    protocol_version = "HTTP/1.1"
    asked: ClassVar[Counter[str]] = Counter()

    def do_GET(self) -> None:
        """Answer; every seventh page says 429 when it is asked for the first time."""
        OrdersApi.asked[self.path] += 1
        parts = urlsplit(self.path)
        query = dict(parse_qsl(parts.query))
        begin = int(query.get("cursor", 0))
        if begin // PAGE % 7 == 6 and OrdersApi.asked[self.path] == 1:
            self._send(429, {"error": "too fast"}, {"Retry-After": "1"})
            return
        rows = [row for row in LISTS.get(parts.path, []) if row["updated_at"] > query.get("after", "")]
        more = begin + PAGE if begin + PAGE < len(rows) else None
        self._send(
            200 if parts.path in LISTS else 404, {"items": rows[begin : begin + PAGE], "next": more}, {}
        )

    def _send(self, status: int, answer: dict[str, Any], headers: dict[str, str]) -> None:
        body = json.dumps(answer).encode()
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def serve(port: int) -> ThreadingHTTPServer:
    """Return a server that is bound to the port; 0 takes a free one."""
    server = ThreadingHTTPServer(("127.0.0.1", port), OrdersApi)
    server.daemon_threads = True
    return server


if __name__ == "__main__":
    serve(int(sys.argv[1]) if len(sys.argv) > 1 else 8080).serve_forever()
