"""The simulated ground: a lake shore with a city, farmland, woods and a river, at a third of a Landsat pixel."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from monitor.simulate.city import build_city
from monitor.simulate.noise import Floats, Mask, fractal, fractions, smoothstep
from monitor.simulate.parcels import Tiles, road_distance, tiles
from monitor.simulate.scale import FACTOR, FINE_M, MARGIN_PX
from monitor.simulate.spectra import CROPS, Cover

CONCESSIONS_M = (1250.0, 2000.0)
ROUGHNESS = {
    Cover.DECIDUOUS: 0.16,
    Cover.CONIFER: 0.20,
    Cover.LAWN: 0.09,
    Cover.TREES: 0.16,
    Cover.ROOF: 0.24,
    Cover.BRIGHT_ROOF: 0.16,
    Cover.ASPHALT: 0.15,
    Cover.CONCRETE: 0.16,
    Cover.SAND: 0.10,
    Cover.RIVER: 0.02,
    Cover.LAKE: 0.0,
}
"""Relative scatter of brightness within a cover; crops have 0.045."""


@dataclass(frozen=True, eq=False)
class Ground:
    """Fine rasters (rows, columns) of the ground, `FACTOR` cells a pixel, with `MARGIN_PX` pixels around.

    `cover` holds `Cover` values; `parcel` numbers fields and stands, whose `vigour` (-1..1) and `lateness`
    (days) are per parcel; `texture` is the relative brightness of a cell (about 0); `wetness` (-1..1) is a
    smooth pattern of soil moisture; `turbidity` (0..1) that of the water; `river_m` and `shore_m` are the
    distances to river and lake in metres, `woods` says where natural forest stands.
    """

    cover: NDArray[np.uint8]
    parcel: NDArray[np.int32]
    vigour: Floats
    lateness: Floats
    texture: Floats
    wetness: Floats
    turbidity: Floats
    river_m: Floats
    shore_m: Floats

    def where(self, *covers: Cover) -> Mask:
        """Cells of any of these covers."""
        return np.isin(self.cover, [int(cover) for cover in covers])


def distance_m(mask: Mask) -> Floats:
    """Metres from every fine cell to the nearest cell of the mask."""
    if not mask.any():
        return np.full(mask.shape, 1e6, np.float32)
    far = cv2.distanceTransform((~mask).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    return np.asarray(far * FINE_M, np.float32)


def make_ground(seed: int, shape: tuple[int, int]) -> Ground:
    """The ground under a scene of `shape` Landsat pixels; the same seed gives the same ground."""
    rng = np.random.default_rng([seed, 1])
    rows, cols = (FACTOR * (n + 2 * MARGIN_PX) for n in shape)
    fine = (rows, cols)
    u, v = survey_axes(rng, fine)
    lake = draw_lake(rng, fine)
    shore_m = distance_m(lake)
    river, stream, mouth = draw_river(rng, fine, lake)
    river_m = distance_m(river | stream)

    fields = tiles(rng, u, v, CONCESSIONS_M, ((2, 4), (4, 9)))
    cover, vigour, lateness = plant_fields(rng, fields)
    hedge = (fields.edge_m < 8) & (rng.random(fields.count) < 0.45)[fields.index]
    cover[hedge] = Cover.TREES
    draw_woods(rng, cover, river_m)
    build_city(rng, cover, (u, v), lake, shore_m)
    roads = road_distance(u, v, CONCESSIONS_M)
    cover[roads < 9] = Cover.ASPHALT
    draw_highway(rng, cover, shore_m, fine)
    draw_ponds(rng, cover, fine)
    draw_shore(rng, cover, shore_m, fine)
    cover[river | stream] = Cover.RIVER
    cover[lake] = Cover.LAKE
    return Ground(
        cover=cover,
        parcel=fields.index,
        vigour=vigour,
        lateness=lateness,
        texture=make_texture(rng, cover, fine),
        wetness=np.clip(fractal(rng, fine, 3.0, 90) / 2, -1, 1),
        turbidity=make_turbidity(rng, lake, mouth),
        river_m=river_m,
        shore_m=np.where(lake, -distance_m(~lake), shore_m),
    )


def survey_axes(rng: np.random.Generator, fine: tuple[int, int]) -> tuple[Floats, Floats]:
    """Metres along and across the survey grid, which is turned by about 16 degrees and bends a little."""
    turn = np.radians(-16.5 + rng.uniform(-3, 3))
    y = (np.arange(fine[0], dtype=np.float32) * FINE_M)[:, None] + rng.uniform(0, 5000)
    x = (np.arange(fine[1], dtype=np.float32) * FINE_M)[None] + rng.uniform(0, 5000)
    bend = 18 * fractal(rng, fine, 4.0, 300)
    u = x * np.cos(turn) + y * np.sin(turn) + bend
    v = y * np.cos(turn) - x * np.sin(turn) + bend[::-1]
    return u.astype(np.float32), v.astype(np.float32)


def draw_lake(rng: np.random.Generator, fine: tuple[int, int]) -> Mask:
    """Lake in the south-east, with a shore that has bays and points but no islands."""
    tilt = rng.uniform(0.15, 0.4)
    down, right = fractions(fine)
    level = down + tilt * (right - 0.5) + 0.011 * fractal(rng, fine, 3.6, 110) + 0.03 * fractal(rng, fine, 4.5, 500)
    wet = level > np.quantile(level, 1 - rng.uniform(0.24, 0.31))
    lake = largest(wet)
    return ~largest(~lake)


def largest(mask: Mask) -> Mask:
    """The largest connected part of a mask."""
    count, parts, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=4)
    if count < 2:
        return mask
    return np.asarray(parts == 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA])), bool)


def draw_river(rng: np.random.Generator, fine: tuple[int, int], lake: Mask) -> tuple[Mask, Mask, tuple[float, float]]:
    """A river that meanders from the north into the lake, a stream that joins it, and where its mouth is."""
    rows = np.arange(-20, fine[0] + 20, 2, dtype=np.float32)
    bends = path_noise(rng, len(rows))
    middle = fine[1] * rng.uniform(0.52, 0.66)
    cols = middle + bends * min(0.05 * fine[1], 60) - (rows - fine[0] / 2) * rng.uniform(0.0, 0.15)
    river = np.zeros(fine, np.uint8)
    draw_line(river, cols, rows, 7)
    join = int(len(rows) * rng.uniform(0.3, 0.45))
    steps = np.arange(0, 1.6 * fine[1], 2, dtype=np.float32)
    side = 1 if rng.random() < 0.5 else -1
    away = path_noise(rng, len(steps)) * 22
    stream = np.zeros(fine, np.uint8)
    draw_line(stream, cols[join] + side * steps * 0.8, rows[join] - steps * 0.5 + away - away[0], 2)
    inside = np.clip(cols.astype(int), 0, fine[1] - 1)
    wet = lake[np.clip(rows.astype(int), 0, fine[0] - 1), inside] & (rows > fine[0] / 4)
    at = int(np.argmax(wet)) if wet.any() else len(rows) - 1
    return (river > 0) & ~lake, (stream > 0) & ~lake, (float(rows[at]), float(cols[at]))


def path_noise(rng: np.random.Generator, length: int) -> Floats:
    """A wandering line of deviation 1 with bends of many sizes."""
    steps = np.arange(length, dtype=np.float32)
    waves = [
        size**0.8 * np.sin(2 * np.pi * steps / size + rng.uniform(0, 2 * np.pi))
        for size in rng.uniform(0.7, 1.4, 7) * np.array([24, 38, 60, 95, 150, 240, 400])
    ]
    wander = np.sum(waves, axis=0)
    return np.asarray(wander / max(float(wander.std()), 1e-6), np.float32)


def draw_line(canvas: NDArray[np.uint8], cols: Floats, rows: Floats, width: int) -> None:
    """A polyline of a width in fine cells on a uint8 raster."""
    points = np.round(np.stack([cols, rows], axis=-1)).astype(np.int32)
    cv2.polylines(canvas, [points], isClosed=False, color=[1], thickness=width)


def plant_fields(rng: np.random.Generator, fields: Tiles) -> tuple[NDArray[np.uint8], Floats, Floats]:
    """Cover of every cell from what each field grows, with the fields' vigour and lateness."""
    share = (0.25, 0.24, 0.13, 0.31, 0.07)
    crop = rng.choice([int(kind) for kind in CROPS], fields.count, p=share).astype(np.uint8)
    crop[rng.random(fields.count) < 0.07] = Cover.DECIDUOUS
    vigour = np.clip(rng.normal(0, 0.45, fields.count), -1, 1).astype(np.float32)
    return crop[fields.index], vigour, rng.normal(0, 6, fields.count).astype(np.float32)


