from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from affine import Affine
from hypothesis import given
from hypothesis import strategies as st
from rasterio.crs import CRS
from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import StatementError

from monitor.errors import NotFoundError
from monitor.scenes.grid import Grid
from monitor.store import Store
from monitor.store import monitors as monitor_rows
from monitor.store.monitors import ensure_monitor
from monitor.store.queue import (
    claim,
    holds,
    mark_failed,
    mark_quarantined,
    mark_skipped,
    mark_superseded,
    pending,
    release,
    renew,
    superseded_by,
)
from monitor.store.scenes import (
    Upserted,
    find_scene,
    get_scene,
    item_of,
    list_scenes,
    newest_datetime,
    upsert_items,
)
from monitor.store.tables import SceneState, UtcDateTime
from tests.store.examples import NOON, add_scene, counts, dump, item, save

HOUR = timedelta(hours=1)


def test_an_item_comes_back_as_it_went_in(store: Store) -> None:
    with store.session() as session:
        scene = add_scene(session)
    with store.session(read_only=True) as session:
        found = item_of(session, scene)
    ring = [list(point) for point in item().geometry["coordinates"][0]]
    assert found == item(geometry={"type": "Polygon", "coordinates": [ring]})


def test_taking_in_the_same_items_again_changes_no_row_of_any_table(store: Store) -> None:
    items = [item(f"S{number}", f"P{number}") for number in range(1000)]
    with store.session() as session:
        monitor = ensure_monitor(session, "toronto")
        assert upsert_items(session, monitor, items) == Upserted(found=1000, new=1000, changed=0, known=0)
    before = dump(store)
    with store.session() as session:
        assert upsert_items(session, monitor, iter(items * 2)) == Upserted(found=1000, new=0, changed=0, known=1000)
    assert dump(store) == before


def test_an_item_listed_twice_is_one_scene(store: Store) -> None:
    with store.session() as session:
        monitor = ensure_monitor(session, "toronto")
        assert upsert_items(session, monitor, [item(), item()]).new == 1
    assert counts(store)["scenes"] == 1


def test_what_a_catalog_changed_is_taken_over_and_a_done_scene_stays_done(store: Store) -> None:
    with store.session() as session:
        scene = add_scene(session)
        save(session, scene)
        changed = upsert_items(session, ensure_monitor(session, "toronto"), [item(cloud_cover=55.0)])
        assert changed == Upserted(found=1, new=0, changed=1, known=0)
        found = get_scene(session, scene)
    assert (found.cloud_cover, found.state) == (55.0, SceneState.DONE)


def test_two_catalogs_that_list_one_product_do_not_take_turns(store: Store) -> None:
    with store.session() as session:
        scene = add_scene(session)
        mark_failed(session, scene, "truncated", None, now=NOON)
    before = dump(store)
    with store.session() as session:
        monitor = ensure_monitor(session, "toronto")
        upsert_items(session, monitor, [item(catalog="planetary", item_id="other")])
    assert dump(store) == before


def test_a_scene_that_waits_for_a_retry_may_come_from_another_catalog(store: Store) -> None:
    with store.session() as session:
        scene = add_scene(session)
        mark_failed(session, scene, "no answer", NOON + HOUR)
        upsert_items(session, ensure_monitor(session, "toronto"), [item(catalog="planetary")])
        found = get_scene(session, scene)
    assert (found.catalog, found.state, found.next_attempt_at) == ("planetary", SceneState.FAILED, NOON + HOUR)


def test_a_scene_that_failed_for_good_is_tried_again_once_its_catalog_changed_it(store: Store) -> None:
    with store.session() as session:
        scene = add_scene(session)
        mark_failed(session, scene, "missing band")
        monitor = ensure_monitor(session, "toronto")
        upsert_items(session, monitor, [item()])
        assert pending(session, monitor) == []
        upsert_items(session, monitor, [item(sun_azimuth=141.0)])
        assert [found.pk for found in pending(session, monitor)] == [scene]


def test_a_new_product_is_a_new_row_and_supersedes_the_old_one_when_it_is_done(store: Store) -> None:
    with store.session() as session:
        old = add_scene(session)
        save(session, old)
        new = add_scene(session, item(product_id="LC08_A_T2"))
        monitor = ensure_monitor(session, "toronto")
        assert [found.pk for found in pending(session, monitor)] == [new]
        assert get_scene(session, old).state is SceneState.DONE
        save(session, new)
        assert [found.pk for found in superseded_by(session, new)] == [old]
        assert superseded_by(session, old) == []
        mark_superseded(session, [old])
        assert superseded_by(session, new) == []
        assert find_scene(session, "LC08_A").pk == new


