"""Detection through the public commands, scored against known truth beside four simple peers.

    python benchmarks/detection.py [--shared ../shared] [--quick] [--seeds 11-20] [--work DIR] [--no-peers]

Writes a configuration per set, runs `monitor scan` and `monitor export flags --all`, scores with the bench's
score_flags.py, and prints one table. QA_PIXEL is switched off (`detection.use_qa: false`).
"""

import argparse
import json
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml

MONITOR = Path(sys.executable).with_name("monitor")
MANAUS = "LC09_L2SP_231062_20230723_02_T1"
LIVERPOOL = "LC08_L2SP_204023_20200927_02_T1"
VARIANTS: dict[str, tuple[str, ...]] = {"generated": (), "hard": ("--hard",), "drift 2": ("--drift", "2")}


@dataclass(frozen=True)
class Case:
    """One catalog: where it lies, what its reference is, where its truth is, and which row it counts for."""

    row: str
    name: str
    folder: Path
    reference: str
    collection: str
    platform: str
    bands: tuple[str, ...]
    bbox: tuple[float, ...]


def run(*command: str | Path, **more: Any) -> str:
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False, **more)
    if done.returncode:
        raise SystemExit(f"{' '.join(map(str, command))}\nended with {done.returncode}:\n{done.stdout}\n{done.stderr}")
    return done.stdout


def case_of(row: str, name: str, folder: Path, reference: str | None = None) -> Case:
    files = [path for path in folder.glob("*/*.json") if path.stem == path.parent.name]
    items = sorted(files, key=lambda path: json.loads(path.read_text())["properties"]["datetime"])
    chosen = next(path for path in items if reference in (None, path.stem))
    item = json.loads(chosen.read_text())
    bands = tuple(b for b in ("coastal", "blue", "green", "red", "nir08", "swir16", "swir22") if b in item["assets"])
    boxes = np.array([json.loads(path.read_text())["bbox"] for path in items]) if row == "newyork" else [item["bbox"]]
    low, high = np.min(boxes, axis=0), np.max(boxes, axis=0)
    bbox = (float(low[0]), float(low[1]), float(high[2]), float(high[3]))
    return Case(row, name, folder, item["id"], item["collection"], item["properties"]["platform"], bands, bbox)


def generate(shared: Path, work: Path, seeds: list[int]) -> list[Case]:
    jobs = []
    for row, options in VARIANTS.items():
        for site, background in (("manaus", MANAUS), ("liverpool", LIVERPOOL)):
            for seed in seeds:
                name = f"{site}-{row.replace(' ', '')}-{seed}"
                jobs.append((row, name, shared / "data/backgrounds" / background / f"{background}.json", options, seed))

    def make(job: tuple[str, str, Path, tuple[str, ...], int]) -> Case:
        row, name, item, options, seed = job
        folder = work / "scenes" / name
        if not (folder / "catalog.json").exists():
            maker = shared / "bench/make_scenes.py"
            run(sys.executable, maker, item, folder, "--dates", "8", "--seed", str(seed), *options)
        return case_of(row, name, folder)

    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(make, jobs))


def scan(case: Case, work: Path) -> Path:
    """Flags of every scene of a case, by the public commands."""
    folder = work / "runs" / case.name
    folder.mkdir(parents=True, exist_ok=True)
    flags = folder / "flags"
    if flags.exists():
        return flags
    config = folder / "config.yaml"
    monitor = {
        "name": "bench", "catalogs": ["local"], "collections": [case.collection], "platforms": [case.platform],
        "aoi": list(case.bbox), "bands": list(case.bands), "start": "1999-01-01", "lookback": "20000d",
        "reference": {"scene": case.reference, "k": "auto"}, "detection": {"use_qa": False},
    }  # fmt: skip
    text = {
        "database": "sqlite:///bench.db", "models_dir": "models",
        "catalogs": {"local": {"url": str(case.folder / "catalog.json")}},
        "monitors": [monitor], "engine": {"kind": "local", "workers": 1},
    }  # fmt: skip
    config.write_text(yaml.safe_dump(text))
    run(MONITOR, "--config", config, "scan")
    run(MONITOR, "--config", config, "export", "flags", "--all", "bench", "-o", flags)
    return flags


