"""Find the scenes of a monitor in its catalogs."""

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from monitor.catalog.aoi import load_area
from monitor.catalog.api import PAGE_SIZE, is_api, items_by_id, search_items
from monitor.catalog.assets import local_path
from monitor.catalog.http import CatalogIO, Refused
from monitor.catalog.identity import same_scene, scene_id_of
from monitor.catalog.item import SceneItem
from monitor.catalog.parse import item_id_of, parse_item
from monitor.catalog.presets import preset_of
from monitor.catalog.query import Query, make_query
from monitor.catalog.static import ItemProblem, walk_items
from monitor.config import CatalogSettings, MonitorSettings
from monitor.errors import CatalogUnavailable, ConfigError, ItemError, MonitorError, NotFoundError

DATE_IN_ID = re.compile(r"_(\d{8})_")


@dataclass(frozen=True)
class SearchResult:
    """Scenes by time, each identity once, and what was wrong with single items.

    `catalog` is the one that answered, `unavailable` those that were tried before it, each with the reason.
    """

    items: tuple[SceneItem, ...]
    problems: tuple[ItemProblem, ...]
    catalog: str
    unavailable: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class OpenCatalog:
    """A catalog whose landing page has been read."""

    io: CatalogIO
    url: str
    landing: dict[str, Any]
    query: Query


def find_scenes(
    monitor: MonitorSettings,
    catalogs: Mapping[str, CatalogSettings],
    area: Mapping[str, Any],
    since: datetime,
    until: datetime | None = None,
    *,
    page_size: int = PAGE_SIZE,
) -> SearchResult:
    """Scenes of the monitor's collections and platforms that touch the area (GeoJSON, WGS 84) in a closed window.

    The first of the monitor's catalogs that answers is the one. Raises CatalogUnavailable when none does, or
    ConfigError when all of them are configured wrongly; the message names each and why.
    """
    query = make_query(monitor.collections, monitor.platforms, area, since, until)
    failures: dict[str, MonitorError] = {}
    for name in monitor.catalogs:
        try:
            catalog = open_catalog(name, catalogs[name], query)
            items, problems = scenes_of(catalog, page_size)
        except (CatalogUnavailable, ConfigError) as error:
            failures[name] = error
            continue
        reasons = tuple((failed, str(error)) for failed, error in failures.items())
        return SearchResult(items, problems, name, reasons)
    raise none_answered(monitor, failures)


def fetch_scene(monitor: MonitorSettings, catalogs: Mapping[str, CatalogSettings], scene_id: str) -> SceneItem:
    """One scene by its scene, item or product id, of any platform.

    Raises NotFoundError, which names close ids and where it was looked for; CatalogUnavailable if a catalog that
    could have it does not answer; ItemError if the item is malformed.
    """
    query = make_query(monitor.collections, [], load_area(monitor.aoi), *days_around(scene_id, monitor))
    failures: dict[str, MonitorError] = {}
    known: list[str] = []
    for name in monitor.catalogs:
        try:
            items, problems = candidates(open_catalog(name, catalogs[name], query), scene_id)
        except (CatalogUnavailable, ConfigError) as error:
            failures[name] = error
            continue
        for problem in problems:
            if scene_id_of(problem.item_id) == scene_id_of(scene_id):
                raise ItemError(problem.message)
        matches = [item for item in items if same_scene(scene_id, item)]
        if matches:
            return max(matches, key=lambda item: (scene_id in (item.item_id, item.product_id), item.product_id))
        known += [item.scene_id for item in items]
    if failures:
        raise none_answered(monitor, failures, f"looking for scene {scene_id}: ")
    close = difflib.get_close_matches(scene_id, known, n=3, cutoff=0.5)
    raise NotFoundError(
        f"monitor {monitor.name}: no scene {scene_id} in {', '.join(monitor.catalogs)} (collections "
        f"{', '.join(monitor.collections)}); " + (f"close are {', '.join(close)}" if close else "check the id")
    )


def open_catalog(name: str, settings: CatalogSettings, query: Query) -> OpenCatalog:
    """Read a catalog's landing page."""
    preset = preset_of(settings)
    url = local_path(preset.url)
    io = CatalogIO(name, settings.timeout.total_seconds())
    if "://" not in url and Path(url).is_dir():
        raise Refused(f"catalog {name}: {url} is a folder; name the catalog.json in it")
    return OpenCatalog(io, url, io.read_json(url), query.renamed(preset.collections))


def scenes_of(catalog: OpenCatalog, page_size: int) -> tuple[tuple[SceneItem, ...], tuple[ItemProblem, ...]]:
    """What an opened catalog has for the query."""
    query, problems = catalog.query, list[ItemProblem]()
    if is_api(catalog.landing):
        documents = search_items(catalog.io, catalog.landing, catalog.url, query, page_size)
        files: list[tuple[dict[str, Any], str | None]] = [(document, None) for document in documents]
    else:
        walk = walk_items(catalog.io, catalog.landing, catalog.url, query.collections)
        files, problems = list(walk.items), walk.problems
    return parse_all(catalog, [file for file in files if query.wants(file[0])], problems)


def candidates(catalog: OpenCatalog, scene_id: str) -> tuple[tuple[SceneItem, ...], tuple[ItemProblem, ...]]:
    """Items that may be the scene.

    Of an API those that have the id, or else, as catalogs differ in their ids, all of its days that touch the area;
    of a static catalog all of its days.
    """
    if is_api(catalog.landing):
        ids = list(dict.fromkeys([scene_id, scene_id_of(scene_id)]))
        named = items_by_id(catalog.io, catalog.landing, catalog.url, catalog.query, ids)
        if named:
            return parse_all(catalog, [(document, None) for document in named], [])
        return scenes_of(catalog, PAGE_SIZE)
    return scenes_of(replace(catalog, query=replace(catalog.query, area=None)), PAGE_SIZE)


def parse_all(
    catalog: OpenCatalog, files: Iterable[tuple[dict[str, Any], str | None]], problems: list[ItemProblem]
) -> tuple[tuple[SceneItem, ...], tuple[ItemProblem, ...]]:
    """Scenes by time, each identity once, and problems, those that were there and those of parsing."""
    scenes: dict[tuple[str, str], SceneItem] = {}
    for document, href in files:
        try:
            scene = parse_item(document, catalog.io.catalog, href)
        except ItemError as error:
            problems = [*problems, ItemProblem(item_id_of(document), str(error))]
        else:
            scenes.setdefault((scene.scene_id, scene.product_id), scene)
    ordered = sorted(scenes.values(), key=lambda scene: (scene.datetime, scene.scene_id, scene.product_id))
    return tuple(ordered), tuple(sorted(set(problems)))


def days_around(scene_id: str, monitor: MonitorSettings) -> tuple[datetime, datetime | None]:
    """The acquisition day in a scene's id, a day to either side; all days since the monitor's start without one."""
    match = DATE_IN_ID.search(scene_id)
    try:
        day = datetime.strptime(match[1], "%Y%m%d").replace(tzinfo=UTC) if match else None
    except ValueError:
        day = None
    return (monitor.start_time, None) if day is None else (day - timedelta(days=1), day + timedelta(days=2))


def none_answered(monitor: MonitorSettings, failures: Mapping[str, MonitorError], doing: str = "") -> MonitorError:
    """One error for all catalogs that failed: the only one's own, or one that names each and why."""
    kind = ConfigError if all(isinstance(error, ConfigError) for error in failures.values()) else CatalogUnavailable
    reasons = "; ".join(str(error) for error in failures.values())
    return kind(f"monitor {monitor.name}: {doing}no answer from {', '.join(failures)}: {reasons}")