def test_an_old_product_that_a_newer_one_overtook_is_not_due_any_more(store: Store) -> None:
    with store.session() as session:
        old = add_scene(session)
        mark_failed(session, old, "no answer", NOON)
        new = add_scene(session, item(product_id="LC08_A_T2"))
        monitor = ensure_monitor(session, "toronto")
        assert [found.pk for found in pending(session, monitor, NOON)] == [old, new]
        save(session, new)
        assert pending(session, monitor, NOON) == []


def test_what_is_due_comes_in_order_of_acquisition(store: Store) -> None:
    with store.session() as session:
        for day in (3, 1, 2):
            add_scene(session, item(f"S{day}", f"P{day}", datetime=NOON + timedelta(days=day)))
        monitor = ensure_monitor(session, "toronto")
        assert [found.scene_id for found in pending(session, monitor)] == ["S1", "S2", "S3"]
        assert [found.scene_id for found in pending(session, monitor, limit=1)] == ["S1"]
        assert newest_datetime(session, monitor) == NOON + timedelta(days=3)


def test_only_what_is_new_or_due_again_is_pending(store: Store) -> None:
    with store.session() as session:
        names = ("new", "skipped", "for_good", "later", "due", "held", "let_go")
        pks = {name: add_scene(session, item(name, name)) for name in names}
        mark_skipped(session, pks["skipped"], "too little of it is valid")
        mark_failed(session, pks["for_good"], "no such band")
        mark_failed(session, pks["later"], "no answer", NOON + HOUR)
        mark_failed(session, pks["due"], "no answer", NOON)
        claim(session, pks["held"], "me", 2 * HOUR, now=NOON - HOUR)
        claim(session, pks["let_go"], "me", HOUR, now=NOON - 2 * HOUR)
        monitor = ensure_monitor(session, "toronto")
        assert {found.scene_id for found in pending(session, monitor, NOON)} == {"new", "due", "let_go"}


def test_a_claim_is_a_lease_that_counts_as_an_attempt_and_ends_with_the_outcome(store: Store) -> None:
    with store.session() as session:
        scene = add_scene(session)
        claimed = claim(session, scene, "host:1", HOUR, now=NOON)
        assert claimed is not None
        assert (claimed.pk, claimed.state, claimed.attempts) == (scene, SceneState.PROCESSING, 1)
        assert (claimed.lease_owner, claimed.lease_until) == ("host:1", NOON + HOUR)
        assert claim(session, scene, "host:2", HOUR, now=NOON) is None
        again = claim(session, scene, "host:2", HOUR, now=NOON + HOUR)
        assert again is not None
        assert (again.lease_owner, again.attempts) == ("host:2", 1)
        mark_failed(session, scene, "boom", NOON + 2 * HOUR)
        failed = get_scene(session, scene)
    assert (failed.state, failed.error, failed.lease_owner, failed.lease_until) == ("failed", "boom", None, None)


def test_every_failure_counts_as_one_attempt(store: Store) -> None:
    with store.session() as session:
        scene = add_scene(session)
        mark_failed(session, scene, "no answer", NOON)
        assert get_scene(session, scene).attempts == 1
        assert claim(session, scene, "me", HOUR, now=NOON)
        mark_failed(session, scene, "no answer", NOON)
        assert get_scene(session, scene).attempts == 2


def test_two_that_claim_at_once_never_both_get_a_scene(store: Store) -> None:
    with store.session() as session:
        scene = add_scene(session)
    with ThreadPoolExecutor(8) as pool:

        def attempt(number: int) -> bool:
            with store.session() as session:
                return claim(session, scene, f"host:{number}", HOUR) is not None

        assert sum(pool.map(attempt, range(8))) == 1


def test_a_lease_that_ran_out_ends_the_right_to_store(store: Store) -> None:
    with store.session() as session:
        scene = add_scene(session)
        claim(session, scene, "slow", HOUR, now=NOON)
        assert holds(session, scene, "slow")
        renew(session, "slow", HOUR, now=NOON + HOUR / 2)
        assert claim(session, scene, "quick", HOUR, now=NOON + HOUR) is None
        assert claim(session, scene, "quick", HOUR, now=NOON + 2 * HOUR) is not None
        assert not holds(session, scene, "slow")
        assert holds(session, scene, "quick")


def test_what_is_given_back_is_due_and_was_no_attempt(store: Store) -> None:
    with store.session() as session:
        scene = add_scene(session)
        claim(session, scene, "me", HOUR)
        release(session, "me")
        given = get_scene(session, scene)
        assert (given.state, given.attempts, given.lease_owner) == (SceneState.DISCOVERED, 0, None)


def test_a_retry_that_is_planned_for_later_can_be_asked_for_now(store: Store) -> None:
    with store.session() as session:
        scene = add_scene(session)
        mark_failed(session, scene, "no answer", NOON + HOUR)
        assert claim(session, scene, "me", HOUR, now=NOON) is None
        assert claim(session, scene, "me", HOUR, now=NOON, early=True) is not None


