"""The web application: every route of the server in one place."""

from fastapi import FastAPI

from monitor import __version__
from monitor.config import Settings
from monitor.store import Store
from monitor.web import pages as web_pages
from monitor.web import problems
from monitor.web.access import login
from monitor.web.access.guard import Guard
from monitor.web.access.headers import SecurityHeaders
from monitor.web.api import router as api
from monitor.web.services import Services


def create_app(settings: Settings, store: Store, *, pages: bool = True) -> FastAPI:
    """The application over a store with this version's schema; without `pages` only the APIs.

    `settings.web.host` decides whether people have to log in. Pages can be mounted once in a process, because
    NiceGUI has one application.
    """
    app = FastAPI(title="Landsat monitor", version=__version__, docs_url=None, redoc_url=None)
    app.state.services = services = Services(settings, store)
    problems.add_handlers(app)
    app.add_middleware(Guard, settings=settings, store=store)
    app.add_middleware(SecurityHeaders, settings=settings)
    app.include_router(login.router)
    app.include_router(api)
    if pages:
        web_pages.mount(app, services)
    return app