def draw_woods(rng: np.random.Generator, cover: NDArray[np.uint8], river_m: Floats) -> None:
    """Natural woods, the wooded valley of the river, and stands of conifers among them."""
    fine = (cover.shape[0], cover.shape[1])
    rough = fractal(rng, fine, 3.4, 120)
    woods = rough > np.quantile(rough, 0.86)
    valley = river_m < 110 + 70 * rough
    floor = (river_m < 60) & (fractal(rng, fine, 3.0, 60) > 0.3)
    cover[woods | valley] = Cover.DECIDUOUS
    conifer = (fractal(rng, fine, 3.2, 80) > 0.9) & (cover == Cover.DECIDUOUS)
    cover[conifer] = Cover.CONIFER
    cover[floor] = Cover.HAY


def draw_highway(rng: np.random.Generator, cover: NDArray[np.uint8], shore_m: Floats, fine: tuple[int, int]) -> None:
    """A highway that follows the shore at some distance, with its verges."""
    target = min(0.2 * fine[0] * FINE_M, 1800.0) * rng.uniform(0.7, 1.2)
    smooth = ndimage.gaussian_filter(shore_m, min(fine) / 16)
    slope = np.hypot(*np.gradient(smooth, FINE_M))
    off = np.abs(smooth - target) / np.maximum(slope, 0.25)
    cover[off < 36] = Cover.LAWN
    cover[(off < 24) & (off > 5)] = Cover.ASPHALT


