"""How far a scene lies beside the reference, and the reference moved by that much.

Both are compared by their details, what remains when local means are taken off: haze and season would pull the shift
towards none. The reference is moved, never the scene: small bright objects are not smeared, and what is found lies
where the scene shows it.
"""

import cv2
import numba
import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from monitor.cores import together
from monitor.ranks import quantile

Shift = tuple[float, float]
"""Rows and columns by which the reference must move to lie on the scene; positive is down and right."""

SMALLEST_SHIFT_PX = 0.04
"""Below this the move would blur the reference more than it helps."""
LARGEST_SHIFT_PX = 6.0
"""Landsat's terrain-corrected scenes agree within a pixel; more than this is not a shift but an error."""
STEPS = 15
ROWS_SAMPLED = 400
COARSE_ROWS = 200
DETAIL_PX = 11
"""Side of the squares whose mean is taken off: haze and season are wider, borders of fields and roads are not."""
NO_CHANGE_SHARE = 0.3
"""Share of pixels that is clear even under many clouds, and no detail there has changed; the scatter is theirs."""
UNCHANGED_SIGMAS = float(norm.ppf(0.5 + NO_CHANGE_SHARE / 2))
"""Standard deviations within which that share of a normal scatter lies."""
SCATTER_PX = 20_000
BETTER = 0.995
"""Share of the cost without a shift that a whole-pixel shift must stay below."""


def estimate_shift(scene: NDArray[np.float32], reference: NDArray[np.float32], trusted: NDArray[np.bool_]) -> Shift:
    """Shift of the reference that makes its detail look most like the scene's, in pixels.

    Iterated gradient least squares (Lucas and Kanade 1981) with weights that fade where the details of scene and
    reference differ by more than they do where nothing changed.
    `scene` and `reference` are reflectance (bands, rows, columns) in one radiometry, `trusted` bool (rows, columns).
    Gives (0, 0) where there is too little texture to tell.
    """
    scene, reference = (details(image, trusted) for image in (scene, reference))
    scatter = scatter_of(scene, reference, trusted)
    best = coarse_shift(scene, reference, trusted, scatter)
    for _ in range(STEPS):
        step = gradient_step(scene, reference, best, trusted, scatter)
        if step is None:
            return 0.0, 0.0
        best = (best[0] + step[0], best[1] + step[1])
        if max(abs(best[0]), abs(best[1])) > LARGEST_SHIFT_PX:
            return 0.0, 0.0
        if max(abs(step[0]), abs(step[1])) < 0.01:
            break
    return best


