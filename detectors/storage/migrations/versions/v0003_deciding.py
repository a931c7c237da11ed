"""Thresholds in versions; marks, which make verdicts; suppressions."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.rename_table("thresholds", "thresholds_before")
    op.create_table(
        "thresholds",
        sa.Column("run_id", sa.String(), sa.ForeignKey("runs.id"), primary_key=True),
        sa.Column("rule", sa.String(), nullable=False),
        sa.Column("value", sa.Double(), nullable=False),
        sa.Column("cut_off", sa.Double(), nullable=False),
        sa.Column("flagged", sa.Integer(), nullable=False),
        sa.Column("author", sa.String(), nullable=False),
        sa.Column("changed", sa.DateTime(), nullable=False),
        sa.Column("version", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("more", sa.JSON(), nullable=False),
        sa.Column("segments", sa.JSON()),
        sa.Column("reason", sa.String(), nullable=False),
    )
    op.execute(
        "INSERT INTO thresholds (run_id, rule, value, cut_off, flagged, author, changed, version, more, segments, reason) "
        "SELECT run_id, rule, value, cut_off, flagged, author, changed, 1, '{}', NULL, '' FROM thresholds_before"
    )
    op.drop_table("thresholds_before")
    op.create_table(
        "marks",
        sa.Column("data_id", sa.String(), sa.ForeignKey("data_sets.id"), nullable=False, index=True),
        sa.Column("first", sa.BigInteger(), nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.Column("verdict", sa.String(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("run_id", sa.String()),
        sa.Column("together", sa.String()),
        sa.Column("author", sa.String(), nullable=False),
        sa.Column("marked", sa.DateTime(), nullable=False),
        sa.Column("id", sa.Integer(), primary_key=True),
    )
    op.create_table(
        "suppressions",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("run_id", sa.String(), sa.ForeignKey("runs.id"), nullable=False, index=True),
        sa.Column("rule", sa.JSON(), nullable=False),
        sa.Column("row", sa.BigInteger()),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("author", sa.String(), nullable=False),
        sa.Column("created", sa.DateTime(), nullable=False),
        sa.Column("withdrawn", sa.DateTime()),
    )
