"""Injected changes: where and when they are, and what they do to the pixels."""

import numpy as np
import pytest
import rasterio
from rasterio.features import rasterize
from rasterio.warp import transform_geom

from monitor.detection.result import Flag
from monitor.simulate import SimulatedCatalog
from monitor.simulate.changes import ChangeKind
from monitor.simulate.series import Series
from tests.simulate.conftest import reflectance, truth

CASES = [(1, (96, 96), 2), (2, (96, 300), 3), (7, (128, 128), 3), (11, (300, 150), 5), (23, (200, 200), 8)]


@pytest.fixture(params=CASES, ids=str, scope="module")
def series(request: pytest.FixtureRequest) -> Series:
    return Series(*request.param)


def test_every_change_is_unclouded_on_one_of_its_dates_and_what_stays_on_two(series: Series) -> None:
    assert {change.kind for change in series.changes} == set(ChangeKind)
    for change in series.changes:
        assert change.dates[0] >= 1
        seen = series.seen(change, series.skies)
        assert seen
        assert set(seen) <= set(change.dates)
        if change.kind in (ChangeKind.BURN, ChangeKind.BARE_SOIL):
            assert len(seen) >= min(2, len(change.dates))
        if change.kind is ChangeKind.FLOOD:
            assert change.dates[0] in seen


def test_changes_keep_apart_and_away_from_the_edge_and_from_fill(series: Series) -> None:
    taken = np.zeros(series.grid.shape, int)
    for change in series.changes:
        taken += change.pixels
    assert taken.max() == 1
    assert not taken[[0, 1, 2, -1, -2, -3]].any()
    assert not taken[:, [0, 1, 2, -1, -2, -3]].any()
    for one in series.passes:
        assert not (one.fill(series.grid.shape) & (taken > 0)).any()


def test_changes_have_the_sizes_of_their_kind(series: Series) -> None:
    for change in series.changes:
        area = int(change.pixels.sum())
        if change.kind is ChangeKind.SHIP:
            assert 2 <= area <= 6
            assert (series.ground.shore_m[change.window][change.extent > 0] < 0).all()
        else:
            assert area >= 18


def test_what_stays_stays_to_the_end_and_a_flood_recedes(series: Series) -> None:
    last = len(series.passes) - 1
    for change in series.changes:
        if change.kind in (ChangeKind.BURN, ChangeKind.BARE_SOIL):
            assert change.dates == tuple(range(change.dates[0], last + 1))
        if change.kind is ChangeKind.FLOOD:
            wet = [float(change.shares(date)[0].sum()) for date in change.dates]
            assert wet == sorted(wet, reverse=True)
            assert len(set(wet)) == len(wet)
            assert not change.shares(change.dates[-1] + 1)[0].any()


def mean_where(made: SimulatedCatalog, scene_id: str, number: int, where: np.ndarray) -> float:
    return float(np.nanmean(reflectance(made, scene_id, number)[where]))


def burn_ratio(made: SimulatedCatalog, scene_id: str, where: np.ndarray) -> float:
    nir, swir = (mean_where(made, scene_id, number, where) for number in (5, 7))
    return (nir - swir) / (nir + swir)


def places(made: SimulatedCatalog, kind: str) -> list[tuple[str, np.ndarray]]:
    """Scenes where changes of a kind are in sight, with the truth's pixels of anomaly inside their outline."""
    found = []
    for change in (change for change in made.changes if change.kind == kind):
        scene_id = change.visible_items[0]
        with rasterio.open(made.truth(scene_id)) as file:
            outline = transform_geom("EPSG:4326", file.crs, change.geometry)
            inside = rasterize([outline], file.shape, transform=file.transform).astype(bool)
            found.append((scene_id, inside & (file.read(1) == Flag.ANOMALY)))
    return found


def test_a_burn_lowers_the_burn_ratio_inside_its_outline(made: SimulatedCatalog) -> None:
    ((scene_id, where),) = places(made, "burn")
    assert where.sum() > 20
    assert burn_ratio(made, scene_id, where) < burn_ratio(made, made.reference_id, where) - 0.3
    unburnt = truth(made, scene_id) == Flag.CLEAR
    assert abs(burn_ratio(made, scene_id, unburnt) - burn_ratio(made, made.reference_id, unburnt)) < 0.1


def test_a_flood_swallows_the_infrared(made: SimulatedCatalog) -> None:
    ((scene_id, where),) = places(made, "flood")
    assert where.sum() > 10
    assert mean_where(made, scene_id, 6, where) < 0.06 < 0.12 < mean_where(made, made.reference_id, 6, where)


def test_a_building_site_is_brighter_than_the_field_it_was(made: SimulatedCatalog) -> None:
    ((scene_id, where),) = places(made, "bare_soil")
    assert mean_where(made, scene_id, 4, where) > 2 * mean_where(made, made.reference_id, 4, where)


def test_ships_shine_on_dark_water_on_their_dates_only(made: SimulatedCatalog) -> None:
    ships = places(made, "ship")
    assert ships
    for scene_id, where in ships:
        assert where.any()
        assert mean_where(made, scene_id, 6, where) > 0.1
        assert mean_where(made, made.reference_id, 6, where) < 0.03


def test_nothing_is_an_anomaly_where_nothing_was_injected(made: SimulatedCatalog) -> None:
    assert not (truth(made, made.reference_id) == Flag.ANOMALY).any()
    for scene_id in made.scene_ids:
        there = any(scene_id in change.items for change in made.changes)
        assert there or not (truth(made, scene_id) == Flag.ANOMALY).any()
