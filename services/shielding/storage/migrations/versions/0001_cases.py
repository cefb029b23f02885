"""The tables of cases, pending steps, settled acts and the newest receipt."""

from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the tables, and grant the role that serves what it needs of each."""
    op.execute(
        """
        CREATE TABLE shield_case (
            case_id uuid PRIMARY KEY,
            state text NOT NULL CHECK (state IN ('REQUESTED', 'INTERIM', 'ACTIVE')),
            ground text NOT NULL,
            authority text NOT NULL,
            opened_at timestamptz NOT NULL,
            opened_by uuid NOT NULL,
            first_officer uuid,
            second_officer uuid,
            due_at timestamptz NOT NULL,
            sealed_number bytea NOT NULL,
            CHECK (second_officer NOT IN (opened_by, first_officer) AND first_officer <> opened_by)
        );
        CREATE INDEX shield_case_by_authority ON shield_case (authority, opened_at, case_id);
        CREATE TABLE pending_step (
            case_id uuid PRIMARY KEY,
            act_name uuid NOT NULL,
            tried_at timestamptz NOT NULL DEFAULT clock_timestamp(),
            sealed bytea NOT NULL
        );
        CREATE TABLE settled_act (
            act_name uuid PRIMARY KEY,
            digest bytea NOT NULL,
            sealed_receipt bytea NOT NULL,
            is_reading boolean NOT NULL,
            settled_at timestamptz NOT NULL DEFAULT clock_timestamp()
        );
        CREATE INDEX settled_act_readings ON settled_act (settled_at) WHERE is_reading;
        CREATE TABLE newest_receipt (
            only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
            index bigint NOT NULL
        );
        ALTER TABLE shield_case ALTER COLUMN sealed_number SET STORAGE EXTERNAL;
        ALTER TABLE pending_step ALTER COLUMN sealed SET STORAGE EXTERNAL;
        ALTER TABLE settled_act ALTER COLUMN sealed_receipt SET STORAGE EXTERNAL;
        GRANT SELECT, INSERT ON shield_case TO shielding_serve;
        GRANT UPDATE (state, first_officer, second_officer, due_at) ON shield_case TO shielding_serve;
        GRANT SELECT, INSERT, UPDATE, DELETE ON pending_step TO shielding_serve;
        GRANT SELECT, INSERT, DELETE ON settled_act TO shielding_serve;
        GRANT SELECT, INSERT, UPDATE ON newest_receipt TO shielding_serve;
        """
    )
