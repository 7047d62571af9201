import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.errors import StoreError
from monitor.store.codec import OLD_CODEC, TILE, Tile, decode, decode_pixel, encode

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


def test_tiles_of_older_databases_stay_readable() -> None:
    labels = np.random.default_rng(0).integers(0, 9, (30, 40), np.uint8)
    tile = Tile(0, 0, zlib.compress(labels.tobytes()))
    np.testing.assert_array_equal(decode([tile], labels.shape, OLD_CODEC), labels)
    assert decode_pixel(tile, labels.shape, 7, 11, OLD_CODEC) == labels[7, 11]


@settings(max_examples=20, deadline=None)
@given(row=st.integers(0, TILE + 99), col=st.integers(0, TILE + 36), seed=st.integers(0, 9))
def test_one_pixel_is_what_the_whole_raster_says(row: int, col: int, seed: int) -> None:
    labels = patchy(seed, (TILE + 100, TILE + 37))
    tile = next(tile for tile in encode(labels) if (tile.row, tile.col) == (row // TILE, col // TILE))
    assert decode_pixel(tile, labels.shape, row, col) == labels[row, col]


def test_noisy_labels_take_two_thirds_of_what_zlib_makes_of_them() -> None:
    labels = patchy(3, (TILE, TILE))
    (tile,) = encode(labels)
    assert len(tile.data) < 0.67 * len(zlib.compress(labels.tobytes(), 9))


def test_any_changed_byte_of_a_tile_is_noticed() -> None:
    labels = patchy(1, (90, 70))
    (tile,) = encode(labels)
    for place in range(0, len(tile.data), 37):
        data = bytearray(tile.data)
        data[place] ^= 0x40
        with pytest.raises(StoreError, match="damaged"):
            decode([Tile(0, 0, bytes(data))], labels.shape)


def test_a_tile_of_another_shape_is_an_error() -> None:
    (tile,) = encode(patchy(1, (200, 70)))
    with pytest.raises(StoreError, match="another shape"):
        decode([tile], (100, 70))


def patchy(seed: int, shape: tuple[int, int]) -> np.ndarray[tuple[int, int], np.dtype[np.uint8]]:
    """Labels in patches, one in ten of them noise."""
    random = np.random.default_rng(seed)
    coarse = random.integers(0, 8, (shape[0] // 12 + 1, shape[1] // 12 + 1), np.uint8)
    labels = np.kron(coarse, np.ones((12, 12), np.uint8))[: shape[0], : shape[1]]
    noise = random.random(shape) < 0.1
    labels[noise] = random.integers(0, 8, int(noise.sum()))
    return labels


@pytest.mark.parametrize("data", [b"", b"not compressed", b"x\x9c\x03\x00\x00\x00\x00\x01"])
def test_a_damaged_tile_is_an_error_that_says_what_to_do(data: bytes) -> None:
    with pytest.raises(StoreError, match="process the scene again"):
        decode([Tile(0, 0, data)], (4, 4))
