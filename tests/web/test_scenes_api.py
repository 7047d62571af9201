import time

from fastapi.testclient import TestClient

from monitor.store.queue import mark_quarantined
from tests.web.conftest import Site


def first(client: TestClient) -> dict[str, object]:
    found: dict[str, object] = client.get("/api/v1/scenes").json()["items"][0]
    return found


def test_scenes_come_page_by_page_the_newest_first(client: TestClient) -> None:
    everything = client.get("/api/v1/scenes", params={"total": True}).json()
    assert everything["total"] == len(everything["items"]) == 5
    times = [scene["datetime"] for scene in everything["items"]]
    assert times == sorted(times, reverse=True)
    page = client.get("/api/v1/scenes", params={"limit": 3}).json()
    rest = client.get("/api/v1/scenes", params={"limit": 3, "cursor": page["next"]}).json()
    assert [s["pk"] for s in page["items"] + rest["items"]] == [s["pk"] for s in everything["items"]]
    assert client.get("/api/v1/scenes", params={"until": times[-1]}).json()["items"] == []


def test_a_scene_has_metrics_sweeps_labels_and_findings(client: TestClient) -> None:
    path = f"/api/v1/scenes/lake/{first(client)['scene_id']}"
    scene = client.get(path).json()
    assert scene["maps"] == ["flags", "reference", "sweep"]
    assert scene["metrics"] == client.get(f"{path}/metrics").json()
    sweeps = client.get(f"{path}/sweeps").json()
    assert [entry["k"] for entry in sweeps] == [3, 4, 5, 6]
    assert sum(entry["chosen"] for entry in sweeps) == 1
    labels = client.get(f"{path}/labels").json()
    red = labels[0]["bands"]["red"]
    assert red["minimum"] <= red["q05"] <= red["q50"] <= red["maximum"]
    assert red["std"] >= 0
    assert red["unique_values"] > 1
    assert client.get(f"{path}/findings").json()


def test_a_scene_in_quarantine_is_put_back_and_one_that_is_done_is_not(site: Site, client: TestClient) -> None:
    scene = first(client)
    path = f"/api/v1/scenes/lake/{scene['scene_id']}/retry"
    assert client.post(path).status_code == 400
    with site.store.session() as session:
        mark_quarantined(session, int(str(scene["pk"])), "it never worked")
    assert (
        client.get("/api/v1/scenes", params={"state": "quarantined"}).json()["items"][0]["error"] == "it never worked"
    )
    assert client.post(path).json()["state"] == "discovered"


def test_the_history_of_a_pixel_and_of_the_area_around_it_agree(client: TestClient) -> None:
    west, south, east, north = client.get("/api/v1/monitors/lake").json()["bbox"]
    lon, lat = (west + east) / 2, (south + north) / 2
    looks = client.get("/api/v1/history/pixel", params={"monitor": "lake", "lon": lon, "lat": lat}).json()
    assert len(looks) == 5
    assert [look["datetime"] for look in looks] == sorted(look["datetime"] for look in looks)
    reach = 0.002
    ring = [[lon + x * reach, lat + y * reach] for x, y in ((-1, -1), (1, -1), (1, 1), (-1, 1), (-1, -1))]
    body = {"type": "Polygon", "coordinates": [ring]}
    parts = client.post("/api/v1/history/area", params={"monitor": "lake"}, json=body).json()
    for look in looks:
        of_scene = [part for part in parts if part["scene_id"] == look["scene_id"]]
        assert abs(sum(part["share"] for part in of_scene) - 1) < 1e-9
        assert (look["label"], look["flag"]) in {(part["label"], part["flag"]) for part in of_scene}


def test_a_place_outside_or_an_outline_that_is_none_is_said(client: TestClient) -> None:
    outside = client.get("/api/v1/history/pixel", params={"monitor": "lake", "lon": 10, "lat": 10})
    assert outside.status_code == 400
    assert "outside the area" in outside.json()["detail"]
    for ring in (
        [],
        [[0, 0], [1, 1]],
        [[500, 0], [501, 0], [501, 1], [500, 0]],
        [[10, 10], [11, 10], [11, 11], [10, 10]],
    ):
        body = {"type": "Polygon", "coordinates": [ring]}
        answer = client.post("/api/v1/history/area", params={"monitor": "lake"}, json=body)
        assert answer.status_code == 400, ring


def test_figures_of_all_scenes_of_a_monitor(client: TestClient) -> None:
    for name, rows in (("metrics", 5), ("sweeps", 20)):
        assert len(client.get(f"/api/v1/history/{name}", params={"monitor": "lake"}).json()) == rows
    assert client.get("/api/v1/history/labels", params={"monitor": "lake"}).json()[0]["band"]
    assert client.get("/api/v1/history/labels", params={"monitor": "nowhere"}).status_code == 404


def test_a_reference_is_fitted_in_the_background_and_the_old_one_comes_back(client: TestClient) -> None:
    references = "/api/v1/monitors/lake/references"
    asked = client.post(references, json={"k": 4})
    assert asked.status_code == 202
    assert client.post(references, json={"k": 4}).status_code == 400
    task = f"/api/v1/tasks/{asked.json()['id']}"
    end = time.monotonic() + 120
    while client.get(task).json()["state"] in ("waiting", "running"):
        assert time.monotonic() < end
        time.sleep(0.2)
    done = client.get(task).json()
    assert (done["state"], done["progress"], done["author"]) == ("done", 1.0, "local"), done
    assert done["result"]["version"] == 2
    versions = {row["version"]: row["active"] for row in client.get(references).json()}
    assert versions == {1: False, 2: True}
    client.post(f"{references}/1/activate")
    assert client.get("/api/v1/monitors/lake").json()["reference_version"] == 1


def test_a_task_that_fails_says_why(client: TestClient) -> None:
    asked = client.post("/api/v1/monitors/lake/references", json={"scene": "LC08_NO_SUCH_SCENE"})
    task = f"/api/v1/tasks/{asked.json()['id']}"
    end = time.monotonic() + 120
    while client.get(task).json()["state"] in ("waiting", "running"):
        assert time.monotonic() < end
        time.sleep(0.2)
    done = client.get(task).json()
    assert done["state"] == "failed"
    assert "LC08_NO_SUCH_SCENE" in done["error"]
    assert client.get("/api/v1/tasks/none").status_code == 404


def test_status_and_monitors_say_how_things_stand(client: TestClient) -> None:
    status = client.get("/api/v1/status").json()
    assert status["monitors"][0]["scenes"] == {"done": 5}
    (monitor,) = client.get("/api/v1/monitors").json()
    assert (monitor["name"], monitor["configured"], monitor["reference_version"]) == ("lake", True, 1)
    assert client.get("/api/v1/monitors/nowhere").status_code == 404
