import numpy as np
import pytest
from shapely.geometry import MultiPolygon, Point, Polygon, mapping

from monitor.store.geometry import box_of
from monitor.store.tables.base import dump, plain


@pytest.mark.parametrize(
    "shape",
    [
        Point(3, 4),
        Polygon([(0, 0), (4, 1), (2, 5)], [[(1.5, 1), (2.5, 1.2), (2, 2)]]),
        MultiPolygon([Polygon([(0, 0), (4, 1), (2, 5)]), Polygon([(-9, 8), (-8, 8), (-8.5, 9.25)])]),
    ],
)
def test_the_box_of_a_geometry_is_shapelys(shape) -> None:
    assert box_of(mapping(shape)) == shape.bounds


@pytest.mark.parametrize("shape", [Polygon(), MultiPolygon(), Point()])
def test_a_geometry_without_points_has_no_box(shape) -> None:
    with pytest.raises(ValueError, match="empty"):
        box_of(mapping(shape))


def test_json_knows_numbers_of_numpy_and_nothing_that_is_no_number() -> None:
    value = {"a": (1.5, np.float32(0.1), np.int64(7)), "b": np.array([1.0, np.nan]), "c": float("inf"), 4: None}
    assert plain(value) == {"a": [1.5, float(np.float32(0.1)), 7], "b": [1.0, None], "c": None, "4": None}
    with pytest.raises(TypeError):
        dump({"a": object()})
