"""Messages about new alerts: written into the outbox with the scene, sent from there at least once.

A message that was sent right before a crash is sent again; its last line is the key by which a receiver can tell.
"""

import logging
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import apprise
from shapely.geometry import box, shape
from sqlalchemy.orm import Session

from monitor import engine, snapshot
from monitor.config import ChannelSettings, MonitorSettings, MuteSettings, Settings
from monitor.detection.result import Kind
from monitor.errors import MonitorError, NotFoundError, RetryableError
from monitor.owner import is_gone, owner_name
from monitor.store import Store, outbox
from monitor.store.alerts import AlertRow, get_alert
from monitor.store.outbox import NoticeRow
from monitor.store.review import Severity, severity_of
from monitor.store.scenes import SceneRow, get_scene
from monitor.store.tables import NoticeState

log = logging.getLogger(__name__)

HOLD = timedelta(minutes=2)
"""A message in sending is nobody else's for so long, unless its sender is gone."""
FIRST_PAUSE, LONGEST_PAUSE = timedelta(minutes=1), timedelta(hours=6)
LISTED = 20
"""Alerts that a message names; of more it tells the number."""


class SendingFailed(RetryableError):
    """A channel did not take a message."""


def enqueue(session: Session, settings: Settings, scene: SceneRow, moment: datetime) -> None:
    """One message a channel about what became news in the scene's transaction, at that moment."""
    monitor = settings.monitor(scene.monitor)
    for name in monitor.notify:
        channel = settings.channels[name]
        kinds = [Kind(kind) for kind in channel.kinds]
        news = [get_alert(session, number) for number in outbox.news_of(session, scene.monitor_id, moment, kinds)]
        grave = [alert for alert in news if severity_of(alert) >= Severity[channel.min_severity.upper()]]
        loud = [alert for alert in grave if not is_muted(alert, settings.mutes, moment)]
        if grave:
            key = f"{name}/{scene.monitor}/{scene.product_id}"
            state = NoticeState.WAITING if loud else NoticeState.MUTED
            outbox.add_notice(session, key, name, scene.pk, [alert.id for alert in loud or grave], state, moment)


def is_muted(alert: AlertRow, mutes: Sequence[MuteSettings], now: datetime) -> bool:
    """Whether a rule says that nobody wants to hear of it."""
    return any(
        (mute.monitor is None or mute.monitor == alert.monitor)
        and (mute.kind is None or mute.kind == alert.kind)
        and (mute.until is None or now.date() < mute.until)
        and (mute.area is None or box(*mute.area).covers(shape(alert.geometry)))
        for mute in mutes
    )


def free_what_the_gone_held(store: Store) -> None:
    """Messages whose sender was killed on this machine are sent (again) at once, not only after `HOLD`."""
    with store.session(read_only=True) as session:
        gone = [owner for owner in outbox.senders(session) if is_gone(owner)]
    for owner in gone:
        with store.session() as session:
            outbox.release(session, owner, datetime.now(UTC))


def send_due(store: Store, settings: Settings, owner: str | None = None) -> int:
    """Send what waits and may be sent now; gives how many were. Raises the last error when one was not sent."""
    now, owner = datetime.now(UTC), owner or owner_name()
    with store.session(read_only=True) as session:
        waiting = outbox.list_notices(session, states=(NoticeState.WAITING,), due=now)
    sent, failure = 0, None
    for notice in waiting:
        try:
            sent += send_one(store, settings, notice, owner)
        except SendingFailed as error:
            failure = error
    if failure is not None:
        raise failure
    return sent


