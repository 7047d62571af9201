"""The height of clouds: the one whose shade explains the darkness of a scene best, and not by chance."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from monitor.cores import together
from monitor.detection import codes
from monitor.detection.codes import read
from monitor.detection.sun import Shade, Sun, bodies, offset, resolved, soft
from monitor.detection.sun_kernels import block_means, overlap, usual_depths
from monitor.scenes.stack import thinning
from monitor.strips import STRIP_PX, Strip, over_strips

HEIGHTS_M = (200.0, 8000.0)
"""Cloud bases that are looked for; higher clouds are thin and throw no shadow worth the name."""
THICKNESS = (0.15, 0.3)
"""Cloud tops above the base, as a share of its height (besides flat clouds)."""
COARSE_PX = 60_000
SEARCH_PX = 250_000
"""The search runs on images averaged down to about so many pixels, first coarse, then near the best."""
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


class Averaged(NamedTuple):
    """Opacity of cloud, depth and its weight, float32 (rows, columns), averaged to squares, and the sun over these."""

    cloud: NDArray[np.float32]
    dark: NDArray[np.float32]
    mass: NDArray[np.float32]
    sun: Sun


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
    shade, worth = best_shade(given, relative=False)
    if cover <= CLOUDY:
        return None if shade is not None and by_chance(shade, worth, given) else shade
    some = (slice(None, None, thinning(peak.size, SEARCH_PX)),) * 2
    usual = usual_depths(*(plane[some] for plane in (peak, depth, trust, valid, labels)), depths_taken(), codes.TRUST)
    other, value = best_shade(averaged(*planes, sun, usual), relative=True)
    return other if value > worth else shade


def best_shade(planes: Averaged, relative: bool) -> tuple[Shade | None, float]:
    """The shade that explains averaged planes best, None if it explains too little, and what its fit is worth."""
    total = float((planes.mass * planes.dark**2).sum())
    if total <= 0:
        return None, 0.0
    idea, fit = best_fit(planes, relative)
    if fit.gain < SMALLEST_GAIN * total or fit.support < SMALLEST_SUPPORT:
        return None, 0.0
    return Shade(*idea, fit.gain / total), fit.worth


def by_chance(shade: Shade, worth: float, planes: Averaged) -> bool:
    """Whether a shade of thin clouds explains so little, and a sun elsewhere as much, that it is none."""
    if shade.gain >= DOUBTFUL_GAIN or (planes.cloud**2).sum() >= THIN * planes.cloud.sum():
        return False
    others = (planes._replace(sun=sun) for sun in planes.sun.elsewhere())
    elsewhere = max(best_fit(other, relative=False)[1].worth for other in others)
    return worth < BEYOND_CHANCE * elsewhere


def best_fit(planes: Averaged, relative: bool) -> tuple[tuple[float, float], Fit]:
    """The height in metres and the thickness of clouds whose shade is worth most, and how it fits."""
    best, step = coarse_height(coarser(planes), relative), 0.5 / planes.sun.px_per_m
    heights = (best + step * np.arange(-4, 5)).tolist()
    ideas = [(height, thickness) for thickness in (0.0, *THICKNESS) for height in heights]
    moves = [frozenset(offset(planes.sun, body) for body in bodies(*idea)) for idea in ideas]
    fits = fits_of(moves, planes._replace(cloud=soft(planes.cloud)), relative)
    return max(zip(ideas, fits, strict=True), key=lambda found: found[1].worth)


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
) -> Averaged:
    """Planes averaged to about `SEARCH_PX`, depth beyond what is `usual` (256,) for a label."""
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
    return Averaged(cloud, dark, mass, sun.thinned(factor))


def side_of_squares(shape: tuple[int, ...], pixels: int) -> int:
    """Side of the squares that leave about so many pixels of an image; 1 where few would be left in a row."""
    factor = thinning(shape[0] * shape[1], pixels)
    return factor if min(shape) >= 8 * factor else 1


def coarser(planes: Averaged) -> Averaged:
    """Planes averaged further down to about `COARSE_PX`."""
    factor = side_of_squares(planes.cloud.shape, COARSE_PX)
    size = (planes.cloud.shape[1] // factor, planes.cloud.shape[0] // factor)

    def mean(plane: NDArray[np.float32]) -> NDArray[np.float32]:
        whole = plane[: size[1] * factor, : size[0] * factor]
        return cv2.resize(whole, size, interpolation=cv2.INTER_AREA)  # type: ignore[return-value]

    mass = mean(planes.mass)
    dark = mean(planes.dark * planes.mass) / (mass + np.float32(1e-6))
    return Averaged(mean(planes.cloud), dark, mass, planes.sun.thinned(factor))


def coarse_height(planes: Averaged, relative: bool) -> float:
    """The best height of flat clouds on a thinned image, in steps of half a thinned pixel."""
    heights = np.arange(*HEIGHTS_M, max(0.5 / planes.sun.px_per_m, 20)).tolist()
    fits = fits_of([frozenset([offset(planes.sun, height)]) for height in heights], planes, relative)
    best, _ = max(zip(heights, fits, strict=True), key=lambda found: found[1].worth)
    return float(best)


Moves = frozenset[tuple[int, int]]
"""By how many rows and columns the parts of clouds are moved to where their shadows fall."""


def fits_of(moves: Sequence[Moves], planes: Averaged, relative: bool) -> list[Fit]:
    """How the shades fit that clouds throw whose parts are moved, for each of some ways to move them."""
    different = list(dict.fromkeys(moves))
    fits = dict(zip(different, together(lambda parts: fit_of(parts, planes, relative), different), strict=True))
    return [fits[parts] for parts in moves]


def fit_of(parts: Moves, planes: Averaged, relative: bool) -> Fit:
    """How the shade fits the measured depths, by weighted least squares, that clouds throw whose parts are moved.

    With `relative` what is not shaded may be of any one depth.
    """
    mass, dark, deep, square, common = overlap(planes.cloud, planes.dark, planes.mass, np.array(list(parts)))
    if relative and mass > 0:
        square, common = square - dark * dark / mass, common - dark * deep / mass
    return Fit(2 * common - square, common / max(square, 1e-6))
