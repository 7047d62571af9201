"""Reflectance as an image: contrast, no data, and a size that a picture can hold."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from monitor.detection.result import Flag
from monitor.plots.colours import RGBA

MAX_SIDE_PX = 2000
PERCENTILES = (1.0, 98.5)
GAMMA = 1 / 1.25
WEIGHTIEST_LAST = (Flag.NO_ANSWER, Flag.CLEAR, Flag.SHADOW, Flag.CLOUD, Flag.ANOMALY)
Limits = NDArray[np.float32]
"""Reflectance shown as black and as white for each of three bands, (3, 2)."""


def stretch_limits(reflectance: NDArray[np.floating], valid: NDArray[np.bool_]) -> Limits:
    """Reflectance to show as black and white, (3, 2), from percentiles of the valid pixels.

    `reflectance` is (3, rows, columns). Leave clouds out of `valid` if they shall not darken the ground.
    Without a valid pixel the limits are 0 and 1.
    """
    step = max(1, int((valid.size / 1e6) ** 0.5))
    sample = valid[::step, ::step]
    limits = np.tile(np.array([0, 1], np.float32), (3, 1))
    for band, values in enumerate(reflectance[:, ::step, ::step]):
        known = values[sample & np.isfinite(values)]
        if known.size:
            low, high = np.percentile(known, PERCENTILES)
            limits[band] = low, max(high, low + 0.01)
    return limits


def to_rgba(
    reflectance: NDArray[np.floating], valid: NDArray[np.bool_], limits: Limits | None = None
) -> NDArray[np.uint8]:
    """Three bands (3, rows, columns) as RGBA uint8 (rows, columns, 4), transparent where not valid."""
    limits = stretch_limits(reflectance, valid) if limits is None else limits
    low, high = limits[:, 0, None, None], limits[:, 1, None, None]
    light = np.clip((np.nan_to_num(reflectance) - low) / (high - low), 0, 1) ** GAMMA
    image = np.empty((*valid.shape, 4), np.uint8)
    image[..., :3] = np.moveaxis(np.rint(255 * light), 0, -1)
    image[..., 3] = np.where(valid, 255, 0)
    return image


def paint(values: NDArray[np.uint8], table: dict[int, RGBA]) -> NDArray[np.uint8]:
    """A raster (rows, columns) in the colours of its table, RGBA uint8 (rows, columns, 4)."""
    lookup = np.zeros((256, 4), np.uint8)
    for value, colour in table.items():
        lookup[value] = colour
    return lookup[values]


def thinning(shape: tuple[int, ...]) -> int:
    """Every how many rows and columns to take for a picture of at most `MAX_SIDE_PX`."""
    return max(1, -(-max(shape) // MAX_SIDE_PX))


def thin_mean(
    stack: NDArray[np.floating], valid: NDArray[np.bool_], step: int
) -> tuple[NDArray[np.floating], NDArray[np.bool_]]:
    """Mean of the valid pixels of each block of step x step (bands, rows, columns), and which blocks have any."""
    if step == 1:
        return stack, valid
    weight = blocks(valid, step).sum(axis=(1, 3))
    means = [blocks(np.where(valid, values, 0), step).sum(axis=(1, 3)) / np.maximum(weight, 1) for values in stack]
    return np.stack(means), weight > 0


def thin_flags(flags: NDArray[np.uint8], step: int) -> NDArray[np.uint8]:
    """The weightiest flag of each block of step x step, so that a ship is still there on the map of a region."""
    if step == 1:
        return flags
    rank = np.zeros(256, np.uint8)
    rank[list(WEIGHTIEST_LAST)] = np.arange(len(WEIGHTIEST_LAST))
    thinned: NDArray[np.uint8] = np.array(WEIGHTIEST_LAST, np.uint8)[blocks(rank[flags], step).max(axis=(1, 3))]
    return thinned


def thin_labels(labels: NDArray[np.uint8], step: int) -> NDArray[np.uint8]:
    """Every step-th label."""
    return labels[::step, ::step]


def blocks(values: NDArray[Any], step: int) -> NDArray[Any]:
    """Blocks of a raster as (rows, step, columns, step), the last ones filled up with zeros."""
    rows, cols = (-(-n // step) for n in values.shape)
    filled = np.pad(values, ((0, rows * step - values.shape[0]), (0, cols * step - values.shape[1])))
    return filled.reshape(rows, step, cols, step)
