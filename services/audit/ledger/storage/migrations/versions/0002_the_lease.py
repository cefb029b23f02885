"""Since when, and how, the leader leads: a leader that stands still keeps its connection, but not its lease."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add the lease to the writer's row; a leader of release 1 leaves it alone, and is known by its epoch."""
    op.add_column("writer", sa.Column("lease_epoch", sa.BigInteger(), nullable=True))
    op.add_column("writer", sa.Column("renewed_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("writer", sa.Column("is_locked", sa.Boolean(), nullable=False, server_default=sa.false()))
