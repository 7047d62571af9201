from collections.abc import Callable

import pyogrio
import pytest
from fastapi.testclient import TestClient

from tests.web.conftest import Site

ITEMS = "/ogc/collections/alerts/items"


def test_gdal_reads_alerts_and_scenes_page_by_page(
    site: Site, serve: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GDAL_HTTP_TIMEOUT", "30")
    address = f"OAPIF:{serve(site)}/ogc"
    assert {name for name, _ in pyogrio.list_layers(address)} == {"alerts", "scenes"}
    with site.client() as client:
        expected = client.get(ITEMS, params={"limit": 1000}).json()
    for page in ("1000", "3"):
        found = pyogrio.read_info(address, layer="alerts", PAGE_SIZE=page, force_feature_count=True)
        assert found["features"] == expected["numberMatched"] > 3
        assert "Polygon" in found["geometry_type"] or found["geometry_type"] in ("Unknown", "MultiPolygon")
    assert {"monitor", "kind", "state", "severity", "score", "description"} <= set(found["fields"])
    _, _, geometry, values = pyogrio.raw.read(address, layer="scenes", columns=["scene_id", "state"])
    assert len(geometry) == 5
    assert set(values[1]) == {"done"}


def test_gdal_sends_a_token(site: Site, serve: Callable[..., str]) -> None:
    secret = site.token("qgis", "viewer")
    address = f"OAPIF:{serve(site, MONITOR_WEB__AUTH__ALWAYS='true')}/ogc"
    with pytest.raises(pyogrio.errors.DataSourceError):
        pyogrio.list_layers(address)
    login = {"GDAL_HTTP_AUTH": "BEARER", "GDAL_HTTP_BEARER": secret}
    pyogrio.set_gdal_config_options(login)
    try:
        assert len(pyogrio.list_layers(address)) == 2
    finally:
        pyogrio.set_gdal_config_options(dict.fromkeys(login))


def test_pages_are_linked_both_ways(client: TestClient) -> None:
    first = client.get(ITEMS, params={"limit": 2, "kind": "anomaly"}).json()
    links = {link["rel"]: link["href"] for link in first["links"]}
    assert "prev" not in links
    second = client.get(links["next"]).json()
    assert second["numberReturned"] == 2
    assert {f["id"] for f in first["features"]}.isdisjoint(f["id"] for f in second["features"])
    back = {link["rel"]: link["href"] for link in second["links"]}["prev"]
    assert client.get(back).json()["features"] == first["features"]
    last = client.get(ITEMS, params={"limit": 10_000}).json()
    assert "next" not in {link["rel"] for link in last["links"]}


def test_items_are_chosen_by_box_time_and_queryables(client: TestClient) -> None:
    features = client.get(ITEMS, params={"limit": 1000}).json()["features"]
    one = features[-1]
    seen = one["properties"]["first_seen"]
    west, south, east, north = one["bbox"]
    here = client.get(ITEMS, params={"bbox": f"{west},{south},{east},{north}", "datetime": seen, "limit": 1000}).json()
    assert one["id"] in {feature["id"] for feature in here["features"]}
    for interval, expected in (("../2000-01-01T00:00:00Z", 0), (f"{seen}/..", len(features)), ("../..", len(features))):
        assert client.get(ITEMS, params={"datetime": interval}).json()["numberMatched"] <= expected
    assert client.get(ITEMS, params={"datetime": f"{seen}/.."}).json()["numberMatched"] > 0
    states = {f["properties"]["state"] for f in client.get(ITEMS, params={"state": "new"}).json()["features"]}
    assert states == {"new"}


@pytest.mark.parametrize("query", ["datetime=tomorrow", "colour=red", "bbox=1,2,3", "kind=whale", "bbox-crs=EPSG:3857"])
def test_what_is_not_understood_is_a_client_error(client: TestClient, query: str) -> None:
    assert client.get(f"{ITEMS}?{query}").status_code == 400


def test_every_link_of_the_landing_page_and_the_collections_leads_somewhere(client: TestClient) -> None:
    pages = [client.get("/ogc").json(), *client.get("/ogc/collections").json()["collections"]]
    hrefs = [link["href"] for page in pages for link in page["links"]]
    assert len(hrefs) > 8
    assert client.get("/ogc/").json() == client.get("/ogc").json()
    for href in hrefs:
        assert client.get(href).status_code == 200, href


def test_one_feature_is_the_one_of_the_list(client: TestClient) -> None:
    feature = client.get(ITEMS, params={"limit": 1}).json()["features"][0]
    alone = client.get(f"{ITEMS}/{feature['id']}").json()
    alone.pop("links")
    assert alone == feature
    assert client.get(f"{ITEMS}/abc").status_code == 404
    assert client.get(f"{ITEMS}/99999999999999999999").status_code == 404
