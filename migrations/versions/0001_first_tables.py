"""first tables"""

import sqlalchemy as sa
from alembic import op

from monitor.store.tables import base as tables

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "monitors",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("grid", tables.PlainJson(none_as_null=True), nullable=True),
        sa.Column("fingerprint", sa.String(length=64), nullable=True),
        sa.Column("created_at", tables.UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_monitors")),
        sa.UniqueConstraint("name", name=op.f("uq_monitors_name")),
    )
    op.create_table(
        "rejected_items",
        sa.Column("monitor_id", sa.Integer(), nullable=False),
        sa.Column("item_id", sa.String(length=255), nullable=False),
        sa.Column("catalog", sa.String(length=255), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("rejected_at", tables.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["monitor_id"], ["monitors.id"], name=op.f("fk_rejected_items_monitor_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("monitor_id", "item_id", name=op.f("pk_rejected_items")),
    )
    op.create_table(
        "alerts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("monitor_id", sa.Integer(), nullable=False),
        sa.Column(
            "kind", sa.Enum("cloud", "shadow", "anomaly", name="kind", native_enum=False, length=16), nullable=False
        ),
        sa.Column(
            "state",
            sa.Enum(
                "new",
                "acknowledged",
                "confirmed",
                "dismissed",
                "resolved",
                name="alertstate",
                native_enum=False,
                length=16,
            ),
            nullable=False,
        ),
        sa.Column("score", sa.Double(), nullable=False),
        sa.Column("area_m2", sa.Double(), nullable=False),
        sa.Column("geometry", tables.PlainJson(none_as_null=True), nullable=False),
        sa.Column("west", sa.Double(), nullable=False),
        sa.Column("south", sa.Double(), nullable=False),
        sa.Column("east", sa.Double(), nullable=False),
        sa.Column("north", sa.Double(), nullable=False),
        sa.Column("first_seen", tables.UtcDateTime(timezone=True), nullable=False),
        sa.Column("last_seen", tables.UtcDateTime(timezone=True), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("created_at", tables.UtcDateTime(timezone=True), nullable=False),
        sa.Column("updated_at", tables.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["monitor_id"], ["monitors.id"], name=op.f("fk_alerts_monitor_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alerts")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_alerts_last_seen"), "alerts", ["last_seen"])
    op.create_index(
        op.f("ix_alerts_monitor_id_kind_state_last_seen"), "alerts", ["monitor_id", "kind", "state", "last_seen"]
    )
    op.create_index(op.f("ix_alerts_monitor_id_last_seen"), "alerts", ["monitor_id", "last_seen"])
    op.create_index(op.f("ix_alerts_state_last_seen"), "alerts", ["state", "last_seen"])
    op.create_index(op.f("ix_alerts_west_east_south_north"), "alerts", ["west", "east", "south", "north"])

    op.create_table(
        "reference_models",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("monitor_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("scene_id", sa.String(length=255), nullable=False),
        sa.Column("k", sa.Integer(), nullable=False),
        sa.Column("seed", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("metrics", tables.PlainJson(none_as_null=True), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_at", tables.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["monitor_id"], ["monitors.id"], name=op.f("fk_reference_models_monitor_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reference_models")),
        sa.UniqueConstraint("monitor_id", "version", name=op.f("uq_reference_models_monitor_id_version")),
    )
    op.create_index(
        "uq_reference_models_one_active",
        "reference_models",
        ["monitor_id"],
        unique=True,
        sqlite_where=sa.text("active"),
        postgresql_where=sa.text("active"),
    )

    op.create_table(
        "scenes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("monitor_id", sa.Integer(), nullable=False),
        sa.Column("scene_id", sa.String(length=255), nullable=False),
        sa.Column("product_id", sa.String(length=255), nullable=False),
        sa.Column("datetime", tables.UtcDateTime(timezone=True), nullable=False),
        sa.Column("platform", sa.String(length=64), nullable=False),
        sa.Column("collection", sa.String(length=255), nullable=False),
        sa.Column("catalog", sa.String(length=255), nullable=False),
        sa.Column("sun_azimuth", sa.Double(), nullable=True),
        sa.Column("sun_elevation", sa.Double(), nullable=True),
        sa.Column("cloud_cover", sa.Double(), nullable=True),
        sa.Column("west", sa.Double(), nullable=False),
        sa.Column("south", sa.Double(), nullable=False),
        sa.Column("east", sa.Double(), nullable=False),
        sa.Column("north", sa.Double(), nullable=False),
        sa.Column("footprint", tables.PlainJson(none_as_null=True), nullable=False),
        sa.Column("item", tables.PlainJson(none_as_null=True), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "discovered",
                "processing",
                "done",
                "failed",
                "quarantined",
                "skipped",
                "superseded",
                name="scenestate",
                native_enum=False,
                length=16,
            ),
            nullable=False,
        ),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_attempt_at", tables.UtcDateTime(timezone=True), nullable=True),
        sa.Column("lease_owner", sa.String(length=255), nullable=True),
        sa.Column("lease_until", tables.UtcDateTime(timezone=True), nullable=True),
        sa.Column("discovered_at", tables.UtcDateTime(timezone=True), nullable=False),
        sa.Column("processed_at", tables.UtcDateTime(timezone=True), nullable=True),
        sa.Column("reference_version", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["monitor_id"], ["monitors.id"], name=op.f("fk_scenes_monitor_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scenes")),
        sa.UniqueConstraint(
            "monitor_id", "scene_id", "product_id", name=op.f("uq_scenes_monitor_id_scene_id_product_id")
        ),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_scenes_monitor_id_datetime"), "scenes", ["monitor_id", "datetime"])
    op.create_index(
        op.f("ix_scenes_monitor_id_state_next_attempt_at"), "scenes", ["monitor_id", "state", "next_attempt_at"]
    )
    op.create_index(op.f("ix_scenes_scene_id"), "scenes", ["scene_id"])
    op.create_index(op.f("ix_scenes_west_east_south_north"), "scenes", ["west", "east", "south", "north"])

    op.create_table(
        "alert_events",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("alert_id", sa.Integer(), nullable=False),
        sa.Column("time", tables.UtcDateTime(timezone=True), nullable=False),
        sa.Column("author", sa.String(length=255), nullable=False),
        sa.Column("event", sa.String(length=64), nullable=False),
        sa.Column(
            "from_state",
            sa.Enum(
                "new",
                "acknowledged",
                "confirmed",
                "dismissed",
                "resolved",
                name="alertstate",
                native_enum=False,
                length=16,
            ),
            nullable=True,
        ),
        sa.Column(
            "to_state",
            sa.Enum(
                "new",
                "acknowledged",
                "confirmed",
                "dismissed",
                "resolved",
                name="alertstate",
                native_enum=False,
                length=16,
            ),
            nullable=True,
        ),
        sa.Column("note", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["alert_id"], ["alerts.id"], name=op.f("fk_alert_events_alert_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alert_events")),
    )
    op.create_index(op.f("ix_alert_events_alert_id_time"), "alert_events", ["alert_id", "time"])

    op.create_table(
        "alert_looks",
        sa.Column("alert_id", sa.Integer(), nullable=False),
        sa.Column("scene_id", sa.Integer(), nullable=False),
        sa.Column(
            "outcome", sa.Enum("seen", "gone", "hidden", name="outcome", native_enum=False, length=16), nullable=False
        ),
        sa.ForeignKeyConstraint(["alert_id"], ["alerts.id"], name=op.f("fk_alert_looks_alert_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["scene_id"], ["scenes.id"], name=op.f("fk_alert_looks_scene_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("alert_id", "scene_id", name=op.f("pk_alert_looks")),
    )
    op.create_index(op.f("ix_alert_looks_scene_id"), "alert_looks", ["scene_id"])

    op.create_table(
        "findings",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("scene_id", sa.Integer(), nullable=False),
        sa.Column(
            "kind", sa.Enum("cloud", "shadow", "anomaly", name="kind", native_enum=False, length=16), nullable=False
        ),
        sa.Column("geometry", tables.PlainJson(none_as_null=True), nullable=False),
        sa.Column("west", sa.Double(), nullable=False),
        sa.Column("south", sa.Double(), nullable=False),
        sa.Column("east", sa.Double(), nullable=False),
        sa.Column("north", sa.Double(), nullable=False),
        sa.Column("area_m2", sa.Double(), nullable=False),
        sa.Column("pixels", sa.Integer(), nullable=False),
        sa.Column("score", sa.Double(), nullable=False),
        sa.Column("evidence", tables.PlainJson(none_as_null=True), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("alert_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["alert_id"], ["alerts.id"], name=op.f("fk_findings_alert_id"), ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["scene_id"], ["scenes.id"], name=op.f("fk_findings_scene_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_findings")),
    )
    op.create_index(op.f("ix_findings_alert_id"), "findings", ["alert_id"])
    op.create_index(op.f("ix_findings_scene_id_kind"), "findings", ["scene_id", "kind"])
    op.create_index(op.f("ix_findings_west_east_south_north"), "findings", ["west", "east", "south", "north"])

    op.create_table(
        "label_maps",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("scene_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("k", sa.Integer(), nullable=True),
        sa.Column("codec", sa.String(length=16), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("centroids", tables.PlainJson(none_as_null=True), nullable=True),
        sa.Column("reference_version", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["scene_id"], ["scenes.id"], name=op.f("fk_label_maps_scene_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_label_maps")),
        sa.UniqueConstraint("scene_id", "kind", name=op.f("uq_label_maps_scene_id_kind")),
    )
    op.create_table(
        "scene_metrics",
        sa.Column("scene_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("value", sa.Double(), nullable=True),
        sa.ForeignKeyConstraint(
            ["scene_id"], ["scenes.id"], name=op.f("fk_scene_metrics_scene_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("scene_id", "name", name=op.f("pk_scene_metrics")),
    )
    op.create_index(op.f("ix_scene_metrics_name"), "scene_metrics", ["name"])

    op.create_table(
        "sweeps",
        sa.Column("scene_id", sa.Integer(), nullable=False),
        sa.Column("k", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("inertia", sa.Double(), nullable=True),
        sa.Column("silhouette", sa.Double(), nullable=True),
        sa.Column("chosen", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("seed", sa.Integer(), nullable=False),
        sa.Column("sample_size", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["scene_id"], ["scenes.id"], name=op.f("fk_sweeps_scene_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("scene_id", "k", name=op.f("pk_sweeps")),
    )
    op.create_table(
        "label_stats",
        sa.Column("map_id", sa.Integer(), nullable=False),
        sa.Column("label", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("pixels", sa.Integer(), nullable=False),
        sa.Column("area_m2", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["map_id"], ["label_maps.id"], name=op.f("fk_label_stats_map_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("map_id", "label", name=op.f("pk_label_stats")),
    )
    op.create_table(
        "label_tiles",
        sa.Column("map_id", sa.Integer(), nullable=False),
        sa.Column("row", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("col", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["map_id"], ["label_maps.id"], name=op.f("fk_label_tiles_map_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("map_id", "row", "col", name=op.f("pk_label_tiles")),
    )
    op.create_table(
        "label_band_stats",
        sa.Column("map_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("label", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("band", sa.String(length=32), nullable=False),
        sa.Column("mean", sa.Double(), nullable=True),
        sa.Column("std", sa.Double(), nullable=True),
        sa.ForeignKeyConstraint(
            ["map_id", "label"],
            ["label_stats.map_id", "label_stats.label"],
            name=op.f("fk_label_band_stats_map_id_label"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("map_id", "label", "band", name=op.f("pk_label_band_stats")),
    )


def downgrade() -> None:
    for table in (
        "label_band_stats",
        "label_tiles",
        "label_stats",
        "sweeps",
        "scene_metrics",
        "label_maps",
        "findings",
        "alert_looks",
        "alert_events",
        "scenes",
        "reference_models",
        "alerts",
        "rejected_items",
        "monitors",
    ):
        op.drop_table(table)