def test_a_quarantined_scene_stays_aside_with_its_reason(store: Store) -> None:
    with store.session() as session:
        scene = add_scene(session)
        mark_quarantined(session, scene, "band red is HTML")
        assert claim(session, scene, "me", HOUR, early=True) is None
        assert get_scene(session, scene).error == "band red is HTML"


def test_scenes_are_listed_by_monitor_state_and_time(store: Store) -> None:
    with store.session() as session:
        for day in (1, 2, 3):
            add_scene(session, item(f"S{day}", f"P{day}", datetime=NOON + timedelta(days=day)))
        other = add_scene(session, item("S9", "P9"), monitor="brumadinho")
        mark_skipped(session, other, "all nodata")

        def listed(**filters: object) -> list[str]:
            return [found.scene_id for found in list_scenes(session, **filters)]  # type: ignore[arg-type]

        assert listed() == ["S9", "S1", "S2", "S3"]
        assert listed(monitor="toronto", newest_first=True, limit=2) == ["S3", "S2"]
        assert listed(states=[SceneState.SKIPPED]) == ["S9"]
        assert listed(since=NOON + timedelta(days=2), until=NOON + timedelta(days=3)) == ["S2"]


def test_a_scene_is_found_by_scene_or_product_id(store: Store) -> None:
    with store.session() as session:
        scene = add_scene(session)
        assert find_scene(session, "LC08_A").pk == scene
        assert find_scene(session, "LC08_A_T1", "toronto").pk == scene


def test_a_scene_that_is_not_there_gets_close_matches(store: Store) -> None:
    with store.session() as session:
        with pytest.raises(NotFoundError, match="monitor scan"):
            find_scene(session, "LC08_B")
        add_scene(session)
        with pytest.raises(NotFoundError, match="did you mean LC08_A"):
            find_scene(session, "LC08_B")
        with pytest.raises(NotFoundError, match="of monitor brumadinho"):
            find_scene(session, "LC08_A", "brumadinho")
        with pytest.raises(NotFoundError, match="no scene has the number 77"):
            mark_failed(session, 77, "boom")


def test_a_scene_of_two_monitors_is_ambiguous_until_one_is_named(store: Store) -> None:
    with store.session() as session:
        add_scene(session)
        scene = add_scene(session, monitor="brumadinho")
        with pytest.raises(NotFoundError, match="brumadinho, toronto; say which"):
            find_scene(session, "LC08_A")
        assert find_scene(session, "LC08_A", "brumadinho").pk == scene


def test_a_time_of_any_zone_comes_back_in_utc(store: Store) -> None:
    local = datetime(2020, 6, 1, 23, 30, 15, 123456, tzinfo=timezone(timedelta(hours=-4)))
    with store.session() as session:
        scene = add_scene(session, item(datetime=local))
    with store.session(read_only=True) as session:
        found = get_scene(session, scene).datetime
    assert found == local
    assert found.tzinfo is UTC or found.utcoffset() == timedelta(0)


@given(st.datetimes(timezones=st.timezones(), min_value=datetime(1980, 1, 1), max_value=datetime(2100, 1, 1)))
def test_any_aware_time_survives_the_way_through_sqlite(moment: datetime) -> None:
    column, dialect = UtcDateTime(), sqlite.dialect()
    kept = column.process_bind_param(moment, dialect)
    assert column.process_result_value(kept, dialect) == moment.astimezone(UTC)


def test_a_time_without_a_zone_is_refused(store: Store) -> None:
    with pytest.raises(StatementError, match="no time zone"), store.session() as session:
        add_scene(session, replace(item(), datetime=datetime(2020, 1, 1)))


def test_a_monitor_keeps_its_grid_and_fingerprint(store: Store) -> None:
    grid = Grid(CRS.from_epsg(32617), Affine(30, 0, 600000, 0, -30, 4850000), 400, 300)
    with store.session() as session:
        monitor = ensure_monitor(session, "toronto")
        assert ensure_monitor(session, "toronto") == monitor
        assert monitor_rows.get_grid(session, monitor) is None
        assert monitor_rows.get_fingerprint(session, monitor) is None
        monitor_rows.set_grid(session, monitor, grid)
        monitor_rows.set_fingerprint(session, monitor, "abc")
    with store.session(read_only=True) as session:
        assert monitor_rows.get_grid(session, monitor) == grid
        assert monitor_rows.get_fingerprint(session, monitor) == "abc"
        assert monitor_rows.find_monitor(session, "toronto") == monitor
        with pytest.raises(NotFoundError, match="known are toronto"):
            monitor_rows.find_monitor(session, "tronto")
