import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.errors import StoreError
from monitor.store.codec import TILE, Tile, decode, encode

SIDE = st.one_of(st.integers(1, 1100), st.sampled_from([TILE - 1, TILE, TILE + 1, 2 * TILE]))


@settings(max_examples=30, deadline=None)
@given(height=SIDE, width=SIDE, seed=st.integers(0, 99), share=st.sampled_from([0.0, 0.01, 0.5, 1.0]))
def test_labels_survive_encoding_for_any_shape(height: int, width: int, seed: int, share: float) -> None:
    random = np.random.default_rng(seed)
    labels = random.integers(0, 256, (height, width), np.uint8)
    labels[random.random((height, width)) < share] = 255
    decoded = decode(encode(labels), labels.shape)
    assert decoded.dtype == np.uint8
    np.testing.assert_array_equal(decoded, labels)


def test_a_view_with_strides_is_encoded_as_it_looks() -> None:
    labels = np.arange(200, dtype=np.uint8).reshape(10, 20)[::-1, ::2]
    np.testing.assert_array_equal(decode(encode(labels), labels.shape), labels)


def test_tiles_without_any_label_are_left_out() -> None:
    labels = np.full((2 * TILE, 2 * TILE), 255, np.uint8)
    labels[TILE, TILE] = 0
    assert [(tile.row, tile.col) for tile in encode(labels)] == [(1, 1)]


def test_anything_but_a_raster_of_bytes_is_refused() -> None:
    with pytest.raises(ValueError, match="uint8"):
        list(encode(np.zeros((3, 3), np.int64)))  # type: ignore[arg-type]


@pytest.mark.parametrize("data", [b"not compressed", b"x\x9c\x03\x00\x00\x00\x00\x01"])
def test_a_damaged_tile_is_an_error_that_says_what_to_do(data: bytes) -> None:
    with pytest.raises(StoreError, match="process the scene again"):
        decode([Tile(0, 0, data)], (4, 4))
