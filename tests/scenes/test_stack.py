"""Images as numbers: whatever they are kept in and however they are cut, they show the same."""

import numpy as np
import psutil
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.errors import ScratchUnavailable
from monitor.scenes.numbers import ArraySink, FileNumbers, sink_for
from monitor.scenes.reading import read_scene
from monitor.scenes.shift import moved
from monitor.scenes.stack import Stack
from tests import rasters

SHAPE = (3, 50, 40)


def stack_of(sink: ArraySink | FileNumbers, numbers: np.ndarray, seen: np.ndarray) -> Stack:
    for band, plane in enumerate(numbers):
        sink.write(band, 20, plane[20:])
        sink.write(band, 0, plane[:20])
    return Stack(sink.done(), seen, np.full(3, 2.75e-5), np.full(3, -0.2))


def example(seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    numbers = rng.integers(1, 65536, SHAPE).astype(np.uint16)
    seen = rng.random(SHAPE[1:]) < 0.9
    floats = numbers.astype(np.float32) * np.float32(2.75e-5) + np.float32(-0.2)
    return numbers, seen, np.where(seen, floats, np.float32(np.nan))


@pytest.mark.parametrize("sink", [ArraySink, FileNumbers])
@given(top=st.integers(0, 49), height=st.integers(1, 50), step=st.integers(1, 60))
@settings(max_examples=15, deadline=None)
def test_rows_and_single_pixels_are_those_of_the_whole(sink, top, height, step):
    numbers, seen, floats = example()
    stack = stack_of(sink(SHAPE), numbers, seen)
    np.testing.assert_array_equal(np.asarray(stack), floats)
    np.testing.assert_array_equal(stack.rows(top, min(top + height, 50)), floats[:, top : top + height])
    first = step // 2
    np.testing.assert_array_equal(stack.thinned(step), floats[:, first::step, first::step])
    rows, columns = np.random.default_rng(step).integers(0, 40, (2, 30))
    np.testing.assert_array_equal(stack.at(rows, columns), floats[:, rows, columns])
    np.testing.assert_array_equal(stack.window(slice(3, 9), slice(30, 99)), floats[:, 3:9, 30:])


@pytest.mark.parametrize("sink", [ArraySink, FileNumbers])
def test_bands_of_different_types_are_handed_out_in_one_that_holds_both(sink):
    made = sink((2, 3, 4))
    made.write(0, 0, np.full((3, 4), -9999, np.int16))
    made.write(1, 0, np.full((3, 4), 40000, np.uint16))
    numbers = made.done()
    assert numbers.dtype == np.float32
    assert numbers.read(1, 2).tolist() == [[[-9999.0] * 4], [[40000.0] * 4]]


def test_an_adjusted_image_shares_its_numbers():
    numbers, seen, floats = example()
    stack = stack_of(FileNumbers(SHAPE), numbers, seen)
    gain, offset = np.array([1.1, 0.9, 1.0]), np.array([0.01, 0.0, -0.02])
    adjusted = stack.adjusted(gain, offset)
    assert adjusted.numbers is stack.numbers
    expected = floats * gain[:, None, None] + offset[:, None, None]
    np.testing.assert_allclose(np.asarray(adjusted), expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("shift", [(0.5, -1.25), (-2.0, 0.75), (3.4, 3.4), (0.01, 0.02)])
def test_a_moved_image_is_the_whole_one_moved_whatever_the_strips(shift):
    numbers, seen, floats = example()
    stack = stack_of(FileNumbers(SHAPE), numbers, seen).moved(shift)
    expected = moved(floats, shift)
    parts = [stack.rows(top, min(top + 7, 50)) for top in range(0, 50, 7)]
    np.testing.assert_allclose(np.concatenate(parts, axis=1), expected, atol=1e-5)
    np.testing.assert_array_equal(np.concatenate(parts, axis=1), np.asarray(stack))
    np.testing.assert_array_equal(stack.seen, np.isfinite(expected).all(axis=0))


def test_the_files_of_one_image_serve_the_next_and_none_is_left_open(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    before = psutil.Process().num_fds()
    for value in range(1, 30):
        numbers = FileNumbers(SHAPE)
        for band in range(SHAPE[0]):
            numbers.write(band, 0, np.full(SHAPE[1:], value, np.uint16))
        assert (numbers.read(0, SHAPE[1]) == value).all()
        del numbers
    assert psutil.Process().num_fds() - before <= SHAPE[0]
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_an_error_with_the_remedy(monkeypatch):
    numbers = FileNumbers(SHAPE)
    monkeypatch.setattr("os.pwrite", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(ScratchUnavailable, match="TMPDIR"):
        numbers.write(0, 0, np.zeros((2, 40), np.uint16))


def test_only_large_images_go_to_a_file():
    assert isinstance(sink_for((7, 1100, 1500)), ArraySink)
    assert isinstance(sink_for((7, 7700, 7800)), FileNumbers)


def test_a_scene_read_by_way_of_a_file_is_the_same(tmp_path):
    grid = rasters.make_grid(70, 90)
    ground = rasters.patchwork(grid)
    ground[:, 10:20, :30] = np.nan
    item = rasters.write_scene(tmp_path, ground, grid)
    wide = rasters.make_grid(90, 120, left=grid.transform.c - 300)
    here, there = (
        read_scene(item, wide, rasters.BANDS, None, rasters.plain_href, in_memory_bytes=size) for size in (10**9, 0)
    )
    assert isinstance(there.stack.numbers, FileNumbers)
    np.testing.assert_array_equal(here.valid, there.valid)
    np.testing.assert_array_equal(here.reflectance, there.reflectance)


def test_a_window_read_in_parts_is_the_one_read_at_once(tmp_path, monkeypatch):
    grid = rasters.make_grid(300, 90)
    item = rasters.write_scene(tmp_path, rasters.patchwork(grid), grid)
    cut = rasters.make_grid(280, 200, left=grid.transform.c - 300, top=grid.transform.f + 900)
    whole = read_scene(item, cut, rasters.BANDS, None, rasters.plain_href)
    monkeypatch.setattr("monitor.scenes.bands.BLOCK_PX", 100)
    parts = read_scene(item, cut, rasters.BANDS, None, rasters.plain_href)
    np.testing.assert_array_equal(whole.valid, parts.valid)
    np.testing.assert_array_equal(whole.reflectance, parts.reflectance)
