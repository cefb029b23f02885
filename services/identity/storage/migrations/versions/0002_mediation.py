"""For whom a mediator's session looks."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# Beside the session, not in it: the release before writes that row whole.
_TABLE = """
    CREATE TABLE mediation (
        session_tag uuid PRIMARY KEY REFERENCES session ON DELETE CASCADE,
        beneficiary_id uuid NOT NULL,
        organisation_id uuid NOT NULL,
        until timestamptz NOT NULL,
        seal bytea NOT NULL
    )
"""


def upgrade() -> None:
    """Make the table."""
    op.execute(_TABLE)
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON mediation TO identity_serve")
