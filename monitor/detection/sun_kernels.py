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
def overlap(shade, depth, weight, moves):  # type: ignore[no-untyped-def]
    """Sums over where a shade falls, the darkest of it moved by each of some rows and columns (moves, 2).

    They are of weight, and by it of shade, depth, shade's square, their product. Where a move would bring the shade
    from outside, nothing counts.
    """
    height, width = shade.shape
    top, bottom = max(moves[:, 0].max(), 0), height + min(moves[:, 0].min(), 0)
    left, right = max(moves[:, 1].max(), 0), width + min(moves[:, 1].min(), 0)
    weights, shades, depths, square, common = 0.0, 0.0, 0.0, 0.0, 0.0
    above = np.empty(max(right - left, 0), np.float32)
    for row in range(top, bottom if right > left else top):
        above[:] = shade[row - moves[0, 0], left - moves[0, 1] : right - moves[0, 1]]
        for other in range(1, len(moves)):
            part = shade[row - moves[other, 0], left - moves[other, 1] : right - moves[other, 1]]
            for column in range(above.size):
                above[column] = part[column] if part[column] > above[column] else above[column]
        below, share = depth[row, left:right], weight[row, left:right]
        masses, darks, lights = np.float32(0), np.float32(0), np.float32(0)
        squares, products = np.float32(0), np.float32(0)
        for column in range(above.size):
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
