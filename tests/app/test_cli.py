from __future__ import annotations

import json
import pickle
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg.sql import SQL, Identifier
from typer.testing import CliRunner, Result

from app.cli import commands
from app.cli.console import answer_table
from app.cli.tail import Wanted, tail
from database.connect import connect
from events.ratings import MovieRated
from events.viewing import MovieViewed
from projections.follow import catch_up
from schema import SDL
from tests.app.processes import process
from tests.app.test_importing import RATINGS, release, said
from tests.app.test_importing_catalogue import dataset
from tests.catalog.test_pickled import FRAMES
from tests.events.writing import views, write, write_raw
from tests.imports import exports
from tests.projections.filling import viewed
from tests.waiting import until

Conn = psycopg.Connection[tuple[Any, ...]]
Run = Callable[..., Result]


@pytest.fixture
def run(conninfo: str, tmp_path: Path) -> Run:
    """Runs a command against a database of the test's own."""
    environment = {
        "DATABASE_URL": conninfo,
        "REDIS_URL": "none",
        "PROJECTIONIST_DATA_DIR": str(tmp_path / "data"),
        "PROJECTIONIST_BCRYPT_COST": "4",
        "TERM": "dumb",
    }

    def one(*words: object, **more: Any) -> Result:
        given = {**environment, **more.pop("env", {})}
        return CliRunner(env=given).invoke(commands, [str(word) for word in words], **more)

    return one


def answered(result: Result) -> Any:
    """The JSON of a command that went well."""
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def refused(result: Result, code: int = 1) -> str:
    """What a command that failed said, in one line and nothing on stdout."""
    assert result.exit_code == code, result.output
    assert result.stdout == ""
    (line,) = (line for line in result.stderr.splitlines() if line.startswith("Error: "))
    assert "Traceback" not in result.output
    return line


def rated(conn: Conn, count: int = 3) -> UUID:
    """Write that one person rated so many movies, folded."""
    ann = uuid4()
    write(
        conn,
        *(
            MovieRated(user_id=ann, movie_id=uuid4(), half_stars=1 + n % 10, previous=None)
            for n in range(count)
        ),
    )
    catch_up(conn)
    return ann


GROUPS = {
    "": (
        *("serve", "worker", "migrate", "doctor"),
        *("import", "events", "projections", "activity", "recsys", "users"),
    ),
    "activity": ("archive",),
    "import": ("movielens", "imdb", "movies", "convert", "tmdb", "omdb", "export"),
    "events": ("tail", "count", "verify", "export"),
    "projections": ("list", "rebuild", "verify", "rollback", "dead-letters", "retry", "skip"),
    "recsys": ("train", "models", "promote", "rollback", "evaluate"),
    "users": ("create", "grant", "revoke", "deactivate", "activate", "export", "erase", "list"),
    "keys": ("list", "rewrap"),
}


@pytest.mark.parametrize(
    "words", [(*g.split(), c) for g, names in GROUPS.items() for c in names if c not in GROUPS]
)
def test_the_help_of_every_command_ends_with_an_example_of_it(run: Run, words: tuple[str, ...]) -> None:
    result = run(*words, "--help", env={"COLUMNS": "200"})
    assert result.exit_code == 0
    last = result.stdout.strip().splitlines()[-1]
    assert last.strip().startswith("Example: ")
    assert f"projectionist {' '.join(words)}" in last


@pytest.mark.parametrize("group", GROUPS)
def test_every_group_lists_its_commands(run: Run, group: str) -> None:
    listed = run(*group.split(), "--help").stdout
    assert [name for name in GROUPS[group] if f" {name} " not in listed] == []


