"""Outlines of objects, against GDAL's and shapely's."""

import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from rasterio.features import shapes
from shapely.geometry import shape

from monitor.detection.objects import objects_of
from monitor.detection.outlines import outlines
from monitor.detection.result import Outline
from monitor.detection.rings import rings_of
from monitor.store.tables.base import dump, plain
from tests import rasters

MASKS = arrays(bool, st.tuples(st.integers(1, 14), st.integers(1, 14)))
SQUARE = np.array([(0.0, 0.0), (0.0, 2.0), (2.0, 2.0), (2.0, 0.0), (0.0, 0.0)])


def traced(mask):
    """Polygons of every object as lists of rings of columns and rows, by object, in any order."""
    rings = rings_of(objects_of(mask))
    found: dict[int, dict[int, list[list[list[int]]]]] = {}
    for start, stop, part, number in zip(rings.starts, rings.stops, rings.parts, rings.numbers, strict=True):
        found.setdefault(int(number), {}).setdefault(int(part), []).append(rings.corners[start:stop, ::-1].tolist())
    return {number: sorted(parts.values()) for number, parts in found.items()}


def polygonized(mask):
    """The same by GDAL."""
    labels = objects_of(mask).labels(0, len(mask))
    found: dict[int, list[list[list[list[float]]]]] = {}
    for geometry, number in shapes(labels, mask=labels > 0, connectivity=4):
        rings = [[list(place) for place in ring] for ring in geometry["coordinates"]]
        found.setdefault(int(number), []).append(rings)
    return {number: sorted(polygons) for number, polygons in found.items()}


@settings(deadline=None)
@given(MASKS)
def test_rings_of_any_mask_are_gdals_with_holes_and_parts_that_touch_at_corners(mask):
    assert traced(mask) == polygonized(mask)


def test_rings_of_large_ragged_objects_are_gdals():
    noise = np.random.default_rng(3).random((300, 200))
    for share in (0.2, 0.45, 0.6, 0.9):
        assert traced(noise < share) == polygonized(noise < share)


@settings(deadline=None)
@given(MASKS.filter(np.any))
def test_outlines_are_valid_and_as_large_as_their_objects(mask):
    grid = rasters.make_grid()
    objects = objects_of(mask)
    found = outlines(objects, grid)
    areas = [shape(outline).area for outline in found]
    assert all(shape(outline).is_valid for outline in found)
    one = shape(outlines(objects_of(np.ones((1, 1), bool)), grid)[0]).area
    np.testing.assert_allclose(np.array(areas) / one, objects.area[1:], rtol=1e-2)


def test_an_outline_lies_where_the_grid_says():
    grid = rasters.make_grid()
    mask = np.zeros(grid.shape, bool)
    mask[10:20, 30:50] = True
    (outline,) = outlines(objects_of(mask), grid)
    (left, top), (right, bottom) = grid.transform @ (30, 10), grid.transform @ (50, 20)
    ring = [(left, top), (left, bottom), (right, bottom), (right, top), (left, top)]
    wanted = grid.to_lonlat({"type": "Polygon", "coordinates": [ring]})
    assert plain(outline) == plain(wanted)


def test_nothing_has_no_outline():
    assert outlines(objects_of(np.zeros((4, 4), bool)), rasters.make_grid()) == []


@pytest.mark.parametrize("count", [1, 2])
def test_an_outline_reads_like_geojson_and_travels(count):
    outline = Outline(tuple((SQUARE + 5 * n, SQUARE / 4 + 5 * n + 0.5) for n in range(count)))
    assert dict(outline) == outline == pickle.loads(pickle.dumps(outline)) == Outline.of(dict(outline))
    assert outline["type"] == ("Polygon" if count == 1 else "MultiPolygon")
    assert plain(outline) == dict(outline)
    assert dump({"geometry": outline}) == dump({"geometry": dict(outline)})
    assert shape(outline).equals(shape(dict(outline)))
    assert shape(outline).area == count * 3.75
