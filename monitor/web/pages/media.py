"""Pictures over HTTP: rendered once, kept in memory, never more than a few at a time."""

import asyncio
import logging
import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Response
from sqlalchemy.orm import Session

from monitor.errors import MonitorError, NotFoundError
from monitor.store.alerts import get_alert
from monitor.store.monitors import get_grid
from monitor.store.scenes import get_scene
from monitor.web.pages.pictures import LAYERS, SIDES, Bands, Subject
from monitor.web.pages.places import around, whole
from monitor.web.services import Services

log = logging.getLogger(__name__)

CACHE_BYTES = 64_000_000
AT_ONCE = 3
"""Pictures in the making; each reads files, perhaps over the network."""
SIZES_PX = {"thumb": 224, "full": 1200}
MISSING = (
    b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 160 120"><rect width="160" height="120" fill="#8a867b"/>'
    b'<text x="80" y="65" font-family="sans-serif" font-size="13" fill="#fff" text-anchor="middle">no picture</text>'
    b"</svg>"
)

Size = Literal["thumb", "full"]
Name = Literal["before", "after", "flags", "labels", "reference-labels", "borders"]


@dataclass(frozen=True)
class Wanted:
    """A picture: of the surroundings of an alert, or of all of a scene."""

    name: Name
    size: Size
    scene_pk: int
    alert_id: int | None
    bands: Bands | None


@dataclass
class Cache:
    """The pictures asked for last, up to a size."""

    most_bytes: int = CACHE_BYTES
    held: OrderedDict[object, bytes] = field(default_factory=OrderedDict)
    size: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def get(self, key: object) -> bytes | None:
        """What is held under the key."""
        with self.lock:
            if key in self.held:
                self.held.move_to_end(key)
            return self.held.get(key)

    def put(self, key: object, content: bytes) -> None:
        """Hold it, and let go of what was not asked for the longest."""
        with self.lock:
            self.size += len(content) - len(self.held.pop(key, b""))
            self.held[key] = content
            while self.size > self.most_bytes:
                self.size -= len(self.held.popitem(last=False)[1])


def subject_of(session: Session, services: Services, wanted: Wanted) -> Subject:
    """The scene and the place that a picture is of."""
    scene = get_scene(session, wanted.scene_pk)
    grid = get_grid(session, scene.monitor_id)
    if grid is None:
        raise NotFoundError(f"monitor {scene.monitor} has no grid yet; its first reference lays it out")
    most = SIZES_PX[wanted.size]
    if wanted.alert_id is None:
        return Subject(services.settings, scene, whole(grid, most))
    return Subject(services.settings, scene, around(grid, get_alert(session, wanted.alert_id).bbox, most))


def draw(services: Services, cache: Cache, wanted: Wanted) -> bytes:
    """The picture; raises MonitorError when there is none."""
    with services.store.session(read_only=True) as session:
        subject = subject_of(session, services, wanted)
        scene = subject.scene
        key = (wanted, scene.processed_at, scene.reference_version, subject.place.window)
        if (held := cache.get(key)) is not None:
            return held
        if wanted.name in SIDES:
            content = SIDES[wanted.name](session, subject, wanted.bands)
        else:
            content = LAYERS[wanted.name](session, subject)
    cache.put(key, content)
    return content


def pictures(services: Services) -> APIRouter:
    """The routes."""
    router = APIRouter(prefix="/pictures", include_in_schema=False)
    cache, turns = Cache(), asyncio.Semaphore(AT_ONCE)

    async def answer(wanted: Wanted) -> Response:
        try:
            async with turns:
                content = await asyncio.to_thread(draw, services, cache, wanted)
        except MonitorError as error:
            log.warning("no picture %s of scene %s: %s", wanted.name, wanted.scene_pk, error)
            return Response(MISSING, media_type="image/svg+xml", headers={"Cache-Control": "no-store"})
        form = "webp" if wanted.name in SIDES else "png"
        return Response(content, media_type=f"image/{form}", headers={"Cache-Control": "private, max-age=3600"})

    @router.get("/scenes/{scene_pk}/{name}")
    async def of_scene(scene_pk: int, name: Name, size: Size = "full", bands: BandsQuery = None) -> Response:
        return await answer(Wanted(name, size, scene_pk, None, three(bands)))

    @router.get("/alerts/{alert_id}/{scene_pk}/{name}")
    async def of_alert(
        alert_id: int, scene_pk: int, name: Name, size: Size = "full", bands: BandsQuery = None
    ) -> Response:
        return await answer(Wanted(name, size, scene_pk, alert_id, three(bands)))

    return router


BandsQuery = Annotated[str | None, Query(pattern=r"^[a-z0-9]{1,16}(,[a-z0-9]{1,16}){2}$")]


def three(bands: str | None) -> Bands | None:
    """The bands of a query."""
    if bands is None:
        return None
    red, green, blue = bands.split(",")
    return red, green, blue
