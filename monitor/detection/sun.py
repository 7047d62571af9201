"""Where the sun throws shadows: cloud heights that explain the darkness of a scene, and the shade they predict."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from queue import SimpleQueue
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from monitor.catalog.item import SceneItem
from monitor.cores import cores, together
from monitor.detection import codes
from monitor.detection.codes import read
from monitor.detection.sun_kernels import block_means, cast_darkest, overlap, usual_depths
from monitor.scenes.grid import Grid
from monitor.scenes.stack import thinning
from monitor.strips import STRIP_PX, Strip, over_strips

HEIGHTS_M = (200.0, 8000.0)
"""Cloud bases that are looked for; higher clouds are thin and throw no shadow worth the name."""
USUAL_HEIGHT_M = 2000.0
THICKNESS = (0.15, 0.3)
"""Cloud tops above the base, as a share of its height (besides flat clouds)..."""
THICKEST_M = 400.0
"""... and at most this."""
LOW_SUN_DEG = 3.0
COARSE_PX = 60_000
SEARCH_PX = 250_000
"""The search runs on images averaged down to about so many pixels, first coarse, then near the best."""
BLUR_HALO = 4
DEPTHS = (-0.5, 1.2)
"""What clouds can take, and what chance can add to it."""
CLOUDY = 0.25
"""Share of cloud from which on the ground may have been learnt in shadows, and clouds beyond the edge of a scene are as
likely as inside; beyond that of a clear one they are not."""
SMALLEST_GAIN = 0.03
SMALLEST_SUPPORT = 0.5
"""Shade that explains less than this share of the darkness, or of which less is dark, is taken for chance."""
DOUBTFUL_GAIN, BEYOND_CHANCE = 0.06, 1.3
"""Under few and thin clouds, a shade that explains less than the first must be worth more than any from a sun
elsewhere, by the second factor."""
THIN = 0.35
"""Opacity, weighted by itself, below which what looks like clouds may be new roofs and roads."""
FULL_SUPPORT = 0.7
"""Shades of which more than this is dark fit alike: clouds differ in what they take."""


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


@dataclass(frozen=True)
class Fit:
    """How much of the weighted square of depth a shade explains, and what share of the shade is there."""

    gain: float
    support: float

    @property
    def worth(self) -> float:
        """What the best height has most of: much explained, and nothing predicted that is not there.

        Dark ground elsewhere, a flood say, would win by gain alone.
        """
        return self.gain * min(max(self.support / FULL_SUPPORT, 0.0), 1.0) ** 2


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
    height, width = peak.shape
    above, below = max(top - BLUR_HALO, 0), min(bottom + BLUR_HALO, height)
    inside = bodies(shade.height_m, shade.thickness)
    reach = [offset(sun, body)[0] for body in inside]
    first, last = min(max(above - max(reach), 0), height), min(max(below - min(reach), 0), height)
    part = opaque_rows(peak[first:last], opacity[first:last])
    taken = blurred([cast(part, sun, body, above - first, below - first) for body in inside])
    rows, columns = offset(sun, shade.height_m)
    outside = np.ones((bottom - top, width), np.bool_)
    outside[max(rows - top, 0) : max(height + min(rows, 0) - top, 0), max(columns, 0) : max(width + columns, 0)] = False
    return taken[top - above : bottom - above], outside


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


def find_shade(
    peak: NDArray[np.uint8],
    opacity: NDArray[np.uint8],
    depth: NDArray[np.uint8],
    trust: NDArray[np.uint8],
    valid: NDArray[np.bool_],
    labels: NDArray[np.uint8],
    sun: Sun,
    cover: float,
) -> Shade | None:
    """The cloud height whose shadows explain the measured depths best, by weighted least squares.

    The first four are planes of a look, in `codes`; depths say nothing under clouds, nor where the scene is not `valid`
    or the reference has no label. `cover` is the share of cloud: where much of the ground may lie in shadow, and has
    been taken for what is usual, shadows are also looked for as what is darker than the rest of its label. None where
    clouds and their shadows lie within one pixel, or no height explains more than chance.
    """
    if not resolved(sun):
        return None
    planes = (peak, opacity, depth, trust, valid, labels)
    given = averaged(*planes, sun, np.zeros(256, np.float32))
    shade, worth = best_shade(*given, relative=False)
    if cover <= CLOUDY:
        return None if shade is not None and by_chance(shade, worth, *given) else shade
    some = (slice(None, None, thinning(peak.size, SEARCH_PX)),) * 2
    usual = usual_depths(*(plane[some] for plane in (peak, depth, trust, valid, labels)), depths_taken(), codes.TRUST)
    other, value = best_shade(*averaged(*planes, sun, usual), relative=True)
    return other if value > worth else shade


def best_shade(
    cloud: NDArray[np.float32], dark: NDArray[np.float32], mass: NDArray[np.float32], near: Sun, relative: bool
) -> tuple[Shade | None, float]:
    """The shade that explains averaged planes best, None if by chance, and what its fit is worth."""
    total = float((mass * dark**2).sum())
    if total <= 0:
        return None, 0.0
    idea, fit = best_fit(cloud, dark, mass, near, relative)
    if fit.gain < SMALLEST_GAIN * total or fit.support < SMALLEST_SUPPORT:
        return None, 0.0
    return Shade(*idea, fit.gain / total), fit.worth


def by_chance(
    shade: Shade,
    worth: float,
    cloud: NDArray[np.float32],
    dark: NDArray[np.float32],
    mass: NDArray[np.float32],
    near: Sun,
) -> bool:
    """Whether a shade of thin clouds explains so little, and a sun elsewhere as much, that it is none."""
    if shade.gain >= DOUBTFUL_GAIN or (cloud**2).sum() >= THIN * cloud.sum():
        return False
    elsewhere = max(best_fit(cloud, dark, mass, sun, relative=False)[1].worth for sun in near.elsewhere())
    return worth < BEYOND_CHANCE * elsewhere


def best_fit(
    cloud: NDArray[np.float32], dark: NDArray[np.float32], mass: NDArray[np.float32], near: Sun, relative: bool
) -> tuple[tuple[float, float], Fit]:
    """The height in metres and the thickness of clouds whose shade is worth most, and how it fits."""
    best = coarse_height(*coarser(cloud, dark, mass, near), relative)
    step = 0.5 / near.px_per_m
    ideas = [
        (height, thickness) for thickness in (0.0, *THICKNESS) for height in (best + step * np.arange(-4, 5)).tolist()
    ]
    moves = [frozenset(offset(near, body) for body in bodies(*idea)) for idea in ideas]
    fits = fits_of(set(moves), cloud, dark, mass, relative)
    return max(((idea, fits[move]) for move, idea in zip(moves, ideas, strict=True)), key=lambda found: found[1].worth)


def depths_taken() -> NDArray[np.float32]:
    """What codes of depth stand for, within what clouds can take."""
    return np.clip(codes.DEPTH, *DEPTHS)


def averaged(
    peak: NDArray[np.uint8],
    opacity: NDArray[np.uint8],
    depth: NDArray[np.uint8],
    trust: NDArray[np.uint8],
    valid: NDArray[np.bool_],
    labels: NDArray[np.uint8],
    sun: Sun,
    usual: NDArray[np.float32],
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32], Sun]:
    """Opacity, depth beyond what is `usual` (256,) for a label, weight, averaged to about `SEARCH_PX`, and the sun."""
    factor = side_of_squares(peak.shape, SEARCH_PX)
    size = (peak.shape[0] // factor, peak.shape[1] // factor)
    cloud, dark, mass = (np.zeros(size, np.float32) for _ in range(3))
    depths, shares = depths_taken(), read(codes.SHARE, codes.CLOUD_SHARE)

    def mean(strip: Strip) -> None:
        sources = slice(strip.start * factor, strip.stop * factor)
        given = [plane[sources] for plane in (peak, opacity, depth, trust, valid, labels)]
        means = [plane[strip.rows] for plane in (cloud, dark, mass)]
        block_means(*given, factor, shares, depths, usual, codes.TRUST, *means)

    over_strips(size, 0, mean, STRIP_PX // factor**2)
    dark /= mass + np.float32(1e-6)
    return cloud, dark, mass, sun.thinned(factor)


def side_of_squares(shape: tuple[int, ...], pixels: int) -> int:
    """Side of the squares that leave about so many pixels of an image; 1 where few would be left in a row."""
    factor = thinning(shape[0] * shape[1], pixels)
    return factor if min(shape) >= 8 * factor else 1


def coarser(
    cloud: NDArray[np.float32], dark: NDArray[np.float32], mass: NDArray[np.float32], sun: Sun
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32], Sun]:
    """What `averaged` gives, averaged further down to about `COARSE_PX`."""
    factor = side_of_squares(cloud.shape, COARSE_PX)
    size = (cloud.shape[1] // factor, cloud.shape[0] // factor)

    def mean(plane: NDArray[np.float32]) -> NDArray[np.float32]:
        whole = plane[: size[1] * factor, : size[0] * factor]
        return cv2.resize(whole, size, interpolation=cv2.INTER_AREA)  # type: ignore[return-value]

    weight = mean(mass)
    return mean(cloud), mean(dark * mass) / (weight + np.float32(1e-6)), weight, sun.thinned(factor)


def coarse_height(
    cloud: NDArray[np.float32], dark: NDArray[np.float32], mass: NDArray[np.float32], sun: Sun, relative: bool
) -> float:
    """The best height on a thinned image, in steps of half a thinned pixel."""
    heights = np.arange(*HEIGHTS_M, max(0.5 / sun.px_per_m, 20))
    return float(max(heights, key=lambda height: fit_of(cloud, dark, mass, *offset(sun, height), relative).worth))


def fit_of(
    shade: NDArray[np.float32],
    depth: NDArray[np.float32],
    weight: NDArray[np.float32],
    rows: int = 0,
    columns: int = 0,
    relative: bool = False,
) -> Fit:
    """How a predicted shade, moved by some rows and columns, fits the measured depths, by weighted least squares.

    With `relative` what is not shaded may be of any one depth.
    """
    mass, dark, deep, square, common = overlap(shade, depth, weight, rows, columns)
    if relative and mass > 0:
        square, common = square - dark * dark / mass, common - dark * deep / mass
    return Fit(2 * common - square, common / max(square, 1e-6))


Moves = frozenset[tuple[int, int]]
"""By how many rows and columns the parts of clouds are moved to where their shadows fall."""


def covered(parts: Moves, shape: tuple[int, ...]) -> tuple[slice, ...]:
    """Rows and columns to which clouds inside an image throw their shadows, however their parts are moved."""
    ways = zip(*parts, strict=True)
    return tuple(slice(max(*way, 0), max(size + min(*way, 0), 0)) for way, size in zip(ways, shape, strict=True))


def fits_of(
    moves: Iterable[Moves],
    cloud: NDArray[np.float32],
    depth: NDArray[np.float32],
    weight: NDArray[np.float32],
    relative: bool,
) -> dict[Moves, Fit]:
    """How the soft shades fit that clouds throw whose parts are moved, shade by shade; `relative` as in `fit_of`."""
    spare = SimpleQueue[tuple[NDArray[np.float32], NDArray[np.float32]]]()
    for _ in range(cores()):
        spare.put((np.empty_like(cloud), np.empty_like(cloud)))

    def one(parts: Moves) -> tuple[Moves, Fit]:
        shade, light = spare.get()
        shade[:] = 0
        cast_darkest(cloud, np.array(list(parts)), shade)
        inside = covered(parts, shade.shape)
        fit = fit_of(soft(shade, light)[inside], depth[inside], weight[inside], relative=relative)
        spare.put((shade, light))
        return parts, fit

    return dict(together(one, moves))