@pytest.mark.parametrize(
    "words",
    [
        ("nothing",),
        ("events", "count", "--by", "moon"),
        ("events", "tail", "--type", "movie_eaten"),
        ("events", "verify", "--root", "xyz"),
        ("projections", "rebuild"),
        ("projections", "rebuild", "ratings", "--all"),
        ("projections", "rebuild", "moons"),
        ("projections", "verify", "ratings", "moons"),
        ("import", "movielens", "/there/is/no/such/file"),
        ("import", "imdb", ".", "--types", "film"),
        ("import", "imdb", ".", "--minimum-votes", "-1"),
        ("import", "movies", __file__, "--map", "title"),
        ("import", "export", "ann", "/there/is/no/such/file"),
        ("users", "create"),
        ("users", "grant", "ann", "emperor"),
        ("users", "revoke", "ann", "person"),
        ("schema", "--check", "--write"),
    ],
)
def test_wrong_use_is_2(run: Run, words: tuple[str, ...]) -> None:
    result = run(*words)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr


def test_settings_that_make_no_sense_are_named(run: Run) -> None:
    said_of = refused(run("events", "count", env={"DATABASE_URL": "mysql:x", "PROJECTIONIST_PORT": "y"}), 2)
    assert "DATABASE_URL" in said_of
    assert "PROJECTIONIST_PORT" in said_of


@pytest.mark.parametrize(
    "words", [("events", "count"), ("migrate",), ("users", "list"), ("projections", "verify")]
)
def test_a_database_that_is_away_is_3(run: Run, words: tuple[str, ...]) -> None:
    away = {"DATABASE_URL": "host=127.0.0.1 port=1 user=nobody"}
    assert "DATABASE_URL" in refused(run(*words, env=away), 3)


def test_k108_migrate_makes_everything_once(run: Run, empty_database: str) -> None:
    there = {"DATABASE_URL": empty_database}
    assert "projectionist migrate" in refused(run("events", "count", env=there))
    assert run("doctor", env=there).exit_code == 1
    made = answered(run("migrate", "--json", env=there))
    assert "0001" in made["applied"]
    assert "ratings" in made["built"]
    assert answered(run("migrate", "--json", env=there)) == {"applied": [], "built": [], "sealed": 0}
    assert run("doctor", env=there).exit_code == 0


def test_import_says_what_it_did_and_doing_it_again_adds_nothing(
    run: Run, connection: Conn, tmp_path: Path
) -> None:
    path = release(tmp_path, more=b"7\t404\t3\t891388800\n")
    bad = tmp_path / "bad.jsonl"
    first = run("import", "movielens", path, "--json", "--bad-rows", bad)
    told = answered(first)
    assert told["movies"] == {"created": 2, "updated": 0, "unchanged": 0}
    assert (told["people"], told["ratings"]["recorded"], told["events"]) == ({"created": 2}, 3, 3)
    assert (told["badRows"], told["shiftedByDays"]) == (1, 0)
    assert "u.data:4: no movie has the id 404" in first.stderr
    assert json.loads(bad.read_text())["line"] == 4
    again = answered(run("import", "movielens", path, "--json"))
    assert (again["events"], again["ratings"]["repeated"]) == (0, 3)
    assert run("import", "movielens", path, "--shift-to-today").stdout.count("0 people added") == 1
    assert run("projections", "verify").exit_code == 0
    correlation = connection.execute("select distinct correlation_id::text from events").fetchall()
    assert correlation == [(told["correlationId"],)]


def test_a_pickled_frame_goes_by_way_of_parquet_into_the_catalogue(
    run: Run, connection: Conn, tmp_path: Path
) -> None:
    frame, table = FRAMES / "pandas3-p5.pkl", tmp_path / "films.parquet"
    assert "3 rows of tconst, primaryTitle" in run("import", "convert", frame, table).stdout
    names = {"imdb_id": "tconst", "title": "primaryTitle", "year": "startYear", "rating": "averageRating"}
    (tmp_path / "columns.json").write_text(json.dumps(names))
    words = ("import", "movies", table, "--mapping", tmp_path / "columns.json", "--map", "adult=isAdult")
    told = answered(run(*words, "--json"))
    assert told == {
        "source": "films",
        "movies": {"created": 2, "updated": 0, "unchanged": 0},
        "people": 0,
        "badRows": 1,
    }
    assert "2 as they were" in run(*words).stdout
    found = connection.execute("select imdb_id, title, release_year, rating::float8 from movies order by 1")
    assert found.fetchall() == [("tt0113277", "Heat", 1995, 8.3), ("tt0211915", "Amélie", 2001, None)]
    (tmp_path / "other.pkl").write_bytes(pickle.dumps([1]))
    assert "no plain data frame" in refused(run("import", "convert", tmp_path / "other.pkl", table))


