"""What every answer says to the browser about what it may do with it."""

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from monitor.config import Settings

PAGES = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; worker-src 'self' blob:; "
    "object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'"
)
"""NiceGUI compiles its templates in the browser, which needs eval; nothing is fetched from elsewhere."""
DATA = "default-src 'none'; frame-ancestors 'none'"
DATA_PATHS = ("/api/", "/ogc", "/stac", "/tiles/", "/pictures/", "/openapi.json")
ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}


class SecurityHeaders:
    """Adds them to every answer, that of the guard included."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app = app
        self.encrypted = (settings.web.url or "").startswith("https:")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and the answer back with the headers."""

        async def add(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                data = scope["path"].startswith(DATA_PATHS)
                headers["Content-Security-Policy"] = DATA if data else PAGES
                headers.setdefault("Cache-Control", "private, no-cache")
                for name, value in ALWAYS.items():
                    headers[name] = value
                if self.encrypted:
                    headers["Strict-Transport-Security"] = "max-age=31536000"
            await send(message)

        await self.app(scope, receive, add if scope["type"] == "http" else send)
