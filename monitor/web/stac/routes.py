"""/stac: the catalog, and the rasters it speaks of."""

from typing import Annotated, Any, Literal
from urllib.parse import quote

from fastapi import APIRouter, Path, Request
from fastapi.responses import FileResponse, JSONResponse
from sqlalchemy import extract, func, select
from sqlalchemy.orm import Session

from monitor.catalog.presets import preset_of
from monitor.config import Settings
from monitor.detection.result import Flag
from monitor.errors import NotFoundError
from monitor.plots import FLAG_TABLE, label_table
from monitor.rasters import grid_of, mean_spectra
from monitor.store.monitors import find_monitor, monitor_names
from monitor.store.results import FLAGS
from monitor.store.scenes import SceneRow, find_scene, footprint_of, item_of
from monitor.store.tables import LabelMap, Scene, SceneState
from monitor.web.etag import EtagRoute
from monitor.web.links import base_url
from monitor.web.params import MonitorName, SceneName
from monitor.web.problems import PROBLEMS
from monitor.web.services import Served
from monitor.web.stac import documents

router = APIRouter(prefix="/stac", tags=["STAC"], route_class=EtagRoute, responses=PROBLEMS)

Year = Annotated[int, Path(ge=1972, le=9999)]
KINDS = {"flags": FLAGS, "labels": "reference", "sweep": "sweep"}


def url_of(request: Request) -> documents.Url:
    """Addresses as this client reaches them."""
    base = base_url(request)
    return lambda path: base + quote(path)


@router.get("/", include_in_schema=False)
@router.get("")
def root(request: Request, services: Served) -> dict[str, Any]:
    """The catalog: a child for every monitor."""
    with services.reading() as session:
        return documents.catalog(url_of(request), monitor_names(session))


@router.get("/{monitor}")
def show_collection(request: Request, services: Served, monitor: MonitorName) -> dict[str, Any]:
    """The collection of a monitor: a child for every year with products."""
    with services.reading() as session:
        mine = (Scene.monitor_id == find_monitor(session, monitor), Scene.state == SceneState.DONE)
        sides = (func.min(Scene.west), func.min(Scene.south), func.max(Scene.east), func.max(Scene.north))
        *box, first, last = session.execute(
            select(*sides, func.min(Scene.datetime), func.max(Scene.datetime)).where(*mine)
        ).one()
        years = session.scalars(select(extract("year", Scene.datetime)).where(*mine).distinct())
        found = None if box[0] is None else (box[0], box[1], box[2], box[3])
        return documents.collection(url_of(request), monitor, found, (first, last), sorted(int(y) for y in years))


@router.get("/{monitor}/{year}")
def show_year(request: Request, services: Served, monitor: MonitorName, year: Year) -> dict[str, Any]:
    """The scenes of one year."""
    with services.reading() as session:
        query = select(Scene.scene_id, Scene.datetime).where(
            Scene.monitor_id == find_monitor(session, monitor),
            Scene.state == SceneState.DONE,
            extract("year", Scene.datetime) == year,
        )
        scenes = [(name, moment) for name, moment in session.execute(query.order_by(Scene.datetime))]
    return documents.year_catalog(url_of(request), monitor, year, scenes)


@router.get("/{monitor}/items/{scene_id}")
def show_item(request: Request, services: Served, monitor: MonitorName, scene_id: SceneName) -> JSONResponse:
    """The products of one scene."""
    with services.reading() as session:
        row = done_scene(session, monitor, scene_id)
        kinds = session.scalars(select(LabelMap.kind).where(LabelMap.scene_id == row.pk)).all()
        product = documents.Product(
            row,
            footprint_of(session, row.pk),
            grid_of(session, row),
            {kind: colours_of(session, row, kind) for kind in KINDS.values() if kind in kinds},
            source_of(session, services.settings, row),
        )
    return JSONResponse(documents.item(url_of(request), product), media_type=documents.GEOJSON)


@router.head("/{monitor}/items/{scene_id}/{name}.tif", response_class=FileResponse, include_in_schema=False)
@router.get("/{monitor}/items/{scene_id}/{name}.tif", response_class=FileResponse)
def download(
    services: Served, monitor: MonitorName, scene_id: SceneName, name: Literal["flags", "labels", "sweep"]
) -> FileResponse:
    """A map of a scene as a COG; ranges of it can be asked for."""
    with services.reading() as session:
        row = done_scene(session, monitor, scene_id)
        path = services.cogs.path(session, row, KINDS[name])
    return FileResponse(path, media_type=documents.COG, filename=f"{row.scene_id}_{name}.tif")


def done_scene(session: Session, monitor: str, scene_id: str) -> SceneRow:
    """A scene that has products; raises NotFoundError."""
    row = find_scene(session, scene_id, monitor)
    if row.state is not SceneState.DONE:
        raise NotFoundError(f"scene {row.scene_id} is {row.state}; it has no products")
    return row


def colours_of(session: Session, row: SceneRow, kind: str) -> dict[int, tuple[int, int, int, int]]:
    """The colour table of a map, as in its file, without reading the map."""
    if kind == FLAGS:
        return FLAG_TABLE
    centroids = session.scalar(select(LabelMap.centroids).where(LabelMap.scene_id == row.pk, LabelMap.kind == kind))
    k = len(centroids or ())
    spectra, bands = mean_spectra(session, row.pk, kind, k)
    return {value: colour for value, colour in label_table(k, spectra, bands).items() if value != Flag.NO_ANSWER}


def source_of(session: Session, settings: Settings, row: SceneRow) -> str | None:
    """The item that the scene came from, where its catalog is an API that is configured."""
    catalog = settings.catalogs.get(row.catalog)
    if catalog is None:
        return None
    root = (catalog.url or preset_of(catalog).url or "").rstrip("/")
    if not root.startswith("http") or root.endswith(".json") or "@" in root or "?" in root:
        return None
    return f"{root}/collections/{row.collection}/items/{item_of(session, row.pk).item_id}"
