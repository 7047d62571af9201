"""Fields, city blocks and roads: rectangles on a turned survey grid, as around Toronto."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from monitor.simulate.noise import Floats

FAR = 1e6


@dataclass(frozen=True, eq=False)
class Tiles:
    """Rectangles that fill the plane: `index` int32 (rows, columns), `count` of them, and metres to the edge."""

    index: NDArray[np.int32]
    count: int
    edge_m: Floats

    def mean(self, field: Floats) -> Floats:
        """Mean of a raster over each rectangle, (count,); 0 for those that are off the raster."""
        flat = self.index.ravel()
        pixels = np.bincount(flat, minlength=self.count)
        total = np.bincount(flat, weights=field.ravel(), minlength=self.count)
        return np.asarray(total / np.maximum(pixels, 1), np.float32)


def cuts(rng: np.random.Generator, low: float, high: float, spacing_m: float, parts: tuple[int, int]) -> Floats:
    """Positions between two roads every `spacing_m`, each stretch cut into a random number of uneven parts."""
    positions: list[float] = []
    for start in np.arange(np.floor(low / spacing_m), np.ceil(high / spacing_m)) * spacing_m:
        shares = rng.uniform(0.5, 1.5, int(rng.integers(parts[0], parts[1] + 1)))
        positions.extend(start + spacing_m * np.concatenate([[0], np.cumsum(shares)[:-1] / shares.sum()]))
    return np.array(positions, np.float32)


def tiles(
    rng: np.random.Generator,
    u: Floats,
    v: Floats,
    spacing_m: tuple[float, float],
    parts: tuple[tuple[int, int], tuple[int, int]],
) -> Tiles:
    """Columns between cuts along `u` (metres), each cut on its own along `v`; roads keep their spacing in both."""
    columns = cuts(rng, float(u.min()) - 1, float(u.max()) + 1, spacing_m[0], parts[0])
    low, high = float(v.min()) - 1, float(v.max()) + 1
    rows = [cuts(rng, low, high, spacing_m[1], parts[1]) for _ in columns]
    column = np.searchsorted(columns, u.ravel(), side="right") - 1
    every = np.concatenate([cut.astype(np.float64) + FAR * n for n, cut in enumerate(rows)])
    index = np.searchsorted(every, v.ravel() + FAR * column, side="right") - 1
    index = np.clip(index, 0, len(every) - 2)
    along = np.minimum(v.ravel() + FAR * column - every[index], every[index + 1] - v.ravel() - FAR * column)
    column = np.clip(column, 0, len(columns) - 2)
    across = np.minimum(u.ravel() - columns[column], columns[column + 1] - u.ravel())
    edge = np.minimum(np.abs(along), np.abs(across)).reshape(u.shape)
    return Tiles(index.reshape(u.shape).astype(np.int32), len(every), edge.astype(np.float32))


def road_distance(u: Floats, v: Floats, spacing_m: tuple[float, float]) -> Floats:
    """Metres to the nearest of the roads that run every `spacing_m` along both directions."""
    nearest = [np.abs((w + step / 2) % step - step / 2) for w, step in zip((u, v), spacing_m, strict=True)]
    return np.asarray(np.minimum(*nearest), np.float32)