def test_imdb_files_come_in_by_a_command(run: Run, connection: Conn, tmp_path: Path) -> None:
    told = answered(run("import", "imdb", dataset(tmp_path), "--types", "movie,short", "--json"))
    # the one is the short's director, whose id has a digit
    assert (told["movies"]["created"], told["people"], told["badRows"]) == (4, 4, 1)
    assert "title.basics" in refused(run("import", "imdb", Path(__file__).parent))


def test_only_the_first_broken_rows_are_printed_and_all_are_counted(run: Run, tmp_path: Path) -> None:
    path = release(tmp_path, more=b"broken\n" * 50)
    result = run("import", "movielens", path)
    assert result.stderr.count("u.data:") == 20
    assert "30 more rows" in result.stderr
    assert "Rows passed over: 50" in result.stdout


def test_what_is_no_release_is_refused_with_what_would_be_one(run: Run, tmp_path: Path) -> None:
    assert "u.item and u.data" in refused(run("import", "movielens", tmp_path))


def test_count_by(run: Run, connection: Conn) -> None:
    rated(connection)
    write(connection, *views(2))
    assert run("events", "count").stdout == "5\n"
    assert answered(run("events", "count", "--json")) == {"events": 5}
    by_type = answered(run("events", "count", "--by", "type", "--json"))
    assert by_type == [{"type": "movie_rated", "events": 3}, {"type": "movie_viewed", "events": 2}]
    assert answered(run("events", "count", "--by", "source", "--json")) == [{"source": "web", "events": 5}]
    assert [day["events"] for day in answered(run("events", "count", "--by", "day", "--json"))] == [5]
    assert "movie_viewed" in run("events", "count", "--by", "type").stdout


def test_tail_shows_the_last_or_begins_where_it_is_told(run: Run, connection: Conn) -> None:
    ann = rated(connection)
    write(connection, *views(2))

    def shown(*words: object) -> list[int]:
        lines = run("events", "tail", "--json", *words).stdout.splitlines()
        return [json.loads(line)["position"] for line in lines]

    assert shown() == [1, 2, 3, 4, 5]
    assert shown("-n", 2) == [4, 5]
    assert shown("-n", 0) == []
    assert shown("--from", 3) == [3, 4, 5]
    assert shown("--type", "movie_viewed", "--type", "movie_watched") == [4, 5]
    assert shown("--user", nobody_imported(connection, ann), "-n", 2) == [2, 3]
    (line,) = run("events", "tail", "-n", 1, "--type", "movie_rated").stdout.splitlines()
    assert line.split()[0] == "3"
    assert '"half_stars":3' in line


def nobody_imported(conn: Conn, user_id: UUID) -> str:
    conn.execute("insert into users (id, username, username_key) values (%s, 'Ann', 'ann')", [user_id])
    return "ANN"


def test_following_the_tail_loses_no_event_that_commits_late(conninfo: str, connection: Conn) -> None:
    write(connection, *views(1))
    with psycopg.connect(conninfo) as late, connect(conninfo) as reader:
        write(late, *views(1))
        write(connection, *views(1))
        following = tail(reader, Wanted(), begin=1, last=0, follow=True)
        assert [next(following)["position"] for _ in range(2)] == [1, 3]
        write(connection, *views(1))
        assert next(following)["position"] == 4
        late.commit()
        assert next(following)["position"] == 2
        mine = MovieViewed(user_id=uuid4(), movie_id=uuid4())
        following.close()
        write(connection, *views(1), mine)
        wanted = Wanted(("movie_viewed",), mine.user_id)
        found = list(tail(reader, wanted, begin=None, last=5, follow=False))
        assert [event["user_id"] for event in found] == [mine.user_id]


