import numpy as np
import pytest

from monitor.errors import NotFoundError
from monitor.store import Store
from monitor.store.maps import read_map
from monitor.store.windows import Window, read_part
from tests.store.examples import add_scene, save


@pytest.mark.parametrize(
    "window",
    [Window(0, 0, 600, 700), Window(500, 490, 60, 80), Window(520, 600, 10, 10), Window(0, 0, 5, 5)],
    ids=["everything", "four tiles", "one tile", "a tile without data"],
)
def test_a_part_of_a_map_is_the_same_as_that_part_of_the_whole(store: Store, window: Window):
    with store.session() as session:
        scene = add_scene(session)
        save(session, scene)
        part = read_part(session, scene, "reference", window)
        np.testing.assert_array_equal(part.labels, read_map(session, scene, "reference")[window.slices])
    assert part.centroids is not None


def test_what_lies_beyond_the_map_says_nothing(store: Store):
    with store.session() as session:
        scene = add_scene(session)
        save(session, scene)
        part = read_part(session, scene, "reference", Window(-10, 690, 620, 20)).labels
        whole = read_map(session, scene, "reference")
    np.testing.assert_array_equal(part[10:610, :10], whole[:, 690:])
    assert (part[:10] == 255).all()
    assert (part[:, 10:] == 255).all()


def test_a_scene_without_maps_has_no_part_of_one(store: Store):
    with store.session() as session, pytest.raises(NotFoundError, match="no reference map"):
        read_part(session, add_scene(session), "reference", Window(0, 0, 1, 1))
