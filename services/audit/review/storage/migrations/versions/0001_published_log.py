"""What was made public of the log, and the newest receipt."""

from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make both tables, of one row each."""
    op.execute(
        """
        CREATE TABLE newest_receipt (
            only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
            index bigint NOT NULL
        );
        CREATE TABLE published_log (
            only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
            size bigint NOT NULL CHECK (size >= 0),
            root bytea NOT NULL CHECK (length(root) = 32),
            verifier_key text NOT NULL
        );
        GRANT SELECT, INSERT, UPDATE ON newest_receipt, published_log TO audit_review_serve;
        """
    )
