"""Pages on the application: NiceGUI's own parts, our files, and one router of pages."""

from pathlib import Path

from fastapi import FastAPI
from nicegui import APIRouter, ui
from starlette.staticfiles import StaticFiles

from monitor.web.services import Services

ASSETS = Path(__file__).with_name("assets")
ASSETS_PATH = "/assets"


def mount(app: FastAPI, services: Services) -> None:
    """Every page on the application, which NiceGUI starts and stops with it; once in a process."""
    app.mount(ASSETS_PATH, StaticFiles(directory=ASSETS), name="assets")
    app.include_router(APIRouter())
    ui.run_with(app, title="Landsat monitor", tailwind=False, show_welcome_message=False, language="en-US")
