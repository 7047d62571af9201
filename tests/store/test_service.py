"""The lead, the outbox, retention and backup."""

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from monitor.config import RetentionSettings
from monitor.errors import ConfigError
from monitor.store import Store, open_store, outbox
from monitor.store.backup import backup
from monitor.store.retention import Pruned, prune
from monitor.store.scenes import get_scene, list_scenes
from monitor.store.service import job_runs, lead, leader, record_run, resign
from monitor.store.status import gather
from monitor.store.tables import AlertState, LabelMap, LabelTile, NoticeState
from monitor.store.tracking import change_state
from tests.store.examples import NOON, add_scene, counts, finding, item, save
from tests.store.test_lifecycle import new_alert

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


def test_one_leads_until_it_resigns_or_its_time_runs_out(store: Store) -> None:
    with store.session() as session:
        assert lead(session, "one", MINUTE, now=NOON)
        assert not lead(session, "two", MINUTE, now=NOON)
        assert lead(session, "one", MINUTE, now=NOON + MINUTE / 2)
        assert not lead(session, "two", MINUTE, now=NOON + MINUTE)
        assert lead(session, "two", MINUTE, now=NOON + 2 * MINUTE)
        assert not lead(session, "one", MINUTE, now=NOON + 2 * MINUTE)
        resign(session, "one")
        assert not lead(session, "one", MINUTE, now=NOON + 2 * MINUTE)
        resign(session, "two")
        assert lead(session, "one", MINUTE, now=NOON + 2 * MINUTE)


def test_of_many_that_ask_at_once_one_leads(store: Store) -> None:
    def ask(name: str) -> bool:
        with store.session() as session:
            return lead(session, name, MINUTE)

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(ask, map(str, range(8)))) == 1
    with store.session(read_only=True) as session:
        assert leader(session) is not None


def test_a_failed_run_keeps_the_time_of_the_last_good_one(store: Store) -> None:
    with store.session() as session:
        record_run(session, "discover:lake", NOON, 2.0, None)
        record_run(session, "discover:lake", NOON + MINUTE, 1.0, "no answer")
        (row,) = job_runs(session)
    assert (row.started_at, row.succeeded_at, row.error) == (NOON + MINUTE, NOON + 2 * MINUTE / 60, "no answer")


def test_a_message_is_there_once_and_one_sender_has_it_at_a_time(store: Store) -> None:
    with store.session() as session:
        scene = add_scene(session)
        for alerts in ([1, 2], [3]):
            outbox.add_notice(session, "ops/toronto/A", "ops", scene, alerts, NoticeState.WAITING, NOON)
        (notice,) = outbox.list_notices(session)
        assert notice.alert_ids == (1, 2)
        assert outbox.take(session, notice.id, "me", NOON, NOON + MINUTE)
        assert not outbox.take(session, notice.id, "me", NOON, NOON + MINUTE)
        outbox.mark_unsent(session, notice.id, "no answer", NOON + 2 * MINUTE)
        assert outbox.list_notices(session, states=(NoticeState.WAITING,), due=NOON + MINUTE) == []
        assert outbox.take(session, notice.id, "me", NOON + 2 * MINUTE, NOON + 3 * MINUTE)
        outbox.mark_sent(session, notice.id, NOON + 2 * MINUTE)
        assert outbox.sent_since(session, "ops", NOON) == 1
        assert not outbox.take(session, notice.id, "me", NOON + DAY, NOON + 2 * DAY)


def filled(store: Store) -> list[int]:
    """Three scenes, ten days apart, each with a result and an alert."""
    with store.session() as session:
        scenes = []
        for day in (0, 10, 20):
            scene = add_scene(session, item(f"S{day}", f"P{day}", datetime=NOON + day * DAY))
            alert = new_alert(session, finding_ids=save(session, scene, finding()))
            change_state(session, alert, AlertState.RESOLVED, now=NOON + day * DAY)
            outbox.add_notice(session, f"ops/{day}", "ops", scene, [alert], NoticeState.WAITING, NOON + day * DAY)
            scenes.append(scene)
        outbox.mark_sent(session, outbox.list_notices(session)[0].id, NOON)
    return scenes


def test_what_is_old_goes_and_a_dry_run_only_counts_it(store: Store) -> None:
    filled(store)
    keep = RetentionSettings(label_maps="15d", sweeps="5d", closed_alerts="15d", messages="5d")
    before = counts(store)
    now = NOON + 21 * DAY
    with store.session() as session:
        expected = prune(session, keep, now, dry_run=True)
    assert expected == Pruned(label_maps=3, sweeps=4, closed_alerts=1, messages=1)
    assert counts(store) == before
    with store.session() as session:
        assert prune(session, keep, now) == expected
    after = counts(store)
    removed = {name: before[name] - after[name] for name in ("label_maps", "sweeps", "alerts", "outbox", "scenes")}
    assert removed == {"label_maps": 3, "sweeps": 4, "alerts": 1, "outbox": 1, "scenes": 0}
    with store.session() as session:
        assert prune(session, keep, now) == Pruned(0, 0, 0, 0)


def test_label_maps_are_kept_up_to_a_size_the_newest_first(store: Store) -> None:
    filled(store)
    with store.session() as session:
        size = session.scalar(select(func.sum(func.length(LabelTile.data)))) / 1e6
        assert prune(session, RetentionSettings(label_maps_mb=size), NOON).label_maps == 0
        assert prune(session, RetentionSettings(label_maps_mb=0.7 * size), NOON).label_maps == 3
        left = {scene.scene_id for scene in list_scenes(session) if has_maps(session, scene.pk)}
    assert left == {"S10", "S20"}


def has_maps(session, scene_pk: int) -> bool:
    return bool(session.scalar(select(func.count(LabelMap.id)).where(LabelMap.scene_id == scene_pk)))


def test_nothing_is_removed_unless_it_is_asked_for(store: Store) -> None:
    filled(store)
    with store.session() as session:
        assert prune(session, RetentionSettings(messages=None), NOON + 9999 * DAY) == Pruned(0, 0, 0, 0)


def test_a_backup_is_whole_while_somebody_writes(sqlite_store: Store, tmp_path: Path) -> None:
    scenes = filled(sqlite_store)
    target = tmp_path / "copy.db"
    with sqlite_store.session() as session:
        get_scene(session, scenes[0])
        backup(sqlite_store, target)
    with open_store(f"sqlite:///{target}") as copy, copy.session(read_only=True) as session:
        assert len(list_scenes(session)) == 3
    with sqlite3.connect(target) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()
    with pytest.raises(ConfigError, match="is there already"):
        backup(sqlite_store, target)


def test_a_postgresql_backup_names_the_tool_for_it(postgresql_store: Store, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="pg_dump"):
        backup(postgresql_store, tmp_path / "copy.db")


def test_the_status_counts_scenes_alerts_and_messages(store: Store) -> None:
    filled(store)
    with store.session() as session:
        add_scene(session, item("NEW", "NEW", datetime=NOON + 30 * DAY))
        lead(session, "one", MINUTE)
    with store.session(read_only=True) as session:
        status = gather(session)
    (monitor,) = status.monitors
    assert (monitor.scenes, monitor.newest_scene) == ({"discovered": 1, "done": 3}, NOON + 30 * DAY)
    assert status.alerts == {("anomaly", "resolved"): 3}
    assert status.messages == {"sent": 1, "waiting": 2}
    assert status.leader is not None
    assert status.leader.owner == "one"