def pooled(scorer: Any, cases: list[Case], flags: list[Path]) -> dict[str, Any]:
    counts: list[dict[str, Any]] = []
    false, scenes, objects = 0, 0, {}
    for case, folder in zip(cases, flags, strict=True):
        pairs = {p.stem: scorer.read_pair(p, folder / p.name) for p in sorted((case.folder / "truth").glob("*.tif"))}
        pairs.pop(case.reference, None)
        counts += [scorer.count(*pair) for pair in pairs.values()]
        false += sum(scorer.false_objects(*pair) for pair in pairs.values())
        scenes += len(pairs)
        listing = case.folder / "truth/anomalies.json"
        if listing.exists():
            for kind, tally in scorer.object_recall(json.loads(listing.read_text()), pairs).items():
                found, judged = objects.get(kind, (0, 0))
                objects[kind] = (found + tally["found"], judged + tally["judged"])
    total = {key: sum(count[key] for count in counts) for key in counts[0]}
    recall = {kind: found / judged for kind, (found, judged) in objects.items() if judged}
    return scorer.rates(total) | {"false_objects": false / max(scenes, 1), "recall": recall}


def show(name: str, scores: dict[str, Any]) -> str:
    number = lambda value: "  -  " if value is None else f"{value:.3f}"  # noqa: E731
    cloud, recall = scores["cloud"], scores["recall"]
    parts = [number(scores["any"]["f1"]), number(cloud["f1"]), number(cloud["fpr"]), number(cloud["omission"])]
    parts += [number(scores["shadow"]["f1"]), number(scores["anomaly"]["f1"]), number(recall.get("all"))]
    parts += [number(recall.get("ship")), f"{scores['false_objects']:.2f}", number(scores["unanswered"])]
    return f"| {name} | " + " | ".join(parts) + " |"


def newyork(scorer: Any, case: Case, flags: Path) -> str:
    ours, theirs = [], []
    for path in sorted((case.folder / "truth").glob("*.tif")):
        if path.stem == case.reference:
            continue
        truth, mine = scorer.read_pair(path, flags / path.name)
        judged = truth != scorer.NO_DATA
        answered = judged & (mine != scorer.NO_DATA)
        theirs.append((truth[judged] == 1).mean())
        ours.append((mine[answered] == 1).mean())
    clear = [mine for mine, their in zip(ours, theirs, strict=True) if their < 0.05]
    return f"newyork: cloud share r = {np.corrcoef(ours, theirs)[0, 1]:.2f}; highest share under 5 %: {max(clear):.1%}"


def peers(shared: Path, work: Path, case: Case) -> Path:
    out = work / "peers" / case.name
    if not out.exists():
        program = shared / "bench/peers.py"
        run(sys.executable, program, case.folder, "--reference", case.reference, out)
    return out


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--shared", type=Path, default=Path(__file__).resolve().parents[2] / "shared")
    parser.add_argument("--work", type=Path, help="keep scenes and runs here (default: a temporary folder)")
    parser.add_argument("--seeds", default="11-20")
    parser.add_argument("--quick", action="store_true", help="seeds 11 and 12 only")
    parser.add_argument("--no-peers", action="store_true")
    args = parser.parse_args()
    shared = args.shared.resolve()
    sys.path.insert(0, str(shared / "bench"))
    import score_flags as scorer

    first, last = map(int, ("11-12" if args.quick else args.seeds).split("-"))
    work = (args.work or Path(tempfile.mkdtemp(prefix="detection-"))).resolve()
    cases = [
        case_of("brumadinho", "brumadinho", shared / "data/brumadinho"),
        case_of("taizhou", "taizhou", shared / "data/taizhou"),
        *generate(shared, work, list(range(first, last + 1))),
    ]
    year = case_of("newyork", "newyork", shared / "data/newyork", "LC08_L1TP_013032_20180710_02_T1")
    with ThreadPoolExecutor(2) as pool:
        flags = list(pool.map(lambda case: scan(case, work), [*cases, year]))
    print("| set | any F1 | cloud F1 | fpr | omission | shadow F1 | anomaly F1 | recall | ships | false | no answer |")
    print("|---|---|---|---|---|---|---|---|---|---|---|")
    for row in dict.fromkeys(case.row for case in cases):
        chosen = [number for number, case in enumerate(cases) if case.row == row]
        mine = [cases[number] for number in chosen]
        print(show(row, pooled(scorer, mine, [flags[number] for number in chosen])), flush=True)
        if not args.no_peers:
            others = [peers(shared, work, case) for case in mine]
            for method in sorted(path.name for path in others[0].iterdir() if path.is_dir()):
                print(
                    show(f"{row}, peer {method}", pooled(scorer, mine, [other / method for other in others])),
                    flush=True,
                )
    print(newyork(scorer, year, flags[-1]))


if __name__ == "__main__":
    main()
