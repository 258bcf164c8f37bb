"""Changes of the catalogue are told, so that servers may keep what they rendered of it."""

from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.execute("""
    create function catalogue_changed() returns trigger language plpgsql as $$
    begin
      notify catalogue;
      return null;
    end $$;
    create trigger movies_changed after update or delete or truncate on movies
      for each statement execute function catalogue_changed();
    """)
    # a movie that is new was kept by nobody, nor was one that there is not
    for table in ("genres", "movie_genres", "movie_cast"):
        op.execute(f"""
        create trigger {table}_changed after insert or update or delete or truncate on {table}
          for each statement execute function catalogue_changed()
        """)


def downgrade() -> None:
    for table in ("movies", "genres", "movie_genres", "movie_cast"):
        op.execute(f"drop trigger {table}_changed on {table}")
    op.execute("drop function catalogue_changed")
