"""What people say of recommendations, in the view of design S3 that has a place for it."""

import re
from pathlib import Path

from alembic import op

revision = "0023"
down_revision = "0022"

_SQL = Path(__file__).parent.parent / "sql"
_VIEW = re.compile(r"create or replace view compat_s3\.user_movie_interactions\b.*?;\n", re.DOTALL)
_COMMENTS = re.compile(r"comment on column compat_s3\.user_movie_interactions\b.*?;\n", re.DOTALL)


def upgrade() -> None:
    # the read table, which the function names, is made after the migrations
    op.execute("set local check_function_bodies = off")
    op.execute((_SQL / "compat_s3_feedback.sql").read_text())
    op.execute("set local check_function_bodies = on")


def downgrade() -> None:
    views = _VIEW.findall((_SQL / "compat_indexes.sql").read_text())
    comments = _COMMENTS.findall((_SQL / "compat_s3.sql").read_text())
    op.execute("".join([*views, *comments]))
    op.execute("drop function compat_s3.feedback()")
