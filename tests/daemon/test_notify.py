"""Messages about new alerts: in the outbox with the scene, sent at least once, muted and limited by rule."""

import shutil
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import delete, update

from monitor import notify
from monitor.config import MuteSettings
from monitor.config_file import load_settings
from monitor.notify import SendingFailed, is_muted, send_due
from monitor.scan import scan
from monitor.store import open_store, outbox
from monitor.store.alerts import get_alert
from monitor.store.tables import Alert, Notice, NoticeState
from tests.chaos import write_config
from tests.store.examples import NOON
from tests.store.test_lifecycle import new_alert


@pytest.fixture(scope="module")
def scanned_once(tmp_path_factory, tiny):
    """A folder with what a scan of the tiny series gives, with a channel `ops`."""
    return scan_into(tmp_path_factory.mktemp("notify"), tiny, {"url": "json://127.0.0.1:1/"})


def scan_into(folder, tiny, channel, mutes=()):
    config = write_config(
        folder, tiny, "sqlite:///monitor.db", channels={"ops": channel}, notify=["ops"], mutes=list(mutes)
    )
    settings = load_settings(config)
    with open_store(settings.database) as store:
        store.upgrade()
        scan(store, settings, settings.monitors[0])
    return folder


@pytest.fixture
def scanned(scanned_once, tmp_path, tiny, receiver):
    """scanned(**channel): settings and store after a scan, with that channel from then on."""
    shutil.copytree(scanned_once, tmp_path / "copy")
    with open_store(f"sqlite:///{tmp_path / 'copy' / 'monitor.db'}") as store:

        def make(**channel):
            about = {"url": receiver.url, "picture": False} | channel
            config = write_config(
                tmp_path / "copy", tiny, "sqlite:///monitor.db", channels={"ops": about}, notify=["ops"]
            )
            return load_settings(config), store

        yield make


def notices(store):
    with store.session(read_only=True) as session:
        return outbox.list_notices(session)


def test_every_scene_with_new_alerts_makes_one_message_that_names_them_and_its_key(scanned, receiver, tiny):
    settings, store = scanned()
    waiting = notices(store)
    assert waiting
    assert len({notice.scene_pk for notice in waiting}) == len(waiting)
    assert send_due(store, settings) == len(waiting)
    assert receiver.keys == dict.fromkeys((notice.key for notice in waiting), 1)
    for notice, message in zip(waiting, receiver.messages, strict=True):
        assert all(f"#{alert} anomaly" in message["message"] for alert in notice.alert_ids)
    assert {notice.state for notice in notices(store)} == {NoticeState.SENT}
    assert send_due(store, settings) == 0


def test_what_a_channel_did_not_take_waits_and_is_sent_later(scanned, receiver):
    settings, store = scanned()
    receiver.refuse = True
    with pytest.raises(SendingFailed, match="channel ops"):
        send_due(store, settings)
    failed = notices(store)
    assert {(notice.state, notice.attempts, notice.error) for notice in failed} == {
        (NoticeState.WAITING, 1, "it did not take the message")
    }
    receiver.refuse = False
    assert send_due(store, settings) == 0
    with store.session() as session:
        session.execute(update(Notice).values(next_attempt_at=datetime.now(UTC) - timedelta(minutes=1)))
    assert send_due(store, settings) == len(failed)


def test_no_more_than_so_many_are_sent_an_hour_and_none_is_dropped(scanned, receiver):
    settings, store = scanned(per_hour=1)
    assert send_due(store, settings) == 1
    assert send_due(store, settings) == 0
    assert sum(notice.state is NoticeState.WAITING for notice in notices(store)) == len(notices(store)) - 1
    with store.session() as session:
        session.execute(update(Notice).values(sent_at=datetime.now(UTC) - timedelta(hours=2)))
    assert send_due(store, settings) == 1


def test_a_mute_keeps_the_message_as_muted(tmp_path, tiny, receiver):
    folder = scan_into(tmp_path, tiny, {"url": receiver.url}, mutes=[{"kind": "anomaly"}])
    with open_store(f"sqlite:///{folder / 'monitor.db'}") as store:
        assert {notice.state for notice in notices(store)} == {NoticeState.MUTED}
        assert send_due(store, load_settings(folder / "config.yaml")) == 0
    assert receiver.messages == []


def test_a_message_carries_the_picture_of_before_and_after(scanned, receiver):
    settings, store = scanned(picture=True, per_hour=1)
    assert send_due(store, settings) == 1
    (attachment,) = receiver.messages[0]["attachments"]
    assert attachment["mimetype"] == "image/png"


def test_only_alerts_as_grave_as_the_channel_wants_make_a_message(tmp_path, tiny, receiver, scanned):
    _, with_all = scanned()
    folder = scan_into(tmp_path / "high", tiny, {"url": receiver.url, "min_severity": "high"})
    with open_store(f"sqlite:///{folder / 'monitor.db'}") as store:
        grave = {number for notice in notices(store) for number in notice.alert_ids}
    assert len(grave) < sum(len(notice.alert_ids) for notice in notices(with_all))


@pytest.mark.parametrize(
    ("rule", "muted"),
    [
        ({}, True),
        ({"monitor": "toronto"}, True),
        ({"monitor": "elsewhere"}, False),
        ({"kind": "cloud"}, False),
        ({"area": (-80, 43, -78, 45)}, True),
        ({"area": (-78.95, 43, -78, 45)}, False),
        ({"until": date(2020, 6, 2)}, True),
        ({"until": date(2020, 6, 1)}, False),
    ],
)
def test_a_mute_holds_where_all_its_conditions_do(sqlite_store, rule, muted):
    with sqlite_store.session() as session:
        alert = get_alert(session, new_alert(session))
        assert is_muted(alert, [MuteSettings(**rule)], NOON) is muted


def test_a_test_message_arrives(scanned, receiver):
    settings, _ = scanned()
    notify.send_test(settings, settings.monitors[0], "ops")
    assert receiver.messages[-1]["title"] == "lake: test"


def test_a_message_whose_sender_was_killed_is_sent_again_at_once(scanned, receiver):
    settings, store = scanned()
    first, *_ = notices(store)
    with subprocess.Popen([sys.executable, "-c", "from monitor.owner import owner_name; print(owner_name())"],
                          stdout=subprocess.PIPE, text=True) as process:  # fmt: skip
        sender = process.stdout.read().strip()
    now = datetime.now(UTC)
    with store.session() as session:
        assert outbox.take(session, first.id, sender, now, now + notify.HOLD)
    assert send_due(store, settings) == len(notices(store)) - 1
    notify.free_what_the_gone_held(store)
    assert send_due(store, settings) == 1
    assert receiver.keys[first.key] == 1


def test_a_message_whose_alerts_are_gone_is_set_aside_and_stops_no_other(scanned):
    settings, store = scanned()
    first, *rest = notices(store)
    with store.session() as session:
        session.execute(delete(Alert).where(Alert.id.in_(first.alert_ids)))
    assert send_due(store, settings) == len(rest)
    assert next((notice.state, notice.error) for notice in notices(store)) == (
        NoticeState.FAILED, "its alerts are not in the database any more",
    )  # fmt: skip
