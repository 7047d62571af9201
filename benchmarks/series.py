"""Series with known truth: where they lie, how they are made, and how the library reads them.

A series is a static catalog with a `truth` folder: the real sets of ../shared/data, or one made by the bench's
make_scenes.py. `scan` sends it through the public commands, `opened` and `Opened.scene` through the library.
"""

import json
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import Any

import cv2
import numpy as np
import rasterio
import yaml
from backgrounds import sites
from numpy.typing import NDArray
from rasterio.enums import Resampling
from rasterio.features import rasterize
from rasterio.vrt import WarpedVRT
from rasterio.warp import transform_geom

from monitor.catalog import fetch_scene
from monitor.catalog.aoi import load_area
from monitor.clustering.model import ReferenceModel
from monitor.clustering.reference import fit_reference
from monitor.config import Settings
from monitor.config_file import load_settings
from monitor.pipeline import SWEEP_SEED, opener, read_for
from monitor.scenes.clear import ground
from monitor.scenes.grid import Grid
from monitor.scenes.reading import scene_grid
from monitor.scenes.scene import Scene
from monitor.simulate import write_catalog

SHARED = Path(__file__).resolve().parents[2] / "shared"
BANDS = ("coastal", "blue", "green", "red", "nir08", "swir16", "swir22")
VARIANTS: dict[str, tuple[str, ...]] = {"generated": (), "hard": ("--hard",), "drift 2": ("--drift", "2")}
NEAR_CHANGE_PX = 2
CLEAR_YEAR = "LC08_L1TP_013032_20180710_02_T1"
"""The reference of the newyork set: summer, no snow, hardly a cloud."""


@dataclass(frozen=True)
class Case:
    """One catalog: which row of the table it counts for, where it lies, what its reference is, and how it is judged."""

    row: str
    name: str
    folder: Path
    reference: str
    collection: str
    platform: str
    bands: tuple[str, ...]
    bbox: tuple[float, ...]
    resolution: float | None = None

    @property
    def truth(self) -> Path:
        """Folder of the truth rasters."""
        return self.folder / "truth"

    @property
    def truths(self) -> list[Path]:
        """The truth rasters of all scenes but the reference, in order."""
        return [path for path in sorted(self.truth.glob("*.tif")) if path.stem != self.reference]

    @property
    def assets(self) -> set[str]:
        """Names of the files that its scenes have."""
        return set(self.item(self.reference)["assets"])

    def item(self, item_id: str) -> dict[str, Any]:
        """The STAC item of a scene."""
        item: dict[str, Any] = json.loads((self.folder / item_id / f"{item_id}.json").read_text())
        return item

    def reflectance(self, item_id: str, band: str) -> NDArray[np.float32]:
        """One band of a scene as its file has it, NaN without data."""
        asset = self.item(item_id)["assets"][band]
        units = asset["raster:bands"][0]
        with rasterio.open(self.folder / item_id / asset["href"]) as source:
            numbers = source.read(1, masked=True).astype(np.float32)
        values: NDArray[np.float32] = numbers * np.float32(units["scale"]) + np.float32(units["offset"])
        return np.ma.filled(values, np.float32(np.nan))

    def on_pixels(self, metres: float) -> "Case":
        """The case on pixels of another size."""
        return replace(self, resolution=metres, name=f"{self.name}-{metres:g}m")

    def in_light(self, gain: float, work: Path) -> "Case":
        """The case with so much more light in all scenes but the reference, as if the height of the sun were not known.

        It is a copy under `work`, whose items have other scales and offsets.
        """
        lit = replace(self, name=f"{self.name}-light{gain:g}", folder=work / "scenes" / f"{self.name}-light{gain:g}")
        if not lit.folder.exists():
            shutil.copytree(self.folder, lit.folder)
            for path in lit.folder.glob("*/*.json"):
                if path.stem != path.parent.name or path.stem == self.reference:
                    continue
                item = json.loads(path.read_text())
                for asset in item["assets"].values():
                    for band in asset.get("raster:bands", []):
                        if band.get("unit") != "kelvin" and "scale" in band:
                            band.update(scale=gain * band["scale"], offset=gain * band["offset"])
                path.write_text(json.dumps(item))
        return lit

    def within(self, bands: Sequence[str]) -> "Case":
        """The case in some of its bands, or in more of them."""
        return replace(self, bands=tuple(bands), name="-".join([self.name, *bands]))


@dataclass(frozen=True, eq=False)
class Opened:
    """A case as the library sees it: its settings and the reference fitted on its clear scene."""

    case: Case
    settings: Settings
    reference: ReferenceModel

    def scene(self, item_id: str) -> Scene:
        """A scene on the reference's grid."""
        monitor, catalog = self.settings.monitors[0], self.settings.catalogs["local"]
        item = fetch_scene(monitor, self.settings.catalogs, item_id)
        return read_for(monitor, item, catalog, self.reference.grid, load_area(monitor.aoi))