def details(image: NDArray[np.float32], trusted: NDArray[np.bool_]) -> NDArray[np.float32]:
    """What every band (bands, rows, columns) is beside its local mean over what is trusted."""
    size = (DETAIL_PX, DETAIL_PX)
    share = np.maximum(cv2.blur(trusted.astype(np.float32), size), np.float32(1e-3))

    def detail(band: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.asarray(band - cv2.blur(np.where(trusted, band, np.float32(0)), size) / share, np.float32)

    return np.stack(together(detail, image))


def scatter_of(
    scene: NDArray[np.float32], reference: NDArray[np.float32], trusted: NDArray[np.bool_]
) -> NDArray[np.float32]:
    """Standard deviation (bands,) of the difference of details where nothing changed."""
    judged = np.flatnonzero(trusted & np.isfinite(scene).all(axis=0) & np.isfinite(reference).all(axis=0))
    if judged.size == 0:
        return np.ones(len(scene), np.float32)
    judged = judged[:: -(-judged.size // SCATTER_PX)]
    here, there = (image.reshape(len(image), -1).take(judged, axis=1) for image in (scene, reference))
    least = quantile(np.abs(here - there), NO_CHANGE_SHARE) / np.float32(UNCHANGED_SIGMAS)
    return np.asarray(least + np.float32(1e-5), np.float32)


def busiest_window(trusted: NDArray[np.bool_]) -> tuple[slice, slice]:
    """At most `ROWS_SAMPLED` square, about the middle of what is trusted."""
    window = []
    for axis in (1, 0):
        along = np.flatnonzero(trusted.any(axis=axis))
        size = trusted.shape[1 - axis]
        middle = int(np.median(along)) if along.size else size // 2
        start = min(max(middle - ROWS_SAMPLED // 2, 0), max(size - ROWS_SAMPLED, 0))
        window.append(slice(start, start + ROWS_SAMPLED))
    return window[0], window[1]


@numba.njit(cache=True, nogil=True, fastmath={"contract", "reassoc"}, error_model="numpy")
def _mean_gap(here, there, down, across):  # type: ignore[no-untyped-def]
    """Mean difference, at most 3, of `here` and what begins at ``there[:, down, across]``; NaN counts nowhere."""
    bands, rows, columns = here.shape
    total, known = 0.0, 0
    for band in range(bands):
        for row in range(rows):
            one, other = here[band, row], there[band, row + down, across : across + columns]
            line, count = np.float32(0), 0
            for column in range(columns):
                gap = abs(one[column] - other[column])
                fine = gap == gap
                line += min(gap, np.float32(3)) if fine else np.float32(0)
                count += fine
            total += float(line)
            known += count
    return total / known if known else 3.0


def coarse_shift(
    scene: NDArray[np.float32], reference: NDArray[np.float32], trusted: NDArray[np.bool_], scatter: NDArray[np.float32]
) -> Shift:
    """The whole-pixel shift (|shift| <= 4) of least capped difference; no shift unless it is better."""
    reach, half = 4, slice(4, -4)
    if min(trusted.shape) < 8 * reach:
        return 0.0, 0.0
    step = -(-max(trusted.shape) // COARSE_ROWS)
    inner = trusted[half, half][::step, ::step]
    here = np.where(inner, scene[:, half, half][:, ::step, ::step], np.float32(np.nan)) / scatter[:, None, None]
    thin = {
        (row, col): reference[:, row::step, col::step] / scatter[:, None, None]
        for row in range(step)
        for col in range(step)
    }
    places = [
        (row, col)
        for row in range(-reach, reach + 1)
        for col in range(-reach, reach + 1)
        if abs(row) + abs(col) <= reach + 2
    ]

    def cost(place: tuple[int, int]) -> float:
        (down, row), (across, col) = (divmod(reach - part, step) for part in place)
        return float(_mean_gap(here, thin[row, col], down, across))

    costs = dict(zip(places, together(cost, places), strict=True))
    best = min(costs, key=lambda place: costs[place])
    return (float(best[0]), float(best[1])) if costs[best] < BETTER * costs[0, 0] else (0.0, 0.0)


@numba.njit(cache=True, nogil=True, fastmath={"contract", "reassoc"}, error_model="numpy")
def _gradient_sums(here, there, trusted, scatter, total):  # type: ignore[no-untyped-def]
    """Sums over a band's pixels of what its least squares needs, in `total` (10,).

    They are count, weight w, and the weighted sums of gap g, gradients y and x, yy, yx, xx, yg and xg.
    """
    rows, columns = here.shape
    across, line = np.empty(columns, np.float32), np.empty(10, np.float32)
    for row in range(rows):
        upper, lower, middle = there[max(row - 1, 0)], there[min(row + 1, rows - 1)], there[row]
        rise = np.float32(1 / max(min(row + 1, rows - 1) - max(row - 1, 0), 1))
        for column in range(1, columns - 1):
            across[column] = (middle[column + 1] - middle[column - 1]) * np.float32(0.5)
        across[0], across[-1] = middle[min(1, columns - 1)] - middle[0], middle[-1] - middle[max(columns - 2, 0)]
        count = weights = g = y = x = yy = yx = xx = yg = xg = np.float32(0)
        for column in range(columns):
            gap, right = here[row, column] - middle[column], across[column]
            down = (lower[column] - upper[column]) * rise
            fine = trusted[row, column] and gap + right + down == gap + right + down
            off = gap / scatter
            fade = np.float32(1) + off * off
            weight = np.float32(1) / (fade * fade) if fine else np.float32(0)
            gap, right, down = (gap, right, down) if fine else (np.float32(0), np.float32(0), np.float32(0))
            count += fine
            weights += weight
            g += weight * gap
            y += weight * down
            x += weight * right
            yy += weight * down * down
            yx += weight * down * right
            xx += weight * right * right
            yg += weight * down * gap
            xg += weight * right * gap
        line[0], line[1], line[2], line[3], line[4] = count, weights, g, y, x
        line[5], line[6], line[7], line[8], line[9] = yy, yx, xx, yg, xg
        total += line


def gradient_step(
    scene: NDArray[np.float32],
    reference: NDArray[np.float32],
    shift: Shift,
    trusted: NDArray[np.bool_],
    scatter: NDArray[np.float32],
) -> Shift | None:
    """One step of the least squares beyond a shift, at most 0.7 px a way; None where texture is missing."""

    def sums(band: int) -> NDArray[np.float64]:
        total = np.zeros(10)
        there = moved(reference[band : band + 1], shift)[0]
        _gradient_sums(scene[band], there, trusted, 2 * scatter[band], total)
        return total

    normal, right = np.zeros((2, 2)), np.zeros(2)
    for total, spread in zip(together(sums, range(len(scene))), scatter.astype(np.float64), strict=True):
        count, weight, g, y, x, yy, yx, xx, yg, xg = total
        if count < 100:
            return None
        normal += np.array([[yy, yx], [yx, xx]]) / spread**2
        right -= np.array([yg - y * g / weight, xg - x * g / weight]) / spread**2
    if np.linalg.eigvalsh(normal)[0] < 50:
        return None
    step = np.clip(np.linalg.solve(normal, right), -0.7, 0.7)
    return float(step[0]), float(step[1])


def moved(array: NDArray[np.float32], shift: Shift) -> NDArray[np.float32]:
    """Reflectance (bands, rows, columns) moved by a shift, bilinear; NaN spreads to what it touches, edges repeat."""
    if max(abs(shift[0]), abs(shift[1])) < SMALLEST_SHIFT_PX:
        return array
    return np.stack([warp(band, shift, cv2.INTER_LINEAR) for band in array])


def moved_labels(labels: NDArray[np.uint8], shift: Shift) -> NDArray[np.uint8]:
    """Labels (rows, columns) moved to the nearest pixel, edges repeat."""
    return warp(labels, shift, cv2.INTER_NEAREST)


def warp(array: NDArray, shift: Shift, interpolation: int) -> NDArray:  # type: ignore[type-arg]
    """One raster moved by a shift."""
    height, width = array.shape
    matrix = np.array([[1, 0, -shift[1]], [0, 1, -shift[0]]], np.float64)
    return cv2.warpAffine(
        np.ascontiguousarray(array),
        matrix,
        (width, height),
        flags=interpolation | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
