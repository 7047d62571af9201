"""/api/v1/scenes: every acquisition and what it gave."""

from enum import StrEnum
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from sqlalchemy import select

from monitor.store import queue
from monitor.store.history import findings_of, label_stats_of, metrics_of, sweeps_of
from monitor.store.scene_list import SceneFilter, count_scenes, page_of_scenes
from monitor.store.scenes import find_scene, footprint_of
from monitor.store.tables import LabelMap, SceneState
from monitor.web.api import models
from monitor.web.etag import EtagRoute
from monitor.web.params import BoxOrNone, CursorText, Limit, Moment, MonitorName, SceneName
from monitor.web.services import Served

router = APIRouter(prefix="/scenes", tags=["scenes"], route_class=EtagRoute)


class MapKind(StrEnum):
    """Which k-means labels are of."""

    REFERENCE = "reference"
    SWEEP = "sweep"


def filter_of(
    bbox: BoxOrNone,
    monitor: MonitorName | None = None,
    state: Annotated[list[SceneState] | None, Query(description="Any of these.")] = None,
    since: Annotated[Moment | None, Query(description="Acquired at or after; UTC without a zone.")] = None,
    until: Annotated[Moment | None, Query(description="Acquired before.")] = None,
    max_cloud_cover: Annotated[float | None, Query(ge=0, le=100, description="Percent, as the catalog says.")] = None,
) -> SceneFilter:
    """Which scenes: every condition that is given holds."""
    return SceneFilter(monitor, tuple(state or ()), since, until, bbox, max_cloud_cover)


Wanted = Annotated[SceneFilter, Depends(filter_of)]


@router.get("")
def list_scenes(
    services: Served,
    wanted: Wanted,
    limit: Limit = 50,
    cursor: CursorText = None,
    total: Annotated[bool, Query(description="Count them all.")] = False,
) -> models.Listing[models.Scene]:
    """Scenes page by page, the newest first."""
    with services.reading() as session:
        page = page_of_scenes(session, wanted, limit=limit, cursor=cursor)
        count = count_scenes(session, wanted) if total else None
    return models.Listing(items=[models.Scene.model_validate(row) for row in page.rows], next=page.next, total=count)


@router.get("/{monitor}/{scene_id}")
def show(services: Served, monitor: MonitorName, scene_id: SceneName) -> models.SceneDetail:
    """One scene, by its scene or product id; of several products the newest done one."""
    with services.reading() as session:
        row = find_scene(session, scene_id, monitor)
        maps = session.scalars(select(LabelMap.kind).where(LabelMap.scene_id == row.pk).order_by(LabelMap.kind))
        return models.SceneDetail(
            **models.Scene.model_validate(row).model_dump(),
            footprint=footprint_of(session, row.pk),
            metrics=metrics_of(session, row.pk),
            maps=list(maps),
        )


@router.get("/{monitor}/{scene_id}/metrics")
def metrics(services: Served, monitor: MonitorName, scene_id: SceneName) -> dict[str, float | None]:
    """The scene's figures by name."""
    with services.reading() as session:
        return metrics_of(session, find_scene(session, scene_id, monitor).pk)


@router.get("/{monitor}/{scene_id}/sweeps")
def sweeps(services: Served, monitor: MonitorName, scene_id: SceneName) -> list[models.Sweep]:
    """Inertia and silhouette for every k."""
    with services.reading() as session:
        rows = sweeps_of(session, find_scene(session, scene_id, monitor).pk)
    return [models.Sweep.model_validate(row) for row in rows]


@router.get("/{monitor}/{scene_id}/labels")
def labels(
    services: Served, monitor: MonitorName, scene_id: SceneName, kind: MapKind = MapKind.REFERENCE
) -> list[models.LabelStats]:
    """Size and spectral values of every label of one of the scene's maps."""
    with services.reading() as session:
        stats = label_stats_of(session, find_scene(session, scene_id, monitor).pk, kind)
    return [models.LabelStats.of(row) for row in stats]


@router.get("/{monitor}/{scene_id}/findings")
def findings(services: Served, monitor: MonitorName, scene_id: SceneName) -> list[models.Finding]:
    """Every object that was found in the scene."""
    with services.reading() as session:
        rows = findings_of(session, find_scene(session, scene_id, monitor).pk)
    return [models.Finding.model_validate(row) for row in rows]


@router.post("/{monitor}/{scene_id}/retry")
def retry(services: Served, monitor: MonitorName, scene_id: SceneName) -> models.Scene:
    """Put a scene that failed, was skipped or is in quarantine back into the queue, with all its attempts."""
    with services.writing() as session:
        return models.Scene.model_validate(queue.try_again(session, find_scene(session, scene_id, monitor).pk))
