"""K-means for a range of k on one scene, and which k to keep."""

from collections.abc import Sequence

import numpy as np
from joblib import Parallel, delayed
from numpy.typing import NDArray
from sklearn.cluster import KMeans
from sklearn.metrics import silhouette_samples
from threadpoolctl import threadpool_limits

from monitor.clustering.assign import assign
from monitor.clustering.sweep_result import Sweep, SweepEntry

SAMPLE_SIZE = 50_000
"""Pixels that k-means is fitted on; more changes the inertia by less than 0.2 %."""

SILHOUETTE_SIZE = 2_000
"""Pixels that the silhouette is taken of, in equal shares per label; it costs their square."""

DRAFT_SIZE = 10_000
"""Pixels of the sample on which the starts compete; the best goes on with all of it, within 0.2 % in inertia."""

N_INIT = 10
"""Starts of each k-means; three were not safe."""


def sample_pixels(features: NDArray[np.float32], seed: int, size: int = SAMPLE_SIZE) -> NDArray[np.float32]:
    """Up to `size` pixels without NaN of features (bands, ...), drawn by seed, as (pixels, bands)."""
    flat = features.reshape(features.shape[0], -1)
    candidates = np.flatnonzero(np.isfinite(flat).all(axis=0))
    if len(candidates) > size:
        candidates = np.sort(np.random.default_rng(seed).choice(candidates, size, replace=False))
    return np.ascontiguousarray(flat[:, candidates].T)


def fit(sample: NDArray[np.float32], k: int, seed: int) -> NDArray[np.float32]:
    """Centroids (k, bands) of a sample (pixels, bands), ordered from dark to bright (mean over bands).

    One thread, so that the sums, and with them the labels, are the same on every machine.
    """
    draft = sample[:: max(len(sample) // DRAFT_SIZE, 1)]
    with threadpool_limits(1):
        start = KMeans(k, n_init=N_INIT, random_state=seed).fit(draft).cluster_centers_
        model = KMeans(k, init=start, n_init=1).fit(sample)
    centroids: NDArray[np.float32] = model.cluster_centers_.astype(np.float32)
    return centroids[np.argsort(centroids.mean(axis=1), kind="stable")]


def sweep(features: NDArray[np.float32], ks: Sequence[int], seed: int = 0) -> Sweep:
    """K-means for every k on the valid pixels of features (bands, rows, columns).

    A k above the number of distinct pixels is left out; as many k at a time as joblib is configured for, which changes
    no figure. Raises ValueError if no k is left.
    """
    sample = sample_pixels(features, seed)
    most = len(np.unique(sample[:1000], axis=0)) if len(sample) < max(ks) or len(sample) <= 1000 else len(sample)
    possible = [k for k in ks if k <= most]
    if not possible:
        raise ValueError(f"{len(sample)} valid pixels ({most} distinct) are too few for k-means with k from {min(ks)}")
    with threadpool_limits(1):
        entries = tuple(Parallel()(delayed(evaluate)(features, sample, k, seed) for k in possible))
    chosen, reason = choose_k(entries)
    return Sweep(entries, chosen, reason, seed, len(sample))


def evaluate(features: NDArray[np.float32], sample: NDArray[np.float32], k: int, seed: int) -> SweepEntry:
    """One k: fitted on the sample, its inertia summed over all valid pixels of features."""
    centroids = fit(sample, k, seed)
    squared = assign(features, centroids)[1]
    inertia = float(squared[np.isfinite(squared)].sum(dtype=np.float64))
    return SweepEntry(k, inertia, silhouette(sample, centroids, seed), centroids)


def silhouette(sample: NDArray[np.float32], centroids: NDArray[np.float32], seed: int) -> float:
    """Mean silhouette (Rousseeuw 1987) of a sample (pixels, bands), estimated on equal shares of every label.

    A label's mean counts by its share of the whole sample, so that small clusters are measured as well as
    large ones without counting for more than they are.
    """
    labels = assign(np.ascontiguousarray(sample.T), centroids)[0]
    present, sizes = np.unique(labels, return_counts=True)
    if len(present) < 2:
        return 0.0
    rng, quota = np.random.default_rng(seed), max(SILHOUETTE_SIZE // len(present), 2)
    members = [np.flatnonzero(labels == label) for label in present]
    picked = np.concatenate([m if len(m) <= quota else rng.choice(m, quota, replace=False) for m in members])
    if len(picked) <= len(present):
        return 0.0
    values = silhouette_samples(sample[picked], labels[picked])
    means = np.array([values[labels[picked] == label].mean() for label in present])
    return float(np.average(means, weights=sizes))


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
