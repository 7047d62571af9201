"""/api/v1/tasks: what takes a while."""

from fastapi import APIRouter

from monitor.web.api import models
from monitor.web.params import SceneName
from monitor.web.services import Served

router = APIRouter(prefix="/tasks", tags=["tasks"])


@router.get("")
def list_tasks(services: Served) -> list[models.Task]:
    """The tasks of this server since it was started, the newest first."""
    return [models.Task.model_validate(task) for task in services.tasks.all()]


@router.get("/{task_id}")
def show(services: Served, task_id: SceneName) -> models.Task:
    """How far a task is."""
    return models.Task.model_validate(services.tasks.get(task_id))
