"""The JSON API."""

from fastapi import APIRouter

from monitor.errors import NotFoundError
from monitor.web.api import alerts, history, monitors, references, scenes, tasks
from monitor.web.problems import PROBLEMS

router = APIRouter(prefix="/api/v1", responses=PROBLEMS)
for part in (monitors, scenes, alerts, history, references, tasks):
    router.include_router(part.router)


@router.api_route("/{rest:path}", methods=["GET", "POST", "PUT", "PATCH", "DELETE"], include_in_schema=False)
def nothing(rest: str) -> None:
    """Whatever else is asked for below /api/v1 is not there; pages do not answer for it."""
    raise NotFoundError(f"there is no /api/v1/{rest[:100]} for this method; /openapi.json lists what there is")
