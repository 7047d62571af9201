from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from sqlalchemy import text

from monitor.clustering.stats_result import LabelStats
from monitor.detection.result import Kind
from monitor.errors import NotFoundError, StoreError
from monitor.store import Store
from monitor.store.history import findings_of, label_stats_of, metrics_of, metrics_of_many, sweeps_of
from monitor.store.maps import load_map, read_map
from monitor.store.monitors import ensure_monitor
from monitor.store.queue import claim
from monitor.store.results import clear_result, encode_maps, save_result
from monitor.store.scenes import get_scene
from monitor.store.tables import Outcome, SceneState
from monitor.store.tracking import add_looks
from tests.store.examples import (
    NOON,
    add_scene,
    counts,
    create_alert,
    detection,
    dump,
    finding,
    item,
    labels,
    save,
    square,
    stats,
    sweep,
)


def test_a_result_is_read_back_as_it_was(store: Store) -> None:
    with store.session() as session:
        scene = add_scene(session)
        ids = save(session, scene, finding(Kind.CLOUD), finding(Kind.ANOMALY))
    with store.session(read_only=True) as session:
        assert [(row.k, row.chosen, row.reason) for row in sweeps_of(session, scene)] == [
            (3, False, None),
            (4, True, "elbow"),
        ]
        assert [(row.silhouette, row.simplified_silhouette) for row in sweeps_of(session, scene)] == [
            (pytest.approx(0.1 * k), pytest.approx(0.2 * k)) for k in (3, 4)
        ]
        assert metrics_of(session, scene) == {"cloud_share": 0.25, "qa_agreement": None}
        assert label_stats_of(session, scene, "reference") == list(stats())
        assert label_stats_of(session, scene, "sweep") == []
        found = findings_of(session, scene)
        assert [row.id for row in found] == list(ids)
        assert [row.kind for row in found] == [Kind.CLOUD, Kind.ANOMALY]
        assert found[0].evidence == {"residual": 3.5, "qa_overlap": None}
        np.testing.assert_array_equal(read_map(session, scene, "reference"), labels())
        np.testing.assert_array_equal(read_map(session, scene, "sweep"), labels()[::-1])
        np.testing.assert_array_equal(read_map(session, scene, "flags"), detection().flags)
        kept = load_map(session, scene, "reference")
        assert kept.centroids is not None
        np.testing.assert_array_equal(kept.centroids, np.arange(8).reshape(4, 2))
        assert kept.reference_version == 1


def test_a_saved_scene_is_done_and_names_its_reference(store: Store) -> None:
    with store.session() as session:
        scene = add_scene(session)
        assert claim(session, scene, "me", timedelta(hours=1), now=NOON)
        save(session, scene)
        found = get_scene(session, scene)
    assert (found.state, found.reference_version, found.processed_at) == (SceneState.DONE, 1, NOON)
    assert (found.lease_owner, found.lease_until, found.error) == (None, None, None)


def test_saving_twice_doubles_nothing(store: Store) -> None:
    with store.session() as session:
        scene = add_scene(session)
        save(session, scene, finding(), finding())
    once = counts(store)
    with store.session() as session:
        save(session, scene, finding(), finding())
    assert counts(store) == once
    assert once["label_tiles"] == 3 + 3 + 4


def test_an_error_in_the_middle_of_saving_leaves_what_was_there(store: Store) -> None:
    with store.session() as session:
        scene = add_scene(session)
        save(session, scene, finding())
    before = dump(store)
    broken = replace(finding(), geometry={"type": "Polygon", "coordinates": []})
    with pytest.raises(ValueError, match="empty geometry"), store.session() as session:
        save(session, scene, finding(), broken)
    assert dump(store) == before


def test_an_error_in_the_database_while_saving_leaves_nothing(store: Store) -> None:
    with store.session() as session:
        scene = add_scene(session)
    before = dump(store)
    twice = {"reference": (*stats(), *stats())}
    with pytest.raises(Exception, match=r"(?i)unique"), store.session() as session:
        save_result(
            session, scene, 1, sweep(), encode_maps({"reference": (labels(), None)}, labels()), twice, detection()
        )
    assert dump(store) == before


def test_figures_that_are_no_numbers_are_kept_as_unknown(store: Store) -> None:
    odd = detection(replace(finding(), evidence={"residual": float("inf"), "novelty": np.float32(2.5)}))
    odd = replace(odd, metrics={"shift": float("nan"), "gain": np.float32(1.5)})
    of_label = LabelStats(0, 1, 900.0, (float("nan"),), (0.0,), ("red",))
    with store.session() as session:
        scene = add_scene(session)
        maps = encode_maps({"reference": (labels(), None)}, odd.flags)
        save_result(session, scene, 1, sweep(), maps, {"reference": [of_label]}, odd)
    with store.session(read_only=True) as session:
        assert metrics_of(session, scene) == {"shift": None, "gain": 1.5}
        assert findings_of(session, scene)[0].evidence == {"residual": None, "novelty": 2.5}
        assert np.isnan(label_stats_of(session, scene, "reference")[0].mean[0])


def test_clearing_a_result_tells_which_alerts_lost_a_finding(store: Store) -> None:
    with store.session() as session:
        scene = add_scene(session)
        findings = save(session, scene, finding(), finding())
        monitor = ensure_monitor(session, "toronto")
        alert = create_alert(
            session,
            monitor,
            kind=Kind.ANOMALY,
            score=0.8,
            area_m2=900,
            geometry=square(-79, 44),
            seen=NOON,
            description="bare soil",
            finding_ids=findings,
        )
        add_looks(session, scene, {alert: Outcome.SEEN})
        assert clear_result(session, scene) == (alert,)
        assert clear_result(session, scene) == ()
    left = {name for name, rows in counts(store).items() if rows}
    assert left == {"monitors", "scenes", "alerts", "alert_events"}


def test_a_scene_or_map_that_is_not_there_is_named(store: Store) -> None:
    with store.session() as session:
        with pytest.raises(NotFoundError, match="number 12"):
            save(session, 12)
        scene = add_scene(session)
        with pytest.raises(NotFoundError, match="no flags map"):
            read_map(session, scene, "flags")


def test_tiles_of_an_unknown_codec_are_refused(store: Store) -> None:
    with store.session() as session:
        scene = add_scene(session)
        save(session, scene)
        session.execute(text("UPDATE label_maps SET codec = 'zstd'"))
        with pytest.raises(StoreError, match="'zstd'"):
            read_map(session, scene, "flags")


def test_metrics_of_many_scenes_come_together(store: Store) -> None:
    with store.session() as session:
        scenes = [add_scene(session, item(name, name)) for name in ("A", "B")]
        save(session, scenes[0])
        found = metrics_of_many(session, scenes)
    assert found == {scenes[0]: {"cloud_share": 0.25, "qa_agreement": None}, scenes[1]: {}}
