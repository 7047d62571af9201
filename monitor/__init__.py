"""Change-detection monitor for Landsat 8: k-means labels, their borders, and what no longer fits."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from monitor.history import History

__version__ = "0.1.0"


def open_history(source: str | Path = "config.yaml", *, models_dir: str | Path | None = None) -> History:
    """The history behind a configuration file or a database URL, as `monitor.history.open_history`."""
    from monitor.history import open_history  # importing `monitor` itself stays light

    return open_history(source, models_dir=models_dir)
