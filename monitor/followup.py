"""Looks that are missing: what scenes that were done before an alert was made say about its place.

A scene's own transaction looks at every alert that is open then. An alert out of a scene that came late, was retried
or put back into the queue is younger than the results of later dates; their flags are stored, so they can be asked.
"""

from datetime import UTC, datetime

from sqlalchemy.orm import Session

from monitor import alerting
from monitor.detection import tracking
from monitor.errors import NotFoundError
from monitor.store import Store, appearances
from monitor.store import monitors as monitor_store
from monitor.store import tracking as alert_store
from monitor.store.maps import read_map
from monitor.store.results import FLAGS


def follow_up(store: Store, monitor: str) -> int:
    """Take all missing looks of a monitor and judge its alerts by them; gives how many there were."""
    with store.session(read_only=True) as session:
        try:
            monitor_id = monitor_store.find_monitor(session, monitor)
        except NotFoundError:
            return 0
    taken = 0
    while True:
        with store.session() as session:
            looks = look_again(session, monitor_id)
        if not looks:
            return taken
        taken += looks


def look_again(session: Session, monitor_id: int) -> int:
    """The missing looks of one scene, with what follows from them, in this transaction; gives how many."""
    monitor_store.hold(session, monitor_id)
    grid = monitor_store.get_grid(session, monitor_id)
    missing = alert_store.missing_looks(session, monitor_id, grid.shape) if grid is not None else None
    if grid is None or missing is None:
        return 0
    scene_pk, alert_ids = missing
    flags = read_map(session, scene_pk, FLAGS)
    outlines = appearances.outlines_of(session, alert_ids)
    looks = {alert_id: tracking.look(outlines[alert_id], flags, grid) for alert_id in alert_ids}
    alert_store.add_looks(session, scene_pk, looks)
    alerting.judge(session, appearances.standing(session, alert_ids), datetime.now(UTC))
    return len(looks)
