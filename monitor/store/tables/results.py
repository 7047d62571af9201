"""What processing one scene gives: sweep, label maps, statistics, metrics and findings."""

from typing import Any

from sqlalchemy import ForeignKey, ForeignKeyConstraint, Index, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from monitor.detection.result import Kind
from monitor.store.tables.base import Base, choice


class SweepEntry(Base):
    """K-means with one k on one scene."""

    __tablename__ = "sweeps"

    scene_id: Mapped[int] = mapped_column(ForeignKey("scenes.id", ondelete="CASCADE"), primary_key=True)
    k: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    inertia: Mapped[float | None]
    silhouette: Mapped[float | None]
    simplified_silhouette: Mapped[float | None]
    chosen: Mapped[bool]
    reason: Mapped[str | None] = mapped_column(Text)
    seed: Mapped[int]
    sample_size: Mapped[int]


class LabelMap(Base):
    """A uint8 raster on the monitor's grid: labels by the reference, by the scene's own sweep, or flags."""

    __tablename__ = "label_maps"
    __table_args__ = (UniqueConstraint("scene_id", "kind"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    scene_id: Mapped[int] = mapped_column(ForeignKey("scenes.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(16))
    k: Mapped[int | None]
    codec: Mapped[str] = mapped_column(String(16))
    height: Mapped[int]
    width: Mapped[int]
    centroids: Mapped[list[Any] | None]
    reference_version: Mapped[int | None]


class LabelTile(Base):
    """One compressed block of a label map; a block that is 255 everywhere has no row."""

    __tablename__ = "label_tiles"

    map_id: Mapped[int] = mapped_column(ForeignKey("label_maps.id", ondelete="CASCADE"), primary_key=True)
    row: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    col: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    data: Mapped[bytes] = mapped_column(LargeBinary)


class LabelStat(Base):
    """Size of one label of one map."""

    __tablename__ = "label_stats"

    map_id: Mapped[int] = mapped_column(ForeignKey("label_maps.id", ondelete="CASCADE"), primary_key=True)
    label: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    pixels: Mapped[int]
    area_m2: Mapped[float]


class LabelBandStat(Base):
    """Reflectance of one label in one band."""

    __tablename__ = "label_band_stats"
    __table_args__ = (
        ForeignKeyConstraint(["map_id", "label"], ["label_stats.map_id", "label_stats.label"], ondelete="CASCADE"),
    )

    map_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    label: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    band: Mapped[str] = mapped_column(String(32), primary_key=True)
    mean: Mapped[float | None]
    std: Mapped[float | None]


class SceneMetric(Base):
    """One figure about one scene, by name."""

    __tablename__ = "scene_metrics"
    __table_args__ = (Index(None, "name"),)

    scene_id: Mapped[int] = mapped_column(ForeignKey("scenes.id", ondelete="CASCADE"), primary_key=True)
    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    value: Mapped[float | None]


class Finding(Base):
    """One object of one scene; `geometry` is GeoJSON in WGS 84."""

    __tablename__ = "findings"
    __table_args__ = (
        Index(None, "scene_id", "kind"),
        Index(None, "alert_id"),
        Index(None, "west", "east", "south", "north"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    scene_id: Mapped[int] = mapped_column(ForeignKey("scenes.id", ondelete="CASCADE"))
    kind: Mapped[Kind] = mapped_column(choice(Kind))
    geometry: Mapped[dict[str, Any]]
    west: Mapped[float]
    south: Mapped[float]
    east: Mapped[float]
    north: Mapped[float]
    area_m2: Mapped[float]
    pixels: Mapped[int]
    score: Mapped[float]
    evidence: Mapped[dict[str, Any]]
    description: Mapped[str] = mapped_column(Text)
    alert_id: Mapped[int | None] = mapped_column(ForeignKey("alerts.id", ondelete="SET NULL"))