def test_verify_seals_and_names_the_event_that_was_changed(run: Run, owner_connection: Conn) -> None:
    write(owner_connection, *views(5))
    proved = answered(run("events", "verify", "--json"))
    assert (proved["ok"], proved["events"], proved["broken"]) == (True, 5, None)
    root = proved["newest"]["root"]
    assert root in run("events", "verify", "--root", root).stdout
    assert "anew" in refused_check(run("events", "verify", "--json", "--root", "ab" * 32))
    tamper(owner_connection, "update events set user_id = gen_random_uuid() where position = 4")
    assert "position 4" in refused_check(run("events", "verify", "--json"))


def refused_check(result: Result) -> str:
    assert result.exit_code == 1
    assert json.loads(result.stdout)["ok"] is False
    assert result.stderr.splitlines()[-1].startswith("Error: ")
    return str(json.loads(result.stdout)["broken"])


def tamper(conn: Conn, statement: str) -> None:
    """Do as a superuser what nobody may."""
    conn.execute("set projectionist.break_glass = 'on'")
    for table in ("events", "events_p0"):
        conn.execute(SQL("alter table {} disable trigger append_only").format(Identifier(table)))
    conn.execute(statement.encode())
    for table in ("events", "events_p0"):
        conn.execute(SQL("alter table {} enable always trigger append_only").format(Identifier(table)))


@pytest.mark.parametrize(
    ("name", "form"), [("e.csv", "csv"), ("e.parquet", "parquet"), ("e.jsonl", "jsonl"), ("e", "jsonl")]
)
def test_export_writes_as_the_file_is_called(
    run: Run, connection: Conn, tmp_path: Path, name: str, form: str
) -> None:
    write(connection, *views(5))
    path = tmp_path / name
    told = answered(run("events", "export", path, "--from", 2, "--to", 4, "--json"))
    assert told == {"path": str(path), "format": form, "from": 2, "to": 4, "events": 3}
    assert path.read_bytes()[:4] == {"csv": b"posi", "parquet": b"PAR1", "jsonl": b'{"po'}[form]
    assert "--from 6" in run("events", "export", path, "--format", "csv").stdout


def test_a_file_that_cannot_be_written_is_named(run: Run, tmp_path: Path) -> None:
    assert "nowhere" in refused(run("events", "export", tmp_path / "nowhere" / "e.csv"))


def test_projections_are_listed_and_proved(run: Run, connection: Conn) -> None:
    rated(connection)
    listed = {row["name"]: row for row in answered(run("projections", "list", "--json"))}
    assert listed["movie_stats"]["lag_events"] == 0
    assert listed["ratings"]["status"] == "live"
    assert run("projections", "verify", "movie_stats", "trending").exit_code == 0
    assert "movie_stats" in run("projections", "list").stdout
    connection.execute("update movie_stats set rating_count = 7")
    wrong = run("projections", "verify", "movie_stats")
    assert wrong.exit_code == 1
    assert "rating_count=7" in wrong.stdout
    assert "rebuild" in wrong.stderr
    assert json.loads(run("projections", "verify", "--json").stdout)["movie_stats"] != []


def test_a_rebuild_can_be_tried_done_and_taken_back(run: Run, connection: Conn) -> None:
    rated(connection)
    connection.execute("update movie_stats set rating_count = 7")
    tried = run("projections", "rebuild", "movie_stats", "--dry-run")
    assert tried.exit_code == 0
    assert "movie_stats would lose" in tried.stdout
    assert run("projections", "verify", "movie_stats").exit_code == 1
    done = answered(run("projections", "rebuild", "movie_stats", "--json"))
    assert done[0]["swapped"] is True
    assert run("projections", "verify", "movie_stats").exit_code == 0
    assert run("projections", "rollback", "movie_stats").exit_code == 0
    assert run("projections", "verify", "movie_stats").exit_code == 1
    assert "Rebuilt popularity_metrics, trending" in run("projections", "rebuild", "--all").stdout
    assert run("projections", "verify").exit_code == 0


def test_there_is_nothing_to_roll_back_before_a_rebuild(run: Run) -> None:
    assert "no earlier table" in refused(run("projections", "rollback", "watchlist"))


