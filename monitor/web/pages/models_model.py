"""Reference models without a browser: versions, and scenes that another one could be fitted on."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from monitor.config import Settings
from monitor.store.references import ReferenceRow, list_references
from monitor.store.scene_list import SceneFilter, filter_scenes
from monitor.store.scenes import SceneRow
from monitor.web.pages import words

MOST_CANDIDATES = 300
AUTO = "auto"


@dataclass(frozen=True)
class MonitorModels:
    """One monitor's versions, the newest first, and the scenes to choose from, the clearest first."""

    name: str
    configured: bool
    versions: tuple[ReferenceRow, ...]
    scenes: dict[str, int]
    candidates: tuple[SceneRow, ...]

    @property
    def active(self) -> ReferenceRow | None:
        """The version in use."""
        return next((row for row in self.versions if row.active), None)


def gather(session: Session, settings: Settings) -> list[MonitorModels]:
    """Every monitor that is configured or has a model."""
    rows = list_references(session)
    configured = [monitor.name for monitor in settings.monitors]
    names = [*configured, *sorted({row.monitor for row in rows} - set(configured))]
    return [
        of_monitor(session, name, [row for row in rows if row.monitor == name], name in configured) for name in names
    ]


def of_monitor(session: Session, name: str, rows: Sequence[ReferenceRow], configured: bool) -> MonitorModels:
    """One monitor."""
    scenes = filter_scenes(session, SceneFilter(name), limit=MOST_CANDIDATES)
    return MonitorModels(
        name,
        configured,
        tuple(sorted(rows, key=lambda row: -row.version)),
        {scene.scene_id: scene.pk for scene in scenes},
        tuple(sorted(scenes, key=clearness)),
    )


def clearness(scene: SceneRow) -> tuple[bool, float, float]:
    """Sorts by cloud cover as the catalog says, the unknown last, then the newest first."""
    cover = scene.cloud_cover
    return cover is None, cover or 0.0, -scene.datetime.timestamp()


def choices(models: MonitorModels) -> dict[str, str]:
    """Scenes to fit on, with how cloudy their catalog says they are."""
    found = {AUTO: "The clearest known scene"}
    for scene in models.candidates:
        cover = "cloud unknown" if scene.cloud_cover is None else f"{scene.cloud_cover:.0f} % cloud"
        found[scene.scene_id] = f"{words.day(scene.datetime)} · {cover} · {scene.scene_id}"
    return found


def known_share(row: ReferenceRow) -> str:
    """How much of the area the version knows."""
    share = row.metrics.get("known_fraction")
    return words.percent(share if isinstance(share, float) else None)
