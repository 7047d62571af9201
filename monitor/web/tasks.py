"""Things that take longer than a request: one at a time, in a thread, with progress that can be asked for."""

import logging
import threading
import uuid
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from monitor.errors import MonitorError, NotFoundError, RequestError

log = logging.getLogger(__name__)

KEPT = 100
"""Tasks that are remembered; of those that ended the oldest goes first."""
MOST_WAITING = 10


class TaskState(StrEnum):
    """Where a task is."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True)
class Task:
    """A task at one moment; `progress` is 0 to 1, `step` what is being done, in words."""

    id: str
    name: str
    author: str
    state: TaskState
    started_at: datetime
    progress: float = 0.0
    step: str = ""
    ended_at: datetime | None = None
    error: str | None = None
    result: dict[str, Any] | None = None

    @property
    def is_over(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.state in (TaskState.DONE, TaskState.FAILED)


Tell = Callable[[float, str], None]
"""Progress 0 to 1, and what is being done."""
Work = Callable[[Tell], dict[str, Any]]


class Tasks:
    """The tasks of this server; they are forgotten when it stops, what they did is in the database."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.tasks: OrderedDict[str, Task] = OrderedDict()
        self.pool = ThreadPoolExecutor(1, thread_name_prefix="task")

    def start(self, name: str, author: str, work: Work) -> Task:
        """Queue something; RequestError when the same is under way, or too much is."""
        task = Task(uuid.uuid4().hex, name, author, TaskState.WAITING, datetime.now(UTC))
        with self.lock:
            under_way = [known for known in self.tasks.values() if not known.is_over]
            if any(known.name == name for known in under_way):
                raise RequestError(f"{name} is under way already; wait for it")
            if len(under_way) >= MOST_WAITING:
                raise RequestError(f"{len(under_way)} tasks are waiting; try again when some are through")
            self.tasks[task.id] = task
            for known in list(self.tasks.values()):
                if len(self.tasks) > KEPT and known.is_over:
                    del self.tasks[known.id]
        self.pool.submit(self.run, task.id, work)
        return task

    def run(self, task_id: str, work: Work) -> None:
        """Do it, in the thread of the pool."""
        self.change(task_id, state=TaskState.RUNNING)
        try:
            result = work(lambda progress, step: self.change(task_id, progress=progress, step=step))
        except MonitorError as error:
            self.change(task_id, state=TaskState.FAILED, ended_at=datetime.now(UTC), error=str(error))
        except Exception as error:  # the rim: whatever it was, the task must not look as if it ran on
            log.exception("a task failed unexpectedly")
            said = f"unexpected {type(error).__name__}: {error}; please report it"
            self.change(task_id, state=TaskState.FAILED, ended_at=datetime.now(UTC), error=said)
        else:
            self.change(task_id, state=TaskState.DONE, ended_at=datetime.now(UTC), progress=1.0, result=result)

    def change(self, task_id: str, **values: Any) -> None:
        """Replace what is known of a task."""
        with self.lock:
            self.tasks[task_id] = replace(self.tasks[task_id], **values)

    def get(self, task_id: str) -> Task:
        """The task of that id; NotFoundError if there is none."""
        with self.lock:
            found = self.tasks.get(task_id)
        if found is None:
            raise NotFoundError(f"no task {task_id}; this server may have been started anew since")
        return found

    def all(self) -> list[Task]:
        """All that are remembered, the newest first."""
        with self.lock:
            return list(reversed(self.tasks.values()))

    def close(self) -> None:
        """Start nothing more."""
        self.pool.shutdown(wait=False, cancel_futures=True)
