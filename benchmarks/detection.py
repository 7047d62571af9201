"""Detection through the public commands, scored against known truth beside simple peers, in one table.

    python benchmarks/detection.py [--shared ../shared] [--work DIR] [--seeds 11-20] [--quick] [--no-peers]
    python benchmarks/detection.py --ablation      what normalisation, sweep, residual and borders are worth
    python benchmarks/detection.py --pictures DIR  the pictures of docs/method.md
    python benchmarks/detection.py --level-1       series on the same clear scenes as level 1 shows them
    python benchmarks/detection.py --on ITEM.json  series on another clear scene

Writes a configuration per set (defaults only, QA_PIXEL switched off), runs `monitor scan` and
`monitor export flags --all`, and scores with the bench's score_flags.py. --quick takes one seed. With --work the scenes
and flags are kept and not made again: give a new folder after a change of the code.
"""

import argparse
import sys
import tempfile
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from ablation import print_ablation
from backgrounds import all_at_level_1, sites
from pictures import write_pictures
from series import SHARED, Case, bench, generate, newyork_case, pooled, real_cases, run, scan, seeds_of, truth_pairs

PEERS = ("qa", "cva", "kmeans-diff", "labels")
COLUMNS = {
    "any": "any F1",
    "cloud": "cloud F1",
    "cloud fpr": "cloud false-positive rate",
    "cloud omission": "cloud omission",
    "shadow": "shadow F1",
    "anomaly": "anomaly F1",
    "recall": "object recall",
    "ships": "ships",
    "false": "false objects",
    "unanswered": "no answer",
    "r": "r with QA_PIXEL",
    "clear share": "most cloud where QA < 5 %",
}
LESS_IS_BETTER = {"cloud fpr", "cloud omission", "false", "unanswered", "clear share"}
Figures = Mapping[str, float | None]


@dataclass(frozen=True)
class Goal:
    """What a row of the table must reach at least, and where the best is expected."""

    least: Figures
    aim: Figures


RECALL: dict[str, float] = {"recall": 0.80, "ships": 0.60}
RECALL_AIM: dict[str, float] = {"recall": 0.95, "ships": 0.80}
GOALS = {
    "brumadinho": Goal(
        {"any": 0.90, "cloud": 0.95, "shadow": 0.82, "anomaly": 0.82, "false": 6, "unanswered": 0.05},
        {"any": 0.95, "cloud": 0.99, "shadow": 0.92, "anomaly": 0.92, "false": 2},
    ),
    "taizhou": Goal({"any": 0.94, "anomaly": 0.88, "cloud fpr": 0.02}, {"any": 0.96, "anomaly": 0.95}),
    "generated": Goal(
        {"any": 0.92, "cloud": 0.965, "cloud fpr": 0.01, "cloud omission": 0.05, "shadow": 0.78, "anomaly": 0.68}
        | {"false": 3.0} | RECALL,
        {"any": 0.97, "cloud": 0.985, "shadow": 0.92, "anomaly": 0.85, "false": 1.0} | RECALL_AIM,
    ),
    "hard": Goal(
        {"any": 0.88, "cloud": 0.95, "anomaly": 0.60, "false": 5},
        {"any": 0.94, "cloud": 0.97, "anomaly": 0.80, "false": 2},
    ),
    "drift 2": Goal({"false": 6.0} | RECALL, {"false": 2.0} | RECALL_AIM),
    "newyork": Goal({"r": 0.8, "clear share": 0.15}, {"r": 0.9}),
}  # fmt: skip
"""Rows of the table of issue 3, in their order."""


def figures(scores: Mapping[str, Any]) -> dict[str, float | None]:
    """The table's figures of pooled scores."""
    cloud, recall = scores["cloud"], scores["recall"]
    there = cloud["f1"] is not None and cloud["recall"] is not None
    return {
        "any": scores["any"]["f1"],
        "cloud": cloud["f1"] if there else None,
        "cloud fpr": cloud["fpr"],
        "cloud omission": cloud["omission"],
        "shadow": scores["shadow"]["f1"] if scores["shadow"]["recall"] is not None else None,
        "anomaly": scores["anomaly"]["f1"],
        "recall": recall.get("all"),
        "ships": recall.get("ship"),
        "false": scores["false_objects"],
        "unanswered": scores["unanswered"],
    }


def of_shares(scorer: Any, pairs: Mapping[str, tuple[Any, Any]]) -> dict[str, float | None]:
    """How the share of cloud per date follows that of QA_PIXEL, which is the truth of newyork."""
    mine, theirs = [], []
    for truth, flags in pairs.values():
        judged = truth != scorer.NO_DATA
        answered = judged & (flags != scorer.NO_DATA)
        if answered.any():
            theirs.append(float((truth[judged] == 1).mean()))
            mine.append(float((flags[answered] == 1).mean()))
    clear = [here for here, there in zip(mine, theirs, strict=True) if there < 0.05]
    correlation = float(np.corrcoef(mine, theirs)[0, 1]) if len(mine) > 2 and np.ptp(mine) > 0 else None
    return {"r": correlation, "clear share": max(clear, default=None)}


def misses(goal: Figures, ours: Figures) -> set[str]:
    """Which figures are short of a goal."""
    short = set()
    for name, wanted in goal.items():
        value = ours.get(name)
        if wanted is None:
            continue
        if value is None or (value > wanted if name in LESS_IS_BETTER else value < wanted):
            short.add(name)
    return short


