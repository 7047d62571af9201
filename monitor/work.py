"""Scenes in work: claimed with a lease, analysed in worker processes, stored in order, one transaction each."""

import logging
import random
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Self

from sqlalchemy.orm import Session

from monitor import notify, pipeline
from monitor.config import EngineSettings, MonitorSettings, Settings
from monitor.engine import Attempt, Pool
from monitor.errors import MonitorError, ReferenceModelError, StoreError, StoreUnavailable, TooFewPixels, WorkerLost
from monitor.owner import is_gone
from monitor.pipeline import ModelFile, SceneJob, SceneResult
from monitor.stopwatch import Stopwatch
from monitor.store import Store, queue
from monitor.store.scenes import SceneRow, item_of

log = logging.getLogger(__name__)

JITTER = 0.5
"""Share by which a pause before a retry varies, so that what failed together does not come back together."""
AHEAD = 2
"""Scenes in work for every worker: one may wait with its result for an earlier one."""

Answer = Attempt[SceneJob, SceneResult]


class Outcome(StrEnum):
    """What became of a scene that was in work."""

    DONE = "done"
    SKIPPED = "skipped"
    FAILED = "failed"
    QUARANTINED = "quarantined"
    LOST = "lost"
    """Somebody else has it now, so that nothing was stored."""
    NO_MODEL = "no model"
    """The reference model cannot be used, for which the scene does not pay."""


@dataclass(frozen=True)
class Settled:
    """A scene that left work; `error` is why it is not done, `seconds` what analysing it took, `stages` parts of it."""

    scene: SceneRow
    outcome: Outcome
    error: str | None
    seconds: float
    stages: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Watch:
    """A monitor with what its scenes are compared with."""

    monitor: MonitorSettings
    area: Mapping[str, Any]
    model: ModelFile


class Work:
    """Everything that one process has claimed. Leave its block, and what is not finished is given back."""

    def __init__(self, store: Store, settings: Settings, owner: str) -> None:
        self.store = store
        self.settings = settings
        self.owner = owner
        self.pool: Pool[SceneJob, SceneResult] = Pool(pipeline.analyse, settings.engine)
        self.claimed: dict[int, Answer | None] = {}
        self.renewed = time.monotonic()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def has_room(self) -> bool:
        """Whether another scene may be claimed."""
        return self.pool.has_room and len(self.claimed) < AHEAD * self.settings.engine.workers

    def start(self, scene_pk: int, watch: Watch, *, early: bool = False) -> bool:
        """Claim a scene and have it analysed; whether it was there to be claimed.

        Raises WorkerLost when no process can be started; the scene is given back then.
        """
        with self.store.session() as session:
            scene = queue.claim(session, scene_pk, self.owner, self.settings.engine.lease, early=early)
            if scene is None:
                return False
            item = item_of(session, scene_pk)
        catalog = self.settings.catalogs.get(scene.catalog)
        self.claimed[scene_pk] = None
        try:
            self.pool.start(SceneJob(scene, item, watch.monitor, catalog, watch.area, watch.model))
        except WorkerLost:
            del self.claimed[scene_pk]
            with self.store.session() as session:
                queue.give_back(session, scene_pk)
            raise
        return True

    def step(self, timeout_s: float) -> list[Settled]:
        """Wait a little, then store what is ready, in the order of claiming; gives what left work.

        Raises StoreUnavailable when the database is: call again, nothing is lost.
        """
        for answer in self.pool.finished(timeout_s):
            self.claimed[answer.job.scene.pk] = answer
        self.hold_on()
        settled = []
        for scene_pk, ready in list(self.claimed.items()):
            if ready is None:
                break
            settled.append(settle(self.store, self.owner, ready, self.settings))
            del self.claimed[scene_pk]
        return settled

    def hold_on(self) -> None:
        """Renew the leases in good time."""
        lease = self.settings.engine.lease
        if self.claimed and time.monotonic() - self.renewed > lease.total_seconds() / 3:
            with self.store.session() as session:
                queue.renew(session, self.owner, lease)
            self.renewed = time.monotonic()

    def close(self) -> None:
        """End the workers and give back what they were at."""
        self.pool.close()
        if self.claimed:
            try:
                with self.store.session() as session:
                    queue.release(session, self.owner)
            except MonitorError as error:
                log.warning("claims are left to run out: %s", error)
        self.claimed.clear()


def free_what_the_gone_held(store: Store) -> None:
    """What somebody held who was killed on this machine is due again at once, not only when its lease has run out."""
    with store.session(read_only=True) as session:
        gone = [owner for owner in queue.holders(session) if is_gone(owner)]
    for owner in gone:
        with store.session() as session:
            queue.release(session, owner)
    notify.free_what_the_gone_held(store)


def settle(store: Store, owner: str, answer: Answer, settings: Settings) -> Settled:
    """Write what became of one scene, in one transaction, unless it is somebody else's by now."""
    scene, result, watch = answer.job.scene, answer.result, Stopwatch()
    try:
        with watch.stage("store"), store.session() as session:
            if not queue.holds(session, scene.pk, owner):
                return Settled(scene, Outcome.LOST, None, answer.seconds)
            outcome, error = write(session, scene, result, settings)
    except (StoreUnavailable, StoreError):
        raise
    except Exception as problem:  # the rim: a result that cannot be stored is that scene's failure
        log.exception("scene %s: its result cannot be stored", scene.scene_id)
        failure = MonitorError(f"its result cannot be stored: {type(problem).__name__}: {problem}; please report it")
        with store.session() as session:
            outcome, error = write(session, scene, failure, settings)
    stages = {**result.seconds, **watch.seconds} if isinstance(result, SceneResult) else {}
    return Settled(scene, outcome, error, answer.seconds, stages)


def write(
    session: Session, scene: SceneRow, result: SceneResult | MonitorError, settings: Settings
) -> tuple[Outcome, str | None]:
    """The scene's new state, with its result or its error."""
    if not isinstance(result, MonitorError):
        now = datetime.now(UTC)
        pipeline.store_result(session, scene, result, now=now)
        notify.enqueue(session, settings, scene, now)
        return Outcome.DONE, None
    if isinstance(result, ReferenceModelError):
        queue.give_back(session, scene.pk)
        return Outcome.NO_MODEL, str(result)
    if isinstance(result, TooFewPixels):
        queue.mark_skipped(session, scene.pk, str(result))
        return Outcome.SKIPPED, str(result)
    if scene.attempts >= settings.engine.attempts:
        queue.mark_quarantined(session, scene.pk, str(result))
        return Outcome.QUARANTINED, str(result)
    queue.mark_failed(session, scene.pk, str(result), datetime.now(UTC) + pause(scene.attempts, settings.engine))
    return Outcome.FAILED, str(result)


def pause(attempts: int, engine: EngineSettings) -> timedelta:
    """How long to wait after so many failures: doubling from `engine.retry` up to `engine.longest_retry`."""
    planned: timedelta = min(engine.retry * 2 ** min(attempts - 1, 20), engine.longest_retry)
    return planned * (1.0 + JITTER * (2 * random.random() - 1))
