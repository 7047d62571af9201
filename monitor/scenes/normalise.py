"""A scene in the radiometry of the reference, whatever share of it is cloud, shadow or change.

A gain and an offset per band. They are fitted to the means that the labels of the reference have in both
images, over the pixels that agree (Cauchy weights in all bands at once), every label counting by the
square root of its size. That is the idea of IR-MAD (Nielsen 2007, doi:10.1109/TIP.2006.888195) with two
cures: one uniform class cannot take the fit over, and the fit starts from several places and keeps the
one on which most labels agree, with priors of what sun, air and sensors do to a scene.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numba
import numpy as np
from numpy.typing import NDArray

from monitor.clustering.labels import NO_LABEL, grouped
from monitor.clustering.model import ReferenceModel
from monitor.cores import together
from monitor.ranks import median
from monitor.scenes.scene import Scene
from monitor.scenes.shift import Shift, busiest_window, estimate_shift, moved_labels
from monitor.scenes.stack import thinning
from monitor.spectrum import vapour_scatter

SAMPLE = 110_000
"""Pixels that the fit looks at: a regular grid over the scene."""
RELATIVE_TOLERANCE = 0.08
"""Clear ground comes back within about this share of its reflectance (season, view and sun angle)..."""
ABSOLUTE_TOLERANCE = 0.005
"""... and this much reflectance, to which the correction of the air is good (Vermote et al. 2016,
doi:10.1016/j.rse.2016.04.008); dark water is known no better than that."""
LIGHT_PRIOR = 0.4
"""Width of the prior of the gain that all bands share, a logarithm: height of the sun, processing..."""
GAIN_PRIOR = 0.15
"""... and of a band's gain beside it: sensors, season."""
OFFSET_PRIOR = 0.25
"""Width of the prior of an offset, a share of the band's typical reflectance..."""
AIR_PRIOR = 0.01
"""... and so much reflectance more where air is taken away: a reference is clear, scenes are hazier, not clearer."""
LEAST_SHARE = 0.005
"""How much less than this agrees says nothing: where clouds cover all of a scene, hardly anything does."""
GAIN_RANGE = (0.5, 2.0)
LARGEST_SHIFT_M = 300.0
"""Scenes are geolocated better than this; on coarse pixels a larger one is an accident of texture."""
BLURRED_PX = 0.5
"""A scene that lay farther off mixed the labels; gain and offset are fitted again."""
STEPS = 12
LINE_TURNS = 8
START_QUANTILES = (0.1, 0.3)
CHUNK = 512
"""Pixels worked on at once; theirs stay in the first-level cache."""


@dataclass(frozen=True)
class Radiometry:
    """How the scene was laid on the reference.

    ``adjusted = gain * reflectance + offset`` per band; `shift` is rows and columns by which the
    reference was moved; `support` is the share of the comparable pixels (0-1) that agree after it.
    """

    shift: Shift
    gains: tuple[float, ...]
    offsets: tuple[float, ...]
    support: float


@dataclass(frozen=True, eq=False)
class Normalised:
    """The scene in the reference's radiometry, the reference laid under it, and how that was done."""

    scene: Scene
    reference: ReferenceModel
    radiometry: Radiometry


@dataclass(frozen=True, eq=False)
class Sample:
    """Pixels known in both images, label after label: `scene` and `reference` (bands, n).

    Those of label i are ``ends[i]:ends[i + 1]``, and every one has the label's `weight` (k,). `tolerance` (bands, k) is
    how far clear ground of a label may come back from what it was, `typical` (bands,) the median of the reference.
    """

    scene: NDArray[np.float32]
    reference: NDArray[np.float32]
    ends: NDArray[np.intp]
    weight: NDArray[np.float32]
    tolerance: NDArray[np.float32]
    typical: NDArray[np.float32]

    @property
    def size(self) -> int:
        """Number of pixels."""
        return int(self.ends[-1])

    @property
    def k(self) -> int:
        """Number of labels."""
        return len(self.ends) - 1


def normalise(scene: Scene, reference: ReferenceModel) -> Normalised:
    """Scene and reference made comparable: shift undone on the reference, gain and offset on the scene.

    Where scene and reference share fewer than a few hundred pixels, both come back as they are.
    """
    sample = draw(scene, reference)
    nothing = Radiometry((0.0, 0.0), (1.0,) * len(scene.bands), (0.0,) * len(scene.bands), 0.0)
    if sample.size < 300:
        return Normalised(scene, reference, nothing)
    gain, offset = fit(sample)
    shift = shift_between(adjusted(scene, gain, offset), reference)
    image = reference.stack.moved(shift)
    if image is not reference.stack:
        labels = moved_labels(reference.labels, shift)
        labels[~image.seen] = NO_LABEL
        reference = replace(reference, stack=image, labels=labels, unmoved=reference)
        if max(abs(shift[0]), abs(shift[1])) > BLURRED_PX:  # else the means of labels were seen well enough
            sample = draw(scene, reference)
            gain, offset = fit(sample)
    support = float((agreement(sample, gain, offset) < 2).mean())
    done = Radiometry(shift, tuple(map(float, gain)), tuple(map(float, offset)), support)
    return Normalised(adjusted(scene, gain, offset), reference, done)


