"""What people read: times, areas, states and evidence in words. Pure functions; nothing here is HTML."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from monitor.detection.result import Kind
from monitor.store.severity import Severity
from monitor.store.tables import AlertState, SceneState

HECTARE_M2 = 1e4
KM2_M2 = 1e6

KINDS = {Kind.CLOUD: "Clouds", Kind.SHADOW: "Cloud shadows", Kind.ANOMALY: "Anomaly"}
STATES = {
    AlertState.NEW: "New",
    AlertState.ACKNOWLEDGED: "Acknowledged",
    AlertState.CONFIRMED: "Confirmed",
    AlertState.DISMISSED: "Dismissed",
    AlertState.RESOLVED: "Resolved",
}
SEVERITIES = {Severity.HIGH: "High", Severity.MEDIUM: "Medium", Severity.LOW: "Low"}
SCENE_STATES = {
    SceneState.DISCOVERED: "Waiting",
    SceneState.PROCESSING: "In work",
    SceneState.DONE: "Done",
    SceneState.FAILED: "Failed, to be tried again",
    SceneState.QUARANTINED: "In quarantine",
    SceneState.SKIPPED: "Skipped",
    SceneState.SUPERSEDED: "Replaced by a newer product",
}
BAND_NAMES = {
    "coastal": "coastal blue",
    "blue": "blue",
    "green": "green",
    "red": "red",
    "nir08": "near infrared",
    "cirrus": "cirrus 1.4 µm",
    "swir16": "short-wave infrared 1.6 µm",
    "swir22": "short-wave infrared 2.2 µm",
}
WAVELENGTHS_UM = {
    "coastal": 0.443,
    "blue": 0.482,
    "green": 0.561,
    "red": 0.655,
    "nir08": 0.865,
    "cirrus": 1.373,
    "swir16": 1.609,
    "swir22": 2.201,
}
"""Centres of the bands of the Operational Land Imager (USGS, Landsat 8 Data Users Handbook)."""

MINUS = "\u2212"


@dataclass(frozen=True)
class Fact:
    """One piece of evidence: what it is about, what was found, and what that means."""

    about: str
    found: str
    meaning: str = ""


def day(moment: datetime) -> str:
    """Date in UTC."""
    return f"{moment:%Y-%m-%d}"


def minute(moment: datetime) -> str:
    """Date and time in UTC, and saying so."""
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def area(area_m2: float) -> str:
    """An area in the unit that suits it, three digits."""
    if area_m2 >= 10 * KM2_M2:
        return f"{area_m2 / KM2_M2:.1f} km²"
    hectares = area_m2 / HECTARE_M2
    return f"{hectares:.0f} ha" if hectares >= 100 else f"{hectares:.3g} ha"


def percent(share: float | None) -> str:
    """A share (0-1) in percent; a dash where nothing is known."""
    if share is None:
        return "\u2013"
    return f"{100 * share:.0f} %" if share == 0 or share >= 0.1 else f"{100 * share:.1f} %"


def signed(value: float, digits: int = 2) -> str:
    """A number with its sign, the minus as wide as the plus."""
    return f"{value:+.{digits}f}".replace("-", MINUS)


def ago(moment: datetime, now: datetime) -> str:
    """How long ago, in the largest unit that fits."""
    seconds = max((now - moment).total_seconds(), 0)
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= length:
            return f"{seconds // length:.0f} {unit} ago"
    return "just now"


def count(number: int, one: str, many: str | None = None) -> str:
    """A number with its noun."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def border(evidence: Mapping[str, float | None]) -> Fact:
    """How sharp the outline is against what ran there before."""
    excess, old = evidence.get("border_appeared") or 0.0, evidence.get("border_before") or 0.0
    meaning = "Spectral distance between the two sides of the outline, against the borders of the reference there."
    if excess <= 0.05:
        return Fact("Border", "none that was not there before", meaning)
    if old < 0.2:
        return Fact("Border", f"strength {excess + old:.1f} where there was none", meaning)
    return Fact("Border", f"{(excess + old) / old:.1f} × as strong as any there before", meaning)


def facts(evidence: Mapping[str, float | None]) -> list[Fact]:
    """The evidence of a finding, the weightiest first; what was not measured is left out."""
    found = [border(evidence)]
    found += indices(evidence)
    found += spectrum_facts(evidence)
    residual = evidence.get("residual")
    if residual is not None:
        said = "Distance from what its reference label looks like, in units of that label's own spread."
        found.append(Fact("Departure", f"{residual:.1f} spreads", said))
    novelty = evidence.get("novelty")
    if novelty is not None:
        where = "unlike every label of the reference" if novelty > 1 else "like ground that the reference knows"
        found.append(Fact("Novelty", where, f"Distance to the nearest label over its radius: {novelty:.2f}."))
    opacity = evidence.get("opacity")
    if opacity is not None and opacity > 0.05:
        found.append(Fact("Opacity", percent(min(opacity, 1.0)), "Share of the view that a cloud would take."))
    overlap = evidence.get("qa_overlap")
    if overlap is not None:
        said = "A second witness: the quality band that came with the scene."
        found.append(Fact("Quality band", f"calls {percent(overlap)} of it covered", said))
    return found


INDICES = {
    "d_ndvi": ("Vegetation", "NDVI", "greener", "less green"),
    "d_ndwi": ("Open water", "NDWI", "wetter", "drier"),
    "d_nbr": ("Burn index", "NBR", "regrown or moister", "burnt, bared or dried"),
}


def indices(evidence: Mapping[str, float | None]) -> list[Fact]:
    """Changes of the indices, the largest first."""
    known = [(name, value) for name in INDICES if (value := evidence.get(name)) is not None]
    facts = []
    for name, value in sorted(known, key=lambda pair: -abs(pair[1])):
        about, short, more, less = INDICES[name]
        tendency = "about as before" if abs(value) < 0.05 else (more if value > 0 else less)
        facts.append(Fact(about, f"{short} {signed(value)}", tendency.capitalize() + "."))
    return facts


def spectrum_facts(evidence: Mapping[str, float | None]) -> list[Fact]:
    """The two bands that changed most."""
    changes = {name[2:]: value for name, value in evidence.items() if name[2:] in BAND_NAMES and value}
    most = sorted(changes, key=lambda band: -abs(changes[band]))[:2]
    if not most:
        return []
    said = ", ".join(f"{BAND_NAMES[band]} {signed(changes[band])}" for band in most)
    return [Fact("Reflectance", said, "The bands that changed most.")]
