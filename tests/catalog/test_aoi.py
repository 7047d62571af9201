import json
from pathlib import Path
from typing import Any

import pytest
from shapely.geometry import shape

from monitor.catalog.aoi import load_area
from monitor.errors import ConfigError
from tests.catalog.items import square


def write(folder: Path, document: Any) -> Path:
    path = folder / "area.geojson"
    path.write_text(document if isinstance(document, str) else json.dumps(document))
    return path


def feature(geometry: Any) -> dict[str, Any]:
    return {"type": "Feature", "properties": {}, "geometry": geometry}


def test_a_box_becomes_a_polygon() -> None:
    area = load_area((-79.6, 43.5, -79.1, 43.9))
    assert area["type"] == "Polygon"
    assert shape(area).bounds == (-79.6, 43.5, -79.1, 43.9)


@pytest.mark.parametrize(
    "document",
    [
        square(10, 50, 1),
        feature(square(10, 50, 1)),
        {"type": "FeatureCollection", "features": [feature(square(10, 50, 1))]},
        {"type": "GeometryCollection", "geometries": [square(10, 50, 1)]},
        {"type": "MultiPolygon", "coordinates": [square(10, 50, 1)["coordinates"]]},
    ],
    ids=["geometry", "feature", "feature collection", "geometry collection", "multipolygon"],
)
def test_every_form_of_geojson_gives_the_same_area(document: Any, tmp_path: Path) -> None:
    assert shape(load_area(write(tmp_path, document))).equals(shape(square(10, 50, 1)))


def test_several_features_are_united(tmp_path: Path) -> None:
    parts = [feature(square(10, 50, 1)), feature(square(10.5, 50, 1)), feature(square(20, 50, 1))]
    area = load_area(write(tmp_path, {"type": "FeatureCollection", "features": parts}))
    assert area["type"] == "MultiPolygon"
    assert shape(area).area == pytest.approx(2.5)


def test_a_bow_tie_is_mended(tmp_path: Path) -> None:
    bow_tie = {"type": "Polygon", "coordinates": [[[0, 0], [2, 2], [2, 0], [0, 2], [0, 0]]]}
    area = shape(load_area(write(tmp_path, bow_tie)))
    assert area.is_valid
    assert area.area == pytest.approx(2)


@pytest.mark.parametrize(
    ("document", "complaint"),
    [
        ("not json", "is not GeoJSON"),
        ([1], "is not GeoJSON"),
        ({"type": "Point", "coordinates": [1, 2]}, "a Point has no area"),
        ({"type": "FeatureCollection", "features": []}, "has no feature"),
        (feature(None), "has no geometry"),
        ({"type": "Polygon", "coordinates": "abc"}, "malformed coordinates"),
        ({"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [0, 0]]]}, r"malformed coordinates|has no area"),
        (square(630000, 4833000, 3000), "not degrees"),
        (square(43.5, 89.5, 1), "longitude first"),
        ({"bbox": [1, 2, 3, 4]}, "no area"),
    ],
)
def test_what_is_no_area_is_a_configuration_error_that_names_the_file(
    document: Any, complaint: str, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match=complaint) as caught:
        load_area(write(tmp_path, document))
    assert "area.geojson" in str(caught.value)


def test_a_missing_file_is_a_configuration_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"none\.geojson: No such file"):
        load_area(tmp_path / "none.geojson")
