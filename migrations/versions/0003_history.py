"""severity of alerts, quantiles of labels, indices for long lists"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

QUANTILES = ("minimum", "q05", "q25", "q50", "q75", "q95", "maximum")
INDICES = {
    "alerts": (
        ("severity", "last_seen"),
        ("state", "severity", "last_seen"),
        ("state", "monitor_id", "first_seen", "severity"),
        ("score", "last_seen"),
        ("area_m2", "last_seen"),
    ),
    "scenes": (("datetime",),),
}
SEVERITIES = """
    UPDATE alerts SET severity = CASE
        WHEN kind = 'anomaly' AND area_m2 >= 100000 AND score >= 0.7 THEN 3
        WHEN kind = 'anomaly' AND area_m2 >= 10000 AND score >= 0.5 THEN 2
        ELSE 1 END
"""


def upgrade() -> None:
    op.add_column("alerts", sa.Column("severity", sa.Integer(), server_default="1", nullable=False))
    op.execute(SEVERITIES)
    for name in QUANTILES:
        op.add_column("label_band_stats", sa.Column(name, sa.Double(), nullable=True))
    op.add_column("label_band_stats", sa.Column("unique_values", sa.Integer(), nullable=True))
    for table, indices in INDICES.items():
        for columns in indices:
            op.create_index(op.f(f"ix_{table}_{'_'.join(columns)}"), table, list(columns))


def downgrade() -> None:
    for table, indices in INDICES.items():
        for columns in indices:
            op.drop_index(op.f(f"ix_{table}_{'_'.join(columns)}"), table)
    op.drop_column("label_band_stats", "unique_values")
    for name in QUANTILES:
        op.drop_column("label_band_stats", name)
    op.drop_column("alerts", "severity")
