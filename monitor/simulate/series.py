"""A whole simulated series: ground, seasons, sky and changes, written as a static STAC catalog with its truth."""

import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from rasterio.features import shapes

from monitor.catalog.item import BBox
from monitor.errors import ConfigError
from monitor.scenes.grid import Grid
from monitor.simulate.catalog_writer import write_catalog_files, write_cog, write_json, write_scene
from monitor.simulate.changes import Change, ChangeKind, apply_change, plan_changes
from monitor.simulate.footprint import Pass, inner_bbox, make_grid, make_passes
from monitor.simulate.ground import Ground, make_ground
from monitor.simulate.noise import Floats, Mask
from monitor.simulate.quality import cloud_share, make_qa, make_truth
from monitor.simulate.season import surface
from monitor.simulate.sensor import Weather, add_noise, draw_weather, observe, through_air
from monitor.simulate.sky import Sky, make_sky, plan_skies

SMALLEST = 96
SEEN_SHARE = 0.7
"""A change counts as visible on a date if this share of its pixels is neither under cloud nor in shadow."""
REDRAWS = 4
"""How often clouds are put elsewhere before there are fewer of them."""
Progress = Callable[[int, int], None]
"""Called with the number of dates written and of all dates."""


@dataclass(frozen=True)
class SimulatedChange:
    """One injected change as truth/changes.json tells it.

    `geometry` is a GeoJSON polygon or multipolygon in WGS 84 and `center` a lon, lat inside it; `items`
    are the scenes where the change exists, `visible_items` those where most of it can be seen.
    """

    id: str
    kind: str
    first_item: str
    items: tuple[str, ...]
    visible_items: tuple[str, ...]
    geometry: Mapping[str, Any]
    center: tuple[float, float]
    area_m2: float


@dataclass(frozen=True)
class SimulatedCatalog:
    """Where a simulated catalog lies and what is in it.

    `scene_ids` are in order of time, the first one clear; `bbox` is the largest box inside the scenes, but for
    their missing corner, and `start` the first day: what a monitor of them needs.
    """

    folder: Path
    scene_ids: tuple[str, ...]
    bbox: BBox
    start: str
    changes: tuple[SimulatedChange, ...]

    @property
    def catalog(self) -> Path:
        """The root of the static STAC catalog."""
        return self.folder / "catalog.json"

    @property
    def reference_id(self) -> str:
        """The clear scene."""
        return self.scene_ids[0]

    def truth(self, scene_id: str) -> Path:
        """The raster of flags that are true for a scene."""
        return self.folder / "truth" / f"{scene_id}.tif"


def write_catalog(
    folder: Path,
    dates: int = 8,
    seed: int = 1,
    size: tuple[int, int] | int = 400,
    progress: Progress | None = None,
) -> SimulatedCatalog:
    """Write a static STAC catalog of simulated Landsat 8 scenes with known truth.

    `dates` scenes 16 days apart (at least 2), `size` Landsat pixels (rows, columns; at least 96). The same
    seed, dates and size give the same files. Truth lies in folder/truth: <item id>.tif with the values of
    `Flag`, changes.json, and skies.json with the heights of the clouds.

    Raises ConfigError when the folder exists and is not empty, or for too few dates or pixels.
    """
    shape = (size, size) if isinstance(size, int) else (int(size[0]), int(size[1]))
    if dates < 2 or min(shape) < SMALLEST:
        raise ConfigError(
            f"a simulated series has at least 2 dates of {SMALLEST} x {SMALLEST} pixels, not {dates} of {shape}"
        )
    with replacing(folder) as work:
        written = Series(seed, shape, dates).write(work, progress or (lambda done, total: None))
    return SimulatedCatalog(folder, *written)


