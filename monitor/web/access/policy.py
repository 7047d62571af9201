"""Which role a request needs. What no rule is about is refused to all but admins, so that a new route is safe."""

from monitor.web.access.users import Role

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
LOGIN, LOGOUT = "/login", "/logout"

LOWER: tuple[tuple[str, Role], ...] = (
    (LOGOUT, Role.VIEWER),
    ("/_nicegui", Role.VIEWER),
    ("/_nicegui_ws", Role.VIEWER),
    ("/api/v1/history/area", Role.VIEWER),
    ("/api/v1/alerts", Role.REVIEWER),
)
"""Paths below which a request that changes something, or is asked by POST, needs less than an admin.

What people do on pages comes through NiceGUI's socket; the pages ask `User.require` before they do it.
"""


def required_role(method: str, path: str) -> Role | None:
    """The least role for a request; None for the log-in page, which is for everybody."""
    if path == LOGIN:
        return None
    if method in SAFE:
        return Role.VIEWER
    return next((role for prefix, role in LOWER if path == prefix or path.startswith(prefix + "/")), Role.ADMIN)
