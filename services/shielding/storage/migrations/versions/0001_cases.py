"""The tables of cases, pending steps and the newest receipt."""

from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE shield_case (
            case_id uuid PRIMARY KEY,
            state text NOT NULL,
            ground text NOT NULL,
            authority text NOT NULL,
            opened_at timestamptz NOT NULL,
            opened_by uuid NOT NULL,
            first_officer uuid,
            second_officer uuid,
            due_at timestamptz NOT NULL,
            sealed_number bytea NOT NULL
        );
        CREATE INDEX shield_case_by_authority ON shield_case (authority, opened_at, case_id);
        CREATE TABLE pending_step (
            case_id uuid PRIMARY KEY,
            idempotency_key uuid NOT NULL,
            begun_at timestamptz NOT NULL DEFAULT clock_timestamp(),
            sealed bytea NOT NULL
        );
        ALTER TABLE shield_case ALTER COLUMN sealed_number SET STORAGE EXTERNAL;
        ALTER TABLE pending_step ALTER COLUMN sealed SET STORAGE EXTERNAL;
        CREATE TABLE newest_receipt (
            only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
            index bigint NOT NULL
        );
        GRANT SELECT, INSERT, UPDATE ON shield_case, newest_receipt TO shielding_serve;
        GRANT SELECT, INSERT, UPDATE, DELETE ON pending_step TO shielding_serve;
        """
    )
