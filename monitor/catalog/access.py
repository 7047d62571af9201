"""How a catalog's files are opened: signed, paid for, and with limits on waiting."""

from monitor.catalog.presets import preset_of
from monitor.catalog.signing import token_store
from monitor.config import CatalogSettings

HTTP_OPTIONS = {
    "GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR",
    "GDAL_HTTP_MAX_RETRY": "2",
    "GDAL_HTTP_RETRY_DELAY": "1",
    "GDAL_INGESTED_BYTES_AT_OPEN": "32768",
    "VSI_CACHE": "TRUE",
    "CPL_VSIL_CURL_NON_CACHED": "/vsicurl/:/vsis3/",
}
"""No listing of the folder, retries on 429, 5xx and broken connections, a COG's header in one request, and nothing
kept of a closed file: a wrong answer would be read again for as long as the process lives."""


SLOWEST_BYTES_PER_S = "1000"
"""A transfer that stays slower than this for the catalog's timeout has stalled."""


def readable_href(href: str, settings: CatalogSettings, *, anew: bool = False) -> str:
    """What GDAL opens now: the stored href with a fresh token, or as a /vsis3 path; anything else as it is.

    Tokens last under an hour: sign just before opening, store and log the href itself; `anew` when the last token
    was not accepted. Raises AssetUnavailable if no token is to be had.
    """
    if href.startswith("s3://"):
        return f"/vsis3/{href.removeprefix('s3://')}"
    preset = preset_of(settings)
    if preset.token_url is None:
        return href
    return token_store(preset.token_url, settings.timeout.total_seconds()).sign(href, anew=anew)


def gdal_options(href: str, settings: CatalogSettings) -> dict[str, str]:
    """GDAL configuration for opening an href of a catalog; none for a local file."""
    remote = "://" in href or href.startswith(("/vsicurl/", "/vsis3/"))
    if not remote:
        return {}
    seconds = f"{max(round(settings.timeout.total_seconds()), 1)}"
    limits = {
        "GDAL_HTTP_CONNECTTIMEOUT": seconds,
        "GDAL_HTTP_LOW_SPEED_TIME": seconds,
        "GDAL_HTTP_LOW_SPEED_LIMIT": SLOWEST_BYTES_PER_S,
    }
    options = HTTP_OPTIONS | limits
    return options | (dict(preset_of(settings).options) if href.startswith(("s3://", "/vsis3/")) else {})
