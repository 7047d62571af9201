"""Detection in strips says what detection on the whole array at once says."""

import numpy as np
import pytest

from monitor import strips
from monitor.detection import look
from monitor.detection.result import Flag, Kind
from tests.detection.fields import SOIL, cloudy, disc, ground, judge, later, paint, scene

SIZE = 480
"""Large enough to be learnt from a thinned copy and to be judged in many strips."""
WHOLE = 10**9


@pytest.fixture(scope="module")
def cube():
    return ground(size=SIZE)


@pytest.fixture(scope="module")
def now(cube):
    """Clouds with shadows, changed ground, a slanted edge without data, half a pixel beside the reference."""
    image = paint(cube, disc(300, 120, 9, SIZE), SOIL)
    image = paint(image, disc(127, 250, 3, SIZE), SOIL)
    for row, column, radius in ((110, 90, 16), (255, 330, 24), (420, 200, 12)):
        image = cloudy(image, row, column, radius)
    image[:, :, 1:] = (image[:, :, 1:] + image[:, :, :-1]) / 2
    rows, columns = np.ogrid[:SIZE, :SIZE]
    return scene(later(image), rows + 4 * columns > 300)


def in_strips(monkeypatch, pixels, now, reference):
    monkeypatch.setattr(strips, "STRIP_PX", pixels)
    monkeypatch.setattr(look, "STRIP_PX", pixels)
    monkeypatch.setattr(strips, "cores", lambda: 1)
    return judge(now, reference)


@pytest.fixture(scope="module")
def at_once(now, reference):
    with pytest.MonkeyPatch.context() as monkeypatch:
        return in_strips(monkeypatch, WHOLE, now, reference)


def test_the_scene_has_everything_that_strips_could_cut(at_once):
    assert {finding.kind for finding in at_once.findings} == set(Kind)
    assert set(np.unique(at_once.flags)) == set(Flag)
    assert at_once.metrics["cloud_height_m"] is not None


@pytest.mark.parametrize("height", [16, 23, 64, 131])
def test_flags_findings_and_metrics_are_the_same_in_strips_of_any_height(monkeypatch, now, reference, at_once, height):
    found = in_strips(monkeypatch, height * SIZE, now, reference)
    np.testing.assert_array_equal(found.flags, at_once.flags)
    assert found.findings == at_once.findings
    assert found.metrics == at_once.metrics