def line(title: str, values: Figures, marked: frozenset[str] | set[str] = frozenset()) -> str:
    """A row of the table; marked figures carry a `<`."""
    cells = []
    for name in COLUMNS:
        value = values.get(name)
        text = "" if value is None else f"{value:.2f}" if name == "false" else f"{value:.3f}"
        cells.append(f"{text} <" if name in marked else text)
    return f"| {title} | {' | '.join(cells)} |"


def peer_flags(shared: Path, work: Path, case: Case) -> Path:
    """Folder with the flags of the four peers on a case."""
    out = work / "peers" / case.name
    done = out / "done"
    if not done.exists():
        run(sys.executable, shared / "bench/peers.py", case.folder, "--reference", case.reference, out)
        done.touch()
    return out


def print_row(scorer: Any, row: str, cases: Sequence[Case], flags: Sequence[Path], others: Sequence[Path]) -> None:
    """Ours, at least, aim, and the peers, for one set."""

    def judge(folders: Sequence[Path]) -> dict[str, float | None]:
        pairs = [truth_pairs(scorer, case, folder) for case, folder in zip(cases, folders, strict=True)]
        return of_shares(scorer, pairs[0]) if row == "newyork" else figures(pooled(scorer, cases, pairs))

    ours, goal = judge(flags), GOALS[row]
    print(line(f"**{row}** ({len(cases)} series)" if len(cases) > 1 else f"**{row}**", ours, misses(goal.least, ours)))
    print(line("at least", goal.least))
    print(line("aim", goal.aim))
    for peer in PEERS if others else ():
        if all((other / peer).is_dir() for other in others):
            print(line(f"peer {peer}", judge([other / peer for other in others])), flush=True)


def chosen(shared: Path, work: Path, seeds: Sequence[int], asked: argparse.Namespace) -> list[Case]:
    """All sets, or what was asked for instead of them.

    Those that have all of some bands, in these; on other pixels all but the coarse newyork; with another light, the
    reflectance of all scenes but the references is that many times what it was; on other backgrounds or at level 1,
    generated series alone.
    """
    if asked.on or asked.level_1:
        items = {path.stem: path.resolve() for path in asked.on} or sites(shared)
        if asked.level_1:
            items = all_at_level_1(items, work)
        cases = generate(shared, work, seeds, backgrounds=items)
    else:
        cases = [*real_cases(shared), *generate(shared, work, seeds)]
        if not asked.resolution:
            cases.append(newyork_case(shared))
    if asked.resolution:
        cases = [case.on_pixels(asked.resolution) for case in cases]
    if asked.light:
        cases = [case.in_light(asked.light, work) for case in cases]
    return [case.within(asked.bands) for case in cases if case.assets.issuperset(asked.bands)] if asked.bands else cases


def print_table(
    scorer: Any, shared: Path, work: Path, cases: Sequence[Case], seeds: Sequence[int], with_peers: bool
) -> None:
    """The rows of the table of issue 3 that these cases count for."""
    with ThreadPoolExecutor(2) as pool:
        flags = list(pool.map(lambda case: scan(case, work), cases))
        others = list(pool.map(lambda case: peer_flags(shared, work, case), cases)) if with_peers else []
    print(f'seeds {seeds[0]}-{seeds[-1]}; `<` marks what is short of "at least"\n')
    print(f"| set | {' | '.join(COLUMNS.values())} |\n|{'---|' * (len(COLUMNS) + 1)}")
    for row in dict.fromkeys(case.row for case in cases):
        mine = [number for number, case in enumerate(cases) if case.row == row]
        peers = [others[number] for number in mine] if others else []
        print_row(scorer, row, [cases[number] for number in mine], [flags[number] for number in mine], peers)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--shared", type=Path, default=SHARED, help="folder with bench and data")
    parser.add_argument("--work", type=Path, help="keep scenes and runs here (default: a temporary folder)")
    parser.add_argument("--seeds", default="11-20")
    parser.add_argument("--quick", action="store_true", help="the first seed only")
    parser.add_argument("--bands", nargs="+", default=[], metavar="BAND", help="by these alone, e.g. red nir08")
    parser.add_argument("--resolution", type=float, metavar="METRES", help="on pixels of this size, e.g. 15")
    parser.add_argument("--light", type=float, metavar="GAIN", help="scenes so many times as bright, e.g. 1.6")
    parser.add_argument(
        "--on", type=Path, nargs="+", default=[], metavar="ITEM.json", help="series on these clear scenes"
    )
    parser.add_argument("--level-1", action="store_true", help="series on clear scenes as level 1 shows them")
    parser.add_argument("--no-peers", action="store_true")
    parser.add_argument("--ablation", action="store_true", help="print the ablation instead of the table")
    parser.add_argument("--pictures", type=Path, metavar="DIR", help="write the pictures of docs/method.md instead")
    args = parser.parse_args()
    seeds = seeds_of(args.seeds)[: 1 if args.quick else None]
    shared = args.shared.resolve()
    with tempfile.TemporaryDirectory(prefix="detection-") as scratch:
        work = (args.work or Path(scratch)).resolve()
        if args.ablation:
            print_ablation(shared, work, seeds[0])
        elif args.pictures:
            write_pictures(shared, work, seeds[0], args.pictures)
        else:
            scorer = bench(shared)
            cases = chosen(shared, work, seeds, args)
            print_table(scorer, shared, work, cases, seeds, not args.no_peers)


if __name__ == "__main__":
    main()