def park(conn: Conn, position: int) -> None:
    conn.execute(
        "insert into dead_letters (projection, position, error) values ('movie_stats', %s, 'too big')",
        [position],
    )


def test_a_parked_event_is_retried_or_given_up(run: Run, connection: Conn) -> None:
    write(connection, *views(2))
    for position in (1, 2):
        park(connection, position)
    listed = answered(run("projections", "dead-letters", "movie_stats", "--json"))
    assert [(row["position"], row["error"]) for row in listed] == [(1, "too big"), (2, "too big")]
    assert "could not be folded" in run("doctor").stdout
    assert run("projections", "skip", "movie_stats", 2).exit_code == 0
    assert "no event parked" in refused(run("projections", "skip", "movie_stats", 2))
    assert answered(run("projections", "retry", "movie_stats", "--json")) == {"taken": 1, "left": 0}
    assert connection.execute("select sum(view_count) from movie_stats").fetchone() == (1,)
    (left,) = answered(run("projections", "dead-letters", "movie_stats", "--json"))
    assert left["error"] == "skipped: too big"
    assert "could not be folded" not in run("doctor").stdout


def test_an_event_that_still_cannot_be_folded_stays_parked(run: Run, connection: Conn) -> None:
    write_raw(connection, "movie_rated", {"half_stars": "many"}, user=uuid4(), movie=uuid4())
    park(connection, 1)
    result = run("projections", "retry", "movie_stats", "--json")
    assert (result.exit_code, json.loads(result.stdout)) == (1, {"taken": 0, "left": 1})
    (left,) = answered(run("projections", "dead-letters", "movie_stats", "--json"))
    assert left["tries"] == 2


def test_the_first_operator_is_made_here(run: Run, connection: Conn) -> None:
    words = (
        "users",
        "create",
        "--email",
        "Ann@Example.org",
        "--role",
        "operator",
        "--password-stdin",
        "--json",
    )
    made = answered(run(*words, "--username", "ann", input="correct horse battery\n"))
    assert (made["username"], made["roles"]) == ("ann", ["operator", "person"])
    stored = connection.execute("select password_hash from users").fetchone()
    assert stored is not None
    assert ",r=4$" in stored[0]
    assert "Sign in" in refused(run(*words, input="correct horse battery\n"))
    granted = answered(run("users", "grant", "ann@example.org", "analyst", "--json"))
    assert granted["roles"] == ["analyst", "operator", "person"]
    assert answered(run("users", "revoke", "ANN", "operator", "--json"))["roles"] == ["analyst", "person"]
    assert [user["username"] for user in answered(run("users", "list", "--role", "analyst", "--json"))] == [
        "ann"
    ]
    assert answered(run("users", "list", "--role", "admin", "--json")) == []
    assert "no account" in refused(run("users", "grant", "ben", "admin"))


def test_a_password_is_never_taken_from_nowhere_and_never_weak(run: Run) -> None:
    assert "--password-stdin" in refused(run("users", "create", "--email", "a@example.org"), 2)
    weak = run("users", "create", "--email", "a@example.org", "--password-stdin", input="12345678\n")
    assert "12345678" not in refused(weak)


def test_doctor_names_what_is_wrong_and_what_to_do(run: Run, owner_connection: Conn) -> None:
    assert run("doctor").exit_code == 0
    found = {check["name"]: check for check in answered(run("doctor", "--json"))}
    assert {check["status"] for check in found.values()} == {"ok"}
    assert {"settings", "postgresql", "migrations", "partitions", "seals", "redis", "clock"} <= set(found)
    owner_connection.execute("grant update on events to projectionist_app")
    assert statuses(run("doctor", "--json"))["roles and grants"] == "fail"
    owner_connection.execute("revoke update on events from projectionist_app")
    assert statuses(run("doctor", "--json"))["row-level security"] == "ok"
    owner_connection.execute("drop policy wall_select on profiles")
    owner_connection.execute("alter table read.ratings disable row level security")
    found = {check["name"]: check for check in json.loads(run("doctor", "--json").stdout)}
    assert found["row-level security"]["status"] == "fail"
    assert "profiles; none around ratings" in found["row-level security"]["found"]
    owner_connection.execute("set projectionist.break_glass = 'on'")
    owner_connection.execute("alter event trigger log_refuse_drop disable")
    assert statuses(run("doctor", "--json"))["guards of the log"] == "warn"
    owner_connection.execute("alter table events_p0 disable trigger append_only")
    assert statuses(run("doctor", "--json"))["guards of the log"] == "fail"
    owner_connection.execute("update checkpoints set version = 0 where name = 'ratings'")
    assert statuses(run("doctor", "--json"))["projections"] == "fail"


