"""The search for the height of clouds, compiled: block means, moved shades and their fit (numba, without the GIL)."""

import numpy as np
from numba import njit

from monitor.clustering.labels import NO_LABEL
from monitor.detection import codes


@njit(cache=True, nogil=True)
def usual_depths(peak, depth, trust, valid, labels, depths, trusts):  # type: ignore[no-untyped-def]
    """Mean depth per label (256,) by its weight, outside clouds; 0 for labels without a pixel."""
    total, weights = np.zeros(256), np.zeros(256)
    for row in range(depth.shape[0]):
        for column in range(depth.shape[1]):
            if peak[row, column] < codes.CLOUDED and valid[row, column]:
                label, weight = labels[row, column], trusts[trust[row, column]]
                total[label] += weight * depths[depth[row, column]]
                weights[label] += weight
    return (total / np.maximum(weights, 1e-6)).astype(np.float32)


@njit(cache=True, nogil=True)
def block_means(peak, opacity, depth, trust, valid, labels, factor, shares, depths, usual, trusts, cloud, dark, mass):  # type: ignore[no-untyped-def]
    """Means over squares of `factor` pixels: opacity, depth beyond a label's usual (256,) by its weight, and weight."""
    part = np.float32(1 / factor**2)
    for row in range(cloud.shape[0] * factor):
        y = row // factor
        for x in range(cloud.shape[1]):
            for column in range(x * factor, (x + 1) * factor):
                if peak[row, column] >= codes.CLOUDED:
                    cloud[y, x] += shares[opacity[row, column]] * part
                elif valid[row, column] and labels[row, column] != NO_LABEL:
                    weight = trusts[trust[row, column]] * part
                    mass[y, x] += weight
                    dark[y, x] += weight * (depths[depth[row, column]] - usual[labels[row, column]])


@njit(cache=True, nogil=True, fastmath={"contract", "reassoc"})
def overlap(shade, depth, weight, rows, columns):  # type: ignore[no-untyped-def]
    """Sums over where a shade falls when moved: weight, and by it shade, depth, shade's square, their product."""
    height, width = shade.shape
    first, last = max(columns, 0), max(width + min(columns, 0), max(columns, 0))
    weights, shades, depths, square, common = 0.0, 0.0, 0.0, 0.0, 0.0
    for row in range(max(rows, 0), height + min(rows, 0)):
        above = shade[row - rows, first - columns : last - columns]
        below, share = depth[row, first:last], weight[row, first:last]
        masses, darks, lights = np.float32(0), np.float32(0), np.float32(0)
        squares, products = np.float32(0), np.float32(0)
        for column in range(len(above)):
            weighted = share[column] * above[column]
            masses += share[column]
            darks += weighted
            lights += share[column] * below[column]
            squares += weighted * above[column]
            products += weighted * below[column]
        weights += float(masses)
        shades += float(darks)
        depths += float(lights)
        square += float(squares)
        common += float(products)
    return weights, shades, depths, square, common


@njit(cache=True, nogil=True)
def cast_darkest(opacity, offsets, out):  # type: ignore[no-untyped-def]
    """The most of an opacity moved by each of some rows and columns, in `out`, which is 0 before."""
    height, width = out.shape
    for rows, columns in offsets:
        first, last = max(columns, 0), max(width + min(columns, 0), max(columns, 0))
        for row in range(max(rows, 0), height + min(rows, 0)):
            above, below = opacity[row - rows, first - columns : last - columns], out[row, first:last]
            for column in range(len(above)):
                below[column] = max(below[column], above[column])
