"""By whose certificate a session came, so that the certificate may be renewed."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

# Beside the session, not in it: the release before writes that row whole.
_TABLE = """
    CREATE TABLE session_channel (
        session_tag uuid PRIMARY KEY REFERENCES session ON DELETE CASCADE,
        name text NOT NULL,
        seal bytea NOT NULL
    )
"""


def upgrade() -> None:
    """Make the table."""
    op.execute(_TABLE)
    op.execute("GRANT SELECT, INSERT, DELETE ON session_channel TO identity_serve")