def test_doctor_says_that_services_are_away(run: Run) -> None:
    away = {"DATABASE_URL": "host=127.0.0.1 port=1", "REDIS_URL": "redis://127.0.0.1:1"}
    found = statuses(run("doctor", "--json", env=away))
    assert (found["postgresql"], found["redis"]) == ("fail", "warn")
    assert statuses(run("doctor", "--json", env={"DATABASE_URL": "mysql:x"})) == {"settings": "fail"}


def statuses(result: Result) -> dict[str, str]:
    found = json.loads(result.stdout)
    assert result.exit_code == (1 if any(check["status"] == "fail" for check in found) else 0)
    assert all(check["remedy"] for check in found if check["status"] != "ok")
    return {check["name"]: check["status"] for check in found}


def test_a_log_from_another_cluster_is_settled_by_doctor(
    run: Run, connection: Conn, owner_connection: Conn
) -> None:
    rated(connection)
    owner_connection.execute("update log_cluster set system_identifier = 1")
    assert "--rebase" in refused(run("events", "tail"))
    assert "--rebase" in refused(run("migrate"))
    assert statuses(run("doctor", "--json"))["log's cluster"] == "fail"
    assert "settled up to position 3" in run("doctor", "--rebase").stdout
    assert run("doctor").exit_code == 0
    assert run("projections", "verify").exit_code == 0


