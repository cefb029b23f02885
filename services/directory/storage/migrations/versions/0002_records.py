"""Children's sealed containers, how acts ended, providers, and the newest receipt of the ledger."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables; the role that serves can delete from none of them."""
    op.execute(
        """
        CREATE TABLE record (
            record_tag bytea PRIMARY KEY CHECK (length(record_tag) = 32),
            container bytea NOT NULL CHECK (length(container) IN (1920, 4096, 8192))
        );
        ALTER TABLE record ALTER COLUMN container SET STORAGE EXTERNAL;

        CREATE TABLE act (
            act_id bytea PRIMARY KEY CHECK (length(act_id) = 32),
            outcome smallint NOT NULL CHECK (outcome BETWEEN 1 AND 5)
        );

        CREATE SEQUENCE provider_change;
        CREATE TABLE provider (
            provider_id uuid PRIMARY KEY,
            change bigint NOT NULL UNIQUE,
            name text NOT NULL,
            kind smallint NOT NULL CHECK (kind BETWEEN 1 AND 7),
            telephone text NOT NULL,
            telephone_out_of_hours text NOT NULL,
            email text NOT NULL,
            authority text NOT NULL,
            urn text UNIQUE,
            ods_code text UNIQUE,
            organisation_id uuid
        );

        CREATE TABLE newest_receipt (
            id smallint PRIMARY KEY CHECK (id = 1),
            receipt_index bigint NOT NULL
        );
        INSERT INTO newest_receipt VALUES (1, -1);

        GRANT SELECT, INSERT ON record TO directory_serve;
        GRANT UPDATE (container) ON record TO directory_serve;
        GRANT SELECT, INSERT ON act TO directory_serve;
        GRANT SELECT, INSERT ON provider TO directory_serve;
        GRANT UPDATE (change, telephone, telephone_out_of_hours, email) ON provider TO directory_serve;
        GRANT USAGE ON SEQUENCE provider_change TO directory_serve;
        GRANT SELECT ON newest_receipt TO directory_serve;
        GRANT UPDATE (receipt_index) ON newest_receipt TO directory_serve;
        """
    )
