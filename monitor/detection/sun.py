"""Where the sun throws shadows: cloud heights that explain the darkness of a scene, and the shade they predict."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from monitor.catalog.item import SceneItem
from monitor.scenes.grid import Grid

HEIGHTS_M = (200.0, 8000.0)
"""Cloud bases that are looked for; higher clouds are thin and throw no shadow worth the name."""
USUAL_HEIGHT_M = 2000.0
THICKNESS = (0.0, 0.15, 0.3)
"""Cloud tops above the base, as a share of its height..."""
THICKEST_M = 400.0
"""... and at most this."""
LOW_SUN_DEG = 3.0
SEARCH_PX = 1_000_000
"""The search runs on an image thinned to about this many pixels."""
SMALLEST_GAIN = 0.08
"""Shade that explains less than this share of the darkness is taken for chance."""


@dataclass(frozen=True)
class Sun:
    """Displacement of a shadow from its cloud, in pixels (rows down, columns right) per metre of height."""

    rows_per_m: float
    columns_per_m: float

    @property
    def px_per_m(self) -> float:
        """Length of the displacement."""
        return float(np.hypot(self.rows_per_m, self.columns_per_m))


@dataclass(frozen=True, eq=False)
class Shade:
    """The shade that the clouds of a scene throw.

    `taken` is the predicted share of the direct light taken (rows, columns), from clouds at `height_m`; `gain`
    is the share of
    the scene's darkness that it explains; `outside` marks places whose cloud would lie outside the scene.
    """

    taken: NDArray[np.float32]
    outside: NDArray[np.bool_]
    height_m: float
    thickness: float
    gain: float


def sun_of(item: SceneItem, grid: Grid) -> Sun | None:
    """The scene's sun, None if its angles are not known or shadows are endless."""
    if item.sun_azimuth is None or item.sun_elevation is None or item.sun_elevation < LOW_SUN_DEG:
        return None
    azimuth, length = np.radians(item.sun_azimuth), 1 / np.tan(np.radians(item.sun_elevation))
    return Sun(
        float(np.cos(azimuth) * length / abs(grid.transform.e)), float(-np.sin(azimuth) * length / grid.transform.a)
    )


def resolved(sun: Sun) -> bool:
    """Whether pixels are fine enough to tell a cloud from its shadow."""
    return sun.px_per_m * USUAL_HEIGHT_M >= 2


def cast(opacity: NDArray[np.float32], sun: Sun, height_m: float) -> NDArray[np.float32]:
    """Opacity moved to where its shadow falls, whole pixels, 0 where the cloud would lie outside."""
    out = np.zeros_like(opacity)
    rows, columns = round(sun.rows_per_m * height_m), round(sun.columns_per_m * height_m)
    height, width = opacity.shape
    if abs(rows) < height and abs(columns) < width:
        out[max(rows, 0) : height + min(rows, 0), max(columns, 0) : width + min(columns, 0)] = opacity[
            max(-rows, 0) : height + min(-rows, 0), max(-columns, 0) : width + min(-columns, 0)
        ]
    return out


def shade_of(opacity: NDArray[np.float32], sun: Sun, height_m: float, thickness: float) -> NDArray[np.float32]:
    """Light taken by clouds whose bodies reach from a height to thickness times the height above."""
    top = height_m + min(thickness * height_m, THICKEST_M)
    body = cast(opacity, sun, height_m)
    for height in np.linspace(height_m, top, 4)[1:] if thickness else ():
        np.maximum(body, cast(opacity, sun, float(height)), out=body)
    return cv2.GaussianBlur(body, (0, 0), 0.8)  # type: ignore[return-value]


def find_shade(
    opacity: NDArray[np.float32], depth: NDArray[np.float32], weight: NDArray[np.float32], sun: Sun
) -> Shade | None:
    """The cloud height whose shadows explain the measured depths best, by weighted least squares.

    `opacity` is 0 outside clouds, `weight` 0 where depth says nothing. None where clouds and their shadows
    lie within one pixel, or no height explains anything.
    """
    total = float((weight * depth**2).sum())
    if not opacity.any() or total <= 0 or not resolved(sun):
        return None
    best = coarse_height(opacity, depth, weight, sun)
    factor = int(np.ceil(np.sqrt(opacity.size / SEARCH_PX)))
    near, dark, mass = Sun(sun.rows_per_m / factor, sun.columns_per_m / factor), depth, weight
    cloud = opacity
    if factor > 1:
        size = (opacity.shape[1] // factor, opacity.shape[0] // factor)
        cloud, mass = thin(opacity, size), thin(weight, size)
        dark = thin(weight * depth, size) / (mass + 1e-6)
        total = float((mass * dark**2).sum()) + 1e-9
    step = 0.5 / near.px_per_m
    tries = [
        (gain_of(shade_of(cloud, near, float(height), thickness), dark, mass) / total, float(height), thickness)
        for height in best + step * np.arange(-4, 5)
        for thickness in THICKNESS
    ]
    gain, height, thickness = max(tries)
    if gain < SMALLEST_GAIN:
        return None
    outside = cast(np.ones_like(opacity), sun, height) == 0
    return Shade(shade_of(opacity, sun, height, thickness), outside, height, thickness, gain)


def coarse_height(
    opacity: NDArray[np.float32], depth: NDArray[np.float32], weight: NDArray[np.float32], sun: Sun
) -> float:
    """The best height on a thinned image, in steps of half a thinned pixel."""
    factor = max(2, int(np.ceil(np.sqrt(opacity.size / SEARCH_PX))))
    small = (opacity.shape[1] // factor, opacity.shape[0] // factor)
    if min(small) < 8:
        factor, small = 1, (opacity.shape[1], opacity.shape[0])
    cloud, mass = thin(opacity, small), thin(weight, small)
    dark = thin(weight * depth, small) / (mass + 1e-6)
    coarse = Sun(sun.rows_per_m / factor, sun.columns_per_m / factor)
    heights = np.arange(*HEIGHTS_M, max(0.5 / coarse.px_per_m, 20))
    return float(max(heights, key=lambda height: gain_of(cast(cloud, coarse, height), dark, mass)))


def thin(image: NDArray[np.float32], size: tuple[int, int]) -> NDArray[np.float32]:
    """The image averaged down to a size (columns, rows)."""
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.float32)


def gain_of(shade: NDArray[np.float32], depth: NDArray[np.float32], weight: NDArray[np.float32]) -> float:
    """How much of the weighted square of depth a predicted shade explains."""
    return float((weight * shade * (2 * depth - shade)).sum())
