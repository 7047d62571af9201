from datetime import date
from typing import Any

import pytest

from monitor.catalog import fetch_scene, find_scenes
from monitor.catalog.aoi import load_area
from monitor.errors import ConfigError, ItemError, NotFoundError
from tests.catalog.items import BOX, catalogs_of, make_item, moment, monitor_of, series, square, with_properties
from tests.servers import ServeApi, ServePages

AREA = load_area(BOX)
BEGIN = moment("2020-01-01T00:00:00Z")
TRIANGLE = {"type": "Polygon", "coordinates": [[[-80, 43.2], [-78, 43.2], [-80, 45], [-80, 43.2]]]}


def neighbours() -> list[dict[str, Any]]:
    """Twenty-five items: twenty of one path/row, three beside the area, one of another platform, one of level 1."""
    elsewhere = [
        make_item(date(2020, 1, day), "016030", geometry=square(-77, 43, 2), bbox=[-77, 43, -75, 45])
        for day in (3, 4, 5)
    ]
    other = with_properties(make_item(date(2020, 1, 9)), platform="LANDSAT_9")
    level_1 = make_item(date(2020, 1, 10), collection="landsat-c2-l1")
    return [*series(20), *elsewhere, other, level_1]


def test_a_search_follows_all_pages_and_sorts_by_time(serve_api: ServeApi) -> None:
    url = serve_api(list(reversed(neighbours())))
    found = find_scenes(monitor_of(), catalogs_of(c=url), AREA, BEGIN, page_size=4)
    assert [item.item_id for item in found.items] == [item["id"] for item in series(20)]
    assert (found.catalog, found.problems, found.unavailable) == ("c", (), ())


def test_the_window_is_closed_at_both_ends(serve_api: ServeApi) -> None:
    catalogs = catalogs_of(c=serve_api(series(10)))
    first, last = moment("2020-01-17T16:10:00Z"), moment("2020-02-18T16:10:00Z")
    found = find_scenes(monitor_of(), catalogs, AREA, first, last)
    assert [item.datetime.date().isoformat() for item in found.items] == ["2020-01-17", "2020-02-02", "2020-02-18"]


def test_an_outline_and_its_box_find_different_items(serve_api: ServeApi) -> None:
    corner = make_item(date(2020, 5, 1), "017031", geometry=square(-78.4, 44.6, 0.3), bbox=[-78.4, 44.6, -78.1, 44.9])
    catalogs = catalogs_of(c=serve_api([*series(2), corner]))
    by_outline = find_scenes(monitor_of(), catalogs, TRIANGLE, BEGIN)
    by_box = find_scenes(monitor_of(), catalogs, load_area((-80, 43.2, -78, 45)), BEGIN)
    assert len(by_outline.items) == 2
    assert len(by_box.items) == 3


def test_platforms_are_compared_in_any_spelling_and_none_means_all(serve_api: ServeApi) -> None:
    shouting = with_properties(make_item(date(2020, 1, 2)), platform="LANDSAT_8")
    catalogs = catalogs_of(c=serve_api([*neighbours(), shouting]))
    assert len(find_scenes(monitor_of(), catalogs, AREA, BEGIN).items) == 21
    only_9 = find_scenes(monitor_of(platforms=["LANDSAT_9"]), catalogs, AREA, BEGIN)
    assert [item.platform for item in only_9.items] == ["landsat-9"]
    assert len(find_scenes(monitor_of(platforms=[]), catalogs, AREA, BEGIN).items) == 22


def test_several_collections_are_searched_together(serve_api: ServeApi) -> None:
    catalogs = catalogs_of(c=serve_api(neighbours()))
    both = find_scenes(monitor_of(collections=["landsat-c2-l2", "landsat-c2-l1"]), catalogs, AREA, BEGIN)
    assert {item.collection for item in both.items} == {"landsat-c2-l2", "landsat-c2-l1"}


def test_a_collection_that_the_api_does_not_have_is_a_configuration_error(serve_api: ServeApi) -> None:
    catalogs = catalogs_of(c=serve_api(series(2)))
    with pytest.raises(ConfigError, match="no collection landsat-c3"):
        find_scenes(monitor_of(collections=["landsat-c3"]), catalogs, AREA, BEGIN)
    assert find_scenes(monitor_of(), catalogs, AREA, moment("2030-01-01T00:00:00Z")).items == ()


def test_a_late_scene_is_found_by_the_next_overlapping_search(serve_api: ServeApi) -> None:
    items = series(5)
    on_time, late = [*items[:2], *items[3:]], items[2]
    since = moment("2020-01-20T00:00:00Z")
    before = find_scenes(monitor_of(), catalogs_of(c=serve_api(on_time)), AREA, since)
    after = find_scenes(monitor_of(), catalogs_of(c=serve_api(items)), AREA, since)
    assert {item.item_id for item in after.items} - {item.item_id for item in before.items} == {late["id"]}


