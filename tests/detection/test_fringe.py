"""Scraps of anomaly in and around clouds."""

import numpy as np

from monitor.detection.fringe import SCRAP_PX, absorb_scraps
from monitor.detection.result import Flag


def sky() -> np.ndarray:
    flags = np.zeros((60, 60), np.uint8)
    flags[10:40, 10:40] = Flag.CLOUD
    flags[45:55, 10:20] = Flag.SHADOW
    return flags


def test_a_hole_in_a_cloud_is_cloud_and_one_in_a_shadow_is_shadow():
    flags = sky()
    flags[20:23, 20:23] = Flag.ANOMALY
    flags[48:50, 14:16] = Flag.ANOMALY
    absorb_scraps(flags)
    assert (flags == sky()).all()


def test_a_small_anomaly_on_open_ground_and_a_large_one_inside_a_cloud_stay():
    flags = sky()
    flags[50:52, 50:53] = Flag.ANOMALY
    side = int(np.sqrt(SCRAP_PX)) + 2
    flags[20 : 20 + side, 20 : 20 + side] = Flag.ANOMALY
    expected = flags.copy()
    absorb_scraps(flags)
    np.testing.assert_array_equal(flags, expected)


def test_a_sky_without_anomalies_is_left_alone():
    flags = sky()
    absorb_scraps(flags)
    assert (flags == sky()).all()
