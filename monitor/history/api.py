"""The history in Python: the words of `monitor history`, answered with frames and arrays."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from sqlalchemy import select
from sqlalchemy.orm import Session

from monitor.catalog.aoi import load_area
from monitor.catalog.item import BBox
from monitor.config_file import load_settings
from monitor.detection.result import Flag, Kind
from monitor.errors import QueryError, StoreError
from monitor.history import frames
from monitor.history.extra import require
from monitor.history.place import Span, area_records, monitor_grid, pixel_records
from monitor.history.records import label_records, metric_records, scene_records, sweep_records
from monitor.store import Store, open_store
from monitor.store.alerts import AlertFilter, list_alerts
from monitor.store.maps import load_map
from monitor.store.monitors import monitor_names
from monitor.store.results import FLAGS
from monitor.store.scene_list import SceneFilter
from monitor.store.scenes import find_scene
from monitor.store.tables import AlertState, Scene, SceneState

if TYPE_CHECKING:
    import geopandas
    import pandas
    import xarray

Moment = datetime | date | str | None
"""A time; without a zone it is UTC, a string is ISO 8601."""


def open_history(source: str | Path = "config.yaml", *, models_dir: str | Path | None = None) -> History:
    """The history in a configuration's database, or in the database of a URL (sqlite:/// or postgresql://).

    `models_dir` says where reference models lie when `source` is a URL; without it reference labels come from the
    database where it has them. Raises ConfigError for a configuration or URL that is wrong, or without the packages
    of the extra `history`; StoreError when the database has no tables of this version.
    """
    require("pandas", "the history in Python")
    text = str(source)
    if "://" in text:
        return History(open_store(text), None if models_dir is None else Path(models_dir))
    settings = load_settings(Path(text))
    return History(open_store(settings.database), Path(models_dir) if models_dir else settings.models_dir)


class History:
    """What was found, over time. Nothing is written. Times are UTC, geometries WGS 84, areas square metres."""

    def __init__(self, store: Store, models_dir: Path | None) -> None:
        if store.is_empty():
            raise StoreError("nothing is stored yet; `monitor scan` fills the database")
        store.require_schema()
        self.store = store
        self.models_dir = models_dir

    def __repr__(self) -> str:
        return f"<History in {self.store!r}>"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Give back the connections to the database."""
        self.store.close()

    def monitors(self) -> list[str]:
        """Names of all monitors."""
        with self.reading() as session:
            return monitor_names(session)

    def scenes(
        self, monitor: str | None = None, *, since: Moment = None, until: Moment = None, state: str | None = None
    ) -> geopandas.GeoDataFrame:
        """One row a scene by date: id, state, shares of cloud, shadow and anomaly; footprints as geometry."""
        wanted = scene_filter(monitor, since, until, state)
        with self.reading() as session:
            records = scene_records(session, wanted)
            outlines = session.scalars(wanted.of(select(Scene.footprint)).order_by(Scene.datetime, Scene.id)).all()
        for record in records:
            record.pop("bbox")
        return frames.geo_frame(records, list(outlines))

    def metrics(
        self, monitor: str | None = None, *, names: Sequence[str] = (), since: Moment = None, until: Moment = None
    ) -> pandas.DataFrame:
        """One row a scene by date, one column a metric."""
        with self.reading() as session:
            return frames.frame(metric_records(session, scene_filter(monitor, since, until), names))

    def sweeps(self, scene: str | None = None, monitor: str | None = None) -> pandas.DataFrame:
        """One row a scene and k: inertia, silhouette, whether it was chosen and why."""
        with self.reading() as session:
            return frames.frame(sweep_records(session, SceneFilter(monitor), self.number_of(session, scene, monitor)))

    def labels(
        self, scene: str | None = None, monitor: str | None = None, *, kind: str = "reference"
    ) -> pandas.DataFrame:
        """One row a scene, label and band: pixels, area, mean, std, quantiles and unique values of the reflectance.

        `kind` is reference (labels by the reference model) or sweep (the scene's own k-means).
        """
        with self.reading() as session:
            number = self.number_of(session, scene, monitor)
            return frames.frame(label_records(session, SceneFilter(monitor), number, kind))

    def alerts(
        self,
        monitor: str | None = None,
        *,
        kind: str | None = None,
        state: str | None = None,
        since: Moment = None,
        until: Moment = None,
        bbox: BBox | None = None,
        min_score: float | None = None,
    ) -> geopandas.GeoDataFrame:
        """Alerts, the last seen first, with their outlines as geometry."""
        wanted = AlertFilter(
            monitor,
            (choice(Kind, kind),) if kind else (),
            (choice(AlertState, state),) if state else (),
            moment(since),
            moment(until),
            bbox,
            min_score,
        )
        with self.reading() as session:
            found = list_alerts(session, wanted)
        return frames.alert_frame(found)

    def pixel(
        self, monitor: str, lon: float, lat: float, *, since: Moment = None, until: Moment = None
    ) -> pandas.DataFrame:
        """One row a scene by date: label, reference label, flag and spectral distance of the pixel at a place."""
        span = Span(moment(since), moment(until))
        with self.reading() as session:
            return frames.frame(pixel_records(session, self.models_dir, monitor, lon, lat, span), frames.PIXEL_TYPES)

    def area(self, monitor: str, geometry: object, *, since: Moment = None, until: Moment = None) -> pandas.DataFrame:
        """One row a scene, label and flag: pixels, area and share of an outline.

        `geometry` is a GeoJSON file, a GeoJSON dict, or anything with ``__geo_interface__`` such as a shapely
        polygon; in WGS 84.
        """
        span = Span(moment(since), moment(until))
        with self.reading() as session:
            return frames.frame(area_records(session, monitor, outline_of(geometry), span), frames.PIXEL_TYPES)

    def label_map(self, scene: str, monitor: str | None = None, *, kind: str = "reference") -> xarray.DataArray:
        """The label map of a scene, uint8 (y, x) with CRS and coordinates; 255 is no data."""
        return self.raster(scene, monitor, kind, "label")

    def flags(self, scene: str, monitor: str | None = None) -> xarray.DataArray:
        """The flags of a scene, uint8 (y, x) with CRS and coordinates: 0 clear, 1 cloud, 2 shadow, 3 anomaly, 255."""
        found = self.raster(scene, monitor, FLAGS, "flag")
        names = [flag.name.lower() for flag in Flag]
        return found.assign_attrs(flag_values=[flag.value for flag in Flag], flag_meanings=" ".join(names))

    def raster(self, scene: str, monitor: str | None, kind: str, name: str) -> xarray.DataArray:
        """One stored map as an array."""
        with self.reading() as session:
            row = find_scene(session, scene, monitor)
            found = load_map(session, row.pk, kind)
            grid = monitor_grid(session, row.monitor)[1]
        said = {"scene_id": row.scene_id, "monitor": row.monitor, "reference_version": found.reference_version}
        return frames.data_array(found.labels, grid, name, said | {"datetime": row.datetime.isoformat()})

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A transaction that sees one state of the database."""
        with self.store.session(read_only=True) as session:
            yield session

    def number_of(self, session: Session, scene: str | None, monitor: str | None) -> int | None:
        """The number of a scene by its id; None for none."""
        return None if scene is None else find_scene(session, scene, monitor).pk


def scene_filter(monitor: str | None, since: Moment, until: Moment, state: str | None = None) -> SceneFilter:
    """Which scenes."""
    states = (choice(SceneState, state),) if state else ()
    return SceneFilter(monitor, states, moment(since), moment(until))


def choice(kind: Any, value: str) -> Any:
    """A member by its value; QueryError that lists those there are."""
    try:
        return kind(value)
    except ValueError:
        raise QueryError(f"{value!r} is none of {', '.join(str(member) for member in kind)}") from None


def moment(value: Moment) -> datetime | None:
    """A time in UTC; QueryError for a string that is none."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            raise QueryError(f"{value!r} is no time such as 2024-06-01 or 2024-06-01T12:00:00Z") from None
    if value is None:
        return None
    if not isinstance(value, datetime):
        value = datetime(value.year, value.month, value.day)
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def outline_of(geometry: object) -> Mapping[str, Any]:
    """A GeoJSON polygon out of a file, a dict or an object with ``__geo_interface__``; QueryError for anything else."""
    if isinstance(geometry, str | Path):
        return load_area(Path(geometry))
    found = geometry if isinstance(geometry, Mapping) else getattr(geometry, "__geo_interface__", None)
    if isinstance(found, Mapping) and found.get("type") == "Feature":
        found = found.get("geometry")
    if not isinstance(found, Mapping) or found.get("type") not in ("Polygon", "MultiPolygon"):
        raise QueryError("the area is no polygon; give a GeoJSON file, a GeoJSON geometry or a shapely polygon")
    return found
