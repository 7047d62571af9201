"""Parameters that several routes take, checked before anything is asked of the database."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import Depends, Path, Query
from pydantic import AfterValidator, StringConstraints

from monitor.catalog.item import BBox
from monitor.errors import RequestError

LARGEST_ID = 2**31 - 1
NO_NUL = r"^[^\x00]*$"
"""PostgreSQL keeps no text with NUL in it."""


def to_utc(moment: datetime) -> datetime:
    """The moment in UTC; one without a zone is UTC."""
    if moment.tzinfo is None:
        return moment.replace(tzinfo=UTC)
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("a moment before or after all calendars") from None


Moment = Annotated[datetime, AfterValidator(to_utc)]
MonitorName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]*$", max_length=64)]
SceneName = Annotated[str, StringConstraints(pattern=NO_NUL, min_length=1, max_length=255)]
Words = Annotated[str, StringConstraints(pattern=NO_NUL, strip_whitespace=True, min_length=1, max_length=4000)]
AlertId = Annotated[int, Path(ge=1, le=LARGEST_ID, description="Number of the alert.")]
Limit = Annotated[int, Query(ge=1, le=1000, description="So many on a page.")]
CursorText = Annotated[
    str | None, Query(max_length=500, pattern=r"^[A-Za-z0-9_-]*$", description="`next` of the page before.")
]


def bbox_of(
    bbox: Annotated[
        str | None,
        Query(max_length=200, description="West, south, east, north in degrees, separated by commas."),
    ] = None,
) -> BBox | None:
    """A box; one with west > east crosses the antimeridian. RequestError for what is none."""
    if bbox is None:
        return None
    try:
        numbers = [float(part) for part in bbox.split(",")]
    except ValueError:
        numbers = []
    if len(numbers) == 6:
        numbers = [*numbers[:2], *numbers[3:5]]
    if len(numbers) == 4:
        west, south, east, north = numbers
        if -180 <= west <= 180 and -180 <= east <= 180 and -90 <= south <= north <= 90:
            return west, south, east, north
    raise RequestError(f"bbox {bbox!r} is not west,south,east,north in degrees, such as -79.7,43.5,-79.2,43.8")


BoxOrNone = Annotated[BBox | None, Depends(bbox_of)]
