import json
from datetime import date
from pathlib import Path

import pytest

from monitor.catalog import fetch_scene, find_scenes
from monitor.catalog.aoi import load_area
from monitor.config_file import load_settings
from monitor.errors import ConfigError
from tests.catalog.items import (
    BOX,
    catalogs_of,
    make_item,
    moment,
    monitor_of,
    series,
    shared,
    square,
    with_properties,
    write_catalog,
)
from tests.servers import ServeApi, ServeFolder, absolute_item, unavailable

AREA = load_area(BOX)
BEGIN = moment("2020-01-01T00:00:00Z")


def test_a_catalog_on_disk_gives_items_with_absolute_hrefs(tmp_path: Path) -> None:
    root = write_catalog(tmp_path, series(3))
    found = find_scenes(monitor_of(), catalogs_of(c=root), AREA, BEGIN)
    assert [item.item_id for item in found.items] == [item["id"] for item in series(3)]
    folder = tmp_path / "landsat-c2-l2" / found.items[0].item_id
    assert found.items[0].assets["blue"].href == f"{folder}/{found.items[0].product_id}_SR_B2.TIF"
    assert found.items == find_scenes(monitor_of(), catalogs_of(c=root.as_uri()), AREA, BEGIN).items


def test_a_catalog_over_http_gives_items_with_urls(tmp_path: Path, serve_folder: ServeFolder) -> None:
    write_catalog(tmp_path, series(12))
    server = serve_folder(tmp_path)
    found = find_scenes(monitor_of(), catalogs_of(c=f"{server.url}/catalog.json"), AREA, BEGIN)
    assert len(found.items) == 12
    assert found.items[0].assets["red"].href.startswith(f"{server.url}/landsat-c2-l2/LC08_L2SP_018030_20200101")


def test_api_and_static_catalog_answer_alike(tmp_path: Path, serve_api: ServeApi) -> None:
    items = [
        *series(6),
        with_properties(make_item(date(2020, 1, 9)), platform="LANDSAT_9"),
        make_item(date(2020, 1, 3), "016030", geometry=square(-77, 43, 2), bbox=[-77, 43, -75, 45]),
    ]
    window = moment("2020-01-17T16:10:00Z"), moment("2020-03-05T16:10:00Z")
    written = write_catalog(tmp_path, items)
    served = serve_api(items)
    ids = [
        [item.scene_id for item in find_scenes(monitor_of(), catalogs_of(c=place), AREA, *window).items]
        for place in (written, served)
    ]
    assert ids[0] == ids[1]
    assert len(ids[0]) == 4


def test_unwanted_collections_are_not_read(tmp_path: Path, serve_folder: ServeFolder) -> None:
    write_catalog(tmp_path, series(2))
    write_catalog(tmp_path, [make_item(date(2020, 1, 1), "999999")], "other")
    server = serve_folder(tmp_path)
    found = find_scenes(monitor_of(), catalogs_of(c=f"{server.url}/catalog.json"), AREA, BEGIN)
    assert len(found.items) == 2
    assert not [request for request in server.requests if "/other/LC08" in request]


def test_a_scene_is_fetched_by_its_id_wherever_it_lies(tmp_path: Path) -> None:
    far = make_item(date(2020, 1, 3), "016030", geometry=square(-77, 43, 2))
    root = write_catalog(tmp_path, [*series(2), with_properties(far, platform="landsat-9")])
    assert fetch_scene(monitor_of(), catalogs_of(c=root), far["id"]).item_id == far["id"]


def test_one_broken_item_file_is_a_problem_of_that_item(tmp_path: Path) -> None:
    root = write_catalog(tmp_path, series(4))
    items = sorted((tmp_path / "landsat-c2-l2").glob("*/item.json"))
    items[1].write_text("{ cut off")
    items[2].unlink()
    found = find_scenes(monitor_of(), catalogs_of(c=root), AREA, BEGIN)
    assert len(found.items) == 2
    assert any("is no JSON" in problem.message for problem in found.problems)
    assert any("No such file" in problem.message for problem in found.problems)
    assert [str(items[number]) in found.problems[number - 1].message for number in (1, 2)] == [True, True]