def adjusted(scene: Scene, gain: NDArray[np.float64], offset: NDArray[np.float64]) -> Scene:
    """The scene with gain and offset applied."""
    return replace(scene, stack=scene.stack.adjusted(gain, offset))


def draw(scene: Scene, reference: ReferenceModel) -> Sample:
    """A regular grid of the pixels that both images know."""
    step = thinning(scene.valid.size, SAMPLE)
    grid = (slice(step // 2, None, step), slice(step // 2, None, step))
    there, here = reference.stack.thinned(step), scene.stack.thinned(step)
    labels = reference.labels[grid]
    places = np.flatnonzero(scene.valid[grid] & (labels != NO_LABEL) & np.isfinite(there).all(axis=0))
    order, ends = grouped(labels.ravel()[places], reference.k)
    places = places[order]
    there, here = (image.reshape(len(image), -1).take(places, axis=1) for image in (there, here))
    count = np.diff(ends)
    sums = [there[:, start:stop].sum(axis=1, dtype=np.float64) for start, stop in pairwise(ends)]
    level = np.stack(sums, axis=1) / np.maximum(count, 1)
    typical = median(np.abs(there)) if places.size else np.ones(len(there), np.float32)
    tolerance = RELATIVE_TOLERANCE * (np.abs(level) + 0.35 * typical[:, None]) + ABSOLUTE_TOLERANCE
    tolerance += vapour_scatter(scene.bands)[:, None]
    weight = (count > 20) / np.sqrt(np.maximum(count, 1))
    return Sample(here, there, ends, weight.astype(np.float32), tolerance.astype(np.float32), typical)


@numba.njit(cache=True, nogil=True, fastmath={"contract", "reassoc"})
def _add_squares(scene, reference, gain, offset, tolerance, total):  # type: ignore[no-untyped-def]
    """Add the squared differences of a band's pixels in units of a tolerance."""
    unit = np.float32(1) / tolerance
    for pixel in range(len(total)):
        gap = (gain * scene[pixel] + offset - reference[pixel]) * unit
        total[pixel] += gap * gap


@numba.njit(cache=True, nogil=True, fastmath={"contract", "reassoc"})
def _agreement(scene, reference, tolerance, ends, gain, offset, out):  # type: ignore[no-untyped-def]
    bands = len(scene)
    out[:] = 0
    for label in range(len(ends) - 1):
        inside = slice(ends[label], ends[label + 1])
        total = out[inside]
        for band in range(bands):
            line = gain[band], offset[band], tolerance[band, label]
            _add_squares(scene[band, inside], reference[band, inside], *line, total)
        for pixel in range(len(total)):
            total[pixel] /= bands


@numba.njit(cache=True, nogil=True, fastmath={"contract", "reassoc"}, error_model="numpy")
def _label_sums(scene, reference, tolerance, ends, shares, gain, offset, width, here, there, mass):  # type: ignore[no-untyped-def]
    """Sums of both images (bands, k) and of weights (k,), which fall as disagreement exceeds a squared width."""
    bands, weight = len(scene), np.empty(CHUNK, np.float32)
    here[:], there[:], mass[:] = 0, 0, 0
    for label in range(len(ends) - 1):
        for start in range(ends[label], ends[label + 1], CHUNK):
            stop = min(start + CHUNK, ends[label + 1])
            size, total = stop - start, np.float32(0)
            weight[:size] = 0
            for band in range(bands):
                line = gain[band], offset[band], tolerance[band, label]
                _add_squares(scene[band, start:stop], reference[band, start:stop], *line, weight[:size])
            for pixel in range(size):
                part = np.float32(1) + weight[pixel] / (width * np.float32(bands))
                weight[pixel] = shares[label] / (part * part * part)
                total += weight[pixel]
            mass[label] += total
            for band in range(bands):
                one, other = scene[band, start:stop], reference[band, start:stop]
                before, after = np.float32(0), np.float32(0)
                for pixel in range(size):
                    before += weight[pixel] * one[pixel]
                    after += weight[pixel] * other[pixel]
                here[band, label] += before
                there[band, label] += after


def agreement(sample: Sample, gain: NDArray[np.float64], offset: NDArray[np.float64]) -> NDArray[np.float32]:
    """Mean square of the difference to the reference in units of the tolerance, (n,)."""
    out = np.empty(sample.size, np.float32)
    factors = gain.astype(np.float32), offset.astype(np.float32)
    _agreement(sample.scene, sample.reference, sample.tolerance, sample.ends, *factors, out)
    return out


def label_means(
    sample: Sample, gain: NDArray[np.float64], offset: NDArray[np.float64], width: float
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Mean per label of scene and of reference, (bands, k), and the labels' total weights, (k,).

    Pixels weigh less the more they are off by in units of `width` tolerances.
    """
    bands = len(sample.scene)
    here, there, mass = np.empty((bands, sample.k)), np.empty((bands, sample.k)), np.empty(sample.k)
    factors = gain.astype(np.float32), offset.astype(np.float32), np.float32(width**2)
    images = sample.scene, sample.reference, sample.tolerance, sample.ends, sample.weight
    _label_sums(*images, *factors, here, there, mass)
    floor = np.maximum(mass, 1e-9)
    return here / floor, there / floor, mass


def fit(sample: Sample) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Gain and offset per band: the start that ends with the most agreement."""
    bands = len(sample.scene)
    starts = [(np.ones(bands), np.zeros(bands)), *mode_starts(sample, START_QUANTILES)]
    ends = [*together(lambda start: refine(sample, *start), starts), starts[0]]
    return max(ends, key=lambda end: consensus(sample, *end))


def consensus(sample: Sample, gain: NDArray[np.float64], offset: NDArray[np.float64]) -> float:
    """Logarithm of the label-balanced share of pixels that agree, less what gains and offsets cost (Cauchy priors)."""
    weight = np.repeat(sample.weight, np.diff(sample.ends))
    share = float((weight / (1 + agreement(sample, gain, offset)) ** 2).sum() / weight.sum())
    light = np.median(np.log(gain))
    usual = OFFSET_PRIOR * sample.typical + np.where(offset < 0, AIR_PRIOR, 0) + ABSOLUTE_TOLERANCE
    away = light / LIGHT_PRIOR, (np.log(gain) - light) / GAIN_PRIOR, offset / usual
    return float(np.log(share + LEAST_SHARE) - sum(np.mean(np.log1p(part**2)) for part in away))


Line = tuple[NDArray[np.float64], NDArray[np.float64]]
"""Gain and offset, (bands,)."""


def mode_starts(sample: Sample, shares: Sequence[float]) -> list[Line]:
    """Gain and offset through the densest difference of every label (shortest interval with a share of it)."""
    bands, size = len(sample.scene), np.diff(sample.ends)
    here, there = np.full((len(shares), bands, sample.k), np.nan), np.full((bands, sample.k), np.nan)
    for label in np.flatnonzero(size >= 30):
        inside = slice(sample.ends[label], sample.ends[label + 1])
        there[:, label] = median(sample.reference[:, inside])
        gaps = np.sort(sample.scene[:, inside] - sample.reference[:, inside], axis=1)
        for start, share in zip(here, shares, strict=True):
            start[:, label] = there[:, label] + [densest(ordered, share) for ordered in gaps]
    known = size >= 30
    if not known.any():
        return [(np.ones(bands), np.zeros(bands))] * len(shares)
    return [lines(start[:, known], there[:, known], np.sqrt(size[known])) for start in here]


def densest(ordered: NDArray[np.float32], share: float) -> float:
    """Mean of the shortest interval that holds a share of values in rising order."""
    count = max(int(share * ordered.size), 2)
    start = int((ordered[count - 1 :] - ordered[: ordered.size - count + 1]).argmin())
    return float(ordered[start : start + count].mean())


def lines(
    here: NDArray[np.float64], there: NDArray[np.float64], weight: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Weighted line from here to there (bands, k) in every band; labels off the line lose their weight.

    The slope leans towards 1. Gives slopes and intercepts, (bands,).
    """
    slopes, intercepts = np.empty(len(here)), np.empty(len(here))
    _lines(here, there, weight, slopes, intercepts)
    return slopes, intercepts


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _lines(here, there, weight, slopes, intercepts):  # type: ignore[no-untyped-def]
    for band in range(len(here)):
        one, other, share = here[band], there[band], weight
        level = np.abs(other).mean()
        prior = 0.02 * other.var() + (0.02 * level) ** 2 + 1e-10
        for _ in range(LINE_TURNS):
            total = share.sum()
            centre, target = (share * one).sum() / total, (share * other).sum() / total
            variance = (share * (one - centre) ** 2).sum() / total
            mixed = (share * (one - centre) * (other - target)).sum() / total
            slope = min(max((mixed + prior) / (variance + prior), GAIN_RANGE[0]), GAIN_RANGE[1])
            off = np.abs(other - target - slope * (one - centre))
            scale = 3 * (np.median(off) + 0.01 * level + 1e-6)
            share = weight / (1 + (off / scale) ** 2)
        slopes[band], intercepts[band] = slope, target - slope * centre


def refine(
    sample: Sample, gain: NDArray[np.float64], offset: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Reweighted fits from a start, looking ever closer."""
    for step in range(STEPS):
        width = max(3.0 * 0.7**step, 0.6)
        here, there, mass = label_means(sample, gain, offset, width)
        known = mass > 0.02 * mass.max()
        gain, offset = lines(here[:, known], there[:, known], mass[known])
    return gain, offset


def shift_between(scene: Scene, reference: ReferenceModel) -> Shift:
    """The shift, looked for where scene and reference are both known."""
    trusted = scene.valid & reference.stack.seen
    window = busiest_window(trusted)
    shift = estimate_shift(scene.stack.window(*window), reference.stack.window(*window), trusted[window])
    far = max(abs(shift[0]), abs(shift[1])) * scene.grid.pixel_size_m
    return shift if far <= LARGEST_SHIFT_M else (0.0, 0.0)
