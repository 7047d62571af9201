"""Malformed items."""

from monitor.store import Store
from monitor.store.monitors import ensure_monitor
from monitor.store.rejects import keep_rejects, list_rejects
from tests.store.examples import NOON, dump


def keep(store: Store, errors: dict[str, str], mended: tuple[str, ...] | None = ()) -> list[tuple[str, str]]:
    with store.session() as session:
        keep_rejects(session, ensure_monitor(session, "lake"), "local", errors, mended)
    with store.session(read_only=True) as session:
        return [(row.item_id, row.error) for row in list_rejects(session, "lake")]


def test_a_malformed_item_is_kept_with_its_latest_error_until_it_is_mended(store: Store) -> None:
    assert keep(store, {"A": "no datetime", "B": "no assets"}) == [("A", "no datetime"), ("B", "no assets")]
    assert keep(store, {"A": "no geometry"}) == [("A", "no geometry"), ("B", "no assets")]
    assert keep(store, {}, ("A", "C")) == [("B", "no assets")]
    assert keep(store, {"D": "no date"}, None) == [("D", "no date")]


def test_the_same_error_again_changes_no_row(store: Store) -> None:
    with store.session() as session:
        keep_rejects(session, ensure_monitor(session, "lake", now=NOON), "local", {"A": "no datetime"}, (), now=NOON)
    before = dump(store)
    keep(store, {"A": "no datetime"})
    assert dump(store) == before
