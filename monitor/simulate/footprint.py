"""Where the simulated scenes lie: path 018 row 030, the shore of Lake Ontario near Toronto."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
from affine import Affine
from rasterio.crs import CRS

from monitor.catalog.item import BBox
from monitor.scenes.grid import Grid
from monitor.simulate.noise import Mask
from monitor.simulate.scale import PIXEL_M
from monitor.simulate.sun import sun_position

WRS_PATH, WRS_ROW = "018", "030"
CRS_UTM = CRS.from_epsg(32617)
CORNER_X, CORNER_Y = 645_015.0, 4_862_985.0
"""Upper left corner of the upper left pixel; Landsat's pixel centres lie on multiples of 30 m."""
FIRST_PASS = datetime(2023, 6, 12, 16, 4, 21, 318_000, tzinfo=UTC)
REPEAT = timedelta(days=16)
HEADING_SLOPE = 4.0
"""Rows per column along the edge of the scene, which leans by 14 degrees against the UTM grid."""


def make_grid(shape: tuple[int, int]) -> Grid:
    """The grid of a scene of `shape` pixels."""
    transform = Affine(PIXEL_M, 0, CORNER_X, 0, -PIXEL_M, CORNER_Y)
    return Grid(CRS_UTM, transform, shape[0], shape[1])


@dataclass(frozen=True)
class Pass:
    """One acquisition: when, where the sun stood (degrees), and how much of the corner is missing.

    `corner_px` is how many pixels of the first row lie outside the image in the north-west.
    """

    moment: datetime
    azimuth: float
    elevation: float
    corner_px: float

    @property
    def sun(self) -> tuple[float, float]:
        """Azimuth and elevation in degrees."""
        return self.azimuth, self.elevation

    @property
    def scene_id(self) -> str:
        """Item id, as catalogs name Landsat scenes."""
        return f"LC08_L2SP_{WRS_PATH}{WRS_ROW}_{self.moment:%Y%m%d}_02_T1"

    @property
    def product_id(self) -> str:
        """Product id; the files are named after it."""
        processed = self.moment + timedelta(days=8)
        return f"LC08_L2SP_{WRS_PATH}{WRS_ROW}_{self.moment:%Y%m%d}_{processed:%Y%m%d}_02_T1"

    def fill(self, shape: tuple[int, int]) -> Mask:
        """Pixels outside the image, bool (rows, columns)."""
        rows, cols = np.arange(shape[0])[:, None] + 0.5, np.arange(shape[1])[None] + 0.5
        mask: Mask = cols < self.corner_px - rows / HEADING_SLOPE
        return mask

    def outline(self, grid: Grid) -> list[tuple[float, float]]:
        """Corners of the image in the grid's CRS, anticlockwise and closed."""
        ring = [
            (0.0, HEADING_SLOPE * self.corner_px),
            (0.0, float(grid.height)),
            (float(grid.width), float(grid.height)),
            (float(grid.width), 0.0),
            (self.corner_px, 0.0),
        ]
        corners = [grid.transform @ point for point in ring]
        return [*corners, corners[0]]


def make_passes(seed: int, grid: Grid, dates: int, center: tuple[float, float]) -> list[Pass]:
    """Passes 16 days apart; the image's edge moves a little from one to the next. `center` is lon, lat."""
    rng = np.random.default_rng([seed, 3])
    passes = []
    for number in range(dates):
        moment = FIRST_PASS + number * REPEAT + timedelta(seconds=round(float(rng.uniform(-9, 9)), 3))
        azimuth, elevation = sun_position(moment, *center)
        corner = grid.width * 0.065 * rng.uniform(0.8, 1.2)
        passes.append(Pass(moment, round(azimuth, 8), round(elevation, 8), float(corner)))
    return passes


def lonlat_bbox(ring: list[list[float]]) -> BBox:
    """Box around a ring of longitudes and latitudes."""
    lon, lat = zip(*ring, strict=True)
    return min(lon), min(lat), max(lon), max(lat)


def inner_bbox(grid: Grid) -> BBox:
    """The largest box of longitudes and latitudes inside a grid, which is turned a little against the meridians."""
    left, bottom, right, top = grid.bounds
    ring = [(left, bottom), (right, bottom), (right, top), (left, top), (left, bottom)]
    corners = grid.to_lonlat({"type": "Polygon", "coordinates": [ring]})["coordinates"][0][:4]
    (west, south), (east, north) = np.sort(np.array(corners), axis=0)[[1, 2]].tolist()
    return west, south, east, north
