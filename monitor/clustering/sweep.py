"""K-means for a range of k on one scene, and which k to keep."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from joblib import effective_n_jobs
from numpy.typing import NDArray
from sklearn import config_context
from sklearn.cluster import KMeans

from monitor.clustering.kernel import seen_columns
from monitor.clustering.models import apply_models, padded
from monitor.clustering.silhouette import sampled_silhouette
from monitor.clustering.starts import inertia_of, settle, spread
from monitor.clustering.sweep_result import Sweep, SweepEntry
from monitor.cores import one_thread_each
from monitor.scenes.stack import Stack

SAMPLE_SIZE = 50_000
"""Pixels that k-means is fitted on; more changes the inertia by less than 0.2 %."""

DRAFT_SIZE = 10_000
"""Pixels of the sample on which the starts settle before all of it says which of them are the best."""

TOLERANCE, DRAFT_TOLERANCE = 1e-4, 1e-3
"""Where k-means rests (scikit-learn's `tol`, of the variance); starts are told apart before."""

ROUNDS = 30
"""At most so many rounds for a start to settle in."""

N_INIT = 10
"""Starts of each k-means; three were not safe."""

FINALISTS = 2
"""Starts that are moved on the whole sample: what is best before it rests is not always best after."""

TRIALS = 4
"""Pixels among which k-means++ chooses every next centre: scikit-learn's number for k = 8..20."""


def sample_pixels(features: NDArray[np.float32] | Stack, seed: int, size: int = SAMPLE_SIZE) -> NDArray[np.float32]:
    """Up to `size` pixels without NaN of features (bands, rows, columns), drawn by seed, as (pixels, bands)."""
    image = as_stack(features)
    before = np.concatenate([[0], np.count_nonzero(image.seen, axis=1).cumsum()])
    known = int(before[-1])
    few = known <= size
    ranks = np.arange(known) if few else np.sort(np.random.default_rng(seed).choice(known, size, replace=False))
    rows = np.searchsorted(before, ranks, side="right") - 1
    columns = np.empty_like(rows)
    seen_columns(image.seen, rows, ranks - before[rows], columns)
    return np.ascontiguousarray(image.at(rows, columns).T)


def as_stack(features: NDArray[np.float32] | Stack) -> Stack:
    """Features as a stack, seen where no band is NaN."""
    return features if isinstance(features, Stack) else Stack.of(features)


@dataclass(frozen=True, eq=False)
class Draft:
    """A sample less its `mean` (bands,), `whole` and `thinned`, (padded bands, pixels), and where k-means may start.

    `variance` is the mean one of the bands. `starts` are (N_INIT, k, padded bands): centres of a start are drawn one
    after another (k-means++), so that the first of them are a start for fewer.
    """

    whole: NDArray[np.float32]
    thinned: NDArray[np.float32]
    mean: NDArray[np.float32]
    variance: float
    starts: NDArray[np.float32]


def draft_of(sample: NDArray[np.float32], k: int, seed: int) -> Draft:
    """A sample (pixels, bands) laid out for starts for up to k clusters to compete on.

    Centres are drawn from all of it: far outliers, which are clusters of their own, are few and not all in a part.
    """
    mean = sample.mean(axis=0)
    whole = np.ascontiguousarray(padded(sample - mean).T)
    thinned = np.ascontiguousarray(whole[:, :: max(len(sample) // DRAFT_SIZE, 1)])
    draws = np.random.default_rng(seed).random((k, N_INIT, TRIALS))
    starts = np.empty((N_INIT, k, len(whole)), np.float32)
    for index, start in enumerate(starts):
        spread(whole, draws[:, index].copy(), start)
    return Draft(whole, thinned, mean, float(thinned.var(axis=1).sum() / len(mean)), starts)


def fit(sample: NDArray[np.float32], k: int, seed: int) -> NDArray[np.float32]:
    """Centroids (k, bands) of a sample (pixels, bands), ordered from dark to bright (mean over bands).

    One thread, so that the sums, and with them the labels, are the same on every machine.
    """
    with one_thread_each():
        return fit_here(sample, k, draft_of(sample, k, seed))


def fit_here(sample: NDArray[np.float32], k: int, draft: Draft) -> NDArray[np.float32]:
    """As `fit`, from a draft for k or more, where libraries are held to one thread already."""
    starts = draft.starts[:, :k].copy()
    for start in starts:
        settle(draft.thinned, start, DRAFT_TOLERANCE * draft.variance, ROUNDS)
    best = sorted(starts, key=lambda start: inertia_of(draft.whole, start))[:FINALISTS]
    begun = min(best, key=lambda start: settle(draft.whole, start, TOLERANCE * draft.variance, ROUNDS))
    with config_context(assume_finite=True):
        model = KMeans(k, init=begun[:, : len(draft.mean)] + draft.mean, n_init=1, tol=TOLERANCE).fit(sample)
    centroids: NDArray[np.float32] = model.cluster_centers_.astype(np.float32)
    return centroids[np.argsort(centroids.mean(axis=1), kind="stable")]


def sweep(features: NDArray[np.float32] | Stack, ks: Sequence[int], seed: int = 0, jobs: int | None = None) -> Sweep:
    """K-means for every k on the valid pixels of features (bands, rows, columns).

    A k above the number of distinct pixels is left out; `jobs` k at a time, or as many as joblib is configured for,
    which changes no figure. Raises ValueError if no k is left.
    """
    image = as_stack(features)
    sample = sample_pixels(image, seed)
    most = len(np.unique(sample[:1000], axis=0)) if len(sample) < max(ks) or len(sample) <= 1000 else len(sample)
    possible = [k for k in ks if k <= most]
    if not possible:
        raise ValueError(f"{len(sample)} valid pixels ({most} distinct) are too few for k-means with k from {min(ks)}")
    tried = fit_all(sample, possible, seed, jobs)
    entries = judged(image, tried)
    chosen, reason = choose_k(entries)
    return Sweep(entries, chosen, reason, seed, len(sample))


@dataclass(frozen=True, eq=False)
class Fitted:
    """K-means of one k on a sample: centroids (k, bands) and the sampled mean silhouette."""

    centroids: NDArray[np.float32]
    silhouette: float


def fit_all(sample: NDArray[np.float32], ks: Sequence[int], seed: int, jobs: int | None = None) -> list[Fitted]:
    """Every k on the same sample (pixels, bands), the largest, which take longest, first.

    `jobs` at a time, or as many as joblib is configured for, in threads.
    """

    def one(k: int) -> Fitted:
        with one_thread_each("openmp"):
            centroids = fit_here(sample, k, draft)
        return Fitted(centroids, sampled_silhouette(sample, centroids, seed))

    order = sorted(ks, reverse=True)
    with one_thread_each(), ThreadPoolExecutor(jobs or effective_n_jobs(None)) as pool:
        draft = draft_of(sample, order[0], seed)
        done = list(pool.map(one, order))
    return list(reversed(done))


def judged(image: Stack, tried: Sequence[Fitted]) -> tuple[SweepEntry, ...]:
    """The fits with their inertia and simplified silhouette over all pixels, in one pass."""
    applied = apply_models(image, [fitted.centroids for fitted in tried], keep=0)
    figures = zip(tried, applied.inertia.tolist(), applied.simplified_silhouette.tolist(), strict=True)
    return tuple(
        SweepEntry(len(fitted.centroids), inertia, fitted.silhouette, fitted.centroids, simplified)
        for fitted, inertia, simplified in figures
    )


def choose_k(entries: Sequence[SweepEntry]) -> tuple[int, str]:
    """The k with the best silhouette from the elbow of the inertia upwards, and that in words.

    The elbow is the k farthest below the straight line from the first to the last point of the curve
    (Satopaa et al. 2011, "kneedle"). Below it clusters still mix kinds of ground that the data separate.
    """
    if len(entries) < 3:
        best = max(entries, key=lambda entry: entry.silhouette)
        return best.k, f"highest silhouette of {len(entries)}: {best.silhouette:.2f} at k = {best.k}"
    inertia = np.array([entry.inertia for entry in entries])
    fall = (inertia[0] - inertia) / max(inertia[0] - inertia[-1], np.finfo(float).tiny)
    k = np.array([entry.k for entry in entries])
    elbow = int(np.argmax(fall - (k - k[0]) / (k[-1] - k[0])))
    best = max(entries[elbow:], key=lambda entry: entry.silhouette)
    reason = f"elbow of the inertia at k = {k[elbow]}; of k = {k[elbow]}..{k[-1]} the silhouette is highest at {best.k}"
    return best.k, f"{reason} ({best.silhouette:.2f})"
