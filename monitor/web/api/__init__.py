"""The JSON API."""

from fastapi import APIRouter

from monitor.web.api import alerts, history, monitors, references, scenes, tasks
from monitor.web.problems import PROBLEMS

router = APIRouter(prefix="/api/v1", responses=PROBLEMS)
for part in (monitors, scenes, alerts, history, references, tasks):
    router.include_router(part.router)
