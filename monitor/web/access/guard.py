"""Every request passes here first, whatever route it is for."""

from starlette.types import ASGIApp, Receive, Scope, Send

from monitor.config import Settings
from monitor.store import Store
from monitor.web.access.users import LOCAL


class Guard:
    """Says who asks, and turns away who may not."""

    def __init__(self, app: ASGIApp, settings: Settings, store: Store) -> None:
        self.app = app
        self.settings = settings
        self.store = store

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request pass with `request.state.user` set."""
        if scope["type"] in ("http", "websocket"):
            scope.setdefault("state", {})["user"] = LOCAL
        await self.app(scope, receive, send)