def seeds_of(text: str) -> list[int]:
    """Seeds of a text such as 1-6."""
    first, _, last = text.partition("-")
    return list(range(int(first), int(last or first) + 1))


def bench(shared: Path) -> ModuleType:
    """The bench's score_flags.py as a module; ends the program with a reason where it is not there."""
    folder = shared / "bench"
    if not (folder / "score_flags.py").exists():
        raise SystemExit(f"{folder} has no score_flags.py; say with --shared where the bench and the data lie")
    sys.path.insert(0, str(folder))
    import score_flags

    return score_flags  # type: ignore[no-any-return]


def run(*command: str | Path) -> str:
    """Output of a command; ends the program with what the command said if it fails."""
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False)
    if done.returncode:
        said = f"{done.stdout}\n{done.stderr}"
        raise SystemExit(f"{' '.join(map(str, command))}\nended with {done.returncode}:\n{said}")
    return done.stdout


def case_of(row: str, name: str, folder: Path, reference: str | None = None, everywhere: bool = False) -> Case:
    """The case in a catalog folder; its oldest item is the reference if none is named.

    Its area is the box of the reference, or with `everywhere` that of all items.
    """
    items = [json.loads(path.read_text()) for path in folder.glob("*/*.json") if path.stem == path.parent.name]
    items.sort(key=lambda item: item["properties"]["datetime"])
    item = next(item for item in items if reference in (None, item["id"]))
    bands = tuple(band for band in BANDS if band in item["assets"])
    boxes = np.array([other["bbox"] for other in items] if everywhere else [item["bbox"]])
    bbox = (*boxes[:, :2].min(axis=0).tolist(), *boxes[:, 2:].max(axis=0).tolist())
    return Case(row, name, folder, item["id"], item["collection"], item["properties"]["platform"], bands, bbox)


def real_cases(shared: Path) -> list[Case]:
    """The real sets with hand-made truth."""
    return [case_of(name, name, shared / "data" / name) for name in ("brumadinho", "taizhou")]


def newyork_case(shared: Path) -> Case:
    """The real set with QA_PIXEL as its truth."""
    return case_of("newyork", "newyork", shared / "data/newyork", CLEAR_YEAR, everywhere=True)


def generate(
    shared: Path,
    work: Path,
    seeds: Sequence[int],
    variants: Sequence[str] = tuple(VARIANTS),
    dates: int = 8,
    backgrounds: Mapping[str, Path] | None = None,
) -> list[Case]:
    """Generated series of both sites, or of other backgrounds by name, made where they are not in `work` yet."""
    items = backgrounds or sites(shared)

    def make(job: tuple[str, str, int]) -> Case:
        row, site, seed = job
        name = f"{site}-{row.replace(' ', '')}-{seed}" + (f"-{dates}" if dates != 8 else "")
        folder = work / "scenes" / name
        if not (folder / "catalog.json").exists():
            options = ("--dates", str(dates), "--seed", str(seed), *VARIANTS[row])
            run(sys.executable, shared / "bench/make_scenes.py", items[site], folder, *options)
        return case_of(row, name, folder)

    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(make, [(row, site, seed) for row in variants for site in items for seed in seeds]))


def simulated(work: Path, seeds: Sequence[int], dates: int = 8) -> list[Case]:
    """Series of `monitor demo`, made where they are not in `work` yet."""
    cases = []
    for seed in seeds:
        name = f"simulated-{seed}" + (f"-{dates}" if dates != 8 else "")
        folder = work / "scenes" / name
        if not (folder / "catalog.json").exists():
            write_catalog(folder, dates, seed)
        cases.append(case_of("simulated", name, folder))
    return cases


def places_of_changes(case: Case, item_id: str, grid: Grid) -> NDArray[np.bool_]:
    """Where changes lie on a date, seen or not, and `NEAR_CHANGE_PX` around: bool (rows, columns)."""
    boxes, outlines = case.truth / "anomalies.json", case.truth / "changes.json"
    places = np.zeros((grid.height, grid.width), np.uint8)
    if boxes.exists():
        for change in json.loads(boxes.read_text()):
            if item_id in change["items"]:
                top, left, bottom, right = change["bbox"]
                places[top:bottom, left:right] = 1
    if outlines.exists():
        # what a change leaves behind counts as well
        there = [change for change in json.loads(outlines.read_text()) if change["first_item"] <= item_id]
        shapes = [(transform_geom("EPSG:4326", grid.crs, change["geometry"]), 1) for change in there]
        if shapes:
            places |= rasterize(shapes, places.shape, transform=grid.transform, all_touched=True, dtype=np.uint8)
    return near(places > 0, NEAR_CHANGE_PX)


