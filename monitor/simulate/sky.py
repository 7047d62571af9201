"""Clouds, cirrus, and the shadows that the sun makes of them."""

from dataclasses import dataclass, replace

import cv2
import numpy as np
from scipy import ndimage

from monitor.simulate.noise import Floats, Mask, fractal
from monitor.simulate.scale import PIXEL_M
from monitor.simulate.spectra import CIRRUS, CLOUD, LIGHT_LEFT, column
from monitor.simulate.sun import shadow_offset_px

CLOUD_OPACITY = 0.15
CIRRUS_OPACITY = 0.12
LIGHT_CUT = 0.20
"""From here on the truth calls a pixel cloud, cirrus, or shadow (share of the near-infrared light missing)."""
NEARLY = 0.35
"""Below this share of those limits a pixel is judged as clear; in between nobody can say."""


@dataclass(frozen=True)
class SkyPlan:
    """What the sky of one date should be: `cover` of cumulus and of `cirrus` (shares of the scene)."""

    cover: float
    cirrus: float

    def thinned(self) -> "SkyPlan":
        """The same sky with less in it; nothing once there is little."""
        return replace(self, cover=self.cover * 0.55 if self.cover > 0.06 else 0.0, cirrus=0.0)


@dataclass(frozen=True, eq=False)
class Sky:
    """Clouds over one scene, all float32 (rows, columns), 0..1.

    `opacity` is that of cumulus and `cirrus` that of ice clouds, `brightness` (about 1) the light on their
    tops, `shadow` the share of the direct light that clouds take from the ground. `base_m` and `top_m` are
    the heights of the cumulus above ground, None without any.
    """

    opacity: Floats
    cirrus: Floats
    brightness: Floats
    shadow: Floats
    base_m: float | None
    top_m: float | None

    @property
    def light_cut(self) -> Floats:
        """Share of the near-infrared light that is missing."""
        return self.shadow * np.float32(1 - LIGHT_LEFT[4])

    @property
    def cloudy(self) -> Mask:
        """What the truth calls cloud."""
        mask: Mask = (self.opacity > CLOUD_OPACITY) | (self.cirrus > CIRRUS_OPACITY)
        return mask

    @property
    def shaded(self) -> Mask:
        """What the truth calls shadow, under clouds too."""
        mask: Mask = self.light_cut > LIGHT_CUT
        return mask

    @property
    def clear(self) -> Mask:
        """Where clouds and shadows are too faint to be seen."""
        mask: Mask = (
            (self.opacity < NEARLY * CLOUD_OPACITY)
            & (self.cirrus < NEARLY * CIRRUS_OPACITY)
            & (self.light_cut < NEARLY * LIGHT_CUT)
        )
        return mask

    def over(self, cube: Floats) -> Floats:
        """The ground's reflectance (bands, rows, columns) as it is seen through this sky."""
        lit = cube * (1 - self.shadow * (1 - column(LIGHT_LEFT)))
        lit += self.opacity * (column(CLOUD) * self.brightness - lit)
        lit += self.cirrus * (column(CIRRUS) - lit)
        return np.asarray(lit, np.float32)


def plan_skies(rng: np.random.Generator, dates: int) -> list[SkyPlan]:
    """Skies of a series: the first is clear, one is heavy, one nearly clear, a third has cirrus."""
    covers = [0.0, *(0.02 + 0.2 * rng.random(dates - 1) ** 1.3)]
    rest = 1 + rng.permutation(dates - 1)
    if dates > 3:
        covers[rest[0]], covers[rest[1]] = float(rng.uniform(0.35, 0.45)), 0.0
    cirrus = {int(date) for date in rest[2::3]}
    return [SkyPlan(float(cover), 0.22 if date in cirrus else 0.0) for date, cover in enumerate(covers)]


def make_sky(rng: np.random.Generator, shape: tuple[int, int], plan: SkyPlan, sun: tuple[float, float]) -> Sky:
    """A sky over a scene of `shape` pixels; `sun` is azimuth and elevation in degrees."""
    nothing = np.zeros(shape, np.float32)
    cirrus = nothing
    if plan.cirrus > 0:
        streaks = fractal(rng, shape, 3.4, 160, rng.uniform(2.5, 5), rng.uniform(0, np.pi))
        streaks += 0.25 * fractal(rng, shape, 3.0, 60)
        depth = np.maximum(streaks - np.quantile(streaks, 1 - plan.cirrus), 0)
        cirrus = ndimage.gaussian_filter((0.42 * (1 - np.exp(-0.7 * depth))).astype(np.float32), 1.2)
    if plan.cover <= 0:
        return Sky(nothing, cirrus, np.ones(shape, np.float32), nothing, None, None)
    return cumulus(rng, plan.cover, cirrus, sun)


def cumulus(rng: np.random.Generator, cover: float, cirrus: Floats, sun: tuple[float, float]) -> Sky:
    """Cumulus of one base height with lit and dim sides, and its shadow; `cirrus` gives the shape."""
    shape = (cirrus.shape[0], cirrus.shape[1])
    base_m = float(np.exp(rng.uniform(np.log(800), np.log(2400))))
    top_m = base_m + float(rng.uniform(150, 500))
    reach = max(abs(n) for n in shadow_offset_px(top_m, *sun, PIXEL_M))
    pad = int(np.ceil(reach)) + 4  # clouds beside the scene throw shadows into it
    wide = (shape[0] + 2 * pad, shape[1] + 2 * pad)
    inner = (slice(pad, -pad), slice(pad, -pad))
    field = fractal(rng, wide, rng.uniform(2.9, 3.3), rng.uniform(35, 80))
    billows = np.abs(fractal(rng, wide, 2.6, 22))
    field += 0.35 * (0.8 - billows) + 0.9 * fractal(rng, wide, 4.0, 350)
    edge = np.quantile(field[inner], 1 - cover)
    depth = np.maximum((field - edge) * rng.uniform(3.5, 6.5), 0).astype(np.float32)
    opacity = ndimage.gaussian_filter((1 - np.exp(-1.3 * depth)).astype(np.float32), 0.7)

    bulge = ndimage.gaussian_filter(np.minimum(depth, 6) + 1.2 * (1 - billows), 1.0)
    down, right = np.gradient(bulge)
    azimuth = np.radians(sun[0])
    toward_sun = right * np.sin(azimuth) - down * np.cos(azimuth)
    brightness = 0.74 + 0.26 * (1 - np.exp(-0.5 * depth)) - 0.22 * toward_sun / max(float(toward_sun.std()) * 2.5, 1e-6)
    shadow = np.zeros(wide, np.float32)
    steps = 2 + int(reach * (1 - base_m / top_m))  # a pixel or less, or thick clouds throw stripes
    for part in np.linspace(0, 1, steps):  # only the thick middle of a cloud reaches its top
        body = 1 - np.exp(-1.3 * np.maximum(depth - np.float32(2.5 * part), 0))
        down_px, right_px = shadow_offset_px(base_m + float(part) * (top_m - base_m), *sun, PIXEL_M)
        moved = cv2.warpAffine(body, np.array([[1, 0, right_px], [0, 1, down_px]]), wide[::-1])
        np.maximum(shadow, moved, out=shadow)
    shadow = ndimage.gaussian_filter(shadow, 0.9)
    return Sky(
        opacity=opacity[inner],
        cirrus=cirrus,
        brightness=np.clip(brightness[inner], 0.5, 1.15).astype(np.float32),
        shadow=shadow[inner],
        base_m=base_m,
        top_m=top_m,
    )
