from fastapi.testclient import TestClient

from monitor.store.tables import AlertState
from tests.web.conftest import Site

ALERTS = "/api/v1/alerts"


def ids(answer: object) -> list[int]:
    return [item["id"] for item in answer["items"]]


def test_pages_follow_each_other_without_gaps_and_without_repeats(client: TestClient) -> None:
    everything = client.get(ALERTS, params={"limit": 1000, "total": True}).json()
    assert everything["total"] == len(everything["items"]) > 3
    found, cursor = [], None
    while True:
        page = client.get(ALERTS, params={"limit": 2} | ({"cursor": cursor} if cursor else {})).json()
        found += ids(page)
        cursor = page["next"]
        if cursor is None:
            break
    assert found == ids(everything)


def test_filters_hold_together(client: TestClient) -> None:
    everything = client.get(ALERTS, params={"limit": 1000}).json()["items"]
    chosen = [a for a in everything if a["kind"] == "anomaly" and a["score"] >= 0.5]
    answer = client.get(ALERTS, params={"limit": 1000, "kind": "anomaly", "min_score": 0.5}).json()
    assert ids(answer) == [a["id"] for a in chosen]
    west, south, east, north = chosen[0]["bbox"]
    here = client.get(ALERTS, params={"bbox": f"{west},{south},{east},{north}", "limit": 1000}).json()
    assert chosen[0]["id"] in ids(here)
    assert client.get(ALERTS, params={"bbox": "10,10,11,11"}).json()["items"] == []
    assert client.get(ALERTS, params={"until": "1999-01-01"}).json()["items"] == []
    assert client.get(ALERTS, params={"monitor": "nowhere"}).json()["items"] == []


def test_what_a_client_has_already_is_not_sent_again(client: TestClient) -> None:
    first = client.get(ALERTS)
    again = client.get(ALERTS, headers={"If-None-Match": first.headers["etag"]})
    assert again.status_code == 304
    assert again.content == b""
    number = ids(first.json())[0]
    client.post(f"{ALERTS}/{number}/comments", json={"text": "looks like a fire"})
    state = first.json()["items"][0]["state"]
    client.post(f"{ALERTS}/{number}/{'reopen' if state == 'resolved' else 'confirm'}")
    changed = client.get(ALERTS, headers={"If-None-Match": first.headers["etag"]})
    assert changed.status_code == 200


def test_a_dismissed_alert_keeps_its_reason_and_author_and_comes_back_by_undo(client: TestClient) -> None:
    number = ids(client.get(ALERTS, params={"state": "new"}).json())[0]
    done = client.post(f"{ALERTS}/{number}/dismiss", json={"reason": "season", "note": "harvest"}).json()
    assert done["state"] == "dismissed"
    assert done["events"][-1]["author"] == "local"
    assert done["events"][-1]["note"] == "season: harvest"
    back = client.post(f"{ALERTS}/{number}/undo").json()
    assert back["state"] == "new"
    assert back["events"][-1]["event"] == "undone"
    again = client.post(f"{ALERTS}/{number}/undo")
    assert again.status_code == 409
    assert "nothing of local to take back" in again.json()["detail"]


def test_an_alert_is_acknowledged_by_either_name_once(client: TestClient) -> None:
    one, other = ids(client.get(ALERTS, params={"state": "new", "limit": 2}).json())
    for number, action in ((one, "ack"), (other, "acknowledge"), (one, "acknowledge")):
        assert client.post(f"{ALERTS}/{number}/{action}").json()["state"] == "acknowledged"
    assert [event["event"] for event in client.get(f"{ALERTS}/{one}/events").json()] == ["created", "acknowledged"]
    assert client.post(f"{ALERTS}/{one}/eat").status_code == 422


def test_dismissing_takes_a_reason(client: TestClient) -> None:
    number = ids(client.get(ALERTS, params={"state": "new"}).json())[0]
    refused = client.post(f"{ALERTS}/{number}/dismiss")
    assert refused.status_code == 409
    assert refused.headers["content-type"] == "application/problem+json"
    assert "takes a reason" in refused.json()["detail"]


def test_a_bulk_action_does_what_it_can_says_what_it_cannot_and_is_undone_as_one(client: TestClient) -> None:
    new = ids(client.get(ALERTS, params={"state": "new", "limit": 3}).json())
    asked = {"ids": [*new, 999_999], "action": "dismiss", "reason": "cloud"}
    results = client.post(f"{ALERTS}/bulk", json=asked).json()
    assert [result["changed"] for result in results] == [True] * len(new) + [False]
    assert "no alert 999999" in results[-1]["problem"]
    undone = client.post(f"{ALERTS}/bulk", json={"ids": new, "action": "undo"}).json()
    assert {result["state"] for result in undone} == {"new"}


def test_the_change_of_another_person_is_not_undone(site: Site) -> None:
    shared = site.with_web(host="0.0.0.0")
    with shared.client() as client:
        ada, bob = ({"Authorization": f"Bearer {site.token(name, 'reviewer')}"} for name in ("ada", "bob"))
        number = ids(client.get(ALERTS, params={"state": "new"}, headers=ada).json())[0]
        done = client.post(f"{ALERTS}/{number}/confirm", headers=ada).json()
        assert (done["state"], done["events"][-1]["author"]) == (AlertState.CONFIRMED, "ada")
        assert client.post(f"{ALERTS}/{number}/undo", headers=bob).status_code == 409
        assert client.post(f"{ALERTS}/{number}/undo", headers=ada).json()["state"] == "new"


def test_an_alert_shows_its_events_looks_findings_and_comments(client: TestClient) -> None:
    number = ids(client.get(ALERTS, params={"kind": "anomaly"}).json())[0]
    client.post(f"{ALERTS}/{number}/comments", json={"text": "seen on site"})
    alert = client.get(f"{ALERTS}/{number}").json()
    assert alert["events"][0]["event"] == "created"
    assert alert["findings"][0]["alert_id"] == number
    assert client.get(f"{ALERTS}/{number}/comments").json()[0]["note"] == "seen on site"
    assert client.get(f"{ALERTS}/{number}/looks").json() == alert["looks"]


def test_errors_are_problem_details(client: TestClient) -> None:
    for path, status in (
        (f"{ALERTS}/999999", 404), (f"{ALERTS}?bbox=1,2", 400), (f"{ALERTS}?cursor=bm9uZQ", 400),
        (f"{ALERTS}?kind=whale", 422), ("/api/v1/scenes/lake/none", 404), ("/api/v1/nothing", 404),
    ):  # fmt: skip
        answer = client.get(path)
        assert answer.status_code == status, path
        assert answer.headers["content-type"] == "application/problem+json", path
        assert answer.json()["status"] == status
        assert answer.json()["detail"]


def test_review_items_are_the_gravest_first(client: TestClient) -> None:
    answer = client.get("/api/v1/review").json()
    grades = [("low", "medium", "high").index(item["severity"]) for item in answer["items"]]
    assert grades == sorted(grades, reverse=True)
    assert answer["total"] == len(answer["items"]) > 0
