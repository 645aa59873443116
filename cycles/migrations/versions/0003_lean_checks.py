"""A check looks only where something changed: what results were reckoned by, and the requests it looks for."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("cycle", sa.Column("reckoned_by", sa.String(), nullable=True))
    op.create_index("request_state", "request", ["cycle_id", "state", "due"])
    pair, let_off = ["cycle_id", "system_id", "kind_id"], sa.text("state = 'excused'")
    op.create_index("request_excused", "request", pair, sqlite_where=let_off, postgresql_where=let_off)


def downgrade() -> None:
    op.drop_index("request_excused", "request")
    op.drop_index("request_state", "request")
    op.drop_column("cycle", "reckoned_by")
