"""A scene as a catalog describes it: identity, time, sun, and where its bands lie."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Self

BBox = tuple[float, float, float, float]
"""West, south, east, north in degrees (WGS 84)."""


@dataclass(frozen=True)
class BandAsset:
    """One raster of a scene.

    A physical value is ``number * scale + offset``; `nodata` is in numbers. `href` is unsigned.
    """

    name: str
    href: str
    scale: float
    offset: float
    nodata: float | None


@dataclass(frozen=True)
class SceneItem:
    """One acquisition, whichever catalog it came from.

    Identity is `scene_id` (the item id without processing suffixes such as ``_SR``) and `product_id`
    (from the file names: the same acquisition processed again has another one).
    """

    scene_id: str
    product_id: str
    item_id: str
    catalog: str
    collection: str
    platform: str
    datetime: datetime
    geometry: Mapping[str, Any]
    bbox: BBox
    sun_azimuth: float | None
    sun_elevation: float | None
    cloud_cover: float | None
    needs_sun_correction: bool
    assets: Mapping[str, BandAsset]

    def to_json(self) -> dict[str, Any]:
        """Plain JSON types, for the database."""
        return asdict(self) | {"datetime": self.datetime.isoformat(), "bbox": list(self.bbox)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """The inverse of `to_json`."""
        return cls(
            **{
                **data,
                "datetime": datetime.fromisoformat(data["datetime"]),
                "bbox": tuple(data["bbox"]),
                "assets": {name: BandAsset(**asset) for name, asset in data["assets"].items()},
            }
        )
