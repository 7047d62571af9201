"""Where the sun throws shadows: the shade that clouds at a height predict."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from monitor.catalog.item import SceneItem
from monitor.detection import codes
from monitor.detection.codes import read
from monitor.scenes.grid import Grid

USUAL_HEIGHT_M = 2000.0
THICKEST_M = 400.0
"""Clouds reach at most this far above their base."""
LOW_SUN_DEG = 3.0
BLUR_HALO = 4

Opacity = NDArray[Any]
"""In float32, or in the codes of shares."""


@dataclass(frozen=True)
class Sun:
    """Displacement of a shadow from its cloud, in pixels (rows down, columns right) per metre of height."""

    rows_per_m: float
    columns_per_m: float

    @property
    def px_per_m(self) -> float:
        """Length of the displacement."""
        return float(np.hypot(self.rows_per_m, self.columns_per_m))

    def thinned(self, factor: int) -> "Sun":
        """The sun of an image of which every pixel is a square of so many."""
        return Sun(self.rows_per_m / factor, self.columns_per_m / factor)

    def elsewhere(self) -> list["Sun"]:
        """Suns as high in the other three directions: what they throw on is dark by chance."""
        down, right = self.rows_per_m, self.columns_per_m
        return [Sun(right, -down), Sun(-down, -right), Sun(-right, down)]


@dataclass(frozen=True)
class Shade:
    """The shade that the clouds of a scene throw.

    Clouds are at `height_m` and `thickness` times that thick; `gain` is the share of the scene's darkness that
    their shade explains.
    """

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


def offset(sun: Sun, height_m: float) -> tuple[int, int]:
    """Rows and columns from a cloud at a height to its shadow, whole pixels."""
    return round(sun.rows_per_m * height_m), round(sun.columns_per_m * height_m)


def cast(opacity: Opacity, sun: Sun, height_m: float, top: int = 0, bottom: int | None = None) -> Opacity:
    """Opacity moved to where its shadow falls, rows `top` to `bottom` of it, 0 where the cloud would lie outside."""
    height, width = opacity.shape
    bottom = height if bottom is None else bottom
    out = np.zeros((bottom - top, width), opacity.dtype)
    rows, columns = offset(sun, height_m)
    first, last = max(top, rows), min(bottom, height + rows)
    if first < last and abs(columns) < width:
        out[first - top : last - top, max(columns, 0) : width + min(columns, 0)] = opacity[
            first - rows : last - rows, max(-columns, 0) : width + min(-columns, 0)
        ]
    return out


def bodies(height_m: float, thickness: float) -> list[float]:
    """Heights within clouds that reach from a height to thickness times the height above."""
    top = height_m + min(thickness * height_m, THICKEST_M)
    return [float(height) for height in np.linspace(height_m, top, 4 if thickness else 1)]


def shade_of(
    peak: NDArray[np.uint8], opacity: NDArray[np.uint8], sun: Sun, shade: Shade, top: int, bottom: int
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Light taken by the clouds in rows `top` to `bottom`, and where the cloud would lie outside the scene."""
    height = peak.shape[0]
    above, below = max(top - BLUR_HALO, 0), min(bottom + BLUR_HALO, height)
    inside = bodies(shade.height_m, shade.thickness)
    reach = [offset(sun, body)[0] for body in inside]
    first, last = min(max(above - max(reach), 0), height), min(max(below - min(reach), 0), height)
    part = opaque_rows(peak[first:last], opacity[first:last])
    taken = blurred([cast(part, sun, body, above - first, below - first) for body in inside])
    return taken[top - above : bottom - above], ~in_sight(peak.shape, sun, shade.height_m, top, bottom)


def in_sight(shape: tuple[int, int], sun: Sun, height_m: float, top: int, bottom: int) -> NDArray[np.bool_]:
    """Where in rows `top` to `bottom` the cloud that throws a shadow there would lie inside the scene."""
    (height, width), (rows, columns) = shape, offset(sun, height_m)
    seen = np.zeros((bottom - top, width), np.bool_)
    seen[max(rows - top, 0) : max(height + min(rows, 0) - top, 0), max(columns, 0) : max(width + columns, 0)] = True
    return seen


def opaque_rows(peak: NDArray[np.uint8], opacity: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Codes of the share of light that surely is taken by cloud in some rows, 0 outside clouds."""
    return np.where(peak >= codes.CLOUDED, np.take(codes.CLOUD_SHARE, opacity), np.uint8(0))


def blurred(shades: Sequence[Opacity]) -> NDArray[np.float32]:
    """The darkest of several shades with the soft edge that the sun's disc gives it."""
    body = shades[0]
    for other in shades[1:]:
        np.maximum(body, other, out=body)
    return soft(read(codes.SHARE, body) if body.dtype == np.uint8 else body)


def soft(shade: NDArray[np.float32], out: NDArray[np.float32] | None = None) -> NDArray[np.float32]:
    """A shade with the soft edge that the sun's disc gives it."""
    return cv2.GaussianBlur(shade, (0, 0), 0.8, dst=out)  # type: ignore[return-value]
