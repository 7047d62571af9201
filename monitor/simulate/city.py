"""A city on the western shore, block by block: houses, malls and works, parks, a dense core."""

import numpy as np
from numpy.typing import NDArray

from monitor.simulate.noise import Floats, Mask, fractal, fractions
from monitor.simulate.parcels import tiles
from monitor.simulate.scale import FINE_M
from monitor.simulate.spectra import FOREST, Cover

STREETS_M = (625.0, 1000.0)
HALLS_M = (625.0, 500.0)
BUILT_SHARE, CORE_SHARE = 0.30, 0.025
"""Share of the land that is city, and that is its core."""


def build_city(
    rng: np.random.Generator, cover: NDArray[np.uint8], axes: tuple[Floats, Floats], lake: Mask, shore_m: Floats
) -> None:
    """Build on the cover (fine rows, columns), in place; woods stay. `axes` are metres along the survey grid."""
    fine = (cover.shape[0], cover.shape[1])
    blocks = tiles(rng, *axes, STREETS_M, ((5, 7), (4, 6)))
    sprawl = make_sprawl(rng, fine, shore_m)
    outer, limits = blocks.mean(sprawl), np.quantile(sprawl[~lake], (BUILT_SHARE, CORE_SHARE))
    district = blocks.mean(fractal(rng, fine, 3.0, 110))
    works = (rng.random(blocks.count) < 0.03) | (district > np.quantile(district, 0.84))
    park = rng.random(blocks.count) < 0.07
    leafy = np.clip(rng.normal(0.58, 0.13, blocks.count), 0.2, 0.8).astype(np.float32)

    free = ~np.isin(cover, [int(kind) for kind in (*FOREST, Cover.TREES)])
    inside = free & (outer < limits[0])[blocks.index]
    of_works, of_park = works[blocks.index], park[blocks.index]
    houses = inside & ~of_works & ~of_park
    speckle = rng.random(fine, np.float32)
    green = leafy[blocks.index]
    cover[houses] = Cover.ROOF
    cover[houses & (speckle < green)] = Cover.TREES
    cover[houses & (speckle < 0.5 * green)] = Cover.LAWN
    cover[houses & (speckle > 0.985)] = Cover.BRIGHT_ROOF
    cover[houses & (blocks.edge_m < 8)] = Cover.ASPHALT
    cover[inside & of_park] = Cover.LAWN
    build_works(rng, cover, inside & of_works, axes)
    dense = inside & (outer < limits[1])[blocks.index]
    cover[dense & (speckle < 0.55)] = Cover.CONCRETE
    cover[dense & (speckle < 0.45)] = Cover.ROOF
    cover[dense & (speckle > 0.9)] = Cover.ASPHALT


def make_sprawl(rng: np.random.Generator, fine: tuple[int, int], shore_m: Floats) -> Floats:
    """How far out of town every cell is, without unit."""
    down, right = fractions(fine)
    center = (rng.uniform(0.5, 0.62), rng.uniform(0.12, 0.3))
    reach = np.hypot((down - center[0]) * fine[0], (right - center[1]) * fine[1]) / max(fine)
    sprawl = 2.2 * reach + 0.12 * fractal(rng, fine, 3.0, 150) + 0.5 * shore_m / (FINE_M * max(fine))
    return np.asarray(sprawl, np.float32)


def build_works(rng: np.random.Generator, cover: NDArray[np.uint8], where: Mask, axes: tuple[Floats, Floats]) -> None:
    """Large flat roofs of all brightnesses on asphalt, with some lawn between."""
    halls = tiles(rng, *axes, HALLS_M, ((4, 7), (3, 6)))
    kind = rng.random(halls.count)[halls.index]
    roof = where & (halls.edge_m > 16)
    cover[where] = Cover.ASPHALT
    cover[roof & (kind < 0.42)] = Cover.ROOF
    cover[roof & (kind < 0.26)] = Cover.CONCRETE
    cover[roof & (kind < 0.13)] = Cover.BRIGHT_ROOF
    cover[where & (kind > 0.86)] = Cover.LAWN
