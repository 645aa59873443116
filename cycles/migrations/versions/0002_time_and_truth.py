"""What systems were when, findings, milestones, panels and cadences; actions that answer a finding."""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "cadence",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("system_id", sa.Integer(), nullable=False),
        sa.Column("kind_id", sa.Integer(), nullable=False),
        sa.Column("months", sa.Integer(), nullable=False),
        sa.Column("because", sa.String(), nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("outcome", sa.String(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["decided_by_id"],
            ["person.id"],
        ),
        sa.ForeignKeyConstraint(
            ["kind_id"],
            ["evidence_kind.id"],
        ),
        sa.ForeignKeyConstraint(
            ["system_id"],
            ["system.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "finding",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("system_id", sa.Integer(), nullable=False),
        sa.Column("kind_id", sa.Integer(), nullable=True),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("confidential", sa.Boolean(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("detail", sa.String(), nullable=False),
        sa.Column("severity", sa.String(), nullable=True),
        sa.Column("reporter_id", sa.Integer(), nullable=True),
        sa.Column("reported_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("triaged_by_id", sa.Integer(), nullable=True),
        sa.Column("triaged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["kind_id"],
            ["evidence_kind.id"],
        ),
        sa.ForeignKeyConstraint(
            ["reporter_id"],
            ["person.id"],
        ),
        sa.ForeignKeyConstraint(
            ["system_id"],
            ["system.id"],
        ),
        sa.ForeignKeyConstraint(
            ["triaged_by_id"],
            ["person.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "incident",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("system_id", sa.Integer(), nullable=False),
        sa.Column("kind_id", sa.Integer(), nullable=True),
        sa.Column("happened_on", sa.Date(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by_id", sa.Integer(), nullable=True),
        sa.Column("what", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["kind_id"],
            ["evidence_kind.id"],
        ),
        sa.ForeignKeyConstraint(
            ["recorded_by_id"],
            ["person.id"],
        ),
        sa.ForeignKeyConstraint(
            ["system_id"],
            ["system.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("incident", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_incident_system_id"), ["system_id"], unique=False)

    op.create_table(
        "system_fact",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("system_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("model_version", sa.String(), nullable=True),
        sa.Column("risk_tier", sa.String(), nullable=False),
        sa.Column("retired", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["system_id"],
            ["system.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("system_fact", schema=None) as batch_op:
        batch_op.create_index("system_fact_at", ["system_id", "at"], unique=False)

    op.create_table(
        "kind_fact",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("scope", sa.String(), nullable=False),
        sa.Column("model_version_bound", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["kind_id"],
            ["evidence_kind.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("kind_fact", schema=None) as batch_op:
        batch_op.create_index("kind_fact_at", ["kind_id", "at"], unique=False)

    op.create_table(
        "document_fact",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("document_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("watched", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["document_id"],
            ["document.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("document_fact", schema=None) as batch_op:
        batch_op.create_index("document_fact_at", ["document_id", "at"], unique=False)

    op.create_table(
        "milestone",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("action_id", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("due", sa.Date(), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done_by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["action_id"],
            ["action.id"],
        ),
        sa.ForeignKeyConstraint(
            ["done_by_id"],
            ["person.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("milestone", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_milestone_action_id"), ["action_id"], unique=False)

    op.create_table(
        "panel",
        sa.Column("evidence_id", sa.Integer(), nullable=False),
        sa.Column("terms", sa.JSON(), nullable=False),
        sa.Column("roster", sa.JSON(), nullable=False),
        sa.Column("called_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("deadline", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decider_id", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["decider_id"],
            ["person.id"],
        ),
        sa.ForeignKeyConstraint(
            ["evidence_id"],
            ["evidence.id"],
        ),
        sa.PrimaryKeyConstraint("evidence_id"),
    )
    with op.batch_alter_table("panel", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_panel_deadline"), ["deadline"], unique=False)

    with op.batch_alter_table("acceptance", schema=None) as batch_op:
        batch_op.add_column(sa.Column("decision_reason", sa.String(), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True))

    with op.batch_alter_table("action", schema=None) as batch_op:
        batch_op.add_column(sa.Column("finding_id", sa.Integer(), nullable=True))
        batch_op.alter_column("lapse_id", existing_type=sa.INTEGER(), nullable=True)
        batch_op.alter_column("kind_id", existing_type=sa.INTEGER(), nullable=True)
        batch_op.create_index("action_finding", ["finding_id"], unique=True)
        batch_op.create_foreign_key("fk_action_finding", "finding", ["finding_id"], ["id"])

    with op.batch_alter_table("cycle", schema=None) as batch_op:
        batch_op.add_column(sa.Column("cancelled_at", sa.DateTime(timezone=True), nullable=True))

    with op.batch_alter_table("evidence", schema=None) as batch_op:
        batch_op.add_column(sa.Column("sealed_at", sa.DateTime(timezone=True), nullable=True))

    with op.batch_alter_table("membership", schema=None) as batch_op:
        batch_op.add_column(sa.Column("group", sa.String(), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("automated", sa.Boolean(), nullable=False, server_default=sa.false()))

    with op.batch_alter_table("request", schema=None) as batch_op:
        batch_op.add_column(sa.Column("excused_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("renews", sa.Date(), nullable=True))
        batch_op.add_column(sa.Column("renewed_at", sa.DateTime(timezone=True), nullable=True))

    # A rewrite is looked for by the message it rewrites.
    of_a_root = sa.text("root_id IS NOT NULL")
    op.create_index("delivery_root", "delivery", ["root_id"], sqlite_where=of_a_root, postgresql_where=of_a_root)

    _date_excuses()
    # What a system was before this version is not known better than: as it is now, since the record began.
    op.execute(
        "INSERT INTO system_fact (system_id, at, model_version, risk_tier, retired) "
        "SELECT id, (SELECT min(at) FROM journal), model_version, risk_tier, retired FROM system "
        "WHERE EXISTS (SELECT 1 FROM journal)"
    )
    op.execute(
        "INSERT INTO kind_fact (kind_id, at, scope, model_version_bound) "
        "SELECT id, (SELECT min(at) FROM journal), scope, model_version_bound FROM evidence_kind "
        "WHERE EXISTS (SELECT 1 FROM journal)"
    )
    op.execute(
        "INSERT INTO document_fact (document_id, at, watched) "
        "SELECT id, (SELECT min(at) FROM journal), watched FROM document WHERE EXISTS (SELECT 1 FROM journal)"
    )
    # Cycles closed by then cannot be recomputed for certain, and `hoshin verify` says so instead of crying wolf.
    op.execute(
        "INSERT INTO setting (name, value) SELECT 'recomputable_after', "
        "(SELECT '{\"seq\": ' || max(seq) || '}' FROM journal)" + _as_json() + " WHERE EXISTS (SELECT 1 FROM journal)"
    )


def _as_json() -> str:
    return "::json" if op.get_bind().dialect.name == "postgresql" else ""


def _date_excuses() -> None:
    """Since when a request is excused stood in its last answer only."""
    request = sa.table("request", sa.column("id"), sa.column("state"), sa.column("answer", sa.JSON))
    request.append_column(sa.column("excused_at", sa.DateTime(timezone=True)))
    bind = op.get_bind()
    excused = sa.select(request.c.id, request.c.answer).where(request.c.state == "excused")
    for number, answer in bind.execute(excused).all():
        at = datetime.fromisoformat(answer["at"]).astimezone(UTC)
        kept = at.replace(tzinfo=None) if bind.dialect.name == "sqlite" else at
        bind.execute(sa.update(request).where(request.c.id == number).values(excused_at=kept))


def downgrade() -> None:
    op.execute("DELETE FROM setting WHERE name = 'recomputable_after'")
    op.drop_index("delivery_root", "delivery")

    op.drop_column("request", "renewed_at")
    op.drop_column("request", "renews")
    op.drop_column("request", "excused_at")

    op.drop_column("evidence", "sealed_at")

    op.drop_column("membership", "automated")
    op.drop_column("membership", "group")

    op.drop_column("cycle", "cancelled_at")

    # An action without a lapse has no place in the older record.
    op.drop_table("milestone")
    op.execute("DELETE FROM action WHERE lapse_id IS NULL OR kind_id IS NULL")
    with op.batch_alter_table("action", schema=None) as batch_op:
        batch_op.drop_index("action_finding")
        batch_op.drop_constraint("fk_action_finding", type_="foreignkey")
        batch_op.alter_column("kind_id", existing_type=sa.INTEGER(), nullable=False)
        batch_op.alter_column("lapse_id", existing_type=sa.INTEGER(), nullable=False)
        batch_op.drop_column("finding_id")

    op.drop_column("acceptance", "revoked_at")
    op.drop_column("acceptance", "decision_reason")

    with op.batch_alter_table("panel", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_panel_deadline"))

    op.drop_table("panel")
    with op.batch_alter_table("system_fact", schema=None) as batch_op:
        batch_op.drop_index("system_fact_at")

    op.drop_table("system_fact")
    with op.batch_alter_table("incident", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_incident_system_id"))

    op.drop_table("incident")
    with op.batch_alter_table("kind_fact", schema=None) as batch_op:
        batch_op.drop_index("kind_fact_at")

    op.drop_table("kind_fact")
    with op.batch_alter_table("document_fact", schema=None) as batch_op:
        batch_op.drop_index("document_fact_at")

    op.drop_table("document_fact")
    op.drop_table("finding")
    op.drop_table("cadence")
