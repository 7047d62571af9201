"""How likely an anomaly is real: fits the logistic of monitor/detection/score.py and shows how well it is calibrated.

    python benchmarks/score_fit.py [--shared ../shared] [--work DIR] [--dates 8] [--fit 1-4] [--test 5-8] [--picture P]

Every object that detection considers, also those that it drops as unlikely, is real or not: real where at least 30 %
of its judged pixels are truth 3; not where it covers no pixel that is truth 3 or not judged (as score_flags.py counts
false objects). Others, half on a change say, are left out. The weights are fitted on the first seeds of generated
scenes of both sites (normal, hard, drift 2), in all bands and without the short-wave infrared, and on the real sets in
several choices of bands; they are tried on the last seeds, beside the present ones, and on the simulated scenes of
`monitor demo`. Objects on the rims of clouds and shadows, which truth does not judge, are not fitted to; what they make
of the shares that are real is shown as well.
"""

import argparse
import tempfile
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray
from series import (
    SHARED,
    Case,
    bench,
    fitted,
    generate,
    near,
    opened,
    places_of_changes,
    real_cases,
    seeds_of,
    simulated,
    truth_on,
    write_config,
)

from monitor.clustering.model import ReferenceModel
from monitor.config import MonitorSettings
from monitor.config_file import load_settings
from monitor.detection import findings
from monitor.detection import score as scoring
from monitor.detection.objects import objects_of
from monitor.detection.result import Flag, Kind
from monitor.pipeline import judge_scene
from monitor.scenes.scene import Scene

REAL_SHARE = 0.3
NOT_JUDGED = 255
RIM_PX = 3
"""How far rims of clouds and shadows reach."""
RIDGE = 1.0
"""Weak prior on the weights, in objects, ..."""
FREE = {"sharpness": 25.0}
"""... weaker by this factor where the values are small."""
VISIBLE = ("blue", "green", "red", "nir08")
FEWER = (VISIBLE, ("green", "red", "nir08", "swir16"), ("red", "nir08", "swir16", "swir22"))
FEWER_WEIGHT, REAL_WEIGHT = 0.5, 5.0
"""How much an object counts that is seen in fewer bands, and one of a real set in all of them; in fewer, their product:
change of season and use is known from these sets alone."""
BINS = np.array([0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0])


@dataclass(frozen=True, eq=False)
class Sample:
    """Objects: what the logistic looks at (n, features), whether each is real (n,), and how much it counts (n,).

    `rim` (n,) are those that are not real and lie on the rim of a cloud or shadow.
    """

    features: NDArray[np.float64]
    real: NDArray[np.bool_]
    rim: NDArray[np.bool_]
    weight: NDArray[np.float64]

    def without_rims(self) -> "Sample":
        """The others."""
        use = ~self.rim
        return Sample(self.features[use], self.real[use], self.rim[use], self.weight[use])


@dataclass(frozen=True)
class Weights:
    """The logistic's numbers, in the order of `scoring.WEIGHTS`."""

    values: tuple[float, ...]
    intercept: float

    def likely(self, sample: Sample) -> NDArray[np.float64]:
        """Probability of every object of a sample, (n,)."""
        total = sample.features @ np.array(self.values) + self.intercept
        probability: NDArray[np.float64] = 1 / (1 + np.exp(-total))
        return probability


PRESENT = Weights(tuple(scoring.WEIGHTS.values()), scoring.INTERCEPT)


def objects_in(
    scene: Scene,
    reference: ReferenceModel,
    truth: NDArray[np.uint8],
    changes: NDArray[np.bool_],
    monitor: MonitorSettings,
) -> Sample:
    """The anomaly objects of one scene, before any is dropped, as the score sees them.

    `changes` (rows, columns) is where there are some, seen or not.
    """
    seen: list[tuple[NDArray[np.intp], NDArray[np.float64]]] = []

    def keep_all(kind: Kind, area: NDArray[np.intp], evidence: Mapping[str, Any]) -> NDArray[np.float64]:
        if kind == Kind.ANOMALY:
            looked_at = scoring.features(area, evidence)
            columns = np.stack([looked_at[name] for name in scoring.WEIGHTS], axis=1)
            seen.append((area, columns))
        return np.ones(len(area))

    with patch.object(findings, "score", keep_all):
        flags = judge_scene(scene, reference, monitor).detection.flags
    covered = (truth == Flag.CLOUD) | (truth == Flag.SHADOW)
    open_to_doubt = (truth == NOT_JUDGED) & ~near(covered, RIM_PX)
    objects = objects_of(flags, Flag.ANOMALY, findings.SMALLEST_PX[Kind.ANOMALY])
    (area, columns), count = seen[0], objects.count + 1
    if not np.array_equal(objects.area, area):
        raise SystemExit("the objects of the flags are not those that were scored")
    ids = objects.labels(0, objects.shape[0]).ravel()
    judged = np.bincount(ids, truth.ravel() != NOT_JUDGED, count)
    changed = np.bincount(ids, truth.ravel() == Flag.ANOMALY, count)
    real = (changed > 0) & (changed >= REAL_SHARE * judged)
    false = (changed == 0) & (judged == area)
    doubtful = np.bincount(ids, (changes | open_to_doubt).ravel(), count)
    rim = (changed == 0) & (judged < area) & (doubtful == 0)
    use = real | false | rim
    use[0] = False
    return Sample(columns[use], real[use], rim[use], np.ones(int(use.sum())))


