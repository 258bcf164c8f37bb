"""What people say of recommendations, in the view of design S3 that has a place for it."""

import re
from pathlib import Path

from alembic import op

revision = "0023"
down_revision = "0022"

_SQL = Path(__file__).parent.parent / "sql"
_BEFORE = re.compile(
    r"(?:create view|comment on column) compat_s3\.user_movie_interactions\b.*?;\n", re.DOTALL
)


def upgrade() -> None:
    # the read table, which the function names, is made after the migrations
    op.execute("set local check_function_bodies = off")
    op.execute((_SQL / "compat_s3_feedback.sql").read_text())
    op.execute("set local check_function_bodies = on")


def downgrade() -> None:
    before = _BEFORE.findall((_SQL / "compat_s3.sql").read_text())
    op.execute("".join(before).replace("create view", "create or replace view"))
    op.execute("drop function compat_s3.feedback, compat_s3.favorites, compat_s3.wishes")
