"""OGC API - Features (17-069r4): alerts and scene footprints for GIS programs."""

from monitor.web.ogc.routes import router

__all__ = ["router"]
