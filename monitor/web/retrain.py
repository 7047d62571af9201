"""Fitting a reference in a worker process, watched from here."""

import tempfile
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from monitor import training
from monitor.catalog.aoi import load_area
from monitor.config import ReferenceSettings, Settings
from monitor.engine import Pool
from monitor.errors import MonitorError
from monitor.store.references import ReferenceRow
from monitor.training import Trainee
from monitor.web.tasks import Tell

LOOK_S = 0.5


@dataclass(frozen=True)
class Order:
    """What to fit, and the file in which the worker notes how far it is."""

    trainee: Trainee
    notes: Path


def fit(order: Order) -> ReferenceRow:
    """In the worker: fit, and say how far it is."""

    def tell(progress: float, step: str) -> None:
        order.notes.write_text(f"{progress} {step}", encoding="utf-8")

    return training.fit_as_configured(order.trainee, tell)


def retrain(settings: Settings, monitor: str, scene: str, k: int | None, tell: Tell) -> dict[str, Any]:
    """Fit the next version on a scene (`auto`: the clearest) and activate it; raises MonitorError as `training.fit`."""
    watched = settings.monitor(monitor)
    wanted = ReferenceSettings(scene=scene, k=k or watched.reference.k)
    trainee = Trainee(settings, watched.model_copy(update={"reference": wanted}), load_area(watched.aoi))
    tell(0.02, "starting a worker")
    with tempfile.TemporaryDirectory() as folder:
        order = Order(trainee, Path(folder) / "notes")
        row = watch(order, settings, tell)
    kept = {name: value for name, value in asdict(row).items() if name in ("monitor", "version", "scene_id", "k")}
    return kept | {"reason": row.metrics.get("reason")}


def watch(order: Order, settings: Settings, tell: Tell) -> ReferenceRow:
    """Run the order in a process, and pass on what it notes; raises its MonitorError."""
    pool: Pool[Order, ReferenceRow] = Pool(fit, settings.engine.model_copy(update={"workers": 1}))
    said = ""
    try:
        pool.start(order)
        while not (ended := pool.finished(LOOK_S)):
            with suppress(OSError):
                text = order.notes.read_text(encoding="utf-8")
                if text and text != said:
                    said = text
                    progress, _, step = text.partition(" ")
                    tell(float(progress), step)
    finally:
        pool.close()
    result = ended[0].result
    if isinstance(result, MonitorError):
        raise result
    return result
