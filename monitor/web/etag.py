"""Answers that a client has already are not sent again."""

import hashlib
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class EtagRoute(APIRoute):
    """Answers to GET carry an ETag of their content, and are 304 for a client that names it in If-None-Match."""

    def get_route_handler(self) -> Handler:
        """FastAPI's handler, with that around it."""
        handle = super().get_route_handler()

        async def tagged(request: Request) -> Response:
            response = await handle(request)
            if request.method != "GET" or response.status_code != 200 or not hasattr(response, "body"):
                return response
            tag = f'"{hashlib.sha256(response.body).hexdigest()[:32]}"'
            response.headers["ETag"] = tag
            if matches(request.headers.get("if-none-match", ""), tag):
                kept = {name: response.headers[name] for name in ("etag", "cache-control") if name in response.headers}
                return Response(status_code=304, headers=kept)
            return response

        return tagged


def matches(asked: str, tag: str) -> bool:
    """Whether If-None-Match names the tag (weakly, as RFC 9110 says)."""
    return any(part.strip().removeprefix("W/") in (tag, "*") for part in asked.split(","))