def near(mask: NDArray[np.bool_], reach_px: int) -> NDArray[np.bool_]:
    """A mask and what lies that near to it, along rows, columns and diagonals."""
    size = 2 * reach_px + 1
    return np.asarray(cv2.dilate(mask.astype(np.uint8), np.ones((size, size), np.uint8)) > 0)


def write_config(case: Case, folder: Path) -> Path:
    """A configuration for a case with nothing but defaults, QA_PIXEL switched off."""
    folder.mkdir(parents=True, exist_ok=True)
    monitor = {
        "name": "bench", "catalogs": ["local"], "collections": [case.collection], "platforms": [case.platform],
        "aoi": list(case.bbox), "bands": list(case.bands), "start": "1999-01-01", "lookback": "20000d",
        "resolution": case.resolution,
        "reference": {"scene": case.reference, "k": "auto"}, "detection": {"use_qa": False},
    }  # fmt: skip
    text = {
        "database": "sqlite:///bench.db", "models_dir": "models",
        "catalogs": {"local": {"url": str(case.folder / "catalog.json")}},
        "monitors": [monitor], "engine": {"kind": "local", "workers": 1},
    }  # fmt: skip
    config = folder / "config.yaml"
    config.write_text(yaml.safe_dump(text))
    return config


def scan(case: Case, work: Path) -> Path:
    """Folder with the flags of every scene of a case, by the public commands."""
    folder = work / "runs" / case.name
    flags, done = folder / "flags", folder / "done"
    if not done.exists():
        config = write_config(case, folder)
        command = (sys.executable, "-m", "monitor", "--config", config)
        run(*command, "scan")
        run(*command, "export", "flags", "--all", "bench", "-o", flags)
        done.touch()
    return flags


def opened(case: Case, work: Path, reference: ReferenceModel | None = None) -> Opened:
    """A case with its reference fitted; `reference` is one fitted on the same clear scene before."""
    settings = load_settings(write_config(case, work / "library" / case.name))
    return Opened(case, settings, reference or fitted(settings, case))


def fitted(settings: Settings, case: Case) -> ReferenceModel:
    """The reference of a case, as `monitor reference fit` makes it."""
    monitor, catalog = settings.monitors[0], settings.catalogs["local"]
    area = load_area(monitor.aoi)
    item = fetch_scene(monitor, settings.catalogs, case.reference)
    grid = scene_grid(item, monitor.bands, area, monitor.resolution, opener(catalog))
    scene = read_for(monitor, item, catalog, grid, area)
    return fit_reference(scene, ground(scene), monitor.name, monitor.sweep.range, "auto", seed=SWEEP_SEED)[0]


def truth_on(grid: Grid, path: Path) -> NDArray[np.uint8]:
    """A truth raster on the library's grid, 255 (not judged) beyond it."""
    layout = {"crs": grid.crs, "transform": grid.transform, "width": grid.width, "height": grid.height}
    options = {"src_nodata": 255, "nodata": 255, "resampling": Resampling.nearest}
    with rasterio.open(path) as source, WarpedVRT(source, **options, **layout) as on_grid:
        truth: NDArray[np.uint8] = on_grid.read(1)
    return truth


def truth_pairs(scorer: Any, case: Case, flags: Path) -> dict[str, tuple[Any, Any]]:
    """Truth and flags by item, without the reference."""
    return {path.stem: scorer.read_pair(path, flags / path.name) for path in case.truths}


def pooled(scorer: Any, cases: Sequence[Case], pairs: Sequence[Mapping[str, tuple[Any, Any]]]) -> dict[str, Any]:
    """Scores over all scenes of several cases: rates, false objects a scene, object recall by kind."""
    every = [pair for mine in pairs for pair in mine.values()]
    counts = [scorer.count(*pair) for pair in every]
    objects: dict[str, Any] = {}
    for case, mine in zip(cases, pairs, strict=True):
        listing = case.truth / "anomalies.json"
        if listing.exists():
            for kind, tally in scorer.object_recall(json.loads(listing.read_text()), mine).items():
                objects[kind] = objects.get(kind, 0) + np.array([tally["found"], tally["judged"]])
    total = {key: sum(count[key] for count in counts) for key in counts[0]}
    false = sum(scorer.false_objects(*pair) for pair in every) / len(every)
    recall = {kind: found / judged for kind, (found, judged) in objects.items() if judged}
    return {**scorer.rates(total), "false_objects": false, "recall": recall, "scenes": len(every)}
