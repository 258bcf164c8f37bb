from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest
import redis

from app.embedded import EmbeddedError, start_postgres, start_redis, stop_left_running
from app.embedded.postgres import owner

KILLED_WHILE_IT_RUNS = """
import os, signal, sys
from pathlib import Path
from app.embedded import start_postgres, start_redis
start_postgres(Path(sys.argv[1]), durable=False)
start_redis(Path(sys.argv[1]))
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory with a cluster that was started and stopped once, under a name that needs quoting."""
    data_dir = tmp_path_factory.mktemp("data") / "it's a, data dir"
    start_postgres(data_dir, durable=False).stop()
    return data_dir


@pytest.fixture
def data_dir(made: Path) -> Iterator[Path]:
    yield made
    stop_left_running(made)


def postmaster(data_dir: Path) -> psutil.Process:
    return psutil.Process(int((data_dir / "postgres" / "postmaster.pid").read_text().split()[0]))


def answers(conninfo: str) -> bool:
    try:
        psycopg.connect(conninfo).close()
    except psycopg.OperationalError:
        return False
    return True


def test_rows_outlive_a_restart(data_dir: Path) -> None:
    server = start_postgres(data_dir)
    with psycopg.connect(server.url, autocommit=True) as conn:
        conn.execute("create table if not exists kept (n integer)")
        conn.execute("insert into kept values (1)")
    server.stop()
    again = start_postgres(data_dir)
    with psycopg.connect(again.url) as conn:
        assert conn.execute("select count(*) from kept").fetchone() == (1,)
        assert conn.info.dbname == "projectionist"
    again.stop()


def test_what_is_acknowledged_is_on_the_disk(data_dir: Path) -> None:
    server = start_postgres(data_dir)
    with psycopg.connect(server.url) as conn:
        for setting in ("fsync", "full_page_writes", "synchronous_commit"):
            assert conn.execute("select current_setting(%s)", [setting]).fetchone() == ("on",)
    server.stop()


def test_the_last_user_stops_it(data_dir: Path) -> None:
    first, second = start_postgres(data_dir, durable=False), start_postgres(data_dir, durable=False)
    assert first.url == second.url
    first.stop()
    first.stop()
    assert answers(second.url)
    with pytest.raises(EmbeddedError, match="in use"):
        stop_left_running(data_dir)
    second.stop()
    assert not answers(second.url)


def test_what_a_killed_process_left_running_is_used_and_then_stopped(data_dir: Path) -> None:
    done = subprocess.run([sys.executable, "-c", KILLED_WHILE_IT_RUNS, data_dir], check=False)
    assert done.returncode == -signal.SIGKILL
    left = postmaster(data_dir)
    server, cache = start_postgres(data_dir, durable=False), start_redis(data_dir)
    assert postmaster(data_dir) == left
    server.stop()
    if cache is not None:
        cache.stop()
    assert not answers(server.url)
    assert not (data_dir / "postgres" / "postmaster.pid").exists()


def test_it_recovers_when_the_server_itself_was_killed(data_dir: Path) -> None:
    server = start_postgres(data_dir)
    with psycopg.connect(server.url, autocommit=True) as conn:
        conn.execute("create table survivors as select 1 as n")
        postmaster(data_dir).kill()
        again = start_postgres(data_dir)
    with psycopg.connect(again.url) as conn:
        assert conn.execute("select n from survivors").fetchone() == (1,)
    server.stop()
    again.stop()


def test_another_program_with_the_dead_servers_number_is_no_obstacle(data_dir: Path) -> None:
    note = data_dir / "postgres" / "postmaster.pid"
    # this very process stands for the other program
    note.write_text(f"{os.getpid()}\n{data_dir / 'postgres'}\n1700000000\n5432\n/tmp\n\n  1 2\nready\n")
    os.chown(note, owner(), -1)
    server = start_postgres(data_dir, durable=False)
    assert answers(server.url)
    server.stop()


def test_ctrl_c_in_the_terminal_does_not_reach_the_servers(data_dir: Path) -> None:
    server, cache = start_postgres(data_dir, durable=False), start_redis(data_dir)
    assert os.getsid(postmaster(data_dir).pid) != os.getsid(0)
    server.stop()
    if cache is not None:
        with redis.Redis.from_url(cache.url) as client:
            assert os.getsid(client.info("server")["process_id"]) != os.getsid(0)
        cache.stop()


def test_a_cluster_that_was_never_finished_is_made_anew(tmp_path: Path) -> None:
    half_made = tmp_path / "postgres.unfinished"
    half_made.mkdir()
    (half_made / "PG_VERSION").write_text("18\n")
    server = start_postgres(tmp_path, durable=False)
    assert answers(server.url)
    server.stop()


def test_a_path_too_long_for_a_socket_works(tmp_path: Path) -> None:
    data_dir = tmp_path / ("long" * 30)
    server, cache = start_postgres(data_dir, durable=False), start_redis(data_dir)
    assert answers(server.url)
    server.stop()
    if cache is not None:
        with redis.Redis.from_url(cache.url) as client:
            assert client.ping()
        cache.stop()


def test_only_its_user_and_root_can_reach_the_database(data_dir: Path) -> None:
    server = start_postgres(data_dir, durable=False)
    with psycopg.connect(server.url) as conn:
        assert conn.execute("select current_setting('listen_addresses')").fetchone() == ("",)
        socket_dir = Path(conn.info.host)
    assert stat.S_IMODE(socket_dir.stat().st_mode) == 0o700
    assert socket_dir.stat().st_uid == owner()
    server.stop()


def test_a_cluster_of_another_version_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "postgres").mkdir()
    (tmp_path / "postgres" / "PG_VERSION").write_text("17\n")
    with pytest.raises(EmbeddedError, match="made by PostgreSQL 17"):
        start_postgres(tmp_path)


def test_redis_keeps_nothing_on_disk_and_listens_on_no_port(tmp_path: Path) -> None:
    server = start_redis(tmp_path)
    if server is None:
        pytest.skip("There is no Redis on this machine.")
    with redis.Redis.from_url(server.url, decode_responses=True) as client:
        kept = {
            name: client.config_get(name)[name] for name in ("save", "appendonly", "port", "maxmemory-policy")
        }
        assert kept == {"save": "", "appendonly": "no", "port": "0", "maxmemory-policy": "allkeys-lru"}
        client.set("a", 1)
    server.stop()
    again = start_redis(tmp_path)
    assert again is not None
    with redis.Redis.from_url(again.url) as client:
        assert client.get("a") is None
    again.stop()
    with redis.Redis.from_url(again.url) as client, pytest.raises(redis.ConnectionError):
        client.ping()


def test_a_redis_that_does_not_start_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = tmp_path / "bin" / "redis-server"
    broken.parent.mkdir()
    broken.write_text("#!/bin/sh\nexit 1\n")
    broken.chmod(0o755)
    monkeypatch.setenv("PATH", str(broken.parent), prepend=os.pathsep)
    server = start_redis(tmp_path)
    if server is not None:
        server.stop()
