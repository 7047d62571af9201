"""Evidence in words, from the plain numbers that a finding keeps: what a person reads on a page or in a terminal."""

from collections.abc import Mapping

from monitor.detection.result import Kind
from monitor.spectrum import BANDS

HECTARE_M2 = 1e4
LARGEST_HA = 999.5
"""Three digits say no more."""

Evidence = Mapping[str, float | None]


def in_words(kind: Kind, area_m2: float, evidence: Evidence, otherwise: str = "") -> str:
    """A finding in one sentence: ``forest -> bare soil, 24 ha, border 3.1 x as strong as any there before``.

    `otherwise` is said of an anomaly that was stored before its spectra were, or that has no evidence of its own.
    """
    area = hectares(area_m2)
    if kind is Kind.SHADOW:
        return f"cloud shadow over {area}"
    if kind is Kind.CLOUD:
        opacity = evidence.get("opacity")
        covers = "" if opacity is None else f", takes {100 * min(max(opacity, 0), 1):.0f} % of the view"
        return f"cloud over {area}{covers}"
    changed = change_words(evidence)
    return otherwise if changed is None else f"{changed}, {area}, {border_words(evidence)}"


def hectares(area_m2: float) -> str:
    """An area in hectares, three digits; in km² from 1000 ha."""
    value = area_m2 / HECTARE_M2
    if value >= LARGEST_HA:
        return f"{value / 100:,.0f} km²" if value >= 100 * LARGEST_HA else f"{value / 100:.3g} km²"
    return f"{value:.3g} ha"


def change_words(evidence: Evidence) -> str | None:
    """What the ground was and is, by the mean spectra of the place; None where they are not known."""
    was, now = spectrum_of(evidence, "was_"), spectrum_of(evidence, "now_")
    if not was or not now:
        return None
    before, after = ground(was), event(was, now) or ground(now)
    if before != after:
        return f"{before} -> {after}"
    tendency = tendency_words(before, evidence)
    return f"{before}, {tendency}" if tendency else f"another kind of {before}"


def event(was: Mapping[str, float], now: Mapping[str, float]) -> str | None:
    """What happened to vegetation, where two spectra tell it better than one; None otherwise.

    Burnt: NBR fell by 0.27, moderate severity (Key and Benson 2006), and the visible hardly brightened.
    Flooded: NDWI rose by 0.3 and the short-wave infrared, which water swallows, fell below the green.
    """
    if (ratio(was, "nir08", "red") or 0.0) < 0.4:
        return None
    nbr = change_of("nir08", "swir22", was, now)
    if nbr is not None and nbr < -0.27 and now["nir08"] < 0.7 * was["nir08"] and now.get("red", 0) < 0.08:
        return "burnt ground"
    ndwi, wet = change_of("green", "nir08", was, now), ratio(now, "green", "swir16")
    if ndwi is not None and ndwi > 0.3 and wet is not None and wet > 0 and now["swir16"] < was["swir16"]:
        return "flooded ground"
    return None


def change_of(one: str, other: str, was: Mapping[str, float], now: Mapping[str, float]) -> float | None:
    """Change of a normalised difference, None without its bands."""
    before, after = ratio(was, one, other), ratio(now, one, other)
    return None if before is None or after is None else after - before


def tendency_words(before: str, evidence: Evidence) -> str:
    """How ground that goes by the same name differs, most telling first; empty where it hardly does."""
    indices = (
        ("d_nbr", "regrown or moister", "bared or dried"),
        ("d_ndvi", "greener", "less green"),
        ("d_ndwi", "wetter", "drier"),
    )
    for name, rise, fall in () if before == "water" else indices:
        value = evidence.get(name)
        if value is not None and abs(value) >= 0.15:
            return rise if value > 0 else fall
    brightness = evidence.get("brightness") or 0.0
    if abs(brightness) >= 0.02:
        return "brighter" if brightness > 0 else "darker"
    return ""


def spectrum_of(evidence: Evidence, prefix: str) -> dict[str, float]:
    """Mean reflectance by band under a prefix: ``was_`` in the reference, ``now_`` in the scene."""
    named = {name.removeprefix(prefix): value for name, value in evidence.items() if name.startswith(prefix)}
    return {band: value for band, value in named.items() if value is not None}


def ground(spectrum: Mapping[str, float]) -> str:
    """What ground of that mean reflectance by band probably is, in a word or two.

    By NDWI (McFeeters 1996), NDSI (Hall et al. 1995) and NDVI with the usual rough thresholds, and by forest being
    darker than other vegetation (Huang et al. 2008). It names a place for people; no decision depends on it.
    """
    ndvi, ndwi = ratio(spectrum, "nir08", "red"), ratio(spectrum, "green", "nir08")
    ndsi = ratio(spectrum, "green", "swir16")
    if ndsi is not None and ndsi > 0.4 and spectrum["green"] > 0.3:
        return "snow or ice"
    if ndwi is not None and ndwi > 0.05 and spectrum["nir08"] < 0.15:
        return "water"
    if ndvi is None:
        return "ground"
    if ndvi > 0.6:
        dark = spectrum["red"] < 0.05 and spectrum["nir08"] < 0.4
        return "forest" if dark else "dense green"
    for least, name in ((0.45, "grass or crops"), (0.25, "sparse vegetation")):
        if ndvi > least:
            return name
    return bare(spectrum)


def bare(spectrum: Mapping[str, float]) -> str:
    """Ground without vegetation: soils reflect most in the short-wave infrared, roofs and roads evenly."""
    if spectrum["red"] > 0.3:
        return "bright ground or cloud" if spectrum.get("blue", 0) > 0.8 * spectrum["red"] else "bright bare ground"
    if spectrum["nir08"] < 0.08:
        return "dark ground"
    rise = ratio(spectrum, "swir16", "nir08")
    return "bare soil" if rise is not None and rise > 0 else "bare or built ground"


def ratio(spectrum: Mapping[str, float], one: str, other: str) -> float | None:
    """Normalised difference of two bands, None without them."""
    if one not in spectrum or other not in spectrum:
        return None
    total = spectrum[one] + spectrum[other]
    return (spectrum[one] - spectrum[other]) / total if total > 0 else None


def border_words(evidence: Evidence) -> str:
    """How sharp the outline is against what ran there before."""
    strength = border_strength(evidence)
    return f"border {strength}" if strength else "no border that was not there before"


def border_strength(evidence: Evidence) -> str | None:
    """Strength of the border that appeared: ``3.1 x as strong as any there before``; None where none did."""
    excess, old = evidence.get("border_appeared") or 0.0, evidence.get("border_before") or 0.0
    if excess <= 0.05:
        return None
    if old < 0.2:
        return f"of strength {excess + old:.1f} where there was none"
    return f"{(excess + old) / old:.1f} x as strong as any there before"


def most_changed(evidence: Evidence) -> list[tuple[str, float]]:
    """The two bands that changed most, and by how much reflectance."""
    changes = [(name.removeprefix("d_"), value) for name, value in evidence.items() if name.startswith("d_") and value]
    return sorted(((band, value) for band, value in changes if band in BANDS), key=lambda pair: -abs(pair[1]))[:2]
