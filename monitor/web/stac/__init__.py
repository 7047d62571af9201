"""Derived products as a STAC catalog: flags and labels of every scene, as COGs."""

from monitor.web.stac.routes import router

__all__ = ["router"]
