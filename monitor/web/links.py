"""Absolute addresses of this server's own routes."""

from typing import Any

from fastapi import Request

from monitor.web.services import services_of


def base_url(request: Request) -> str:
    """Under which the client reaches the server, without a slash at the end."""
    return services_of(request).settings.web.url or str(request.base_url).rstrip("/")


def link(request: Request, path: str, rel: str, kind: str, title: str | None = None) -> dict[str, Any]:
    """A link to a path of this server."""
    made = {"rel": rel, "href": base_url(request) + path, "type": kind}
    return made if title is None else made | {"title": title}
