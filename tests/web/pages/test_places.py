import pytest
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st
from rasterio.crs import CRS

from monitor.scenes.grid import Grid
from monitor.web.pages.places import around, whole

GRID = Grid(CRS.from_epsg(32617), Affine(30, 0, 600_000, 0, -30, 4_900_000), 800, 1000)
LONGITUDES, LATITUDES = st.floats(-79.75, -79.4), st.floats(44.04, 44.24)


@settings(deadline=None)
@given(LONGITUDES, LATITUDES, st.floats(0.0001, 0.05), st.integers(50, 1200))
def test_the_surroundings_of_any_box_lie_in_the_grid_and_in_the_picture(west, south, size, most_px):
    place = around(GRID, (west, south, west + size, south + size), most_px)
    window = place.window
    assert 0 <= window.row <= window.row + window.height <= GRID.height
    assert 0 <= window.column <= window.column + window.width <= GRID.width
    assert max(place.drawn.shape) <= most_px
    assert place.exact.shape == (window.height, window.width)


def test_an_outline_lies_in_the_middle_of_its_picture_in_metres():
    box = (-79.60, 44.12, -79.59, 44.13)
    place = around(GRID, box, 400)
    west, south, east, north = box
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    (((*corners, _),),) = place.rings({"type": "Polygon", "coordinates": [ring]})
    width, height = place.size_m
    assert sum(x for _, x in corners) / 4 == pytest.approx(width / 2, abs=45)
    assert sum(y for y, _ in corners) / 4 == pytest.approx(height / 2, abs=45)
    assert all(0 < x < width and 0 < y < height for y, x in corners)


def test_a_whole_grid_is_drawn_as_coarse_as_it_must_be():
    place = whole(GRID, 300)
    assert (place.step, place.drawn.shape) == (4, (200, 250))
    assert place.drawn.transform.a == 120
    assert place.size_m == (30_000.0, 24_000.0)
