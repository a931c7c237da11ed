"""Names, notes, sizes and the bin; the first step: databases before it say no version."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = None


def upgrade() -> None:
    for table in ("data_sets", "runs"):
        op.add_column(table, sa.Column("note", sa.String(), nullable=False, server_default=""))
        op.add_column(table, sa.Column("size", sa.BigInteger()))
        op.add_column(table, sa.Column("deleted", sa.DateTime()))
        op.create_index(f"ix_{table}_owner", table, ["owner"])
    op.add_column("runs", sa.Column("name", sa.String(), nullable=False, server_default=""))
    op.create_index("ix_runs_of_run", "runs", ["of_run"])
    op.create_index("ix_data_sets_content_hash", "data_sets", ["content_hash"])
    op.create_table("leftovers", sa.Column("folder", sa.String(), primary_key=True))