@dataclass(frozen=True, eq=False)
class Job:
    """A case whose objects count so much."""

    case: Case
    work: Path
    reference: ReferenceModel
    weight: float


def objects_of_series(job: Job) -> Sample:
    """The objects of all scenes of a case."""
    case, reference = job.case, job.reference
    series = opened(case, job.work, reference)
    found = []
    for path in case.truths:
        truth = truth_on(reference.grid, path)
        changes = places_of_changes(case, path.stem, reference.grid)
        found.append(objects_in(series.scene(path.stem), reference, truth, changes, series.settings.monitors[0]))
    sample = together(found)
    return replace(sample, weight=job.weight * sample.weight)


def together(samples: Sequence[Sample]) -> Sample:
    """Several samples as one."""
    return Sample(
        np.concatenate([sample.features for sample in samples]),
        np.concatenate([sample.real for sample in samples]),
        np.concatenate([sample.rim for sample in samples]),
        np.concatenate([sample.weight for sample in samples]),
    )


def fit(sample: Sample) -> Weights:
    """Logistic regression by Newton's method."""
    columns = np.column_stack([sample.features, np.ones(len(sample.real))])
    prior = np.diag([RIDGE / FREE.get(name, 1.0) for name in scoring.WEIGHTS] + [0.0])
    weights = np.zeros(columns.shape[1])
    for _ in range(50):
        likely = 1 / (1 + np.exp(-(columns @ weights)))
        slope = columns.T @ (sample.weight * (sample.real - likely)) - prior @ weights
        bend = (columns * (sample.weight * likely * (1 - likely))[:, None]).T @ columns + prior
        step = np.linalg.solve(bend, slope)
        weights += step
        if np.abs(step).max() < 1e-8:
            break
    return Weights(tuple(weights[:-1].round(2).tolist()), float(round(weights[-1], 2)))


def reliability(likely: NDArray[np.float64], sample: Sample) -> list[tuple[str, int, float, float, float]]:
    """Per bin of the score: its name, how many objects, their mean score, the share that is real, and with rims.

    All but the last without those on rims.
    """
    place = np.clip(np.digitize(likely, BINS) - 1, 0, len(BINS) - 2)
    rows = []
    for number in range(len(BINS) - 1):
        every = place == number
        inside = every & ~sample.rim
        if inside.any():
            name, count = f"{BINS[number]:.1f}-{BINS[number + 1]:.1f}", int(inside.sum())
            rows.append((name, count, likely[inside].mean(), sample.real[inside].mean(), sample.real[every].mean()))
    return rows


def quality(likely: NDArray[np.float64], sample: Sample) -> str:
    """Brier score, expected calibration error, and how well the kept ones are told from the dropped."""
    rows, judged, real = reliability(likely, sample), ~sample.rim, sample.real
    error = sum(row[1] * abs(row[2] - row[3]) for row in rows) / max(int(judged.sum()), 1)
    kept = likely >= scoring.LIKELY
    return (
        f"Brier {np.mean((likely - real)[judged] ** 2):.3f}, calibration error {error:.3f}, kept "
        f"{(kept & judged).sum()} of which real {real[kept & judged].mean():.3f} ({real[kept].mean():.3f} with "
        f"{(kept & sample.rim).sum()} on rims), of the real kept {kept[real].mean():.3f}"
    )


def print_reliability(title: str, likely: NDArray[np.float64], sample: Sample) -> None:
    """A table of the score on a sample."""
    print(f"{title}: {quality(likely, sample)}\n")
    print("| score | objects | mean score | share real | with rims |\n|---|---|---|---|---|")
    for row in reliability(likely, sample):
        print("| {} | {} | {:.2f} | {:.2f} | {:.2f} |".format(*row))
    print()


