"""Tokens for files in Azure blob storage, as the Planetary Computer gives them out."""

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


class TokenStore:
    """Read tokens by storage account and container, kept until shortly before they expire; safe between threads.

    Source: https://planetarycomputer.microsoft.com/docs/concepts/sas
    """

    def __init__(self, url: str, timeout_s: float) -> None:
        self._url = url.rstrip("/")
        self._io = CatalogIO("token service", timeout_s)
        self._lock = Lock()
        self._tokens: dict[str, tuple[str, datetime]] = {}

    def sign(self, href: str) -> str:
        """The URL with a token where it is a blob without one; any other as it is.

        Raises AssetUnavailable if the token service does not answer.
        """
        parts = urlsplit(href)
        host, container = parts.hostname or "", parts.path.strip("/").partition("/")[0]
        if not host.endswith(BLOB_HOST) or "sig=" in parts.query or not container:
            return href
        token = self.token(f"{host.removesuffix(BLOB_HOST)}/{container}")
        return f"{href}{'&' if parts.query else '?'}{token}"

    def token(self, container: str) -> str:
        """A token for ``account/container`` that still holds for a while."""
        with self._lock:
            known = self._tokens.get(container)
            if known is None or known[1] - MARGIN <= datetime.now(UTC):
                known = self._tokens[container] = self._fetch(container)
            return known[0]

    def _fetch(self, container: str) -> tuple[str, datetime]:
        try:
            answer = self._io.read_json(f"{self._url}/{container}")
            return str(answer["token"]), parse_moment(answer["msft:expiry"])
        except (CatalogUnavailable, ConfigError, KeyError, ValueError) as error:
            raise AssetUnavailable(f"no token to read files of {container}: {error}; try again later") from error


@lru_cache
def token_store(url: str, timeout_s: float) -> TokenStore:
    """The one store of tokens of a service in this process."""
    return TokenStore(url, timeout_s)
