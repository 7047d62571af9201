"""/tiles: XYZ tiles in Web Mercator of the layers of one scene."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Annotated, Any

import numpy as np
from fastapi import APIRouter, Path, Query, Request, Response
from sqlalchemy.orm import Session

from monitor.clustering.files import CARD, check
from monitor.errors import NotFoundError, ReferenceModelError, RequestError
from monitor.pipeline import ModelFile
from monitor.plots import FLAG_TABLE
from monitor.snapshot import PREFERRED
from monitor.spectrum import BANDS
from monitor.store.references import get_reference
from monitor.store.results import FLAGS
from monitor.store.scenes import SceneRow, find_scene, item_of
from monitor.training import model_file
from monitor.web.cogs import version_of
from monitor.web.etag import matches
from monitor.web.links import base_url
from monitor.web.params import MonitorName, SceneName
from monitor.web.problems import PROBLEMS
from monitor.web.services import Served, Services
from monitor.web.tiles import drawing
from monitor.web.tiles.drawing import Tile

router = APIRouter(prefix="/tiles", tags=["tiles"], responses=PROBLEMS)

MOST_ZOOM = 20
KEPT = "private, max-age=3600"


class Layer(StrEnum):
    """What a tile shows: the scene, its reference's clear scene, or one of its maps."""

    COMPOSITE = "composite"
    REFERENCE = "reference"
    FLAGS = "flags"
    LABELS = "labels"
    SWEEP = "sweep"


MAPS = {Layer.FLAGS: FLAGS, Layer.LABELS: "reference", Layer.SWEEP: "sweep"}
BandList = Annotated[
    str | None,
    Query(max_length=100, description="Three bands for red, green and blue, such as swir22,nir08,red."),
]
Zoom = Annotated[int, Path(ge=0, le=MOST_ZOOM)]
Number = Annotated[int, Path(ge=0, lt=2**MOST_ZOOM)]


@dataclass(frozen=True)
class Model:
    """Where a reference model is, and its bands."""

    file: ModelFile
    bands: tuple[str, ...]


@router.get("/{monitor}/{scene_id}/{layer}/tilejson.json")
def tilejson(
    request: Request, services: Served, monitor: MonitorName, scene_id: SceneName, layer: Layer, bands: BandList = None
) -> dict[str, Any]:
    """Where the tiles of a layer are (TileJSON 3.0)."""
    with services.reading() as session:
        row = find_scene(session, scene_id, monitor)
    chosen = bands_of(bands)
    query = f"?bands={','.join(chosen)}" if chosen else ""
    west, south, east, north = row.bbox
    return {
        "tilejson": "3.0.0",
        "name": f"{row.scene_id} {layer}",
        "tiles": [f"{base_url(request)}/tiles/{monitor}/{row.scene_id}/{layer}/{{z}}/{{x}}/{{y}}.png{query}"],
        "bounds": [west, south, east, north],
        "minzoom": 0,
        "maxzoom": 15,
    }


@router.get("/{monitor}/{scene_id}/{layer}/{z}/{x}/{y}.png", response_class=Response)
def tile(
    request: Request,
    services: Served,
    monitor: MonitorName,
    scene_id: SceneName,
    layer: Layer,
    z: Zoom,
    x: Number,
    y: Number,
    bands: BandList = None,
) -> Response:
    """One tile, PNG; transparent where the layer has nothing."""
    if x >= 2**z or y >= 2**z:
        raise RequestError(f"there is no tile {x}, {y} at zoom {z}")
    wanted, chosen = Tile(x, y, z), bands_of(bands)
    with services.reading() as session:
        row = find_scene(session, scene_id, monitor)
        name = repr((row.pk, version_of(row), row.reference_version, layer, chosen, wanted))
        tag = f'"{hashlib.sha256(name.encode()).hexdigest()[:32]}"'
        headers = {"ETag": tag, "Cache-Control": KEPT}
        if matches(request.headers.get("if-none-match", ""), tag):
            return Response(status_code=304, headers=headers)
        content = services.tiles.get(name)
        draw = painter(session, services, row, layer, chosen, wanted) if content is None else None
    if content is None and draw is not None:
        with services.tiles.making:
            content = draw() or drawing.nothing()
        services.tiles.put(name, content)
    return Response(content, media_type="image/png", headers=headers)


def painter(
    session: Session, services: Services, row: SceneRow, layer: Layer, bands: tuple[str, ...], wanted: Tile
) -> Callable[[], bytes | None]:
    """How the tile is drawn, once the database is not needed any more; raises NotFoundError."""
    if layer in MAPS:
        path = services.cogs.path(session, row, MAPS[layer])
        colours = FLAG_TABLE if layer is Layer.FLAGS else None
        return lambda: drawing.draw_classes(path, wanted, colours)
    model = model_of(session, services, row)
    chosen = bands or next((names for names in PREFERRED if set(names) <= set(model.bands)), model.bands[:3])
    folder, sha256 = model.file.folder, model.file.sha256
    flat = drawing.contrast(folder, sha256, model.bands, contrast_bands(chosen, model.bands))
    limits = np.array(flat, np.float32).reshape(3, 2)
    if layer is Layer.REFERENCE:
        return lambda: drawing.draw_reference(folder, model.bands, chosen, limits, wanted)
    item, catalog = item_of(session, row.pk), services.settings.catalogs.get(row.catalog)
    return lambda: drawing.draw_composite(item, catalog, chosen, limits, wanted)


def bands_of(text: str | None) -> tuple[str, ...]:
    """Three band names, or none for the default; RequestError for anything else."""
    if text is None:
        return ()
    names = tuple(text.split(","))
    if len(names) != 3 or not set(names) <= set(BANDS):
        raise RequestError(f"bands {text!r} are not three of {', '.join(BANDS)}")
    return names


def contrast_bands(chosen: tuple[str, ...], known: tuple[str, ...]) -> tuple[str, ...]:
    """The bands that contrast is taken from: a band that the reference has not looks like its first one."""
    return tuple(band if band in known else known[0] for band in chosen)


def model_of(session: Session, services: Services, row: SceneRow) -> Model:
    """The reference that a scene was compared with; NotFoundError for one that was not processed."""
    if row.reference_version is None:
        raise NotFoundError(f"scene {row.scene_id} is {row.state}; it was not compared with a reference yet")
    file = model_file(services.settings, get_reference(session, row.monitor_id, row.reference_version))
    return Model(file, bands_in(file))


@lru_cache(maxsize=64)
def bands_in(file: ModelFile) -> tuple[str, ...]:
    """The bands of a model, from its card."""
    try:
        check(file.folder / CARD, file.sha256)
        return tuple(json.loads((file.folder / CARD).read_text(encoding="utf-8"))["bands"])
    except (OSError, ValueError, KeyError) as error:
        raise ReferenceModelError(f"reference model {file.folder}: {error}; activate or fit another one") from error
