"""Packages that only the history in Python and some files need, with a remedy where they are missing."""

import importlib
from typing import Any

from monitor.errors import ConfigError


def require(name: str, purpose: str) -> Any:
    """A module of the extra `history`; ConfigError that says how to get it."""
    try:
        return importlib.import_module(name)
    except ImportError as error:
        package = name.partition(".")[0]
        raise ConfigError(
            f"{purpose} needs {package}, which cannot be imported ({error}); "
            "install the extra: pip install 'landsat-monitor[history]'"
        ) from error