@contextmanager
def replacing(folder: Path) -> Iterator[Path]:
    """A folder beside the wanted one that takes its place when all went well."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ConfigError(f"{folder} exists and is not empty; name another folder or remove this one")
    work = folder.with_name(f".{folder.name}.{os.getpid()}.partial")
    work.mkdir(parents=True)
    try:
        yield work
        if folder.exists():
            folder.rmdir()
        work.replace(folder)
    finally:
        shutil.rmtree(work, ignore_errors=True)


class Series:
    """Everything that the scenes of one series share."""

    def __init__(self, seed: int, shape: tuple[int, int], dates: int) -> None:
        """Make the ground, plan what happens on it, and draw the skies."""
        self.seed = seed
        self.grid: Grid = make_grid(shape)
        left, bottom, right, top = self.grid.bounds
        point = {"type": "Point", "coordinates": ((left + right) / 2, (bottom + top) / 2)}
        lon, lat = self.grid.to_lonlat(point)["coordinates"]
        self.passes: list[Pass] = make_passes(seed, self.grid, dates, (lon, lat))
        self.ground: Ground = make_ground(seed, shape)
        self.changes: list[Change] = plan_changes(seed, self.ground, dates, self.barred(shape))
        self.weathers: list[Weather] = [draw_weather(self.rng(date, 1), date == 0) for date in range(dates)]
        self.skies: list[Sky] = self.draw_skies(shape, dates)

    def rng(self, date: int, purpose: int, attempt: int = 0) -> np.random.Generator:
        """Random numbers for one purpose on one date, whatever was drawn before."""
        return np.random.default_rng([self.seed, 4, date, purpose, attempt])

    def barred(self, shape: tuple[int, int]) -> Mask:
        """Pixels near the edge of the scene or of the image, where nothing is injected."""
        mask = np.zeros(shape, bool)
        for one in self.passes:
            mask |= one.fill(shape)
        edge = max(5, min(shape) // 25)
        mask[:edge], mask[-edge:], mask[:, :edge], mask[:, -edge:] = True, True, True, True
        return mask

    def draw_skies(self, shape: tuple[int, int], dates: int) -> list[Sky]:
        """Skies of all dates, drawn again until every change can be seen as often as it should be."""
        plans = plan_skies(np.random.default_rng([self.seed, 5]), dates)
        attempts = [0] * dates
        skies = [make_sky(self.rng(n, 2), shape, plan, self.passes[n].sun) for n, plan in enumerate(plans)]
        while hidden := [found for change in self.changes if (found := self.lacking(change, skies))]:
            date = min(hidden[0], key=lambda n: (plans[n].cover + plans[n].cirrus, n))
            attempts[date] += 1
            if attempts[date] % REDRAWS == 0:
                plans[date] = plans[date].thinned()
            skies[date] = make_sky(self.rng(date, 2, attempts[date]), shape, plans[date], self.passes[date].sun)
        return skies

    def seen(self, change: Change, skies: list[Sky]) -> list[int]:
        """Dates on which a change is there and not hidden."""
        return [date for date in change.dates if skies[date].clear[change.pixels].mean() >= SEEN_SHARE]

    def lacking(self, change: Change, skies: list[Sky]) -> set[int]:
        """Dates of which one more must show the change; none when it is seen well enough."""
        seen = set(self.seen(change, skies))
        if change.kind is ChangeKind.FLOOD:  # later there is less of it
            return {change.dates[0]} - seen
        return set(change.dates) - seen if len(seen) < change.looks else set()

    def write(self, folder: Path, progress: Progress) -> tuple[tuple[str, ...], BBox, str, tuple[SimulatedChange, ...]]:
        """Write everything; returns scene ids, bbox, first day and changes."""
        (folder / "truth").mkdir()
        items = []
        for date, (one, sky) in enumerate(zip(self.passes, self.skies, strict=True)):
            fill = one.fill(self.grid.shape)
            weather, cube = self.weathers[date], self.reflectance(date)
            qa = make_qa(self.rng(date, 5), self.ground, weather.shift_px, sky, fill)
            truth = make_truth(self.ground, self.changes, date, weather.shift_px, sky, fill)
            items.append(write_scene(folder, one, cube, qa, self.grid, cloud_share(sky, ~fill)))
            write_cog(folder / "truth" / f"{one.scene_id}.tif", truth, self.grid, 255, "NEAREST")
            progress(date + 1, len(self.passes))
        write_catalog_files(folder, items)
        changes = tuple(self.describe(number, change) for number, change in enumerate(self.changes, start=1))
        write_json(folder / "truth" / "changes.json", [asdict(change) for change in changes])
        heights = {
            one.scene_id: {"cloud_base_m": sky.base_m, "cloud_top_m": sky.top_m}
            for one, sky in zip(self.passes, self.skies, strict=True)
        }
        write_json(folder / "truth" / "skies.json", heights)
        ids = tuple(one.scene_id for one in self.passes)
        return ids, inner_bbox(self.grid), f"{self.passes[0].moment:%Y-%m-%d}", changes

    def reflectance(self, date: int) -> Floats:
        """What the sensor sees on a date, float32 (bands, rows, columns)."""
        fine = surface(self.ground, float(self.passes[date].moment.timetuple().tm_yday))
        for change in self.changes:
            if date >= change.dates[0]:
                apply_change(fine, change, date)
        weather = self.weathers[date]
        seen = through_air(self.rng(date, 3), observe(fine, weather.shift_px), weather)
        return add_noise(self.rng(date, 4), self.skies[date].over(seen), weather)

    def describe(self, number: int, change: Change) -> SimulatedChange:
        """What changes.json says about a change."""
        ids = [one.scene_id for one in self.passes]
        mask = change.pixels.astype(np.uint8)
        parts = [shape for shape, _ in shapes(mask, mask=change.pixels, connectivity=8, transform=self.grid.transform)]
        outline = {"type": "MultiPolygon", "coordinates": [part["coordinates"] for part in parts]}
        if len(parts) == 1:
            outline = parts[0]
        rows, cols = np.nonzero(change.pixels)
        middle = int(np.argmin(np.hypot(rows - rows.mean(), cols - cols.mean())))
        x, y = self.grid.transform @ (float(cols[middle]) + 0.5, float(rows[middle]) + 0.5)
        lon, lat = self.grid.to_lonlat({"type": "Point", "coordinates": (x, y)})["coordinates"]
        return SimulatedChange(
            id=f"{change.kind}-{number}",
            kind=str(change.kind),
            first_item=ids[change.dates[0]],
            items=tuple(ids[date] for date in change.dates),
            visible_items=tuple(ids[date] for date in self.seen(change, self.skies)),
            geometry=self.grid.to_lonlat(outline),
            center=(lon, lat),
            area_m2=float(change.pixels.sum() * self.grid.pixel_area_m2),
        )