def send_one(store: Store, settings: Settings, notice: NoticeRow, owner: str) -> bool:
    """Send one message unless its channel has had enough; whether it was. Raises SendingFailed."""
    now = datetime.now(UTC)
    channel = settings.channels.get(notice.channel)
    with store.session() as session:
        if channel is None:
            outbox.mark_unsent(session, notice.id, "its channel is not in the configuration any more", None)
            return False
        if outbox.sent_since(session, notice.channel, now - timedelta(hours=1)) >= channel.per_hour:
            return False
        scene, alerts = get_scene(session, notice.scene_pk), alerts_of(session, notice)
        if not alerts:
            outbox.mark_unsent(session, notice.id, "its alerts are not in the database any more", None)
            return False
    title, body = compose(scene, alerts, notice.key)
    picture = draw(settings, scene) if channel.picture else None
    now = datetime.now(UTC)
    with store.session() as session:
        if not outbox.take(session, notice.id, owner, now, now + HOLD):
            return False
    try:
        deliver(channel, title, body, picture)
    except SendingFailed as error:
        pause = min(FIRST_PAUSE * 2 ** min(notice.attempts, 20), LONGEST_PAUSE)
        with store.session() as session:
            outbox.mark_unsent(session, notice.id, str(error), datetime.now(UTC) + pause)
        raise SendingFailed(f"channel {notice.channel}: {error}") from error
    with store.session() as session:
        outbox.mark_sent(session, notice.id, datetime.now(UTC))
    return True


def alerts_of(session: Session, notice: NoticeRow) -> list[AlertRow]:
    """The alerts that a message is about; those that were removed since are left out."""
    found = []
    for number in notice.alert_ids:
        with suppress(NotFoundError):
            found.append(get_alert(session, number))
    return found


def compose(scene: SceneRow, alerts: Sequence[AlertRow], key: str) -> tuple[str, str]:
    """Title and text of a message."""
    gravest = max((severity_of(alert) for alert in alerts), default=Severity.LOW)
    title = f"{scene.monitor}: {len(alerts)} new on {scene.datetime:%Y-%m-%d} ({gravest.name.lower()})"
    lines = [f"Scene {scene.scene_id}, {scene.datetime:%Y-%m-%d %H:%M} UTC", ""]
    largest = sorted(alerts, key=lambda alert: (severity_of(alert), alert.area_m2), reverse=True)
    for alert in largest[:LISTED]:
        west, south, east, north = alert.bbox
        place = f"{(south + north) / 2:.5f}, {(west + east) / 2:.5f}"
        lines.append(f"#{alert.id} {alert.kind}, {alert.area_m2 / 1e4:.1f} ha, score {alert.score:.2f}, at {place}: "
                     f"{alert.description}")  # fmt: skip
    if len(largest) > LISTED:
        lines.append(f"and {len(largest) - LISTED} more")
    return title, "\n".join([*lines, "", f"ref: {key}"])


def draw(settings: Settings, scene: SceneRow) -> bytes | None:
    """The scene before and after, drawn in a process of its own; a message without a picture is better than none."""
    try:
        return engine.run_one(snapshot.draw, snapshot.PictureOrder(settings, scene.pk), settings.engine)
    except MonitorError as error:
        log.warning("scene %s: no picture for its message: %s", scene.scene_id, error)
        return None


def deliver(channel: ChannelSettings, title: str, body: str, picture: bytes | None) -> None:
    """Hand a message to Apprise; raises SendingFailed."""
    sender = apprise.Apprise()
    if not sender.add(channel.url.get_secret_value()):
        raise SendingFailed("its url is none that Apprise knows")
    with tempfile.TemporaryDirectory(prefix="monitor-") as folder:
        path = Path(folder) / "before-after.png"
        if picture is not None:
            path.write_bytes(picture)
        if not sender.notify(title=title, body=body, attach=str(path) if picture is not None else None):
            raise SendingFailed("it did not take the message")


def send_test(settings: Settings, monitor: MonitorSettings, channel: str) -> None:
    """Send a message that says that messages arrive; raises SendingFailed."""
    text = f"Messages of monitor {monitor.name} arrive here.\n\nref: {channel}/{monitor.name}/test"
    deliver(settings.channels[channel], f"{monitor.name}: test", text, None)
