"""Many small scenes in one run of the daemon: memory, files and processes at the end against those after the first 100.

    python -m tests.soak --scenes 1000

Prints its figures as JSON; more than 10 % growth of memory, or anything left open, is an AssertionError.
"""

import argparse
import json
import shutil
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from monitor.simulate import write_catalog
from monitor.store import open_store
from monitor.store.scenes import list_scenes
from monitor.store.tables import SceneState
from tests.chaos import start_daemon, write_config

WARM = 100
"""Scenes after which everything has been loaded once."""
GROWTH = 0.10


@dataclass(frozen=True)
class Sample:
    """The daemon at one moment; `daemon_mb` is its own memory, `all_mb` that of its workers as well."""

    done: int
    daemon_mb: float
    all_mb: float
    files: int
    processes: int


def sample(process: psutil.Process, done: int) -> Sample:
    """Measure now. Memory is unique to a process, so that what the workers share is not counted twice."""
    family = [process, *process.children(recursive=True)]
    memory = [one.memory_full_info().uss / 1e6 for one in family]
    return Sample(done, round(memory[0], 1), round(sum(memory), 1), process.num_fds(), len(family))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenes", type=int, default=1000)
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="soak-"))
    series = write_catalog(folder / "catalog", dates=options.scenes, seed=3, size=(96, 96))
    database = f"sqlite:///{folder / 'monitor.db'}"
    config = write_config(folder, series, database, every="1m")
    started = time.monotonic()
    popen = start_daemon(config)
    process = psutil.Process(popen.pid)
    samples: list[Sample] = []
    with open_store(database) as store:
        while not store.is_empty() or popen.poll() is None:
            time.sleep(1.0)
            if store.is_missing or store.current() is None:
                continue
            with store.session(read_only=True) as session:
                done = len(list_scenes(session, states=(SceneState.DONE,)))
            if done // WARM > len(samples) or done == options.scenes:
                samples.append(sample(process, done))
            if done == options.scenes:
                break
    seconds = time.monotonic() - started
    popen.terminate()
    popen.wait(60)
    left = [one.pid for one in psutil.process_iter(["cmdline"]) if str(folder) in " ".join(one.info["cmdline"] or [])]
    shutil.rmtree(folder)
    first, last = samples[0], samples[-1]
    print(
        json.dumps({"scenes": options.scenes, "seconds": round(seconds), "samples": [asdict(one) for one in samples]})
    )
    assert last.daemon_mb <= first.daemon_mb * (1 + GROWTH), "memory grows"
    assert last.files <= first.files + 5, "files stay open"
    assert last.processes <= first.processes, "processes stay"
    assert not left


if __name__ == "__main__":
    main()
