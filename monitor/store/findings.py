"""The findings that an alert is made of."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from monitor.store.history import FindingRow
from monitor.store.tables import Finding, Scene


def findings_of_alert(session: Session, alert_id: int, limit: int | None = None) -> list[FindingRow]:
    """The findings of an alert, the newest scene's first."""
    finding = Finding
    columns = (finding.id, finding.scene_id, finding.kind, finding.geometry, finding.area_m2, finding.pixels)
    query = select(*columns, finding.score, finding.evidence, finding.description, finding.alert_id)
    newest_first = query.join(Scene, Scene.id == finding.scene_id).order_by(Scene.datetime.desc(), finding.id)
    return [FindingRow(*row) for row in session.execute(newest_first.where(finding.alert_id == alert_id).limit(limit))]
