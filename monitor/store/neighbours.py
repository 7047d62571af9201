"""Entropy coding of label rasters by what the neighbours are: binary decisions under adaptive probabilities.

A label is most often that of its left or upper neighbour. The first decision is whether it is the likelier of the
two, the second whether it is the other one, the rest spells it out bit by bit. How likely a yes is depends on which
neighbours agree, and is learnt on the way. Decisions go through a binary arithmetic coder (Witten, Neal and Cleary
1987, in the carry-less form with two 32-bit bounds).
"""

import numba
import numpy as np

PATTERNS, LABELS = 128, 16
"""Agreements of six neighbours in seven bits; labels told apart in contexts (beyond them they share)."""
CONTEXTS = PATTERNS * LABELS
SPELLING = 256
"""Contexts of the bits of a label that is spelt out, per likelier neighbour."""
ALL_CONTEXTS = 2 * CONTEXTS + LABELS * SPELLING
EVEN = 1 << 15
SURE = 48
"""Probabilities in 65536ths: at the start, and the least that anything can have."""
SLOWEST = 60
"""A probability moves by one part in two, then three, at last in so many."""
MASK = np.uint64(0xFFFFFFFF)
TOP = np.uint64(0xFF000000)


@numba.njit(cache=True, nogil=True, inline="always")
def _around(labels, row, column):  # type: ignore[no-untyped-def]
    """Likelier and other neighbour (the same where there is one only) and the pattern of agreements."""
    columns = labels.shape[1]
    west = labels[row, column - 1] if column else (labels[row - 1, 0] if row else np.uint8(0))
    if row == 0:
        far = labels[row, column - 2] if column > 1 else west
        return west, far, (64 if far == west else 0)
    north = labels[row - 1, column]
    corner = labels[row - 1, column - 1] if column else north
    east = labels[row - 1, column + 1] if column + 1 < columns else north
    far_west = labels[row, column - 2] if column > 1 else west
    far_north = labels[row - 2, column] if row > 1 else north
    return _compared(west, north, corner, east, far_west, far_north)


@numba.njit(cache=True, nogil=True, inline="always")
def _compared(west, north, corner, east, far_west, far_north):  # type: ignore[no-untyped-def]
    """Likelier and other one of six neighbours, and the pattern of their agreements."""
    pattern = (west == north) + 2 * (west == corner) + 4 * (north == corner) + 8 * (north == east)
    pattern += 16 * (west == east) + 32 * (west == far_west) + 64 * (north == far_north)
    northern = (west == corner) | ((north != corner) & (north == east))
    third = east if east != west else corner
    likely = north if northern else west
    other = third if west == north else (west if northern else north)
    return likely, other, pattern


@numba.njit(cache=True, nogil=True)
def _around_row(labels, row, likely, other, patterns):  # type: ignore[no-untyped-def]
    """What `_around` says of a whole row, mostly many columns at a time."""
    columns = labels.shape[1]
    line, above = labels[row], labels[max(row - 1, 0)]
    west, far_west, corner, north, east = line[1:], line, above[1:], above[2:], above[3:]
    far_north, most, second, agreed = labels[max(row - 2, 0)][2:], likely[2:], other[2:], patterns[2:]
    for n in range(columns - 3 if row else 0):
        first, then, pattern = _compared(west[n], north[n], corner[n], east[n], far_west[n], far_north[n])
        most[n], second[n], agreed[n] = first, then, pattern
    for column in range(columns):
        if row == 0 or column < 2 or column == columns - 1:
            likely[column], other[column], pattern = _around(labels, row, column)
            patterns[column] = pattern