def test_a_reprocessed_scene_has_the_same_scene_id_and_another_product(serve_pages: ServePages) -> None:
    old = make_item(date(2020, 3, 4))
    renamed = {
        name: asset | {"href": asset["href"].replace("20200313", "20210101")} for name, asset in old["assets"].items()
    }
    server = serve_pages([[old, old | {"assets": renamed, "id": old["id"] + "_SR"}]])
    found = find_scenes(monitor_of(), catalogs_of(c=server.url), AREA, BEGIN)
    assert {item.scene_id for item in found.items} == {"LC08_L2SP_018030_20200304_02_T1"}
    assert [item.product_id[-20:] for item in found.items] == [
        "20200304_20200313_02_T1"[3:],
        "20200304_20210101_02_T1"[3:],
    ]


def test_items_that_come_twice_count_once(serve_pages: ServePages) -> None:
    first, second, third = series(3)
    server = serve_pages([[first, second, first], [second, third], [third | {"id": third["id"] + "_SR"}]])
    found = find_scenes(monitor_of(), catalogs_of(c=server.url), AREA, BEGIN)
    assert [item.item_id for item in found.items] == [first["id"], second["id"], third["id"]]


def test_malformed_items_are_problems_and_do_not_stop_the_others(serve_pages: ServePages) -> None:
    good = series(2)
    day = date(2020, 6, 1)
    bad = [
        make_item(day, id="no-assets", assets={}),
        make_item(day, id="no-geometry", geometry=None),
        make_item(day, id="no-date", properties={"datetime": None}),
        make_item(day, id="no-href", assets={"red": {"href": ""}}),
        make_item(day, id=None),
    ]
    server = serve_pages([[bad[0], good[0], "not even an object", *bad[1:]], [good[1]]])
    found = find_scenes(monitor_of(), catalogs_of(c=server.url), AREA, BEGIN)
    assert [item.item_id for item in found.items] == [item["id"] for item in good]
    assert [problem.item_id for problem in found.problems] == [
        "(without id)",
        "no-assets",
        "no-date",
        "no-geometry",
        "no-href",
    ]
    assert all(problem.item_id in problem.message for problem in found.problems)


def test_what_an_api_did_not_filter_is_filtered_here(serve_pages: ServePages) -> None:
    server = serve_pages([neighbours()])
    found = find_scenes(monitor_of(), catalogs_of(c=server.url), AREA, BEGIN, moment("2020-02-10T00:00:00Z"))
    assert [item.item_id for item in found.items] == [item["id"] for item in series(3)]


@pytest.mark.parametrize(
    "wanted",
    [
        "LC08_L2SP_018030_20200117_02_T1",
        "LC08_L2SP_018030_20200117_02_T1_SR",
        "LC08_L2SP_018030_20200117_20200126_02_T1",
        "LC08_L2SP_018030_20200117_20200126_02_T1_SR",
    ],
)
def test_a_scene_is_fetched_by_any_spelling_of_its_id(wanted: str, serve_api: ServeApi) -> None:
    items = series(4)
    items[1]["id"] = "LC08_L2SP_018030_20200117_20200126_02_T1_SR"
    scene = fetch_scene(monitor_of(), catalogs_of(c=serve_api(items)), wanted)
    assert scene.scene_id == "LC08_L2SP_018030_20200117_02_T1"


def test_a_scene_that_nobody_has_is_not_found_and_close_ids_are_named(serve_api: ServeApi) -> None:
    catalogs = catalogs_of(a=serve_api(series(2)), b=serve_api(series(3)))
    with pytest.raises(NotFoundError, match="in a, b") as caught:
        fetch_scene(monitor_of(["a", "b"]), catalogs, "LC08_L2SP_018030_20200116_02_T1")
    assert "close are LC08_L2SP_018030_20200117_02_T1" in str(caught.value)


def test_the_second_catalog_is_asked_for_a_scene_that_the_first_does_not_have(serve_api: ServeApi) -> None:
    items = series(3)
    catalogs = catalogs_of(a=serve_api(items[:2]), b=serve_api(items[2:]))
    assert fetch_scene(monitor_of(["a", "b"]), catalogs, items[2]["id"]).catalog == "b"


def test_a_malformed_item_that_is_asked_for_is_an_error(serve_pages: ServePages) -> None:
    item = make_item(date(2020, 3, 4), assets={})
    server = serve_pages([[item]])
    with pytest.raises(ItemError, match="no assets"):
        fetch_scene(monitor_of(), catalogs_of(c=server.url), item["id"])
