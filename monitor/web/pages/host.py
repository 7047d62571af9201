"""Pages on the application: NiceGUI's own parts, our files, pictures, and the routers of the pages."""

import hashlib
from pathlib import Path

from fastapi import FastAPI
from nicegui import ui
from starlette.staticfiles import StaticFiles

from monitor.web.pages import alert, inbox, models, scene, scenes, status
from monitor.web.pages.media import pictures
from monitor.web.pages.tokens import style_sheet
from monitor.web.services import Services

ASSETS = Path(__file__).with_name("assets")
ASSETS_PATH = "/assets"
ROUTERS = tuple(page.router for page in (inbox, alert, scenes, scene, models, status))


def mount(app: FastAPI, services: Services) -> None:
    """Every page on the application, which NiceGUI starts and stops with it; once in a process."""
    app.mount(ASSETS_PATH, StaticFiles(directory=ASSETS), name="assets")
    app.include_router(pictures(services))
    for router in ROUTERS:
        app.include_router(router)
    ui.add_head_html(head(), shared=True)
    ui.run_with(
        app, title="Landsat monitor", favicon=ASSETS / "icon.svg", tailwind=False, show_welcome_message=False,
        language="en-US", dark=False, reconnect_timeout=30.0,
    )  # fmt: skip


def head() -> str:
    """What every page loads: the theme before anything is painted, then style and script."""
    return (
        f'<script src="{address("theme.js")}"></script>'
        f"<style>{style_sheet()}</style>"
        f'<link rel="stylesheet" href="{address("pages.css")}">'
        f'<script defer src="{address("pages.js")}"></script>'
    )


def address(name: str) -> str:
    """Where a file of ours is, with its content's hash so that a browser never keeps an old one."""
    return f"{ASSETS_PATH}/{name}?v={hashlib.sha256((ASSETS / name).read_bytes()).hexdigest()[:12]}"
