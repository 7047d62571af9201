"""The truth of a simulated scene, and the QA_PIXEL band that an imperfect cloud detector would give."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from monitor.detection.result import Flag
from monitor.simulate.changes import Change, mask_on
from monitor.simulate.ground import Ground
from monitor.simulate.noise import Mask, fractal
from monitor.simulate.sensor import observe
from monitor.simulate.sky import Sky
from monitor.simulate.spectra import WATER, Cover

FILL_BIT, DILATED_BIT, CIRRUS_BIT, CLOUD_BIT, SHADOW_BIT, SNOW_BIT, CLEAR_BIT, WATER_BIT = range(8)
CLOUD_CONFIDENCE, SHADOW_CONFIDENCE, SNOW_CONFIDENCE, CIRRUS_CONFIDENCE = 8, 10, 12, 14
"""Lowest bits of QA_PIXEL, Landsat 8-9 Collection 2 data format control book (LSDS-1822)."""


def make_truth(
    ground: Ground, changes: Iterable[Change], date: int, shift_px: tuple[float, float], sky: Sky, fill: Mask
) -> NDArray[np.uint8]:
    """Flags uint8 (rows, columns): what there is to find, and `Flag.NO_ANSWER` where nobody could tell.

    Not judged are fill, thin edges of clouds and shadows, partly changed pixels, wet mud of a flood that
    has gone, the river under a flood, and one pixel around every cloud, shadow and change.
    """
    shape = (ground.cover.shape[0], ground.cover.shape[1])
    changed, unsure = np.zeros(fill.shape, bool), np.zeros(fill.shape, bool)
    for change in changes:
        fine, mud = mask_on(shape, change, date)
        if not (fine.any() or mud.any()):
            continue
        share = observe((fine > 0.3).astype(np.float32), shift_px)
        changed |= share > 0.5
        unsure |= ((share > 0.08) & (share <= 0.5)) | (observe(mud, shift_px) > 0.1)
    water = observe(ground.where(*WATER).astype(np.float32), shift_px) > 0.5
    lake = observe((ground.cover == Cover.LAKE).astype(np.float32), shift_px) > 0.5
    unsure |= changed & water & ~lake

    truth = np.zeros(fill.shape, np.uint8)
    truth[changed & ~unsure] = Flag.ANOMALY
    truth[sky.shaded] = Flag.SHADOW
    truth[sky.cloudy] = Flag.CLOUD
    faint = ~sky.clear & ~sky.shaded & ~sky.cloudy
    touched = ndimage.grey_dilation(truth, (3, 3))
    ring = (truth == Flag.CLEAR) & (touched > 0)
    ring |= (truth == Flag.SHADOW) & ndimage.binary_dilation(truth == Flag.CLOUD, np.ones((3, 3)))
    truth[ring | faint | (unsure & (truth == Flag.CLEAR)) | fill] = Flag.NO_ANSWER
    return truth


def make_qa(
    rng: np.random.Generator, ground: Ground, shift_px: tuple[float, float], sky: Sky, fill: Mask
) -> NDArray[np.uint16]:
    """QA_PIXEL uint16 (rows, columns): misses thin clouds, dilates the rest, takes some bright roofs for cloud."""
    whim = fractal(rng, (fill.shape[0], fill.shape[1]), 2.2, 30)
    bright = observe(ground.where(Cover.BRIGHT_ROOF, Cover.SAND).astype(np.float32), shift_px) > 0.85
    thick = (sky.opacity > 0.28 + 0.06 * whim) | (sky.cirrus > 0.2)
    cloud = thick | (bright & (whim > 1.9))
    cirrus = sky.cirrus > 0.11 + 0.02 * whim
    shadow = sky.shaded & (whim < 1.6) & ~cloud
    dilated = ndimage.binary_dilation(cloud, np.ones((3, 3)), iterations=3) & ~cloud
    water = (observe(ground.where(*WATER).astype(np.float32), shift_px) > 0.5) & ~cloud
    qa = np.zeros(fill.shape, np.uint16)
    clear = ~cloud & ~dilated
    for bit, mask in (
        (DILATED_BIT, dilated),
        (CIRRUS_BIT, cirrus),
        (CLOUD_BIT, cloud),
        (SHADOW_BIT, shadow),
        (CLEAR_BIT, clear),
        (WATER_BIT, water),
    ):
        qa |= mask.astype(np.uint16) << bit
    for lowest, high in ((CLOUD_CONFIDENCE, cloud), (SHADOW_CONFIDENCE, shadow), (CIRRUS_CONFIDENCE, cirrus)):
        qa |= np.where(high, 3, 1).astype(np.uint16) << lowest
    qa |= np.uint16(1 << SNOW_CONFIDENCE)
    qa[fill] = 1 << FILL_BIT
    return qa


def cloud_share(sky: Sky, mask: Mask) -> float:
    """Share of the pixels of a mask that are cloud, percent."""
    return 100 * float(sky.cloudy[mask].mean()) if mask.any() else 0.0
