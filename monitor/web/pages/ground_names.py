"""Names for the labels of reference models: what ground each of them probably is."""

import logging
from collections.abc import Iterable, Mapping

from sqlalchemy.orm import Session

from monitor.config import Settings
from monitor.detection.words import ground
from monitor.errors import MonitorError, NotFoundError
from monitor.plots import label_table
from monitor.store.monitors import find_monitor
from monitor.store.references import get_reference
from monitor.store.scenes import SceneRow, find_scene
from monitor.training import model_file
from monitor.web.pages import words
from monitor.web.pages.reference import Reference, open_reference

log = logging.getLogger(__name__)

NamesOf = Mapping[tuple[str, int | None], tuple[str, ...]]
"""Names by label, by monitor and version."""


def names_of(reference: Reference) -> tuple[str, ...]:
    """What ground each label is, by label."""
    return tuple(ground(dict(zip(reference.bands, spectrum, strict=True))) for spectrum in reference.spectra.tolist())


def colours_of(reference: Reference) -> tuple[str, ...]:
    """The colour of each label on a map, by label."""
    table = label_table(len(reference.centroids), reference.spectra, reference.bands)
    return tuple("#{:02x}{:02x}{:02x}".format(*table[label][:3]) for label in range(len(reference.centroids)))


def colours_for(session: Session, settings: Settings, scene: SceneRow) -> tuple[str, ...]:
    """The colours of the labels that a scene was given; none when its model cannot be read."""
    if scene.reference_version is None:
        return ()
    try:
        row = get_reference(session, scene.monitor_id, scene.reference_version)
        return colours_of(open_reference(model_file(settings, row)))
    except MonitorError as error:
        log.warning("labels of %s have no colours: %s", scene.scene_id, error)
        return ()


def reference_day(session: Session, scene: SceneRow) -> str:
    """When the clear scene was taken that a scene was compared with, as far as that is known."""
    if scene.reference_version is None:
        return ""
    try:
        reference = get_reference(session, scene.monitor_id, scene.reference_version)
        return words.day(find_scene(session, reference.scene_id, scene.monitor).datetime)
    except NotFoundError:
        return ""


def names_of_labels(
    session: Session, settings: Settings, versions: Iterable[tuple[str, int | None]]
) -> dict[tuple[str, int | None], tuple[str, ...]]:
    """Names for the labels of these versions; a model that cannot be read gives none, its labels go by number."""
    found: dict[tuple[str, int | None], tuple[str, ...]] = {}
    for monitor, version in versions:
        if version is None:
            continue
        try:
            row = get_reference(session, find_monitor(session, monitor), version)
            found[monitor, version] = names_of(open_reference(model_file(settings, row)))
        except MonitorError as error:
            log.warning("labels of %s version %s have no names: %s", monitor, version, error)
    return found
