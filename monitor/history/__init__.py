"""Questions about the past: rows for commands and pages, frames and arrays for Python."""

from monitor.history.api import History, open_history

__all__ = ["History", "open_history"]