@numba.njit(cache=True, nogil=True)
def _moved(chance, count, bit):  # type: ignore[no-untyped-def]
    """The probability of a yes (a bit of 1) moved towards what came, by one part in ``count + 2``, rounded down."""
    parts = np.uint32(count + 2)
    if bit:
        chance += np.int64(np.uint32(65535 - chance) // parts)
    else:
        chance -= np.int64(np.uint32(chance + count + 1) // parts)
    return min(max(chance, SURE), 65536 - SURE)


@numba.njit(cache=True, nogil=True)
def _decide_row(line, likelier, others, patterns, bits, decisions):  # type: ignore[no-untyped-def]
    """The decisions that spell out a row of labels, as twice the context plus what is decided; gives how many."""
    count = 0
    for column in range(line.size):
        label, likely, other = line[column], likelier[column], others[column]
        context = np.int64(patterns[column]) * LABELS + likely % LABELS
        decisions[count] = 2 * context + (label == likely)
        count += 1
        if label == likely:
            continue
        if other != likely:
            context = CONTEXTS + np.int64(patterns[column]) * LABELS + other % LABELS
            decisions[count] = 2 * context + (label == other)
            count += 1
            if label == other:
                continue
        node, base = np.int64(1), 2 * CONTEXTS + np.int64(likely % LABELS) * SPELLING
        for bit in range(bits - 1, -1, -1):
            said = (np.int64(label) >> bit) & 1
            decisions[count] = 2 * (base + node) + said
            count += 1
            node = 2 * node + said
    return count


@numba.njit(cache=True, nogil=True)
def _put_row(decisions, chances, counts, bounds, out, place):  # type: ignore[no-untyped-def]
    """Encode decisions; gives the next place in `out`."""
    low, high = bounds[0], bounds[1]
    for decision in decisions:
        context, bit = decision >> 1, decision & 1
        chance, count = np.int64(chances[context]), np.int64(counts[context])
        middle = low + ((high - low) * np.uint64(chance) >> np.uint64(16))
        if bit:
            high = middle
        else:
            low = middle + np.uint64(1)
        if not bit or chance < 65536 - SLOWEST or count < SLOWEST - 2:
            chances[context] = _moved(chance, count, bit)
            counts[context] = count + (count < SLOWEST - 2)
        while (low ^ high) & TOP == 0:
            out[place] = high >> np.uint64(24)
            place += 1
            low = (low << np.uint64(8)) & MASK
            high = ((high << np.uint64(8)) & MASK) | np.uint64(255)
    bounds[0], bounds[1] = low, high
    return place


@numba.njit(cache=True, nogil=True)
def encode_rows(labels, bits, out):  # type: ignore[no-untyped-def]
    """Encode labels uint8 (rows, columns), all below ``2 ** bits``, into `out`; gives the number of bytes.

    `out` holds 3 bytes a label and 8 more.
    """
    rows, columns = labels.shape
    chances, counts = np.full(ALL_CONTEXTS, EVEN, np.uint16), np.zeros(ALL_CONTEXTS, np.uint8)
    likelier, others, patterns = np.empty(columns, np.uint8), np.empty(columns, np.uint8), np.empty(columns, np.uint8)
    decisions = np.empty(columns * (bits + 2), np.uint32)
    bounds = np.array([0, 0xFFFFFFFF], np.uint64)
    place = 0
    for row in range(rows):
        _around_row(labels, row, likelier, others, patterns)
        count = _decide_row(labels[row], likelier, others, patterns, bits, decisions)
        place = _put_row(decisions[:count], chances, counts, bounds, out, place)
    for shift in (24, 16, 8, 0):
        out[place] = (bounds[0] >> np.uint64(shift)) & np.uint64(255)
        place += 1
    return place


@numba.njit(cache=True, nogil=True)
def encode_tiles(labels, size, band_rows, occurs, ends, out):  # type: ignore[no-untyped-def]
    """Encode one row of tiles, labels uint8 (rows, columns), into `out`; gives the number of bytes.

    Tile n is the columns from ``n * size`` on; its labels are numbered anew, by ``occurs[n]`` (256,). Its bands of so
    many rows are encoded one by one; band m ends at ``ends[n, m]``. Nothing is written for a tile of one label. `out`
    is as large as `encode_rows` wants it for all.
    """
    place = 0
    for tile in range(occurs.shape[0]):
        block = labels[:, tile * size : (tile + 1) * size]
        palette = _occurring(block)
        occurs[tile] = palette
        count = np.count_nonzero(palette)
        if count == 1:
            continue
        bits = 0
        while 1 << bits < count:
            bits += 1
        numbered = _numbered(block, palette)
        for band in range(ends.shape[1]):
            place += encode_rows(numbered[band * band_rows : (band + 1) * band_rows], bits, out[place:])
            ends[tile, band] = place
    return place


@numba.njit(cache=True, nogil=True)
def _ask(context, chances, counts, state, data):  # type: ignore[no-untyped-def]
    """Decode one decision; `state` is the two bounds, the code between them and the place in `data`."""
    low, high, code = state[0], state[1], state[2]
    chance, count = np.int64(chances[context]), np.int64(counts[context])
    middle = low + ((high - low) * np.uint64(chance) >> np.uint64(16))
    bit = np.int64(code <= middle)
    if bit:
        high = middle
    else:
        low = middle + np.uint64(1)
    chances[context] = _moved(chance, count, bit)
    counts[context] = count + (count < SLOWEST - 2)
    while (low ^ high) & TOP == 0:
        low = (low << np.uint64(8)) & MASK
        high = ((high << np.uint64(8)) & MASK) | np.uint64(255)
        more = np.uint64(data[state[3]]) if state[3] < np.uint64(data.size) else np.uint64(0)
        code = ((code << np.uint64(8)) & MASK) | more
        state[3] += np.uint64(1)
    state[0], state[1], state[2] = low, high, code
    return bit


@numba.njit(cache=True, nogil=True)
def decode_rows(data, bits, labels, last):  # type: ignore[no-untyped-def]
    """The inverse of `encode_rows` up to row `last`, into `labels` uint8 (rows, columns)."""
    chances, counts = np.full(ALL_CONTEXTS, EVEN, np.uint16), np.zeros(ALL_CONTEXTS, np.uint8)
    state = np.array([0, 0xFFFFFFFF, 0, 0], np.uint64)
    for place in range(4):
        state[2] = (state[2] << np.uint64(8)) | (np.uint64(data[place]) if place < data.size else np.uint64(0))
    state[3] = 4
    for row in range(last + 1):
        for column in range(labels.shape[1]):
            likely, other, pattern = _around(labels, row, column)
            context = pattern * LABELS + likely % LABELS
            if _ask(context, chances, counts, state, data):
                labels[row, column] = likely
                continue
            if other != likely:
                context = CONTEXTS + pattern * LABELS + other % LABELS
                if _ask(context, chances, counts, state, data):
                    labels[row, column] = other
                    continue
            node, base = np.int64(1), 2 * CONTEXTS + (likely % LABELS) * SPELLING
            for _ in range(bits):
                node = 2 * node + _ask(base + node, chances, counts, state, data)
            labels[row, column] = node - (1 << bits)


@numba.njit(cache=True, nogil=True)
def _occurring(labels):  # type: ignore[no-untyped-def]
    """Which of 256 labels occur in a raster, bool (256,)."""
    found = np.zeros(256, np.bool_)
    for row in range(labels.shape[0]):
        line = labels[row]
        for column in range(line.size):
            found[line[column]] = True
    return found


@numba.njit(cache=True, nogil=True)
def _numbered(labels, palette):  # type: ignore[no-untyped-def]
    """A raster of labels as their numbers among those that occur."""
    numbers = (np.cumsum(palette) - 1).astype(np.uint8)
    out = np.empty(labels.shape, np.uint8)
    for row in range(labels.shape[0]):
        for column in range(labels.shape[1]):
            out[row, column] = numbers[labels[row, column]]
    return out
