"""The log-in page: a token for a cookie."""

import logging
from html import escape
from typing import Annotated
from urllib.parse import parse_qs

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from monitor.errors import RequestError
from monitor.store import access
from monitor.web.access.identity import COOKIE
from monitor.web.access.policy import LOGIN, LOGOUT
from monitor.web.services import Served

log = logging.getLogger(__name__)
router = APIRouter(include_in_schema=False)

MAX_FORM = 4000

PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Log in - Landsat monitor</title>
<style>
:root {{ color-scheme: light dark; }}
body {{ font: 16px/1.5 system-ui, sans-serif; margin: 0; display: grid; place-items: center; min-height: 100vh; }}
main {{ width: min(24rem, calc(100vw - 3rem)); }}
h1 {{ font-size: 1.4rem; }}
label {{ display: block; margin: 1.2rem 0 .3rem; }}
input, button {{ font: inherit; padding: .6rem; width: 100%; box-sizing: border-box; }}
button {{ margin-top: 1rem; background: #0072b2; color: #fff; border: 0; border-radius: 4px; cursor: pointer; }}
.error {{ border-left: 4px solid #d55e00; padding-left: .8rem; }}
</style></head>
<body><main><h1>Landsat monitor</h1>{message}
<form method="post" action="/login">
<input type="hidden" name="next" value="{following}">
<label for="token">Access token</label>
<input id="token" name="token" type="password" autocomplete="current-password" required autofocus>
<button>Log in</button>
</form>
<p>An admin makes tokens with <code>monitor tokens create NAME</code>.</p>
</main></body></html>
"""


def page(following: str, message: str = "", status: int = 200) -> HTMLResponse:
    """The form; `following` is where to go afterwards."""
    said = f'<p class="error" role="alert">{escape(message)}</p>' if message else ""
    return HTMLResponse(PAGE.format(message=said, following=escape(local_path(following))), status)


def local_path(asked: str) -> str:
    """A path of this server, the front page for anything else."""
    fine = asked.startswith("/") and not asked.startswith(("//", "/\\")) and asked.isprintable()
    return asked if fine and not asked.startswith((LOGIN, LOGOUT)) else "/"


@router.get(LOGIN)
def show(following: str = "/") -> HTMLResponse:
    """The page to log in."""
    return page(following)


async def form_of(request: Request) -> dict[str, str]:
    """The fields of a submitted form; RequestError for one that is too long."""
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > MAX_FORM:
            raise RequestError("this is no log-in form")
    return {key: values[0] for key, values in parse_qs(body.decode("utf-8", "replace")).items()}


@router.post(LOGIN)
def log_in(
    request: Request,
    form: Annotated[dict[str, str], Depends(form_of)],
    services: Served,
) -> Response:
    """Take a token, give a cookie."""
    client = request.client.host if request.client else ""
    services.tries.check(client)
    with services.reading() as session:
        token = access.find_token(session, form.get("token", "").strip())
    if token is None:
        services.tries.count(client)
        log.warning("a wrong token from %s", client)
        return page(form.get("next", "/"), "This token lets nobody in: it is unknown, over or revoked.", 401)
    lifetime = services.settings.web.auth.session
    with services.writing() as session:
        secret = access.log_in(session, token.id, lifetime)
    log.info("%s logged in from %s", token.name, client)
    answer = RedirectResponse(local_path(form.get("next", "/")), 303)
    secure = (services.settings.web.url or str(request.url)).startswith("https:")
    answer.set_cookie(
        COOKIE, secret, max_age=int(lifetime.total_seconds()), httponly=True, samesite="lax", secure=secure
    )
    return answer


@router.post(LOGOUT)
def log_out(request: Request, services: Served) -> Response:
    """Forget the log-in."""
    with services.writing() as session:
        access.log_out(session, request.cookies.get(COOKIE, ""))
    answer = RedirectResponse(LOGIN, 303)
    answer.delete_cookie(COOKIE)
    return answer
