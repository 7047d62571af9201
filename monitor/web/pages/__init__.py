"""The review pages: inbox, alerts, scenes, models and status, in any browser."""

from monitor.web.pages.host import mount

__all__ = ["mount"]
