"""Running the web application, in the main thread or beside the daemon."""

import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn

from monitor.config import Settings
from monitor.errors import ConfigError
from monitor.store import Store
from monitor.store.access import has_tokens
from monitor.web.access.identity import is_open
from monitor.web.app import create_app

GRACE_S = 5
"""Requests that are under way when the server stops may take so long."""


class Server(uvicorn.Server):
    """Ends when it is told to, and does not raise the signal again afterwards."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """End on SIGTERM and SIGINT when this is the main thread, whose business signals are."""
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, self.handle_exit)
        yield


class WebServer:
    """The application on its address. Raises ConfigError when the address cannot be had, or nobody could log in."""

    def __init__(self, settings: Settings, store: Store, *, pages: bool = True) -> None:
        require_somebody(settings, store)
        self.listener = listen(settings.web.host, settings.web.port)
        config = uvicorn.Config(
            create_app(settings, store, pages=pages),
            log_config=None,
            log_level="warning",
            access_log=False,
            proxy_headers=False,
            server_header=False,
            timeout_graceful_shutdown=GRACE_S,
        )
        self.server = Server(config)
        self.thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        """Where it answers."""
        host, port = self.listener.getsockname()[:2]
        return f"http://{f'[{host}]' if ':' in host else host}:{port}"

    def run(self) -> None:
        """Answer until a signal says to stop."""
        self.server.run(sockets=[self.listener])

    def start(self) -> None:
        """Answer from a thread of its own."""
        self.thread = threading.Thread(target=self.run, name="web", daemon=True)
        self.thread.start()

    def stop(self) -> None:
        """End what `start` began."""
        self.server.should_exit = True
        if self.thread is not None:
            self.thread.join(GRACE_S + 5)


def require_somebody(settings: Settings, store: Store) -> None:
    """ConfigError when people have to log in and nobody can."""
    if is_open(settings) or settings.web.auth.proxy is not None:
        return
    with store.session(read_only=True) as session:
        if not has_tokens(session):
            raise ConfigError(
                f"on {settings.web.host} people have to log in, and nobody has a token yet; make one with "
                "`monitor tokens create NAME --role admin`, or set up `web.auth.proxy`"
            )


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; raises ConfigError that says why there is none."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=128)
    except OSError as error:
        raise ConfigError(
            f"cannot listen on {host} port {port}: {error.strerror or error}; choose another `web.host` or `web.port`"
        ) from error
