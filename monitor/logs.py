"""The daemon's log: one line an event, for people or as JSON, with job, monitor and scene where there are any."""

import logging
import sys
from collections.abc import Mapping, MutableMapping
from typing import Any, Literal

import structlog

Form = Literal["console", "json"]


class ThisProcess:
    """The form of its log, None before `configure`, and what every line is about, in all of its threads."""

    form: Form | None = None
    about: Mapping[str, str] = {}


def configure(form: Form, *, verbose: bool = False) -> None:
    """Send everything that is logged to standard error in that form."""
    ThisProcess.form = form
    shared: list[Any] = [
        say_what_it_is_about,
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.ExtraAdder(allow=("monitor", "scene", "stamina.caused_by", "stamina.wait_for")),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    if form == "json":
        last: list[Any] = [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    else:
        last = [structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())]
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.DEBUG if verbose else logging.INFO)
    logging.getLogger("apscheduler").setLevel(logging.ERROR)
    for chatty in ("rasterio", "urllib3", "matplotlib", "numba", "alembic", "apprise"):
        logging.getLogger(chatty).setLevel(logging.WARNING)


def say_what_it_is_about(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A processor: what the whole process is at."""
    return {**ThisProcess.about, **event}
