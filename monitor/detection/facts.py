"""The evidence of a finding piece by piece, as a person reads it on a page or in a terminal."""

from typing import NamedTuple

from monitor.detection.words import Evidence, border_strength, most_changed
from monitor.spectrum import BAND_NAMES


class Fact(NamedTuple):
    """One piece of evidence: what it is about, what was found, and what that means."""

    about: str
    found: str
    meaning: str


TENDENCIES = {
    "ndvi": ("Vegetation", "greener", "less green"),
    "ndwi": ("Open water", "wetter", "drier"),
    "nbr": ("Burn index", "regrown or moister", "burnt, bared or dried"),
}
AS_BEFORE = 0.05
"""Changes of an index below this say nothing."""


def facts(evidence: Evidence) -> list[Fact]:
    """What is known, the weightiest first; what was not measured is left out."""
    sides = "Spectral distance between the two sides of the outline, against the borders of the reference there."
    found = [Fact("Border", border_strength(evidence) or "none that was not there before", sides)]
    found += index_facts(evidence)
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
        found.append(Fact("Opacity", f"{100 * min(opacity, 1.0):.0f} %", "Share of the view that a cloud would take."))
    overlap = evidence.get("qa_overlap")
    if overlap is not None:
        said = "A second witness: the quality band that came with the scene."
        found.append(Fact("Quality band", f"calls {100 * overlap:.0f} % of it covered", said))
    return found


def index_facts(evidence: Evidence) -> list[Fact]:
    """Changes of the indices, the largest first."""
    known = [(name, value) for name in TENDENCIES if (value := evidence.get(f"d_{name}")) is not None]
    found = []
    for name, value in sorted(known, key=lambda pair: -abs(pair[1])):
        about, more, less = TENDENCIES[name]
        tendency = "about as before" if abs(value) < AS_BEFORE else (more if value > 0 else less)
        found.append(Fact(about, f"{name.upper()} {value:+.2f}", f"{tendency.capitalize()}."))
    return found


def spectrum_facts(evidence: Evidence) -> list[Fact]:
    """The two bands that changed most."""
    said = ", ".join(f"{BAND_NAMES[band]} {value:+.2f}" for band, value in most_changed(evidence))
    return [Fact("Reflectance", said, "The bands that changed most.")] if said else []
