"""The web application: every route of the server in one place."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

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
from monitor.web.ogc import router as ogc
from monitor.web.services import Services
from monitor.web.stac import router as stac
from monitor.web.tiles.routes import router as tiles


def create_app(settings: Settings, store: Store, *, pages: bool = True) -> FastAPI:
    """The application over a store with this version's schema; without `pages` only the APIs.

    `settings.web.host` decides whether people have to log in. Pages can be mounted once in a process, because
    NiceGUI has one application.
    """
    services = Services(settings, store)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        yield
        services.close()

    app = FastAPI(title="Landsat monitor", version=__version__, docs_url=None, redoc_url=None, lifespan=lifespan)
    app.state.services = services
    problems.add_handlers(app)
    app.add_middleware(Guard, settings=settings, store=store)
    app.add_middleware(SecurityHeaders, settings=settings)
    app.include_router(login.router)
    for router in (api, ogc, stac, tiles):
        app.include_router(router)
    if pages:
        web_pages.mount(app, services)
    return app
