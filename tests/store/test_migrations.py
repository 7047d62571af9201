import threading

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import inspect, text

from monitor.detection.result import Kind
from monitor.errors import StoreError
from monitor.store import Store, open_store, schema
from monitor.store.monitors import ensure_monitor
from monitor.store.tables import Base
from tests.store.examples import NOON, create_alert, square


def test_an_untouched_database_is_empty_and_gets_everything_by_upgrade(database_url: str) -> None:
    with open_store(database_url) as store:
        assert store.is_empty()
        assert store.current() is None
        store.upgrade()
        assert not store.is_empty()
        assert store.current() == schema.newest_revision()


def test_upgrading_twice_is_upgrading_once(store: Store) -> None:
    store.upgrade()
    assert store.current() == schema.newest_revision()


def test_migrations_and_tables_say_the_same(store: Store) -> None:
    with store.session(read_only=True) as session:
        context = MigrationContext.configure(session.connection(), opts={"compare_server_default": True})
        assert compare_metadata(context, Base.metadata) == []


def test_migrations_make_the_same_constraints_and_indices_as_the_tables(store: Store) -> None:
    def constraints(connection: object) -> dict[str, object]:
        found = inspect(connection)
        return {
            name: (
                sorted(
                    (
                        key["name"],
                        tuple(key["constrained_columns"]),
                        tuple(key["referred_columns"]),
                        key["options"].get("ondelete"),
                    )
                    for key in found.get_foreign_keys(name)
                ),
                sorted(
                    (index["name"], tuple(index["column_names"]), bool(index["unique"]))
                    for index in found.get_indexes(name)
                ),
                found.get_pk_constraint(name)["constrained_columns"],
                sorted(found.get_unique_constraints(name), key=lambda unique: str(unique["name"])),
            )
            for name in sorted(Base.metadata.tables)
        }

    with store.session() as session:
        migrated = constraints(session.connection())
        Base.metadata.drop_all(session.connection())
        Base.metadata.create_all(session.connection())
        assert constraints(session.connection()) == migrated


def test_downgrading_removes_every_table(store: Store) -> None:
    with store.writer.begin() as connection:
        command.downgrade(schema.alembic_config(connection), "base")
    with store.writer.connect() as connection:
        assert inspect(connection).get_table_names() == ["alembic_version"]


def test_two_that_upgrade_at_once_both_succeed(database_url: str) -> None:
    failures: list[BaseException] = []

    def upgrade() -> None:
        try:
            with open_store(database_url) as store:
                store.upgrade()
        except BaseException as error:  # noqa: BLE001 - asserted below, in the test's own thread
            failures.append(error)

    threads = [threading.Thread(target=upgrade) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def test_a_session_before_the_upgrade_names_the_command_that_helps(database_url: str) -> None:
    with open_store(database_url) as store, pytest.raises(StoreError, match="monitor db upgrade"), store.session():
        pass


def test_a_schema_from_a_newer_version_is_refused_and_left_alone(database_url: str) -> None:
    with open_store(database_url) as store:
        store.upgrade()
        with store.session() as session:
            session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with open_store(database_url) as other:
        with pytest.raises(StoreError, match=r"9999.*newer"):
            other.upgrade()
        with pytest.raises(StoreError, match=r"9999.*newer"), other.session():
            pass
        assert other.current() == "9999"


def test_alerts_from_before_there_was_a_severity_get_theirs(store: Store) -> None:
    cases = {
        1: ("anomaly", 2e5, 0.9, 3),
        2: ("anomaly", 2e5, 0.6, 2),
        3: ("anomaly", 2e3, 0.9, 1),
        4: ("cloud", 9e9, 1.0, 1),
    }
    with store.session() as session:
        for kind, area_m2, score, _ in cases.values():
            create_alert(
                session, ensure_monitor(session, "toronto"), kind=Kind(kind), score=score, area_m2=area_m2,
                geometry=square(-79, 44), seen=NOON, description="",
            )  # fmt: skip
    with store.writer.begin() as connection:
        command.downgrade(schema.alembic_config(connection), "0002")
        assert "severity" not in {column["name"] for column in inspect(connection).get_columns("alerts")}
        command.upgrade(schema.alembic_config(connection), "head")
        found = dict(connection.execute(text("SELECT id, severity FROM alerts")).all())  # type: ignore[arg-type]
    assert found == {number: expected for number, (*_, expected) in cases.items()}
