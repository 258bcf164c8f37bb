"""Views of designs S0 and S3 show no movies that became others, no cut addresses, and genres as the design counts them."""

from __future__ import annotations

import re
from pathlib import Path

from alembic import op

revision = "0032"
down_revision = "0031"

_SQL = Path(__file__).parent.parent / "sql"
_VIEW = r"create view {}\b.*?;\n"
_CHANGES = {
    "compat_s0.movies": [("from public.movies m)", "from public.movies m where m.merged_into is null)")],
    "compat_s0.interactions": [
        ("on m.id = r.movie_id;", "on m.id = r.movie_id and m.merged_into is null;"),
    ],
    "compat_s3.users": [("on g.id = chosen.id)", "on g.id = chosen.id and g.tmdb_id is not null)")],
    "compat_s3.genres": [
        (
            "null::timestamp as created_at",
            "case when substr(id::text, 15, 1) = '7'"
            " then to_timestamp(('x' || translate(left(id::text, 13), '-', ''))::bit(48)::bigint / 1000.0)"
            " at time zone 'UTC' end as created_at",
        ),
    ],
    "compat_s3.movies": [
        (f"m.{name}::varchar(200)", f"case when length(m.{name}) <= 200 then m.{name} end::varchar(200)")
        for name in ("poster_path", "backdrop_path")
    ],
}
"""What is another text in a view from now on, with what it was."""
_COMMENTS = {
    "compat_s3.genres.created_at": (
        "Always null: it is not kept.",
        "The time that is in its id; null where there is none.",
    ),
    "compat_s3.movies.poster_path": ("", "Null where the address is longer."),
    "compat_s3.movies.backdrop_path": ("", "Null where the address is longer."),
}


def upgrade() -> None:
    for view, changes in _CHANGES.items():
        text = _before(view)
        for before, after in changes:
            text = text.replace(before, after)
        op.execute(text)
    _say(1)


def downgrade() -> None:
    for view in _CHANGES:
        op.execute(_before(view))
    _say(0)


def _before(view: str) -> str:
    """Return the statement that puts a view back as it was."""
    made = re.findall(
        _VIEW.format(re.escape(view)), (_SQL / f"{view.partition('.')[0]}.sql").read_text(), re.DOTALL
    )
    return str(made[0]).replace("create view", "create or replace view")


def _say(at: int) -> None:
    for column, said in _COMMENTS.items():
        op.execute(f"comment on column {column} is '{said[at]}'")