def test_links_in_a_circle_end(tmp_path: Path) -> None:
    root = write_catalog(tmp_path, series(2))
    document = json.loads(root.read_text())
    document["links"] += [{"rel": "child", "href": "./catalog.json"}, document["links"][0]]
    root.write_text(json.dumps(document))
    assert len(find_scenes(monitor_of(), catalogs_of(c=root), AREA, BEGIN).items) == 2


def test_an_item_without_a_collection_belongs_to_the_one_that_links_to_it(tmp_path: Path) -> None:
    root = write_catalog(tmp_path, [item | {"collection": None} for item in series(2)])
    found = find_scenes(monitor_of(), catalogs_of(c=root), AREA, BEGIN)
    assert [item.collection for item in found.items] == ["landsat-c2-l2"] * 2


@pytest.mark.parametrize(
    ("name", "content", "complaint"),
    [
        ("none.json", None, "No such file"),
        ("text.json", "hello", "is no JSON"),
        ("page.json", "<html></html>", "is HTML"),
        ("style.json", '{"version": 8}', "no STAC catalog"),
    ],
)
def test_a_url_that_is_no_catalog_is_a_configuration_error(
    name: str, content: str | None, complaint: str, tmp_path: Path
) -> None:
    if content is not None:
        (tmp_path / name).write_text(content)
    with pytest.raises(ConfigError, match=complaint) as caught:
        find_scenes(monitor_of(), catalogs_of(c=tmp_path / name), AREA, BEGIN)
    assert name in str(caught.value)


def test_a_folder_in_place_of_its_catalog_is_a_configuration_error(tmp_path: Path) -> None:
    write_catalog(tmp_path, series(1))
    with pytest.raises(ConfigError, match=r"is a folder; name the catalog\.json in it"):
        find_scenes(monitor_of(), catalogs_of(c=tmp_path), AREA, BEGIN)


def test_a_collection_that_the_catalog_does_not_have_is_a_configuration_error(tmp_path: Path) -> None:
    root = write_catalog(tmp_path, series(1))
    with pytest.raises(ConfigError, match="no collection landsat-c2-l1, but landsat-c2-l2"):
        find_scenes(monitor_of(collections=["landsat-c2-l1"]), catalogs_of(c=root), AREA, BEGIN)


@pytest.mark.usefixtures("no_waiting")
def test_an_item_that_answers_at_the_second_attempt_is_there(tmp_path: Path, serve_folder: ServeFolder) -> None:
    write_catalog(tmp_path, series(3))
    server = serve_folder(tmp_path)
    server.fail(unavailable(), times=2, path="item.json")
    found = find_scenes(monitor_of(), catalogs_of(c=f"{server.url}/catalog.json"), AREA, BEGIN)
    assert (len(found.items), found.problems) == (3, ())


@pytest.mark.parametrize(("name", "count"), [("brumadinho", 2), ("newyork", 19), ("taizhou", 2)])
def test_the_real_catalogs_are_found_whole(name: str, count: int, serve_api: ServeApi) -> None:
    root = shared(name, "catalog.json")
    monitor = load_settings(shared("..", "examples", f"config-{name}.yaml")).monitors[0]
    area = load_area(monitor.aoi)
    found = find_scenes(monitor, catalogs_of(local=root), area, monitor.start_time)
    assert (len(found.items), found.problems) == (count, ())
    assert all(Path(asset.href).is_file() for item in found.items for asset in item.assets.values())
    assert fetch_scene(monitor, catalogs_of(local=root), monitor.reference.scene) in found.items
    served = serve_api([absolute_item(file) for file in root.parent.glob("L*/*.json")])
    assert find_scenes(monitor, catalogs_of(local=served), area, monitor.start_time).items == found.items
