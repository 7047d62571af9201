"""From fine ground to a Landsat pixel: point spread, sub-pixel shift, calibration, haze and noise."""

from dataclasses import dataclass

import numpy as np
from scipy.special import erf

from monitor.simulate.noise import Floats, fractal
from monitor.simulate.scale import FACTOR, MARGIN_PX
from monitor.simulate.spectra import BANDS, HAZE, column

BLUR_PX = 0.36
"""Deviation of the point spread in pixels; with the pixel's own box it gives OLI's response of about 0.3 at Nyquist."""


@dataclass(frozen=True)
class Weather:
    """What makes one date differ from another when nothing on the ground does.

    `shift_px` is how far (rows, columns) the image lies beside its grid; `gain` and `offset` are per band;
    `tilt` is the relative change of brightness across the scene; `noise` a deviation in reflectance.
    """

    shift_px: tuple[float, float]
    gain: tuple[float, ...]
    offset: tuple[float, ...]
    tilt: float
    noise: float


def draw_weather(rng: np.random.Generator, steady: bool) -> Weather:
    """Weather of one date; a steady one (the reference) has neither shift nor haze."""
    strength = 0.0 if steady else 1.0
    common = rng.normal(0, 0.02)
    gain = 1 + strength * (common + rng.normal(0, 0.012, len(BANDS)))
    haze = strength * abs(rng.normal(0, 0.007)) * np.array(HAZE)
    shift = strength * np.clip(rng.normal(0, 0.17, 2), -0.4, 0.4)  # Tier 1 scenes agree to about 5 m
    return Weather(
        (float(shift[0]), float(shift[1])),
        tuple(float(value) for value in gain),
        tuple(float(value) for value in haze + strength * rng.normal(0, 0.001, len(BANDS))),
        float(strength * rng.uniform(0, 0.025)),
        float(rng.uniform(0.0012, 0.0022)),
    )


def observe(fine: Floats, shift_px: tuple[float, float] = (0.0, 0.0)) -> Floats:
    """Fine rasters (..., rows, columns) as pixels see them, float32 (..., rows, columns).

    The image moves by `shift_px` rows and columns (at most 1); the margin of the ground is left out.
    """
    return downsample(downsample(fine, -2, shift_px[0]), -1, shift_px[1])


def downsample(fine: Floats, axis: int, shift_px: float) -> Floats:
    """One axis: every pixel is a mean weighted by a box of its size blurred with `BLUR_PX`."""
    reach = 2 * FACTOR
    offsets = np.arange(-reach, FACTOR + reach)
    place = (offsets + 0.5) / FACTOR - 0.5 + shift_px
    edges = [erf((place + half) / (BLUR_PX * np.sqrt(2))) for half in (0.5, -0.5)]
    weights = edges[0] - edges[1]
    weights = (weights / weights.sum()).astype(np.float32)
    moved = np.moveaxis(fine, axis, 0)
    count = len(moved) // FACTOR - 2 * MARGIN_PX
    total = np.zeros((count, *moved.shape[1:]), np.float32)
    for offset, weight in zip(offsets, weights, strict=True):
        start = MARGIN_PX * FACTOR + offset
        total += weight * moved[start : start + count * FACTOR : FACTOR]
    return np.moveaxis(total, 0, axis)


def through_air(rng: np.random.Generator, cube: Floats, weather: Weather) -> Floats:
    """Reflectance (bands, rows, columns) with the weather's calibration and haze, before clouds."""
    shape = (cube.shape[1], cube.shape[2])
    turn = rng.uniform(0, 2 * np.pi)
    down, right = np.linspace(-1, 1, shape[0])[:, None], np.linspace(-1, 1, shape[1])[None]
    tilt = 1 + weather.tilt * (down * np.sin(turn) + right * np.cos(turn))
    patches = 1 + 0.35 * fractal(rng, shape, 3.5, 200)
    seen = cube * column(weather.gain) * tilt + column(weather.offset) * np.maximum(patches, 0)
    return np.asarray(seen, np.float32)


def add_noise(rng: np.random.Generator, cube: Floats, weather: Weather) -> Floats:
    """Sensor noise: a constant part and one that grows with the signal."""
    scale = weather.noise * (0.7 + np.sqrt(np.maximum(cube, 0)))
    return np.asarray(cube + scale * rng.standard_normal(cube.shape, np.float32), np.float32)
