"""A catalog's scene as reflectance on the monitor's grid."""

import math
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from rasterio.enums import Resampling

from monitor.catalog.item import BandAsset, SceneItem
from monitor.errors import AssetError, AssetUnavailable, MonitorError, PermanentError, SceneError, TooFewPixels
from monitor.retries import retry_context
from monitor.scenes.bands import BandPixels, BandSource, read_band, read_blocks, read_geometry
from monitor.scenes.grid import Grid
from monitor.scenes.layout import make_grid
from monitor.scenes.numbers import IN_MEMORY_BYTES, sink_for
from monitor.scenes.qa import FILL, has_bit
from monitor.scenes.scene import Scene
from monitor.scenes.stack import Stack

QA_BAND = "qa_pixel"
READERS = 4
"""Bands read at once: on the way to a file threads wait more than they decode."""
LOWEST_SUN_DEG = 5.0
"""Below it the division by the sine of the sun elevation amplifies noise more than it corrects."""

TRIES = 4
"""A band that comes over the network is asked for so often, within `PATIENCE_S`: servers have their moments."""
PATIENCE_S = 60.0

Read = TypeVar("Read")

OpenHref = Callable[[BandAsset], tuple[str, Mapping[str, Any]]]
"""From an asset to the address that can be opened now and the GDAL options for it. Asked for the same asset again,
it must not give a signature that may be the reason why."""


def scene_grid(
    item: SceneItem, bands: Sequence[str], area: Mapping[str, Any], resolution: float | None, open_href: OpenHref
) -> Grid:
    """The monitor's grid: the lattice of a scene's first band over the area; raises as `read_scene`."""
    crs, transform = read_geometry(band_source(item, bands[0], open_href))
    return make_grid(crs, transform, area, resolution, item.scene_id)


def read_scene(
    item: SceneItem,
    grid: Grid,
    bands: Sequence[str],
    inside: NDArray[np.bool_] | None,
    open_href: OpenHref,
    min_valid: float = 0.0,
    use_qa: bool = True,
    in_memory_bytes: int = IN_MEMORY_BYTES,
) -> Scene:
    """Reflectance of the bands on the grid, masked to data in every band, not fill, and `inside` the AOI.

    Level-1 reflectance is divided by the sine of the sun elevation. Raises SceneError if a band is missing
    or nothing is valid, TooFewPixels if less than `min_valid` (share of the AOI) is, AssetError and
    AssetUnavailable for files. Without `use_qa` the quality band is not looked at. Numbers of a larger image than
    `in_memory_bytes` wait in a temporary file; every band is decoded once, a few blocks at a time.
    """
    sources = [band_source(item, name, open_href) for name in bands]
    quality = [band_source(item, QA_BAND, open_href)] if use_qa and QA_BAND in item.assets else []
    area = np.ones(grid.shape, bool) if inside is None else inside
    sink, valid = sink_for((len(bands), *grid.shape), in_memory_bytes), area.copy()

    def gather(band: int, source: BandSource) -> list[tuple[int, NDArray[np.uint8]]]:
        """Where the band has data, a bit a pixel: of a try that failed halfway nothing may count."""
        seen = []
        for block in read_blocks(source, grid):
            sink.write(band, block.top, block.numbers)
            seen.append((block.top, np.packbits(block.seen, axis=1)))
        return seen

    def witness(source: BandSource) -> BandPixels:
        return read_band(source, grid, Resampling.nearest)

    with ThreadPoolExecutor(max_workers=READERS) as pool:
        waiting = [
            pool.submit(patiently, partial(gather, band), source, open_href) for band, source in enumerate(sources)
        ]
        asked = [pool.submit(patiently, witness, source, open_href) for source in quality]
        all_of([*waiting, *asked])
        pixels = [job.result() for job in asked]
    for job in waiting:
        for top, seen in job.result():
            valid[top : top + len(seen)] &= np.unpackbits(seen, axis=1, count=grid.width).view(bool)
    qa = np.where(pixels[0].seen, pixels[0].numbers, 1 << FILL).astype(np.uint16) if quality else None
    if qa is not None:
        valid &= ~has_bit(qa, FILL)
    check_valid(item, valid, area, min_valid)
    gain = sun_gain(item)
    scale = np.array([source.asset.scale for source in sources]) * gain
    offset = np.array([source.asset.offset for source in sources]) * gain
    return Scene(item, grid, tuple(bands), Stack(sink.done(), valid, scale, offset), valid, qa)


def patiently(read: Callable[[BandSource], Read], source: BandSource, open_href: OpenHref) -> Read:
    """What `read` gives; from the network (which needs options) another try, also after an answer that is no raster.

    Another try opens the href anew, so that a signature that is not accepted any more is replaced; it reads the whole
    band again, and what was read before is written over. When all fail, an answer that was no raster says more than
    none.
    """
    tries = TRIES if source.options else 1
    no_raster: AssetError | None = None
    transient = (AssetUnavailable, AssetError)
    try:
        for attempt in retry_context(on=transient, attempts=tries, timeout=PATIENCE_S, wait_initial=0.3, wait_max=5.0):
            with attempt:
                if attempt.num > 1:
                    href, options = open_href(source.asset)
                    source = replace(source, href=href, options=options)
                try:
                    return read(source)
                except AssetError as error:
                    no_raster = error
                    raise
    except AssetUnavailable as error:
        raise no_raster or error from error
    raise AssertionError("stamina tries at least once")


def all_of(reading: Sequence[Future[Any]]) -> None:
    """Wait for all; raises one error for those that failed, of the gravest kind among theirs."""
    errors = [error for error in (job.exception() for job in reading) if error is not None]
    for error in errors:
        if not isinstance(error, MonitorError):
            raise error
    worst = [error for error in errors if isinstance(error, PermanentError)] or errors
    if len(worst) > 1:
        raise type(worst[0])("; ".join(map(str, worst)))
    if worst:
        raise worst[0]


def band_source(item: SceneItem, name: str, open_href: OpenHref) -> BandSource:
    """A band of the item ready to open; SceneError if the item has no such band."""
    if name not in item.assets:
        raise SceneError(
            f"scene {item.scene_id}: no band {name!r}; it has {', '.join(sorted(item.assets)) or 'none'}; "
            "change `bands` of the monitor, or its collections"
        )
    asset = item.assets[name]
    href, options = open_href(asset)
    return BandSource(item.scene_id, asset, href, options)


def sun_gain(item: SceneItem) -> float:
    """What level-1 reflectance is multiplied by: one over the sine of the sun elevation."""
    if not item.needs_sun_correction or item.sun_elevation is None:
        return 1.0
    if item.sun_elevation < LOWEST_SUN_DEG:
        raise SceneError(
            f"scene {item.scene_id}: the sun stood {item.sun_elevation:.1f} degrees high, too low for reflectance; "
            "it cannot be used"
        )
    return 1 / math.sin(math.radians(item.sun_elevation))


def check_valid(item: SceneItem, valid: NDArray[np.bool_], area: NDArray[np.bool_], min_valid: float) -> None:
    """Raise unless enough of the area has data."""
    known = int(np.count_nonzero(valid))
    share = known / max(int(np.count_nonzero(area)), 1)
    if not known:
        raise SceneError(
            f"scene {item.scene_id}: no valid pixel inside the AOI; the AOI lies outside the scene or on its fill, "
            "or every pixel is nodata: check `aoi` and the scene's files"
        )
    if share < min_valid:
        raise TooFewPixels(
            f"scene {item.scene_id}: only {share:.1%} of the AOI has data, less than `min_valid` {min_valid:.0%}"
        )
