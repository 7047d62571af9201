"""Public catalogs by name: where they are and what is particular about them."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from monitor.config import CatalogSettings


@dataclass(frozen=True)
class Preset:
    """A catalog that is known by name.

    `collections` translates the collection names of a monitor into those of the catalog. `token_url` gives tokens
    for files in Azure blob storage. `options` are GDAL options for its ``s3://`` files.
    """

    url: str
    collections: Mapping[str, str] = field(default_factory=dict)
    token_url: str | None = None
    options: Mapping[str, str] = field(default_factory=dict)


USGS_BUCKET = {"AWS_REQUEST_PAYER": "requester", "AWS_REGION": "us-west-2"}
"""s3://usgs-landsat: whoever reads pays, with the AWS credentials that GDAL finds in the environment or ~/.aws."""

PRESETS: Mapping[str, Preset] = {
    "planetary-computer": Preset(
        url="https://planetarycomputer.microsoft.com/api/stac/v1",
        token_url="https://planetarycomputer.microsoft.com/api/sas/v1/token",
    ),
    "earth-search": Preset(url="https://earth-search.aws.element84.com/v1", options=USGS_BUCKET),
    "usgs": Preset(
        url="https://landsatlook.usgs.gov/stac-server",
        collections={"landsat-c2-l2": "landsat-c2l2-sr", "landsat-c2-l1": "landsat-c2l1"},
        options=USGS_BUCKET,
    ),
}
"""USGS items have https hrefs, which need a login at USGS (a .netrc that GDAL finds), and an alternate s3 href."""


def preset_of(settings: CatalogSettings) -> Preset:
    """What is known about a catalog; for a URL of one's own only that."""
    if settings.preset is not None:
        return PRESETS[settings.preset]
    return Preset(url=settings.url or "")
