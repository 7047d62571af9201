"""/healthz, /readyz and /metrics on loopback, for whoever watches the daemon."""

import json
import logging
import threading
from collections.abc import Callable, Iterator
from datetime import datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from monitor.errors import MonitorError
from monitor.store import Store
from monitor.store.status import gather
from monitor.work import Settled

log = logging.getLogger(__name__)

Problems = Callable[[], list[str]]
"""Why something is not well; nothing when it is."""

BUCKETS_S = (0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 300, 900, 1800)


class Meters:
    """What the daemon counts by itself, and what it reads from the database when it is asked."""

    def __init__(self, store: Store) -> None:
        self.registry = CollectorRegistry()
        self.scenes = Counter(
            "monitor_scenes_settled",
            "Scenes that left work, by outcome",
            ["monitor", "outcome"],
            registry=self.registry,
        )
        self.seconds = Histogram(
            "monitor_scene_seconds", "Analysing one scene", ["monitor"], buckets=BUCKETS_S, registry=self.registry
        )
        self.stages = Histogram(
            "monitor_stage_seconds",
            "Parts of it, and storing what it gave",
            ["monitor", "stage"],
            buckets=BUCKETS_S,
            registry=self.registry,
        )
        self.registry.register(Stored(store))

    def count(self, settled: Settled) -> None:
        """A scene that left work."""
        monitor = settled.scene.monitor
        self.scenes.labels(monitor, str(settled.outcome)).inc()
        self.seconds.labels(monitor).observe(settled.seconds)
        for stage, seconds in settled.stages.items():
            self.stages.labels(monitor, stage).observe(seconds)


class Stored(Collector):
    """Metrics out of the database."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def describe(self) -> Iterator[Metric]:
        """Nothing before the first question."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        """Read the database once."""
        try:
            with self.store.session(read_only=True) as session:
                status = gather(session)
        except MonitorError as error:
            log.warning("no metrics of the database: %s", error)
            yield gauge("monitor_database_up", "Whether the database answers", [], [((), 0.0)])
            return
        now = status.moment
        each = status.monitors
        yield gauge("monitor_database_up", "Whether the database answers", [], [((), 1.0)])
        yield gauge("monitor_scenes", "Scenes by state", ["monitor", "state"],
                    [((m.name, state), count) for m in each for state, count in m.scenes.items()])  # fmt: skip
        yield gauge("monitor_queue_age_seconds", "Since when the oldest waiting scene waits", ["monitor"],
                    [((m.name,), age(now, m.waiting_since)) for m in each])  # fmt: skip
        yield gauge("monitor_catalog_lag_seconds", "Age of the newest known scene", ["monitor"],
                    [((m.name,), (now - m.newest_scene).total_seconds()) for m in each if m.newest_scene])  # fmt: skip
        yield gauge("monitor_last_scene_timestamp_seconds", "When a scene was last done", ["monitor"],
                    [((m.name,), m.last_done.timestamp()) for m in each if m.last_done])  # fmt: skip
        yield gauge("monitor_alerts", "Alerts by kind and state", ["kind", "state"], list(status.alerts.items()))
        yield gauge("monitor_messages", "Messages by state", ["state"],
                    [((state,), count) for state, count in status.messages.items()])  # fmt: skip
        yield gauge("monitor_job_last_success_timestamp_seconds", "When a job last went well", ["job"],
                    [((j.name,), j.succeeded_at.timestamp()) for j in status.jobs if j.succeeded_at])  # fmt: skip
        yield gauge("monitor_job_seconds", "How long the last run of a job took", ["job"],
                    [((job.name,), job.seconds) for job in status.jobs if job.seconds is not None])  # fmt: skip


def age(now: datetime, since: datetime | None) -> float:
    """Seconds since then, 0 when there is no such moment."""
    return 0.0 if since is None else (now - since).total_seconds()


def gauge(name: str, about: str, labels: list[str], values: list[tuple[tuple[str, ...], float]]) -> Metric:
    """One metric with its values by label."""
    family = GaugeMetricFamily(name, about, labels=labels)
    for key, value in values:
        family.add_metric(key, value)
    return family


def serve(port: int, meters: Meters, alive: Problems, ready: Problems) -> ThreadingHTTPServer | None:
    """Answer on 127.0.0.1 from a thread of its own; None when the port is taken."""

    class Handler(BaseHTTPRequestHandler):
        timeout = 10

        def do_GET(self) -> None:
            """One of three pages."""
            pages = {"/healthz": alive, "/readyz": ready}
            if self.path == "/metrics":
                self.answer(HTTPStatus.OK, "text/plain; version=0.0.4", generate_latest(meters.registry))
            elif self.path in pages:
                problems = pages[self.path]()
                status = HTTPStatus.SERVICE_UNAVAILABLE if problems else HTTPStatus.OK
                body = json.dumps({"ok": not problems, "reasons": problems}).encode()
                self.answer(status, "application/json", body)
            else:
                self.answer(HTTPStatus.NOT_FOUND, "text/plain", b"/healthz, /readyz, /metrics\n")

        def answer(self, status: HTTPStatus, kind: str, body: bytes) -> None:
            """One answer."""
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing of requests."""

    try:
        server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    except OSError as error:
        log.warning("no /healthz on port %d: %s", port, error.strerror)
        return None
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server
