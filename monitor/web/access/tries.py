"""Counting failed log-ins."""

import time
from collections import OrderedDict

from monitor.errors import TooManyRequests

TRIES, WINDOW_S = 5, 60.0
REMEMBERED = 10_000
"""Clients whose failed tries are counted; the one that failed longest ago is forgotten first."""


class Tries:
    """Failed tries by client; raises TooManyRequests when there are too many within a minute."""

    def __init__(self) -> None:
        self.failed: OrderedDict[str, list[float]] = OrderedDict()

    def check(self, client: str) -> None:
        """Raise TooManyRequests when this client is to wait."""
        recent = [moment for moment in self.failed.get(client, ()) if moment > time.monotonic() - WINDOW_S]
        if len(recent) >= TRIES:
            raise TooManyRequests(f"{TRIES} wrong tokens within a minute; wait for one")

    def count(self, client: str) -> None:
        """Another failed try."""
        moments = self.failed.pop(client, [])
        self.failed[client] = [*moments, time.monotonic()][-TRIES:]
        while len(self.failed) > REMEMBERED:
            self.failed.popitem(last=False)