def draw(path: Path, shown: Mapping[str, NDArray[np.float64]], sample: Sample) -> None:
    """A reliability diagram."""
    figure = Figure(figsize=(5.2, 4.4), layout="constrained")
    axes = figure.add_subplot()
    axes.plot([0, 1], [0, 1], color="#8a929c", linewidth=1, linestyle="--", label="as it should be")
    for (name, likely), colour, marker in zip(shown.items(), ("#0072b2", "#d55e00"), "os", strict=False):
        rows = reliability(likely, sample)
        axes.plot([row[2] for row in rows], [row[3] for row in rows], color=colour, marker=marker, label=name)
        if name == next(iter(shown)):
            with_rims = f"{name}, with rims"
            axes.plot([row[2] for row in rows], [row[4] for row in rows], ":", color=colour, label=with_rims)
            for _, count, *place, _ in rows:
                axes.annotate(str(count), place, (6, -11), textcoords="offset points", fontsize=7.5, color=colour)
    axes.axvline(scoring.LIKELY, color="#22272e", linewidth=0.8)
    axes.annotate("dropped", (scoring.LIKELY - 0.015, 0.97), ha="right", fontsize=8)
    axes.annotate("kept", (scoring.LIKELY + 0.015, 0.97), ha="left", fontsize=8)
    axes.set(xlim=(0, 1), ylim=(0, 1.02), xlabel="score of the object", ylabel="share that is real")
    axes.legend(loc="lower right", frameon=False, fontsize=8)
    axes.spines[["top", "right"]].set_visible(False)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110)


def jobs_of(part: str, seeds: Sequence[int], dates: int, shared: Path, work: Path) -> list[Job]:
    """The series to fit on, in several choices of bands and with the real sets, to test on, or simulated ones."""
    if part == "simulated":
        weighted = [(case, 1.0) for case in simulated(work, seeds, dates)]
    else:
        weighted = [(case, 1.0) for case in generate(shared, work, seeds, dates=dates)]
    if part == "fit":
        real = [(case, REAL_WEIGHT) for case in real_cases(shared)]
        weighted += [(case.within(VISIBLE), FEWER_WEIGHT) for case, _ in weighted]
        weighted += [(case.within(bands), FEWER_WEIGHT * weight) for case, weight in real for bands in FEWER] + real
    references: dict[tuple[str, ...], ReferenceModel] = {}
    jobs = []
    for case, weight in weighted:
        # simulated series of every seed name their reference alike
        same_scene = case.folder.name if case.row == "simulated" else case.reference
        key = (same_scene, *case.bands)
        if key not in references:
            references[key] = fitted(load_settings(write_config(case, work / "library" / case.name)), case)
        jobs.append(Job(case, work, references[key], weight))
    return jobs


def main() -> None:
    """Fit, test, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--shared", type=Path, default=SHARED)
    parser.add_argument("--work", type=Path, help="keep scenes here (default: a temporary folder)")
    parser.add_argument("--dates", type=int, default=8, help="dates of every series")
    parser.add_argument("--fit", default="1-4", help="seeds to fit on")
    parser.add_argument("--test", default="5-8", help="seeds to try it on")
    parser.add_argument("--picture", type=Path, help="draw a reliability diagram")
    args = parser.parse_args()
    shared = args.shared.resolve()
    bench(shared)
    work = (args.work or Path(tempfile.mkdtemp(prefix="score-"))).resolve()
    samples: dict[str, Sample] = {}
    with ProcessPoolExecutor(2) as pool:
        fit_seeds, test_seeds = seeds_of(args.fit), seeds_of(args.test)
        for part, seeds in (("fit", fit_seeds), ("test", test_seeds), ("simulated", test_seeds)):
            jobs = jobs_of(part, seeds, args.dates, shared, work)
            samples[part] = together(list(pool.map(objects_of_series, jobs)))
    known, test, other = samples["fit"].without_rims(), samples["test"], samples["simulated"]
    new = fit(known)
    print(f"{len(known.real)} objects to fit on, {len(test.real)} to test on\n")
    print("| weight | present | fitted |\n|---|---|---|")
    for name, old, value in zip(scoring.WEIGHTS, PRESENT.values, new.values, strict=True):
        print(f"| {name} | {old:.2f} | {value:.2f} |")
    print(f"| intercept | {PRESENT.intercept:.2f} | {new.intercept:.2f} |\n")
    for name, weights in (("present", PRESENT), ("fitted", new)):
        print_reliability(f"{name}, out of sample", weights.likely(test), test)
        print_reliability(f"{name}, simulated", weights.likely(other), other)
    if args.picture:
        shown = {"weights in use": PRESENT.likely(test)}
        if new != PRESENT:
            shown["fitted anew"] = new.likely(test)
        draw(args.picture, shown, test)


if __name__ == "__main__":
    main()