def test_k114_the_schema_is_printed_and_compared(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    printed = run("schema")
    assert printed.exit_code == 0
    assert printed.stdout == SDL.read_text()
    assert run("schema", "--check").exit_code == 0
    other = tmp_path / SDL.name
    other.write_text(printed.stdout.replace("type Mutation", "type Other"))
    monkeypatch.setattr("schema.SDL", other)
    assert "projectionist schema --write" in refused(run("schema", "--check"))
    run("schema", "--write")
    assert other.read_text() == printed.stdout


def test_ctrl_c_ends_a_command_without_a_traceback(conninfo: str, connection: Conn, tmp_path: Path) -> None:
    write(connection, *views(1))
    with process(conninfo, tmp_path, "events", "tail", "--follow", "--json") as following:
        assert following.stdout is not None
        assert json.loads(following.stdout.readline())["position"] == 1
        write(connection, *views(1))
        assert json.loads(following.stdout.readline())["position"] == 2
        following.send_signal(signal.SIGINT)
        out, err = following.communicate(timeout=30)
    assert (following.returncode, out, err) == (130, "", "")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_worker_follows_until_it_is_told_to_end(
    conninfo: str, connection: Conn, tmp_path: Path, number: signal.Signals
) -> None:
    with process(conninfo, tmp_path, "worker") as working:
        assert working.stderr is not None
        assert "Following" in working.stderr.readline()
        write(connection, *views(3))
        until(lambda: viewed(connection) == 3)
        working.send_signal(number)
        _, err = working.communicate(timeout=30)
    assert working.returncode == 128 + number
    assert "Traceback" not in err


def test_without_a_database_url_the_embedded_server_lives_as_long_as_the_command(tmp_path: Path) -> None:
    with process(None, tmp_path / "data", "migrate", "--json") as migrating:
        out, err = migrating.communicate(timeout=60)
    assert migrating.returncode == 0, err
    assert "ratings" in json.loads(out)["built"]
    assert not (tmp_path / "data" / "postgres" / "postmaster.pid").exists()
    archive = release(tmp_path, [*RATINGS, said("9", "1", 2)])
    with process(None, tmp_path / "data", "import", "movielens", str(archive), "--json") as importing:
        out, _ = importing.communicate(timeout=60)
    assert json.loads(out)["events"] == 4
    assert not (tmp_path / "data" / "postgres" / "postmaster.pid").exists()


def test_evaluate_compares_on_a_release_and_writes_a_report(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "ml-small"
    folder.mkdir()
    (folder / "movies.csv").write_text(
        "movieId,title,genres\n"
        + "".join(f"{n},Movie {n} (19{60 + n}),{'War' if n % 2 else 'Love'}\n" for n in range(1, 31))
    )
    ratings = (
        f"{person},{1 + (person * 7 + n * 11) % 30},{4 if (person + n) % 4 else 2},{1_000_000_000 + n * 50 + person}\n"
        for n in range(25)
        for person in range(1, 21)
    )
    (folder / "ratings.csv").write_text("userId,movieId,rating,timestamp\n" + "".join(ratings))
    told = answered(run("recsys", "evaluate", folder, "--out", tmp_path / "report", "--json"))
    assert {each["what"].rpartition(": ")[2] for each in told} >= {
        "EASE + LightFM / EASE",
        "BLEND / popularity",
    }
    assert (tmp_path / "report" / "evaluation.md").read_text().count("leave-last-out") > 1
    (tmp_path / "empty").mkdir()
    assert "no MovieLens release" in refused(run("recsys", "evaluate", tmp_path / "empty"))


def test_a_table_that_goes_into_a_pipe_is_not_folded(capsys: pytest.CaptureFixture[str]) -> None:
    answer_table(("one", "two"), [("x" * 90, "y" * 90)])
    assert capsys.readouterr().out.split() == ["one", "two", "x" * 90, "y" * 90]


def test_what_a_person_brings_is_imported_for_them(run: Run, connection: Conn, tmp_path: Path) -> None:
    ann = uuid4()
    connection.execute("insert into users (id, username, username_key) values (%s, 'ann', 'ann')", (ann,))
    connection.execute("insert into movies (id, title, release_year) values (%s, 'Heat', 1995)", (uuid4(),))
    path = tmp_path / "watchlist.csv"
    rows = [exports.film("2020-01-01", title, 1995, "x") for title in ("Heat", "Gone")]
    path.write_bytes(exports.table(exports.FILM, rows))
    previewed = run("import", "export", "ann", path)
    assert previewed.exit_code == 0, previewed.output
    assert "--confirm" in previewed.stdout
    assert connection.execute("select count(*) from events").fetchone() == (0,)
    done = answered(run("import", "export", "ann", path, "--confirm", "--json"))
    assert done["counts"] == [
        {"kind": "WATCHLIST", "outcome": "NEW", "count": 1},
        {"kind": "WATCHLIST", "outcome": "UNMATCHED", "count": 1},
    ]
    assert done["events"] == 1
    assert answered(run("import", "export", "ann", path, "--confirm", "--replace", "--json"))["events"] == 0
    assert connection.execute("select user_id, source from events").fetchall() == [(ann, "import")]
    path.write_bytes(b"nonsense")
    assert "Letterboxd" in refused(run("import", "export", "ann", path))
    assert "no account ben" in refused(run("import", "export", "ben", path))


def test_a_person_is_given_what_is_kept_of_them_and_is_erased(
    run: Run, connection: Conn, tmp_path: Path
) -> None:
    ann = uuid4()
    connection.execute("insert into users (id, username, username_key) values (%s, 'ann', 'ann')", (ann,))
    path = tmp_path / "ann.zip"
    assert answered(run("users", "export", "ann", path, "--json")) == {"path": str(path), "rows": 1}
    assert "--confirm" in refused(run("users", "erase", "ann"), 2)
    done = answered(run("users", "erase", "ann", "--confirm", "--json"))
    assert (done["user_id"], done["rows"], done["asked_by"]) == (str(ann), {"users": 1}, "operator")
    assert str(done["id"]) in run("users", "erase", str(ann)).stdout
    assert "no account ann" in refused(run("users", "erase", "ann", "--confirm"))
