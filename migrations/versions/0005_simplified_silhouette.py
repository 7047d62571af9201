"""simplified silhouette of every k"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("sweeps", sa.Column("simplified_silhouette", sa.Double(), nullable=True))


def downgrade() -> None:
    op.drop_column("sweeps", "simplified_silhouette")
