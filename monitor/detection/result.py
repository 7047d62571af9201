"""What detection says about one scene: a raster of flags, findings with their evidence, and metrics."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray


class Flag(IntEnum):
    """Values of the flags raster."""

    CLEAR = 0
    CLOUD = 1
    SHADOW = 2
    ANOMALY = 3
    NO_ANSWER = 255


class Kind(StrEnum):
    """What a finding is."""

    CLOUD = "cloud"
    SHADOW = "shadow"
    ANOMALY = "anomaly"


class Outcome(StrEnum):
    """What one scene says about the place of an alert."""

    SEEN = "seen"
    GONE = "gone"
    HIDDEN = "hidden"


class Outline(Mapping[str, Any]):
    """A Polygon or MultiPolygon that reads like GeoJSON and keeps its corners as numbers of 8 bytes.

    `polygons` are closed rings (places, 2) of longitude and latitude, of each polygon the outer one first. Lists, which
    take ten times the memory, are made when the coordinates are asked for.
    """

    __slots__ = ("polygons",)

    def __init__(self, polygons: tuple[tuple[NDArray[np.float64], ...], ...]) -> None:
        self.polygons = polygons

    @classmethod
    def of(cls, geometry: Mapping[str, Any]) -> Self:
        """The same of any Polygon or MultiPolygon."""
        if isinstance(geometry, cls):
            return geometry
        polygons = [geometry["coordinates"]] if geometry["type"] == "Polygon" else geometry["coordinates"]
        return cls(tuple(tuple(np.asarray(ring, np.float64) for ring in polygon) for polygon in polygons))

    @property
    def __geo_interface__(self) -> dict[str, Any]:
        """GeoJSON with the rings as arrays, for those who can read these."""
        several = len(self.polygons) > 1
        return {
            "type": "MultiPolygon" if several else "Polygon",
            "coordinates": self.polygons if several else self.polygons[0],
        }

    def __getitem__(self, key: str) -> Any:
        """The type, or the coordinates as lists."""
        value = self.__geo_interface__[key]
        if key != "coordinates":
            return value
        polygons = [[ring.tolist() for ring in polygon] for polygon in self.polygons]
        return polygons if len(polygons) > 1 else polygons[0]

    def __iter__(self) -> Iterator[str]:
        return iter(("type", "coordinates"))

    def __len__(self) -> int:
        return 2


@dataclass(frozen=True)
class Finding:
    """One object of one scene.

    `geometry` is GeoJSON in WGS 84, `area_m2` is measured on the grid, `score` (0-1) is how likely it is
    real, `evidence` is plain numbers by name (border misalignment, residual, ...), `description` is what
    a person reads.
    """

    kind: Kind
    geometry: Mapping[str, Any]
    area_m2: float
    pixels: int
    score: float
    evidence: Mapping[str, float | None]
    description: str


@dataclass(frozen=True, eq=False)
class Detection:
    """Flags uint8 (rows, columns) with the values of `Flag`, findings, and the scene's metrics by name."""

    flags: NDArray[np.uint8]
    findings: tuple[Finding, ...]
    metrics: Mapping[str, float | None]
