import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from monitor.errors import NotFoundError
from monitor.store import Store
from monitor.store.monitors import ensure_monitor
from monitor.store.references import (
    activate_reference,
    active_reference,
    add_reference,
    get_reference,
    list_references,
    next_version,
)
from tests.store.examples import NOON


def fit(session: Session, monitor: int) -> int:
    version = next_version(session, monitor)
    add_reference(
        session,
        monitor,
        version=version,
        scene_id="LC08_A",
        k=6,
        seed=7,
        sha256="0" * 64,
        path=f"toronto/{version}",
        metrics={"inertia": 0.5, "silhouette": float("nan")},
        now=NOON,
    )
    return version


def test_versions_count_from_one_for_every_monitor(store: Store) -> None:
    with store.session() as session:
        one, other = ensure_monitor(session, "toronto"), ensure_monitor(session, "brumadinho")
        assert [fit(session, one), fit(session, one), fit(session, other)] == [1, 2, 1]
        assert [(row.monitor, row.version) for row in list_references(session)] == [
            ("brumadinho", 1),
            ("toronto", 1),
            ("toronto", 2),
        ]
        assert [row.version for row in list_references(session, "toronto")] == [1, 2]


def test_exactly_the_activated_version_is_in_use_and_an_older_one_can_be_again(store: Store) -> None:
    with store.session() as session:
        monitor = ensure_monitor(session, "toronto")
        fit(session, monitor)
        fit(session, monitor)
        assert active_reference(session, monitor) is None
        for version in (1, 2, 2, 1):
            activate_reference(session, monitor, version)
            assert [row.version for row in list_references(session) if row.active] == [version]
        active = active_reference(session, monitor)
        assert active is not None
        assert (active.path, active.metrics, active.created_at) == (
            "toronto/1",
            {"inertia": 0.5, "silhouette": None},
            NOON,
        )


def test_the_database_itself_refuses_two_active_versions(store: Store) -> None:
    with store.session() as session:
        monitor = ensure_monitor(session, "toronto")
        fit(session, monitor)
        fit(session, monitor)
    with pytest.raises(IntegrityError), store.session() as session:
        session.execute(text("UPDATE reference_models SET active = true"))


def test_a_version_that_is_not_there_is_named_with_those_that_are(store: Store) -> None:
    with store.session() as session:
        monitor = ensure_monitor(session, "toronto")
        with pytest.raises(NotFoundError, match="none yet"):
            get_reference(session, monitor, 1)
        fit(session, monitor)
        with pytest.raises(NotFoundError, match=r"version 4 .* there are 1"):
            activate_reference(session, monitor, 4)
