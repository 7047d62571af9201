import base64
import re
from collections.abc import Iterator, Sequence

import pytest
from fastapi import FastAPI, WebSocket
from fastapi.testclient import TestClient
from starlette.routing import BaseRoute, Mount, Route, WebSocketRoute
from starlette.websockets import WebSocketDisconnect

from monitor.store.access import list_tokens, revoke_token
from monitor.web.access.policy import LOGIN, LOWER, required_role
from monitor.web.access.users import Role
from monitor.web.app import create_app
from tests.web.conftest import LOCAL, REMOTE, Site

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")


@pytest.fixture
def shared(site: Site) -> Site:
    """A server that is reached over the network."""
    return site.with_web(host="0.0.0.0", url=REMOTE)


@pytest.fixture
def client(shared: Site) -> Iterator[TestClient]:
    with shared.client(base_url=REMOTE) as made:
        yield made


def bearer(site: Site, role: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {site.token(role, role)}"}


def paths_of(routes: Sequence[BaseRoute], prefix: str = "") -> Iterator[tuple[str, set[str]]]:
    """Every route below, with made-up values for its parameters, and the methods that it takes."""
    for route in routes:
        if isinstance(route, Mount):
            yield f"{prefix}{route.path}/anything", {"GET", "POST"}
            yield from paths_of(getattr(route.app, "routes", ()), prefix + route.path)
        elif isinstance(route, Route):
            yield prefix + re.sub(r"\{[^}]*\}", "1", route.path), set(route.methods or ())
        elif isinstance(route, WebSocketRoute):
            yield prefix + re.sub(r"\{[^}]*\}", "1", route.path), {"GET"}
        else:
            included = route.original_router
            yield from paths_of(included.routes, prefix + route.include_context.prefix)


def test_no_route_answers_somebody_unknown_or_of_too_low_a_role(shared: Site) -> None:
    app: FastAPI = create_app(shared.settings, shared.store)
    paths = {path for path, _ in paths_of(app.routes)}
    for known in ("/api/v1/alerts", "/ogc/collections", "/stac", "/logout", "/openapi.json", "/_nicegui_ws/anything"):
        assert known in paths
    viewer, reviewer = bearer(shared, "viewer"), bearer(shared, "reviewer")
    client = TestClient(app, base_url=REMOTE, raise_server_exceptions=False)
    for path in sorted(paths - {LOGIN}):
        for method in METHODS:
            unknown = client.request(method, path, follow_redirects=False)
            assert unknown.status_code == 401, (method, path)
            wrong = client.request(method, path, headers={"Authorization": "Bearer lm_wrong"}, follow_redirects=False)
            assert wrong.status_code == 401, (method, path)
            needed = required_role(method, path)
            for role, headers in ((Role.VIEWER, viewer), (Role.REVIEWER, reviewer)):
                if needed is not None and role < needed:
                    refused = client.request(method, path, headers=headers, follow_redirects=False)
                    assert refused.status_code == 403, (method, path, role)


def test_whatever_changes_something_needs_more_than_to_look_on(shared: Site) -> None:
    app = create_app(shared.settings, shared.store, pages=False)
    for path, methods in paths_of(app.routes):
        for method in methods - {"GET", "HEAD", "OPTIONS"}:
            if path in (LOGIN, "/logout") or path.startswith("/api/v1/history/area"):
                continue
            needed = required_role(method, path)
            assert needed is not None
            assert needed >= Role.REVIEWER, (method, path)


def test_a_path_that_no_rule_knows_is_for_admins_to_change() -> None:
    assert required_role("POST", "/some/new/route") is Role.ADMIN
    assert required_role("GET", "/some/new/route") is Role.VIEWER
    assert required_role("WEBSOCKET", "/some/new/socket") is Role.ADMIN
    assert all(prefix.startswith("/") for prefix, _ in LOWER)


@pytest.mark.parametrize(("role", "look", "review", "run"), [
    ("viewer", 200, 403, 403), ("reviewer", 200, 404, 403), ("admin", 200, 404, 404),
])  # fmt: skip
def test_roles_may_look_review_or_run(
    shared: Site, client: TestClient, role: str, look: int, review: int, run: int
) -> None:
    headers = bearer(shared, role)
    assert client.get("/api/v1/me", headers=headers).json() == {"name": role, "role": role}
    assert client.get("/api/v1/alerts", headers=headers).status_code == look
    assert client.post("/api/v1/alerts/999999/confirm", headers=headers).status_code == review
    assert client.post("/api/v1/monitors/lake/references/99/activate", headers=headers).status_code == run


def test_a_token_is_kept_as_its_hash_only_and_lets_nobody_in_once_revoked(shared: Site, client: TestClient) -> None:
    secret = shared.token("ada", "reviewer")
    headers = {"Authorization": f"Bearer {secret}"}
    assert client.get("/api/v1/me", headers=headers).status_code == 200
    basic = base64.b64encode(f"qgis:{secret}".encode()).decode()
    assert client.get("/ogc", headers={"Authorization": f"Basic {basic}"}).status_code == 200
    database = shared.settings.database.removeprefix("sqlite:///")
    for suffix in ("", "-wal"):
        with open(database + suffix, "rb") as file:  # noqa: PTH123
            assert secret.encode() not in file.read()
    with shared.store.session() as session:
        revoke_token(session, list_tokens(session)[-1].id)
    assert client.get("/api/v1/me", headers=headers).status_code == 401


def log_in(client: TestClient, secret: str, following: str = "/api/v1/me") -> int:
    form = {"token": secret, "next": following}
    return client.post(LOGIN, data=form, headers={"Origin": REMOTE}, follow_redirects=False).status_code


def test_a_browser_logs_in_with_a_token_and_out_again(shared: Site, client: TestClient) -> None:
    page = client.get("/inbox?kind=anomaly", headers={"Accept": "text/html"})
    assert page.status_code == 401
    assert 'name="token"' in page.text
    assert 'value="/inbox?kind=anomaly"' in page.text
    assert log_in(client, shared.token("ada", "reviewer")) == 303
    assert client.get("/api/v1/me").json() == {"name": "ada", "role": "reviewer"}
    cookie = next(iter(client.cookies.jar))
    assert cookie.secure
    assert cookie.has_nonstandard_attr("HttpOnly")
    assert cookie.get_nonstandard_attr("SameSite") == "lax"
    held = cookie.value
    client.post("/logout", headers={"Origin": REMOTE}, follow_redirects=False)
    client.cookies.set("monitor_session", str(held))
    assert client.get("/api/v1/me").status_code == 401


def test_revoking_a_token_ends_the_log_ins_made_with_it(shared: Site, client: TestClient) -> None:
    log_in(client, shared.token("ada", "viewer"))
    assert client.get("/api/v1/me").status_code == 200
    with shared.store.session() as session:
        revoke_token(session, list_tokens(session)[-1].id)
    assert client.get("/api/v1/me").status_code == 401


def test_another_site_cannot_act_through_a_browser_that_is_logged_in(shared: Site, client: TestClient) -> None:
    log_in(client, shared.token("ada", "admin"))
    path = "/api/v1/alerts/1/comments"
    said = {"text": "words"}
    for headers in ({"Origin": "https://evil.example"}, {"Origin": "null"}, {}, {"Sec-Fetch-Site": "cross-site"}):
        assert client.post(path, json=said, headers=headers).status_code == 403, headers
    assert client.post(path, json=said, headers={"Origin": REMOTE}).status_code == 201
    assert client.post(LOGIN, data={"token": "x"}, headers={"Origin": "https://evil.example"}).status_code == 403


def test_after_five_wrong_tokens_a_client_has_to_wait(shared: Site, client: TestClient) -> None:
    assert [log_in(client, "lm_wrong") for _ in range(6)] == [401] * 5 + [429]
    assert log_in(client, shared.token("ada", "viewer")) == 429


@pytest.mark.parametrize("following", ["https://evil.example", "//evil.example", "/\\evil.example", "/login", "x"])
def test_logging_in_leads_nowhere_else(shared: Site, client: TestClient, following: str) -> None:
    form = {"token": shared.token("ada", "viewer"), "next": following}
    answer = client.post(LOGIN, data=form, headers={"Origin": REMOTE}, follow_redirects=False)
    assert answer.headers["location"] == "/"


def test_what_is_asked_for_is_shown_on_the_log_in_page_as_text(client: TestClient) -> None:
    page = client.get('/inbox?"><script>alert(1)</script>', headers={"Accept": "text/html"})
    assert "<script>" not in page.text


def test_a_proxy_says_who_asks_and_nobody_else_does(site: Site) -> None:
    proxy = {
        "addresses": ["10.0.0.0/8"],
        "roles": {"viewer": ["*"], "reviewer": ["analysts"], "admin": ["ada@example.org"]},
    }
    behind = site.with_web(url=REMOTE, auth={"proxy": proxy})
    app = create_app(behind.settings, behind.store, pages=False)
    inside = TestClient(app, base_url=REMOTE, client=("10.1.2.3", 5000))
    outside = TestClient(app, base_url=REMOTE, client=("192.0.2.1", 5000))
    ada = {"X-Forwarded-Email": "ada@example.org"}
    assert inside.get("/api/v1/me", headers=ada).json() == {"name": "ada@example.org", "role": "admin"}
    assert outside.get("/api/v1/me", headers=ada).status_code == 401
    bob = {"X-Forwarded-Email": "bob@example.org", "X-Forwarded-Groups": "staff, analysts"}
    assert inside.get("/api/v1/me", headers=bob).json()["role"] == "reviewer"
    assert inside.get("/api/v1/me").status_code == 401


def test_somebody_the_proxy_knows_and_nobody_gave_a_role_is_refused(site: Site) -> None:
    proxy = {"addresses": ["10.0.0.0/8"], "roles": {"viewer": ["staff"]}}
    behind = site.with_web(auth={"proxy": proxy})
    app = create_app(behind.settings, behind.store, pages=False)
    inside = TestClient(app, base_url=LOCAL, client=("10.1.2.3", 5000))
    refused = inside.get("/api/v1/me", headers={"X-Forwarded-Email": "eve@example.org"})
    assert refused.status_code == 403
    assert "web.auth.proxy.roles" in refused.json()["detail"]


def test_a_server_on_loopback_asks_nobody_and_answers_to_its_own_names_only(site: Site) -> None:
    with site.client() as client:
        assert client.get("/api/v1/me").json() == {"name": "local", "role": "admin"}
        for name in ("localhost:8080", "127.0.0.1:1234", "[::1]:8080"):
            assert client.get("/api/v1/me", headers={"Host": name}).status_code == 200
        assert client.get("/api/v1/me", headers={"Host": "rebound.evil.example"}).status_code == 400
        posted = client.post(
            "/api/v1/alerts/1/comments", json={"text": "a"}, headers={"Origin": "https://evil.example"}
        )
        assert posted.status_code == 403
        assert client.post("/api/v1/alerts/1/comments", json={"text": "a"}).status_code == 201


def test_a_server_on_loopback_asks_everybody_when_it_is_told_to(site: Site) -> None:
    with site.with_web(auth={"always": True}).client() as client:
        assert client.get("/api/v1/me").status_code == 401


def test_every_answer_tells_the_browser_what_it_may_not_do(shared: Site, client: TestClient) -> None:
    for path in ("/api/v1/alerts", "/login", "/ogc"):
        headers = client.get(path).headers
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["strict-transport-security"]
        assert "no-cache" in headers["cache-control"]


def test_a_socket_is_closed_to_strangers_and_to_other_sites(shared: Site, site: Site) -> None:
    for asked, base, headers in (
        (site, LOCAL, {"Origin": "https://evil.example"}),
        (site, "http://rebound.evil.example", {}),
        (shared, REMOTE, {}),
        (shared, REMOTE, {"Authorization": "Bearer lm_wrong"}),
    ):
        app = create_app(asked.settings, asked.store, pages=False)
        app.add_api_websocket_route("/_nicegui_ws/test", say_who)
        client = TestClient(app, base_url=base)
        with pytest.raises(WebSocketDisconnect), client.websocket_connect("/_nicegui_ws/test", headers=headers):
            pass
    with client.websocket_connect("/_nicegui_ws/test", headers=bearer(shared, "viewer")) as socket:
        assert socket.receive_text() == "viewer"


async def say_who(socket: WebSocket) -> None:
    await socket.accept()
    await socket.send_text(socket.state.user.name)
    await socket.close()
