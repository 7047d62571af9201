"""Pictures over HTTP, of a scanned project."""

import io
from collections.abc import Iterator

import numpy as np
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from PIL import Image

from monitor.catalog.item import SceneItem
from monitor.detection.result import Flag, Kind
from monitor.pipeline import opener
from monitor.plots import FLAG_TABLE
from monitor.scenes.grid import Grid
from monitor.scenes.reading import read_scene
from monitor.store.alerts import AlertFilter, AlertRow, list_alerts
from monitor.store.monitors import get_grid
from monitor.store.scenes import SceneRow, find_scene, item_of
from monitor.store.windows import Window
from monitor.web.pages.coarse import common, read_coarse
from monitor.web.pages.media import Cache, pictures
from monitor.web.pages.places import Place
from monitor.web.services import Services
from tests.web.conftest import Site

NAMES = ("before", "after", "flags", "labels", "reference-labels", "borders")


@pytest.fixture
def pages(site: Site) -> Iterator[TestClient]:
    app = FastAPI()
    app.include_router(pictures(Services(site.settings, site.store)))
    with TestClient(app) as client:
        yield client


@pytest.fixture
def anomaly(site: Site) -> AlertRow:
    with site.store.session(read_only=True) as session:
        return max(list_alerts(session, AlertFilter(kinds=(Kind.ANOMALY,))), key=lambda alert: alert.area_m2)


@pytest.fixture
def scene(site: Site, anomaly: AlertRow) -> SceneRow:
    with site.store.session(read_only=True) as session:
        return find_scene(session, anomaly.scene_ids[0])


def image(client: TestClient, address: str) -> Image.Image:
    answer = client.get(address)
    assert answer.status_code == 200, answer.text
    return Image.open(io.BytesIO(answer.content)).convert("RGBA")


@pytest.mark.parametrize("size", ["thumb", "full"])
def test_everything_above_one_place_has_one_size(pages: TestClient, anomaly: AlertRow, scene: SceneRow, size):
    shapes = {image(pages, f"/pictures/alerts/{anomaly.id}/{scene.pk}/{name}?size={size}").size for name in NAMES}
    assert len(shapes) == 1


def test_the_flags_of_an_anomaly_are_in_the_middle_of_its_picture(pages: TestClient, site: Site):
    """Of one that is small against its picture: other findings may show at the rim, the middle holds more."""
    with site.store.session(read_only=True) as session:
        alert = min(list_alerts(session, AlertFilter(kinds=(Kind.ANOMALY,))), key=lambda alert: alert.area_m2)
        scene = find_scene(session, alert.scene_ids[0])
    shown = np.asarray(image(pages, f"/pictures/alerts/{alert.id}/{scene.pk}/flags"))
    flagged = (shown == FLAG_TABLE[Flag.ANOMALY]).all(axis=-1)
    rows, columns = flagged.shape
    middle = flagged[rows // 4 : -(rows // 4), columns // 4 : -(columns // 4)]
    assert middle.mean() > 1.5 * flagged.mean()


def test_before_and_after_are_alike_but_for_what_changed(pages: TestClient, anomaly: AlertRow, scene: SceneRow):
    before, after, flags = (
        np.asarray(image(pages, f"/pictures/alerts/{anomaly.id}/{scene.pk}/{name}")).astype(int)
        for name in ("before", "after", "flags")
    )
    difference = np.abs(before - after)[..., :3].mean(axis=-1)
    changed = (flags == FLAG_TABLE[Flag.ANOMALY]).all(axis=-1)
    assert np.median(difference[changed]) > 2 * np.median(difference[flags[..., 3] == 0])


def test_a_picture_that_cannot_be_had_says_so_in_its_place(pages: TestClient, anomaly: AlertRow):
    answer = pages.get(f"/pictures/alerts/{anomaly.id}/4711/after")
    assert answer.headers["content-type"].startswith("image/svg")
    assert b"no picture" in answer.content
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("query", ["bands=red", "bands=red,green,<b>", "size=huge"])
def test_a_picture_that_makes_no_sense_is_refused(pages: TestClient, anomaly: AlertRow, scene: SceneRow, query):
    assert pages.get(f"/pictures/alerts/{anomaly.id}/{scene.pk}/after?{query}").status_code == 422


def scene_on(site: Site, scene: SceneRow) -> tuple[SceneItem, Grid]:
    with site.store.session(read_only=True) as session:
        grid = get_grid(session, scene.monitor_id)
        assert grid is not None
        return item_of(session, scene.pk), grid


@pytest.mark.parametrize("window", [Window(0, 0, 150, 170), Window(-9, -7, 60, 50), Window(120, 150, 60, 60)])
def test_a_coarse_picture_is_the_scene_at_every_third_pixel(site: Site, scene: SceneRow, window: Window):
    item, grid = scene_on(site, scene)
    place = Place(grid, window, 3)
    coarse = read_coarse(item, place, ("red", "nir08"), opener(None))
    exact = read_scene(item, place.exact, ("red", "nir08"), None, opener(None), use_qa=False)
    assert coarse is not None
    assert coarse.shape[1:] == place.drawn.shape
    known = np.isfinite(coarse).all(axis=0)
    assert known.any()
    for band, values in enumerate(coarse):
        for row, column in np.argwhere(known)[::97]:
            block = exact.reflectance[band, 3 * row : 3 * row + 3, 3 * column : 3 * column + 3]
            assert np.isclose(block, values[row, column], atol=1e-5).any()


def test_cells_of_a_span_lie_wholly_in_the_file():
    assert list(common(0, 10, 100, 3)) == [0, 1, 2]
    assert list(common(-4, 10, 100, 3)) == [2]
    assert list(common(95, 10, 100, 3)) == [0]
    assert list(common(200, 10, 100, 3)) == []


def test_the_cache_lets_go_of_what_was_not_asked_for_the_longest():
    cache = Cache(most_bytes=25)
    cache.put("a", b"x" * 10)
    cache.put("b", b"x" * 10)
    assert cache.get("a") is not None
    cache.put("c", b"x" * 10)
    assert (cache.get("a"), cache.get("b"), cache.get("c")) == (b"x" * 10, None, b"x" * 10)
