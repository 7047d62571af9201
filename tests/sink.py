"""A receiver of messages on loopback, for Apprise's json:// URLs."""

import json
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Sink:
    """What arrived: messages as Apprise sends them; `refuse` makes it answer 503."""

    def __init__(self, port: int) -> None:
        self.url = f"json://127.0.0.1:{port}/"
        self.messages: list[dict[str, Any]] = []
        self.refuse = False

    @property
    def keys(self) -> Counter[str]:
        return Counter(message["message"].rsplit("ref: ", 1)[1].strip() for message in self.messages)


@contextmanager
def sink() -> Iterator[Sink]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if not found.refuse:
                found.messages.append(body)
            self.send_response(503 if found.refuse else 200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found = Sink(server.server_address[1])
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield found
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
