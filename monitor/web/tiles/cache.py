"""Tiles that were asked for lately."""

import threading
from collections import OrderedDict

MOST_BYTES = 64_000_000
AT_ONCE = 6
"""Tiles in the making; each reads files, perhaps over the network."""


class TileCache:
    """Pictures by name, the ones asked for last, up to a size; `making` limits how many are made at a time."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.making = threading.Semaphore(AT_ONCE)
        self.held: OrderedDict[str, bytes] = OrderedDict()
        self.size = 0

    def get(self, name: str) -> bytes | None:
        """The picture of that name, None when it is not held."""
        with self.lock:
            if name in self.held:
                self.held.move_to_end(name)
            return self.held.get(name)

    def put(self, name: str, content: bytes) -> None:
        """Hold a picture."""
        with self.lock:
            self.size += len(content) - len(self.held.pop(name, b""))
            self.held[name] = content
            while self.size > MOST_BYTES:
                self.size -= len(self.held.popitem(last=False)[1])
