"""The process behind tests/servers.py: files with ranges, or a STAC API of fixed pages, with faults on request.

    python tests/serving.py folder PATH
    python tests/serving.py pages FILE      a JSON file {"pages": [...], "collections": [...]}

The first line it prints is its URL. A process of its own, because GDAL may hold the interpreter's lock while it
waits for an answer.
"""

import json
import random
import socket
import sys
from pathlib import Path
from typing import Any

import anyio
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

CONTROL = "/_control"


class Misbehaving:
    """Notes every request, and answers with a fault while one is waiting for that path."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.faults: list[dict[str, Any]] = []
        self.requests: list[str] = []
        self.share = 0.0
        self.luck = random.Random(1)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        if scope["path"] == CONTROL:
            await (await self.control(Request(scope, receive)))(scope, receive, send)
            return
        self.requests.append(f"{scope['method']} {scope['path']}")
        if self.share and self.luck.random() < self.share:
            await self.misbehave(scope, receive, send)
            return
        fault = next((fault for fault in self.faults if fault["path"] in scope["path"]), None)
        if fault is None:
            await self.app(scope, receive, send)
            return
        self.faults.remove(fault)
        await anyio.sleep(fault["delay_s"])
        await Response(fault["body"], fault["status"], fault["headers"])(scope, receive, send)

    async def misbehave(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One of the ways in which a server fails."""
        way = self.luck.choice(["403", "429", "503", "stall", "html", "cut", "zeros", "short"])
        if way.isdigit():
            headers = {"Retry-After": "1"} if way == "429" else {}
            await Response("not now", int(way), headers)(scope, receive, send)
        elif way == "stall":
            await anyio.sleep(2.5)
        elif way == "html":
            await Response("<html><body>Please log in</body></html>", 200, {"Content-Type": "text/html"})(
                scope, receive, send
            )
        else:
            await self.app(scope, receive, spoiled(way, send))

    async def control(self, request: Request) -> Response:
        if request.method == "POST":
            asked = await request.json()
            if isinstance(asked, dict):
                self.share = asked["share"]
            else:
                self.faults += asked
        return JSONResponse({"requests": self.requests, "faults": len(self.faults)})


def spoiled(way: str, send: Send) -> Send:
    """A sender that cuts an answer in the middle, fills it with zeros, or makes it a complete but shorter one."""

    async def spoil(message: Message) -> None:
        if message["type"] == "http.response.start" and way == "short":
            headers = [(name, value) for name, value in message["headers"] if name != b"content-length"]
            message = message | {"headers": headers}
        elif message["type"] == "http.response.body":
            body = message.get("body", b"")
            body = bytes(len(body)) if way == "zeros" else body[: len(body) // 2]
            message = message | {"body": body}
        await send(message)

    return spoil


def pages_app(url: str, pages: list[Any], collections: list[str]) -> ASGIApp:
    """A landing page, collections, and a /search that answers with the given pages in turn.

    A page is a list of features, which gets a `next` link while there are more pages, or anything else as it is.
    """

    async def landing(request: Request) -> Response:
        links = [
            {"rel": "self", "href": f"{url}/"},
            {"rel": "data", "href": f"{url}/collections"},
            {"rel": "search", "href": f"{url}/search", "method": "GET"},
            {"rel": "search", "href": f"{url}/search", "method": "POST"},
        ]
        conforms = ["https://api.stacspec.org/v1.0.0/core", "https://api.stacspec.org/v1.0.0/item-search"]
        about = {"type": "Catalog", "stac_version": "1.0.0", "id": "pages", "description": "Fixed pages."}
        return JSONResponse(about | {"conformsTo": conforms, "links": links})

    async def collection(request: Request) -> Response:
        name = request.path_params["name"]
        return JSONResponse({"type": "Collection", "id": name}, 200 if name in collections else 404)

    async def search(request: Request) -> Response:
        number = int(request.query_params.get("page", 0))
        page = pages[number]
        if not isinstance(page, list):
            return JSONResponse(page)
        following = {"rel": "next", "method": "GET", "href": f"{url}/search?page={number + 1}"}
        links = [following] if number + 1 < len(pages) else []
        return JSONResponse({"type": "FeatureCollection", "features": page, "links": links})

    return Starlette(
        routes=[
            Route("/", landing),
            Route("/collections/{name}", collection),
            Route("/search", search, methods=["GET", "POST"]),
        ]
    )


def main(kind: str, path: Path) -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    if kind == "folder":
        app: ASGIApp = Starlette(routes=[Mount("/", StaticFiles(directory=path))])
    else:
        app = pages_app(url, **json.loads(path.read_text(encoding="utf-8")))
    print(url, flush=True)
    config = uvicorn.Config(Misbehaving(app), log_level="error", lifespan="off", ws="none")
    uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
