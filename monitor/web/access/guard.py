"""Every request passes here first, whatever route it is for: no route can be forgotten."""

import logging

from starlette.concurrency import run_in_threadpool
from starlette.requests import HTTPConnection
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocketClose

from monitor.config import Settings
from monitor.errors import Forbidden, LoginRequired, MonitorError, RequestError
from monitor.store import Store
from monitor.web import problems
from monitor.web.access.identity import identify, is_open
from monitor.web.access.login import page
from monitor.web.access.origin import require_own_host, require_own_origin
from monitor.web.access.policy import SAFE, required_role

log = logging.getLogger(__name__)

MAX_BODY = 4_000_000
"""Bytes; the outline of an area is the largest thing that anybody sends."""


class Guard:
    """Says who asks (`request.state.user`), and turns away who may not."""

    def __init__(self, app: ASGIApp, settings: Settings, store: Store) -> None:
        self.app = app
        self.settings = settings
        self.store = store
        self.asks_nobody = is_open(settings)
        """Then admitting takes no look into the database, and no thread."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request pass, or answer it."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        connection = HTTPConnection(scope)
        try:
            method = scope.get("method", "WEBSOCKET")
            if self.asks_nobody:
                self.admit(connection, method)
            else:
                await run_in_threadpool(self.admit, connection, method)
        except MonitorError as error:
            await self.refuse(connection, error)(scope, receive, send)
            return
        await self.app(scope, receive, send)

    def admit(self, connection: HTTPConnection, method: str) -> None:
        """Set who asks; raises LoginRequired, Forbidden or RequestError for a request that is not to pass."""
        require_own_host(connection, self.settings)
        if int(connection.headers.get("content-length") or 0) > MAX_BODY:
            raise RequestError(f"a request of more than {MAX_BODY / 1e6:.0f} MB is not read")
        role = required_role(method, connection.scope["path"])
        if role is None:
            if method not in SAFE:
                require_own_origin(connection, self.settings, strict=False)
            return
        found = identify(connection, self.settings, self.store)
        if found.by_browser and method not in SAFE:
            require_own_origin(connection, self.settings, strict=not self.asks_nobody)
        found.user.require(role)
        connection.scope.setdefault("state", {})["user"] = found.user

    def refuse(self, connection: HTTPConnection, error: MonitorError) -> ASGIApp:
        """The answer to a request that is not to pass; people in a browser get the page to log in."""
        if connection.scope["type"] == "websocket":
            return WebSocketClose(1008, str(error)[:100])
        if isinstance(error, Forbidden):
            log.warning("refused: %s %s: %s", connection.scope["method"], connection.scope["path"], error)
        if isinstance(error, LoginRequired) and "text/html" in connection.headers.get("accept", ""):
            asked = connection.scope["path"]
            query = connection.scope["query_string"].decode("latin-1")
            return page(asked + (f"?{query}" if query else ""), status=401)
        answer: Response = problems.answer(error)
        return answer
