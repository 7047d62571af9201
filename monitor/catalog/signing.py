"""Tokens for files in Azure blob storage, as the Planetary Computer gives them out."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from threading import Lock
from urllib.parse import urlsplit

from monitor.catalog.http import CatalogIO
from monitor.catalog.parse import parse_moment
from monitor.errors import AssetUnavailable, CatalogUnavailable, ConfigError

BLOB_HOST = ".blob.core.windows.net"
MARGIN = timedelta(minutes=5)
"""A token is renewed so long before it ends, so that a read that starts with it also ends with it."""


FRESH_S = 30.0
"""A token that is younger is not the reason why a file was not given."""


@dataclass(frozen=True)
class Token:
    """A token, when it ends by its service's clock, and when it was given by this process's."""

    text: str
    expiry: datetime
    given: float


class TokenStore:
    """Read tokens by storage account and container, kept until shortly before they expire; safe between threads.

    Source: https://planetarycomputer.microsoft.com/docs/concepts/sas
    """

    def __init__(self, url: str, timeout_s: float) -> None:
        self._url = url.rstrip("/")
        self._io = CatalogIO("token service", timeout_s)
        self._lock = Lock()
        self._tokens: dict[str, Token] = {}

    def sign(self, href: str, *, anew: bool = False) -> str:
        """The URL with a token where it is a blob without one; any other as it is.

        `anew`: with another token than the last one, unless that is quite fresh: a clock that is slow takes expired
        ones for good. Raises AssetUnavailable if the token service does not answer.
        """
        parts = urlsplit(href)
        host, container = parts.hostname or "", parts.path.strip("/").partition("/")[0]
        if not host.endswith(BLOB_HOST) or "sig=" in parts.query or not container:
            return href
        token = self.token(f"{host.removesuffix(BLOB_HOST)}/{container}", anew=anew)
        return f"{href}{'&' if parts.query else '?'}{token}"

    def token(self, container: str, *, anew: bool = False) -> str:
        """A token for ``account/container`` that still holds for a while."""
        with self._lock:
            known = self._tokens.get(container)
            ends = known is not None and known.expiry - MARGIN <= datetime.now(UTC)
            refused = anew and known is not None and time.monotonic() - known.given >= FRESH_S
            if known is None or ends or refused:
                known = self._tokens[container] = self._fetch(container)
            return known.text

    def _fetch(self, container: str) -> Token:
        try:
            answer = self._io.read_json(f"{self._url}/{container}")
            return Token(str(answer["token"]), parse_moment(answer["msft:expiry"]), time.monotonic())
        except (CatalogUnavailable, ConfigError, KeyError, ValueError) as error:
            raise AssetUnavailable(f"no token to read files of {container}: {error}; try again later") from error


@lru_cache
def token_store(url: str, timeout_s: float) -> TokenStore:
    """The one store of tokens of a service in this process."""
    return TokenStore(url, timeout_s)
