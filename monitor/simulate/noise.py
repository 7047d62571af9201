"""Random fields with the roughness that ground and clouds have."""

import numpy as np
from numpy.typing import NDArray
from scipy import fft, ndimage

Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]


def fractal(
    rng: np.random.Generator,
    shape: tuple[int, int],
    slope: float,
    outer_px: float = 1e9,
    stretch: float = 1.0,
    angle: float = 0.0,
) -> Floats:
    """A Gaussian field (rows, columns) of mean 0 and deviation 1 whose power falls as frequency ** -slope.

    `outer_px` is the size of the largest structures: below that frequency the spectrum is flat. `stretch`
    draws the structures out along `angle` (radians, anticlockwise from the columns' direction). Satellite
    cloud fields have slopes of 2.5 to 3.5 (Barker and Davies 1992, doi:10.1175/1520-0469(1992)049).
    """
    rows, cols = (fft.next_fast_len(n + min(n // 4, 64), real=True) for n in shape)
    down = fft.fftfreq(rows)[:, None].astype(np.float32)
    right = fft.rfftfreq(cols)[None].astype(np.float32)
    along = (right * np.cos(angle) - down * np.sin(angle)) * stretch
    across = right * np.sin(angle) + down * np.cos(angle)
    floor = max(1 / outer_px, 0.5 / max(rows, cols))
    amplitude = (along**2 + across**2 + floor**2) ** (-slope / 4)
    amplitude[0, 0] = 0
    white = rng.standard_normal((rows, cols), np.float32)
    field = fft.irfft2(fft.rfft2(white) * amplitude.astype(np.float32), s=(rows, cols))[: shape[0], : shape[1]]
    field = (field - field.mean()) / max(float(field.std()), 1e-9)
    return np.asarray(field, np.float32)


def blob(rng: np.random.Generator, shape: tuple[int, int], center: tuple[int, int], area_px: int, rough: float) -> Mask:
    """A connected patch of about `area_px` pixels around a pixel, with an outline between round (0) and ragged (1)."""
    radius = (area_px / np.pi) ** 0.5
    rows = np.arange(shape[0], dtype=np.float32)[:, None] - center[0]
    cols = np.arange(shape[1], dtype=np.float32)[None] - center[1]
    turn, squeeze = rng.uniform(0, np.pi), rng.uniform(0.65, 1.0)
    along = (cols * np.cos(turn) + rows * np.sin(turn)) * squeeze
    across = (rows * np.cos(turn) - cols * np.sin(turn)) / squeeze
    distance = np.hypot(along, across) / radius + rough * 0.35 * fractal(rng, shape, 3.0, 3 * radius)
    distance[center] = distance.min() - 1
    inside = distance <= np.partition(distance.ravel(), area_px)[area_px]
    parts, _ = ndimage.label(ndimage.binary_closing(inside) | inside)
    return np.asarray(ndimage.binary_fill_holes(parts == parts[center]), bool)


def smoothstep(value: Floats, low: float, high: float) -> Floats:
    """0 below `low`, 1 above `high`, smooth in between."""
    t = np.clip((value - low) / (high - low), 0, 1)
    return np.asarray(t * t * (3 - 2 * t), np.float32)


def fractions(shape: tuple[int, int]) -> tuple[Floats, Floats]:
    """Rows (rows, 1) and columns (1, columns) of a raster from 0 to 1."""
    down = np.linspace(0, 1, shape[0], dtype=np.float32)[:, None]
    return down, np.linspace(0, 1, shape[1], dtype=np.float32)[None]
