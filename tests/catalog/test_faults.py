import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from monitor.catalog import fetch_scene, find_scenes
from monitor.catalog.aoi import load_area
from monitor.catalog.http import ATTEMPTS, retry_after
from monitor.errors import CatalogUnavailable, ConfigError
from tests.catalog.items import BOX, catalogs_of, moment, monitor_of, series, write_catalog
from tests.servers import Reply, ServePages, free_port, html, malformed_json, stall, too_many, unavailable

AREA = load_area(BOX)
BEGIN = moment("2020-01-01T00:00:00Z")
TWO_PAGES = [series(2), series(4)[2:]]


@pytest.mark.usefixtures("no_waiting")
@pytest.mark.parametrize(
    "fault",
    [
        unavailable(),
        unavailable(500),
        unavailable(502),
        Reply(408),
        too_many(5),
        html(),
        malformed_json(),
        Reply(200, "[]"),
    ],
    ids=lambda fault: f"{fault.status} {fault.body[:9]}",
)
@pytest.mark.parametrize("path", ["/", "/search"])
def test_a_passing_fault_is_tried_again(fault: Reply, path: str, serve_pages: ServePages) -> None:
    server = serve_pages(TWO_PAGES)
    server.fail(fault, times=2, path=path)
    found = find_scenes(monitor_of(), catalogs_of(c=server.url), AREA, BEGIN)
    assert (len(found.items), found.unavailable) == (4, ())
    assert len(server.requests) == 5


@pytest.mark.usefixtures("no_waiting")
@pytest.mark.parametrize(
    ("fault", "complaint"),
    [
        (unavailable(), r"answered with 503 \(come back later\)"),
        (html(), r"is HTML \('<!DOCTYPE html>.*login page"),
        (malformed_json(), "is no JSON"),
    ],
)
def test_a_lasting_fault_makes_the_catalog_unavailable(fault: Reply, complaint: str, serve_pages: ServePages) -> None:
    server = serve_pages(TWO_PAGES)
    server.fail(fault, times=50, path="/search")
    with pytest.raises(CatalogUnavailable, match=complaint) as caught:
        find_scenes(monitor_of(), catalogs_of(c=server.url), AREA, BEGIN)
    assert f"{server.url}/search" in str(caught.value)
    assert server.requests.count("POST /search") == ATTEMPTS


def test_the_pause_that_a_busy_server_asks_for_is_kept(serve_pages: ServePages) -> None:
    server = serve_pages([series(1)])
    server.fail(too_many(retry_after=1), path="/search")
    before = time.monotonic()
    assert len(find_scenes(monitor_of(), catalogs_of(c=server.url), AREA, BEGIN).items) == 1
    assert 1 <= time.monotonic() - before < 3


def test_a_server_that_asks_for_an_hour_is_not_waited_for(serve_pages: ServePages) -> None:
    server = serve_pages([series(1)])
    server.fail(too_many(retry_after=3600), times=50)
    before = time.monotonic()
    with pytest.raises(CatalogUnavailable, match="429"):
        find_scenes(monitor_of(), catalogs_of(c=server.url), AREA, BEGIN)
    assert time.monotonic() - before < 2
    assert server.requests == ["GET /"]


@pytest.mark.usefixtures("no_waiting")
def test_a_server_that_stalls_is_given_up_after_the_timeout(serve_pages: ServePages) -> None:
    server = serve_pages([series(1)])
    server.fail(stall(30), times=50)
    before = time.monotonic()
    with pytest.raises(CatalogUnavailable, match=r"did not answer within 0\.2 s"):
        find_scenes(monitor_of(), catalogs_of(0.2, c=server.url), AREA, BEGIN)
    assert time.monotonic() - before < 5


@pytest.mark.usefixtures("no_waiting")
def test_nobody_listening_is_unavailable() -> None:
    with pytest.raises(CatalogUnavailable, match=r"cannot be reached \(Connection refused\)"):
        find_scenes(monitor_of(), catalogs_of(c=f"http://127.0.0.1:{free_port()}/"), AREA, BEGIN)


@pytest.mark.usefixtures("no_waiting")
def test_the_next_catalog_is_used_when_one_does_not_answer(serve_pages: ServePages, tmp_path: Path) -> None:
    down, gone = serve_pages([]), serve_pages([])
    down.fail(unavailable(), times=50)
    gone.fail(Reply(404), times=50)
    catalogs = catalogs_of(down=down.url, gone=gone.url, disk=write_catalog(tmp_path, series(3)))
    found = find_scenes(monitor_of(["down", "gone", "disk"]), catalogs, AREA, BEGIN)
    assert (len(found.items), found.catalog) == (3, "disk")
    assert [name for name, reason in found.unavailable] == ["down", "gone"]
    assert "503" in found.unavailable[0][1]


@pytest.mark.usefixtures("no_waiting")
def test_when_no_catalog_answers_the_error_names_each_and_why(serve_pages: ServePages) -> None:
    down = serve_pages([])
    down.fail(unavailable(), times=50)
    catalogs = catalogs_of(down=down.url, missing="/nowhere/catalog.json")
    with pytest.raises(CatalogUnavailable, match=r"no answer from down, missing") as caught:
        find_scenes(monitor_of(["down", "missing"]), catalogs, AREA, BEGIN)
    assert "503" in str(caught.value)
    assert "/nowhere/catalog.json: No such file" in str(caught.value)


@pytest.mark.usefixtures("no_waiting")
def test_a_scene_is_not_called_unknown_while_a_catalog_that_may_have_it_is_down(
    serve_pages: ServePages, tmp_path: Path
) -> None:
    down = serve_pages([])
    down.fail(unavailable(), times=50)
    catalogs = catalogs_of(down=down.url, disk=write_catalog(tmp_path, series(3)))
    with pytest.raises(CatalogUnavailable, match="looking for scene X"):
        fetch_scene(monitor_of(["down", "disk"]), catalogs, "X")


@pytest.mark.parametrize("status", [400, 401, 403, 404])
def test_a_refusal_is_a_configuration_error_and_not_tried_again(status: int, serve_pages: ServePages) -> None:
    server = serve_pages([series(1)])
    server.fail(Reply(status, "no"), times=50)
    with pytest.raises(ConfigError, match=f"answered with {status}"):
        find_scenes(monitor_of(), catalogs_of(c=server.url), AREA, BEGIN)
    assert server.requests == ["GET /"]


def test_an_error_in_the_clothes_of_a_page_is_not_the_end_of_the_list(serve_pages: ServePages) -> None:
    server = serve_pages([{"message": "Endpoint request timed out"}])
    with pytest.raises(CatalogUnavailable, match="lists no features"):
        find_scenes(monitor_of(), catalogs_of(c=server.url), AREA, BEGIN)


def test_pages_that_go_in_circles_end_in_an_error(serve_pages: ServePages) -> None:
    page = series(2)
    server = serve_pages([page, page, page])
    with pytest.raises(CatalogUnavailable, match="same page again"):
        find_scenes(monitor_of(), catalogs_of(c=server.url), AREA, BEGIN)
    assert len(server.requests) == 3


def test_retry_after_is_read_as_seconds_or_as_a_date() -> None:
    assert retry_after("7") == 7
    assert retry_after(format_datetime(datetime.now(UTC) + timedelta(seconds=60))) == pytest.approx(60, abs=3)
    assert retry_after("Wed, 21 Oct 2015 07:28:00 GMT") == 0
    assert retry_after("soon") is None
    assert retry_after(None) is None
