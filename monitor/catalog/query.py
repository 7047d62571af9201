"""What a monitor asks of a catalog, and whether an item is an answer to it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

import shapely
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

from monitor.catalog.identity import platform_of
from monitor.catalog.malformed import Malformed
from monitor.catalog.parse import MALFORMED_SHAPE, span_of


@dataclass(frozen=True)
class Query:
    """Collections, platforms (none: all), a GeoJSON geometry in degrees, and a closed time window.

    `until` None leaves the window open; so does `area` None the place.
    """

    collections: tuple[str, ...]
    platforms: frozenset[str]
    area: Mapping[str, Any] | None
    since: datetime
    until: datetime | None = None

    @cached_property
    def outline(self) -> BaseGeometry | None:
        """The area as a shape."""
        return None if self.area is None else shape(self.area)

    @property
    def is_box(self) -> bool:
        """Whether the area is an upright rectangle, which a bbox says as well."""
        return self.outline is not None and bool(self.outline.equals(shapely.box(*self.outline.bounds)))

    def renamed(self, names: Mapping[str, str]) -> "Query":
        """The same query in the collection names of another catalog."""
        return replace(self, collections=tuple(names.get(name, name) for name in self.collections))

    def wants(self, document: Mapping[str, Any]) -> bool:
        """Whether an item fits.

        An API and a static catalog thus answer alike, whatever the API filtered. What cannot be told because the
        item is malformed or does not state it counts as fitting: parsing says what is wrong.
        """
        properties = document.get("properties")
        if not isinstance(properties, Mapping):
            return True
        return (
            document.get("collection") in (None, *self.collections)
            and self.wants_platform(document, properties)
            and self.wants_time(properties)
            and self.wants_place(document)
        )

    def wants_platform(self, document: Mapping[str, Any], properties: Mapping[str, Any]) -> bool:
        """Whether the item's platform is one of those asked for."""
        platform = platform_of(properties.get("platform"), str(document.get("id", "")))
        return not self.platforms or not platform or platform in self.platforms

    def wants_time(self, properties: Mapping[str, Any]) -> bool:
        """Whether the item's time touches the window."""
        try:
            first, last = span_of(properties)
        except Malformed:
            return True
        return last >= self.since and (self.until is None or first <= self.until)

    def wants_place(self, document: Mapping[str, Any]) -> bool:
        """Whether the item's footprint touches the area."""
        if self.outline is None or not isinstance(document.get("geometry"), Mapping):
            return True
        try:
            return bool(shapely.make_valid(shape(document["geometry"])).intersects(self.outline))
        except MALFORMED_SHAPE:
            return True


def make_query(
    collections: Iterable[str],
    platforms: Iterable[str],
    area: Mapping[str, Any] | None,
    since: datetime,
    until: datetime | None,
) -> Query:
    """A query with platforms in one spelling and moments in UTC (which they are where they name no zone)."""
    spelled = frozenset(platform_of(platform, "") for platform in platforms)
    return Query(tuple(collections), spelled, area, in_utc(since), None if until is None else in_utc(until))


def in_utc(moment: datetime) -> datetime:
    """The moment in UTC."""
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
