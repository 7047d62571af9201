"""Requests that another site made a browser send."""

from urllib.parse import urlsplit

from starlette.requests import HTTPConnection

from monitor.config import Settings
from monitor.errors import Forbidden, RequestError
from monitor.web.access.identity import is_loopback, is_open


def require_own_host(connection: HTTPConnection, settings: Settings) -> None:
    """RequestError when a server without log-in is asked by a name that is not this machine's (DNS rebinding)."""
    if not is_open(settings):
        return
    name = urlsplit(f"//{connection.headers.get('host', '')}").hostname or ""
    known = urlsplit(settings.web.url or "").hostname
    if not is_loopback(name) and name != known:
        raise RequestError(
            f"this server has no log-in and answers to this machine's own names only, not to {name!r}; "
            "use http://localhost, or set `web.url` and `web.auth`"
        )


def require_own_origin(connection: HTTPConnection, settings: Settings, *, strict: bool) -> None:
    """Forbidden when another site's page made this request; `strict`: also when the browser does not say."""
    origin = connection.headers.get("origin")
    if origin is not None:
        same = urlsplit(origin).netloc == connection.headers.get("host") and origin != "null"
        if not same and origin != settings.web.url:
            raise Forbidden(f"requests that change something come from this server's own pages, not from {origin}")
        return
    site = connection.headers.get("sec-fetch-site")
    if site not in (("same-origin",) if strict else ("same-origin", "none", None)):
        raise Forbidden("a request that changes something needs an Origin header, or a token in Authorization")
