"""Detection against reading: time to read and decode the bands of a scene, and to normalise it and detect on it.

    python benchmarks/detection_speed.py [--megapixels 0.15 1 4 16] [--rounds 5] [--first-byte-ms 30]

A simulated scene is repeated to a mosaic, written as compressed cloud-optimised GeoTIFFs, and all sides take
turns in one process, so that a busy machine disturbs them alike. Decoding is rasterio on all bands, one after the
other, from warm local files to reflectance; reading is the monitor's own (`read_scene`, several bands at once) from a
server on this machine that waits as long before every answer as one in another place does. Labels and sweep are not
timed. Prints medians of wall-clock and of processor time.
"""

import monitor.__main__  # noqa: F401 - sets NumPy up as for every command, before it is imported

# isort: split
import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import rasterio
from far_folder import served
from numpy.typing import NDArray

from monitor.catalog import parse_item
from monitor.catalog.item import SceneItem
from monitor.clustering.assign import label_map
from monitor.clustering.model import ReferenceModel
from monitor.clustering.reference import fit_reference
from monitor.clustering.sweep import sweep
from monitor.config import CatalogSettings
from monitor.cores import no_collection, one_thread_each, two_heaps
from monitor.detection import detect
from monitor.pipeline import opener
from monitor.scenes.clear import ground
from monitor.scenes.normalise import normalise
from monitor.scenes.numbers import ArrayNumbers
from monitor.scenes.reading import read_scene, scene_grid
from monitor.scenes.scene import Scene
from monitor.scenes.stack import Stack
from monitor.simulate import write_catalog

BANDS = ("coastal", "blue", "green", "red", "nir08", "swir16", "swir22")
TILE_PX = 1000
SCALE, OFFSET = 2.75e-5, -0.2
"""Of Landsat Collection 2 surface reflectance."""


def tiles(folder: Path) -> tuple[Scene, Scene]:
    """A clear reference and a cloudy scene, about 1000 x 1000."""
    write_catalog(folder, dates=3, seed=1, size=TILE_PX)
    paths = sorted(folder.glob("LC*/*.json"))
    items = [parse_item(json.loads(path.read_text()), "mosaic", str(path)) for path in paths]
    grid = scene_grid(items[0], BANDS, items[0].geometry, None, opener(None))
    first, second = (read_scene(item, grid, BANDS, None, opener(None), use_qa=False) for item in items[:2])
    return first, second


def mosaic(scene: Scene, side: int) -> Scene:
    """The scene repeated, `side` pixels square; not mirrored, as shadows must lie where the sun throws them."""
    grid = replace(scene.grid, height=side, width=side)
    cut = np.ix_(*(np.arange(side) % length for length in scene.valid.shape))
    numbers = ArrayNumbers(np.stack([numbers_of(band)[cut] for band in scene.reflectance]))
    bands = len(scene.bands)
    stack = Stack(numbers, scene.valid[cut], np.full(bands, SCALE), np.full(bands, OFFSET))
    return replace(scene, grid=grid, stack=stack, valid=scene.valid[cut], qa=None)


def numbers_of(reflectance: NDArray[np.float32]) -> NDArray[np.uint16]:
    """16-bit numbers as providers store them, 0 without data."""
    return np.nan_to_num(np.clip((reflectance - OFFSET) / SCALE, 1, 65535), nan=0).astype(np.uint16)


def written(scene: Scene, folder: Path) -> list[Path]:
    """The bands as compressed tiled files of 16-bit numbers, as providers store them."""
    paths = []
    for band, values in zip(scene.bands, scene.reflectance, strict=True):
        path = folder / f"{band}.tif"
        with rasterio.open(
            path, "w", driver="COG", count=1, dtype="uint16", nodata=0, compress="DEFLATE", predictor=2, blocksize=256,
            **scene.grid.profile,
        ) as file:  # fmt: skip
            file.write(numbers_of(values), 1)
        paths.append(path)
    return paths


def decoded(paths: list[Path]) -> NDArray[np.float32]:
    """All bands as reflectance, NaN without data."""
    out = []
    for path in paths:
        with rasterio.open(path) as file:
            numbers = file.read(1)
        values = numbers.astype(np.float32) * np.float32(SCALE) + np.float32(OFFSET)
        values[numbers == 0] = np.nan
        out.append(values)
    return np.stack(out)


def item_at(scene: Scene, url: str) -> SceneItem:
    """The scene's item with its bands as `written` there."""
    assets = {
        band: replace(scene.item.assets[band], href=f"{url}/{band}.tif", scale=SCALE, offset=OFFSET, nodata=0)
        for band in scene.bands
    }
    return replace(scene.item, assets=assets)


def clocked(work: Callable[[], object]) -> tuple[float, float]:
    """Seconds by the wall and of the processor."""
    wall, used = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - wall, time.process_time() - used


def compare(reference: ReferenceModel, scene: Scene, rounds: int, first_byte_ms: float) -> None:
    """Print the medians for one size."""
    laid = normalise(scene, reference)
    features = laid.reference.feature_stack(laid.scene.stack)
    by_reference = label_map(features, laid.reference.centroids)
    by_sweep = label_map(features, sweep(features, range(3, 11)).chosen.centroids)
    open_href = opener(CatalogSettings(url="http://127.0.0.1"))

    def find() -> int:
        now = normalise(scene, reference)
        return len(detect(now.scene, now.reference, by_reference, by_sweep).findings)

    with tempfile.TemporaryDirectory() as folder, served(Path(folder), first_byte_ms) as url:
        paths, item = written(scene, Path(folder)), item_at(scene, url)
        with one_thread_each(), no_collection():  # as the pipeline does
            findings = find()
            sides = (
                lambda: decoded(paths),
                lambda: read_scene(item, scene.grid, scene.bands, None, open_href, use_qa=False),
                lambda: normalise(scene, reference),
                find,
            )
            times = [[clocked(side) for side in sides] for _ in range(rounds)]
    size = scene.valid.size / 1e6
    for clock, name in enumerate(("wall", "processor")):
        decode, read, normal, both = (
            statistics.median(side[clock] for side in sides) / size for sides in zip(*times, strict=True)
        )
        print(
            f"{size:6.2f} Mpx {name:>9}: decode {decode:.3f}, read {read:.3f}, normalise {normal:.3f}, detect "
            f"{both - normal:.3f} s/Mpx; normalise and detect / decode {both / decode:.2f}, / read {both / read:.2f}; "
            f"{findings} findings",
            flush=True,
        )


def main() -> None:
    """Measure the sizes asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megapixels", type=float, nargs="+", default=[0.15, 1, 4, 16])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--first-byte-ms", type=float, default=30, help="how far away the files are that are read")
    asked = parser.parse_args()
    two_heaps()  # as every command
    with tempfile.TemporaryDirectory() as folder:
        clear, cloudy = tiles(Path(folder))
    for size in asked.megapixels:
        side = round((size * 1e6) ** 0.5)
        here = mosaic(clear, side)
        model, _ = fit_reference(here, ground(here), "mosaic", range(5, 6), 5)
        compare(model, mosaic(cloudy, side), asked.rounds, asked.first_byte_ms)


if __name__ == "__main__":
    main()
