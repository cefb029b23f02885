"""The log that feeds the search index: sealed deltas in order of commit, snapshots in equal sealed parts."""

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create both tables; nothing but sealed bytes of one size and their order stands in them."""
    op.execute(
        """
        CREATE TABLE index_delta (
            seq bigint PRIMARY KEY,
            sealed bytea NOT NULL CHECK (length(sealed) = 512)
        );
        CREATE TABLE index_snapshot (
            generation bigint NOT NULL,
            part integer NOT NULL,
            parts integer NOT NULL,
            seq bigint NOT NULL,
            sealed bytea NOT NULL CHECK (length(sealed) = 1048604),
            PRIMARY KEY (generation, part)
        );
        ALTER TABLE index_delta ALTER COLUMN sealed SET STORAGE EXTERNAL;
        ALTER TABLE index_snapshot ALTER COLUMN sealed SET STORAGE EXTERNAL;
        -- No UPDATE: a row is never changed. DELETE, because old rows go when two newer snapshots hold them.
        GRANT SELECT, INSERT, DELETE ON index_delta, index_snapshot TO directory_serve;
        """
    )