def draw_ponds(rng: np.random.Generator, cover: NDArray[np.uint8], fine: tuple[int, int]) -> None:
    """A few ponds and flooded pits."""
    for _ in range(max(2, fine[0] * fine[1] // 150_000)):
        row, col = int(rng.uniform(0.05, 0.6) * fine[0]), int(rng.uniform(0.05, 0.95) * fine[1])
        axes = (int(rng.integers(3, 9)), int(rng.integers(2, 6)))
        pond = np.zeros(fine, np.uint8)
        cv2.ellipse(pond, (col, row), axes, float(rng.uniform(0, 180)), 0, 360, [1], -1)
        cover[pond > 0] = Cover.RIVER


def draw_shore(rng: np.random.Generator, cover: NDArray[np.uint8], shore_m: Floats, fine: tuple[int, int]) -> None:
    """Beaches of varying width and wooded bluffs along the lake."""
    along = fractal(rng, fine, 3.0, 120)
    cover[(shore_m < 90) & (along < -0.4)] = Cover.DECIDUOUS
    cover[shore_m < 22 * np.clip(along, 0, 2)] = Cover.SAND


def make_texture(rng: np.random.Generator, cover: NDArray[np.uint8], fine: tuple[int, int]) -> Floats:
    """Relative brightness of every cell about 0: canopies and roofs are rough, crops and water are not."""
    rough = np.full(len(Cover), 0.045, np.float32)
    for kind, value in ROUGHNESS.items():
        rough[kind] = value
    grain = 0.75 * rng.standard_normal(fine, np.float32) + 0.65 * fractal(rng, fine, 2.0, 40)
    return np.asarray(rough[cover] * np.clip(grain, -2.5, 3), np.float32)


def make_turbidity(rng: np.random.Generator, lake: Mask, mouth: tuple[float, float]) -> Floats:
    """Suspended matter of the lake: along the shore and in the plume of the river."""
    fine = (lake.shape[0], lake.shape[1])
    off_shore = distance_m(~lake) * (1 + 0.3 * fractal(rng, fine, 4.2, 150))
    near = np.exp(-np.maximum(off_shore, 0) / min(350, 0.03 * fine[0] * FINE_M))
    rows = (np.arange(fine[0], dtype=np.float32)[:, None] - mouth[0]) * FINE_M
    cols = (np.arange(fine[1], dtype=np.float32)[None] - mouth[1]) * FINE_M
    spread = np.hypot(rows, cols + 0.5 * rows) + 260 * fractal(rng, fine, 3.8, 110)
    plume = 1 - smoothstep(spread.astype(np.float32), 200, min(1500, 0.14 * fine[0] * FINE_M))
    return np.asarray(np.clip(0.5 * near + 0.6 * plume, 0, 1) * lake, np.float32)
