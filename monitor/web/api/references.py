"""/api/v1/monitors/NAME/references: which model scenes are compared with, and fitting another."""

from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel, Field

from monitor.errors import NotFoundError
from monitor.store.monitors import find_monitor
from monitor.store.references import activate_reference, get_reference, list_references
from monitor.web.access.users import CurrentUser
from monitor.web.api import models
from monitor.web.etag import EtagRoute
from monitor.web.params import LARGEST_ID, MonitorName, SceneName
from monitor.web.retrain import retrain
from monitor.web.services import Served, Services

router = APIRouter(prefix="/monitors/{name}/references", tags=["references"], route_class=EtagRoute)


class Retraining(BaseModel):
    """On which scene (`auto`: the clearest known one), with how many labels (default: as configured)."""

    scene: SceneName = "auto"
    k: Annotated[int | None, Field(ge=2, le=64)] = None


@router.get("")
def list_versions(services: Served, name: MonitorName) -> list[models.Reference]:
    """Every version, the active one among them."""
    with services.reading() as session:
        find_monitor(session, name)
        return [models.Reference.model_validate(row) for row in list_references(session, name)]


@router.post("", status_code=202)
def fit(services: Served, user: CurrentUser, name: MonitorName, asked: Retraining) -> models.Task:
    """Fit the next version and activate it, in the background: ask for the task until it is over."""
    require_configured(services, name)
    task = services.tasks.start(
        f"retrain {name}", user.name, lambda tell: retrain(services.settings, name, asked.scene, asked.k, tell)
    )
    return models.Task.model_validate(task)


@router.post("/{version}/activate")
def activate(
    services: Served, name: MonitorName, version: Annotated[int, Path(ge=1, le=LARGEST_ID)]
) -> models.Reference:
    """Compare scenes with that version from now on; the way back as well."""
    with services.writing() as session:
        monitor_id = find_monitor(session, name)
        activate_reference(session, monitor_id, version)
        return models.Reference.model_validate(get_reference(session, monitor_id, version))


def require_configured(services: Services, name: str) -> None:
    """NotFoundError for a monitor that the configuration does not have."""
    known = [monitor.name for monitor in services.settings.monitors]
    if name not in known:
        raise NotFoundError(f"no monitor {name!r} is configured; the configuration has {', '.join(known)}")
