"""Parties with their standings, acts, credentials, sessions, enrolments, mails to send, signing keys."""

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# What decides is in `standing.bytes`, in sealed columns and in tags; every other column serves finding.
_TABLES = (
    """
    CREATE TABLE standing (
        party_kind text NOT NULL CHECK (party_kind IN ('person', 'organisation', 'system', 'service', 'decoy')),
        party_id text NOT NULL,
        bytes bytea NOT NULL,
        changed_at timestamptz NOT NULL,
        PRIMARY KEY (party_kind, party_id)
    )
    """,
    """
    CREATE TABLE organisation (
        id uuid PRIMARY KEY,
        name text NOT NULL,
        kind text NOT NULL,
        authority text NOT NULL,
        created_at timestamptz NOT NULL
    )
    """,
    """
    CREATE TABLE system (
        id uuid PRIMARY KEY,
        organisation_id uuid NOT NULL REFERENCES organisation,
        name text NOT NULL,
        created_at timestamptz NOT NULL
    )
    """,
    """
    CREATE TABLE person (
        id uuid PRIMARY KEY,
        organisation_id uuid NOT NULL REFERENCES organisation,
        username text NOT NULL UNIQUE,
        sealed_contact bytea NOT NULL,
        created_at timestamptz NOT NULL
    )
    """,
    "CREATE INDEX person_by_organisation ON person (organisation_id, username)",
    """
    CREATE TABLE credential (
        id uuid PRIMARY KEY,
        password_hash bytea NOT NULL,
        sealed_secret bytea NOT NULL
    )
    """,
    """
    CREATE TABLE guesses (
        id uuid PRIMARY KEY,
        last_step bigint NOT NULL DEFAULT 0,
        wrong_in_row integer NOT NULL DEFAULT 0
    ) WITH (fillfactor = 50)
    """,
    """
    CREATE TABLE session (
        tag uuid PRIMARY KEY,
        handle_digest bytea NOT NULL UNIQUE,
        person_id uuid NOT NULL,
        organisation_id uuid NOT NULL,
        channel text NOT NULL,
        started_at timestamptz NOT NULL,
        expires_at timestamptz NOT NULL,
        last_used_at timestamptz NOT NULL,
        is_entered boolean NOT NULL DEFAULT false,
        ended_at timestamptz,
        seal bytea NOT NULL
    ) WITH (fillfactor = 70)
    """,
    "CREATE INDEX session_by_person ON session (person_id)",
    """
    CREATE TABLE session_factor (
        session_tag uuid NOT NULL REFERENCES session ON DELETE CASCADE,
        method text NOT NULL,
        assurance_level smallint NOT NULL,
        proved_at timestamptz NOT NULL,
        vouched_by text NOT NULL,
        PRIMARY KEY (session_tag, method)
    )
    """,
    """
    CREATE TABLE pending_act (
        subject_kind text NOT NULL,
        subject_id text NOT NULL,
        actor text NOT NULL,
        method text NOT NULL,
        idempotency_key uuid NOT NULL,
        username text UNIQUE,
        sealed bytea NOT NULL,
        started_at timestamptz NOT NULL,
        PRIMARY KEY (subject_kind, subject_id),
        UNIQUE (actor, method, idempotency_key)
    )
    """,
    """
    CREATE TABLE act (
        actor text NOT NULL,
        method text NOT NULL,
        idempotency_key uuid NOT NULL,
        request_digest bytea NOT NULL,
        outcome jsonb NOT NULL,
        settled_at timestamptz NOT NULL,
        PRIMARY KEY (actor, method, idempotency_key)
    )
    """,
    "CREATE INDEX act_by_time ON act (settled_at)",
    """
    CREATE TABLE enrolment (
        id uuid PRIMARY KEY,
        person_id uuid NOT NULL UNIQUE,
        act_key uuid NOT NULL,
        vouched_by text NOT NULL,
        link_tag bytea NOT NULL UNIQUE,
        code_tag bytea NOT NULL,
        expires_at timestamptz NOT NULL,
        tries_left smallint NOT NULL,
        sealed_secret bytea NOT NULL,
        seal bytea NOT NULL
    )
    """,
    """
    CREATE TABLE outbox (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        written_at timestamptz NOT NULL,
        sealed bytea NOT NULL
    )
    """,
    """
    CREATE TABLE refusal (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        act text NOT NULL,
        rule text NOT NULL,
        person text NOT NULL,
        organisation text NOT NULL
    )
    """,
    """
    CREATE TABLE token_key (
        kid text PRIMARY KEY,
        public_key bytea NOT NULL,
        sealed_private_key bytea NOT NULL,
        not_before timestamptz NOT NULL,
        not_after timestamptz NOT NULL
    )
    """,
    """
    CREATE TABLE newest_receipt (
        is_only boolean PRIMARY KEY DEFAULT true CHECK (is_only),
        index bigint NOT NULL,
        leaf bytea NOT NULL
    )
    """,
)

# Ciphertext and hashes do not compress, and secrets are never compressed beside what an attacker chose.
_EXTERNAL = {
    "standing": ("bytes",),
    "person": ("sealed_contact",),
    "credential": ("password_hash", "sealed_secret"),
    "pending_act": ("sealed",),
    "enrolment": ("sealed_secret",),
    "outbox": ("sealed",),
    "token_key": ("sealed_private_key",),
}

_GRANTS = {
    # Parties stay for ever: the log refers to them.
    "standing": "SELECT, INSERT, UPDATE",
    "organisation": "SELECT, INSERT",
    "system": "SELECT, INSERT",
    "person": "SELECT, INSERT",
    "credential": "SELECT, INSERT, UPDATE",
    "guesses": "SELECT, INSERT, UPDATE",
    "session": "SELECT, INSERT, UPDATE, DELETE",
    "session_factor": "SELECT, INSERT, DELETE",
    "pending_act": "SELECT, INSERT, DELETE",
    "act": "SELECT, INSERT, DELETE",
    "enrolment": "SELECT, INSERT, UPDATE, DELETE",
    # UPDATE because FOR UPDATE asks for it.
    "outbox": "SELECT, INSERT, UPDATE, DELETE",
    "refusal": "SELECT, INSERT, DELETE",
    "token_key": "SELECT, INSERT, DELETE",
    "newest_receipt": "SELECT, INSERT, UPDATE",
}


def upgrade() -> None:
    """Make the tables, and let the serving role do with each what it needs and no more."""
    for statement in _TABLES:
        op.execute(statement)
    for table, columns in _EXTERNAL.items():
        for column in columns:
            op.execute(f"ALTER TABLE {table} ALTER COLUMN {column} SET STORAGE EXTERNAL")
    for table, granted in _GRANTS.items():
        op.execute(f"GRANT {granted} ON {table} TO identity_serve")
