"""Scraps of anomaly along clouds and their shadows."""

import numpy as np

from monitor.detection import codes
from monitor.detection.fringe import SCRAP_PX, absorb_scraps
from monitor.detection.look_kernels import DEEP, OPAQUE
from monitor.detection.objects import Objects, objects_of
from monitor.detection.result import Flag

SIZE = (60, 60)
NO_SHIPS = objects_of(np.zeros(SIZE, bool))
DARK = codes.depth_code(2 * DEEP)
BRIGHT = np.uint8(2 * OPAQUE / codes.OPACITY_STEP)


def sky() -> np.ndarray:
    flags = np.zeros(SIZE, np.uint8)
    flags[10:40, 10:40] = Flag.CLOUD
    flags[45:55, 10:20] = Flag.SHADOW
    return flags


def absorbed(flags: np.ndarray, opacity: int = 0, depth: int = 0, ships: Objects = NO_SHIPS) -> np.ndarray:
    out = flags.copy()
    absorb_scraps(out, np.full(SIZE, opacity, np.uint8), np.full(SIZE, depth, np.uint8), ships, fineness=1.0)
    return out


def test_a_hole_in_a_cloud_is_cloud_where_it_is_opaque_and_one_in_a_shadow_is_shadow_where_it_is_dark():
    flags = sky()
    flags[20:23, 20:23] = Flag.ANOMALY
    flags[48:50, 14:16] = Flag.ANOMALY
    assert (absorbed(flags, opacity=BRIGHT)[20:23, 20:23] == Flag.CLOUD).all()
    assert (absorbed(flags, depth=DARK)[48:50, 14:16] == Flag.SHADOW).all()
    nothing = absorbed(flags)
    assert (nothing[flags == Flag.ANOMALY] == Flag.CLEAR).all()
    np.testing.assert_array_equal(nothing[flags != Flag.ANOMALY], flags[flags != Flag.ANOMALY])


def test_a_slender_rim_of_a_cloud_is_no_anomaly_however_long_it_is():
    flags = sky()
    flags[9:41, 40:42] = flags[8:10, 9:42] = Flag.ANOMALY
    assert np.count_nonzero(flags == Flag.ANOMALY) > 5 * SCRAP_PX
    assert not (absorbed(flags) == Flag.ANOMALY).any()


def test_a_slender_anomaly_that_leads_away_from_a_cloud_stays():
    flags = sky()
    flags[20:22, 40:55] = Flag.ANOMALY
    np.testing.assert_array_equal(absorbed(flags), flags)


def test_a_ship_beside_a_cloud_stays():
    flags = sky()
    flags[20:22, 40:42] = Flag.ANOMALY
    ship = np.zeros(flags.shape, bool)
    ship[20, 40] = True
    np.testing.assert_array_equal(absorbed(flags, ships=objects_of(ship)), flags)
    assert not (absorbed(flags) == Flag.ANOMALY).any()


def test_a_small_anomaly_on_open_ground_and_a_large_one_inside_a_cloud_stay():
    flags = sky()
    flags[50:52, 50:53] = Flag.ANOMALY
    side = int(np.sqrt(SCRAP_PX)) + 2
    flags[20 : 20 + side, 20 : 20 + side] = Flag.ANOMALY
    np.testing.assert_array_equal(absorbed(flags), flags)


def test_a_sky_without_anomalies_is_left_alone():
    assert (absorbed(sky()) == sky()).all()
