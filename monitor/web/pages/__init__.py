"""The review pages."""

from fastapi import FastAPI

from monitor.web.services import Services


def mount(app: FastAPI, services: Services) -> None:
    """Add the pages to the application."""
