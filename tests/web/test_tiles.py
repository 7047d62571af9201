import io

import morecantile
import numpy as np
import pytest
from fastapi.testclient import TestClient
from numpy.typing import NDArray
from PIL import Image

from monitor.plots import FLAG_TABLE
from tests.web.conftest import Site

TMS = morecantile.tms.get("WebMercatorQuad")
ZOOM = 13


def scene_of(client: TestClient) -> dict[str, object]:
    """The newest scene that shows the largest anomaly."""
    alert = client.get("/api/v1/alerts", params={"kind": "anomaly", "order": "area", "limit": 1}).json()["items"][0]
    scene = client.get(f"/api/v1/scenes/lake/{alert['scene_ids'][-1]}").json()
    return scene | {"alert": alert}


def tile_of(client: TestClient, layer: str, query: str = "") -> NDArray[np.uint8]:
    scene = scene_of(client)
    west, south, east, north = scene["alert"]["bbox"]
    tile = TMS.tile((west + east) / 2, (south + north) / 2, ZOOM)
    answer = client.get(f"/tiles/lake/{scene['scene_id']}/{layer}/{ZOOM}/{tile.x}/{tile.y}.png{query}")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "image/png"
    return np.asarray(Image.open(io.BytesIO(answer.content)).convert("RGBA"))


@pytest.mark.parametrize("layer", ["composite", "reference", "labels", "sweep", "flags"])
def test_every_layer_has_tiles_with_something_on_them(client: TestClient, layer: str) -> None:
    drawn = tile_of(client, layer)
    assert drawn.shape == (256, 256, 4)
    assert (drawn[..., 3] == 255).any()
    assert len(np.unique(drawn[drawn[..., 3] == 255], axis=0)) >= (2 if layer == "flags" else 3)


def test_flags_have_their_colours_and_clear_ground_none(client: TestClient) -> None:
    drawn = tile_of(client, "flags")
    shown = {tuple(colour) for colour in np.unique(drawn[drawn[..., 3] > 0], axis=0).tolist()}
    assert tuple(FLAG_TABLE[3]) in shown
    assert shown <= {colour for colour in FLAG_TABLE.values() if colour[3]}


def test_any_three_bands_make_a_composite(client: TestClient) -> None:
    one, other = (tile_of(client, "composite", f"?bands={bands}") for bands in ("red,green,blue", "swir22,nir08,red"))
    assert not np.array_equal(one, other)


def test_a_tile_beside_the_scene_is_empty_and_one_that_cannot_be_is_refused(client: TestClient) -> None:
    scene = scene_of(client)["scene_id"]
    empty = client.get(f"/tiles/lake/{scene}/composite/5/0/0.png")
    assert empty.status_code == 200
    assert not np.asarray(Image.open(io.BytesIO(empty.content)).convert("RGBA"))[..., 3].any()
    assert client.get(f"/tiles/lake/{scene}/flags/2/9/0.png").status_code == 400
    assert client.get(f"/tiles/lake/{scene}/composite/5/0/0.png?bands=a,b,c").status_code == 400
    assert client.get(f"/tiles/lake/{scene}/nothing/5/0/0.png").status_code == 422


def test_a_tile_that_the_browser_has_is_not_drawn_again(client: TestClient) -> None:
    url = f"/tiles/lake/{scene_of(client)['scene_id']}/flags/5/8/11.png"
    first = client.get(url)
    assert first.headers["cache-control"] == "private, max-age=3600"
    assert client.get(url, headers={"If-None-Match": first.headers["etag"]}).status_code == 304


def test_tilejson_says_where_the_tiles_are(client: TestClient, site: Site) -> None:
    scene = scene_of(client)["scene_id"]
    found = client.get(f"/tiles/lake/{scene}/composite/tilejson.json?bands=red,green,blue").json()
    tile = found["tiles"][0].format(z=5, x=8, y=11)
    assert client.get(tile).status_code == 200
