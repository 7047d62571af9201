"""The raster on which everything of one monitor lies."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from affine import Affine
from rasterio.crs import CRS
from rasterio.transform import array_bounds
from rasterio.warp import transform_geom


@dataclass(frozen=True)
class Grid:
    """CRS, north-up transform and shape (rows, columns) in that CRS's metres."""

    crs: CRS
    transform: Affine
    height: int
    width: int

    @property
    def shape(self) -> tuple[int, int]:
        """Rows, columns."""
        return self.height, self.width

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """Left, bottom, right, top in the CRS."""
        left, bottom, right, top = array_bounds(self.height, self.width, self.transform)
        return left, bottom, right, top

    @property
    def pixel_size_m(self) -> float:
        """Side of a square of the same area as one pixel, metres."""
        return float(self.pixel_area_m2**0.5)

    @property
    def pixel_area_m2(self) -> float:
        """Area of one pixel, square metres."""
        return float(abs(self.transform.a * self.transform.e))

    @property
    def profile(self) -> dict[str, Any]:
        """Keyword arguments for rasterio: crs, transform, height, width."""
        return {"crs": self.crs, "transform": self.transform, "height": self.height, "width": self.width}

    def to_lonlat(self, geometry: Mapping[str, Any]) -> dict[str, Any]:
        """A GeoJSON geometry of this CRS in WGS 84, rounded to about a centimetre."""
        moved: dict[str, Any] = transform_geom(self.crs, "EPSG:4326", geometry, precision=7)
        return moved

    def to_json(self) -> dict[str, Any]:
        """Plain JSON types."""
        return {
            "crs": self.crs.to_wkt() if self.crs.to_epsg() is None else f"EPSG:{self.crs.to_epsg()}",
            "transform": list(self.transform)[:6],
            "height": self.height,
            "width": self.width,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """The inverse of `to_json`."""
        crs = CRS.from_user_input(data["crs"])
        return cls(crs, Affine(*data["transform"]), int(data["height"]), int(data["width"]))
