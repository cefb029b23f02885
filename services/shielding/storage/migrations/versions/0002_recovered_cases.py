"""Which cases were made anew after a restore: their ground is lost."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make the table: beside the cases, since the release before reads and writes those as they are."""
    op.execute(
        """
        CREATE TABLE recovered_case (
            case_id uuid PRIMARY KEY REFERENCES shield_case
        );
        GRANT SELECT, INSERT ON recovered_case TO shielding_serve;
        """
    )
