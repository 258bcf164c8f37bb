"""The disk under the tables is full: what cannot be written is refused with a code, and all goes on when there is room."""

from __future__ import annotations

import contextlib
import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from psycopg.conninfo import make_conninfo
from psycopg.sql import SQL, Identifier, Literal

from app.embedded import postgres
from app.settings import Settings
from tests.app.serving import serving
from tests.faults.load import READS, loaded, proved
from tests.postgres import MIGRATED, Databases

MOST_MB = 64


@pytest.fixture
def small_disk() -> Iterator[Path]:
    """A file system of its own with little room, which PostgreSQL may write to."""
    if Settings().database_url is not None:
        pytest.skip("DATABASE_URL may be on another machine.")
    folder = Path(tempfile.mkdtemp(prefix="projectionist-disk-"))
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={MOST_MB}m", "tmpfs", folder], capture_output=True, check=False
    )
    if mounted.returncode:
        folder.rmdir()
        pytest.skip("Mounting a file system takes root.")
    os.chown(folder, postgres.owner(), -1)
    folder.chmod(0o700)
    yield folder
    subprocess.run(["umount", folder], check=True)
    folder.rmdir()


@pytest.fixture
def on_small_disk(clones: Databases, small_disk: Path) -> Iterator[str]:
    """A migrated database whose tables are on the small disk; the write-ahead log is not."""
    name = f"{clones.run}_{uuid4().hex[:12]}"
    place = Identifier(name)
    clones.conn.execute(SQL("create tablespace {} location {}").format(place, Literal(str(small_disk))))
    clones.conn.execute(
        SQL("create database {} template {} tablespace {} strategy file_copy").format(
            place, Identifier(clones.template(MIGRATED)), place
        )
    )
    yield make_conninfo(clones.conninfo, dbname=name)
    clones.conn.execute(SQL("drop database {} with (force)").format(place))
    clones.conn.execute(SQL("drop tablespace {}").format(place))


async def test_a_disk_that_is_full_under_load(on_small_disk: str, small_disk: Path) -> None:
    async with serving(on_small_disk) as served, loaded(served) as load:
        filler = small_disk / "filler"
        with filler.open("wb") as file:
            # the load takes room at the same time
            while room := os.statvfs(small_disk).f_bavail * os.statvfs(small_disk).f_frsize:
                with contextlib.suppress(OSError):
                    os.posix_fallocate(file.fileno(), 0, room)
        await load.fails()
        assert "errors" not in await load.ask(READS[0])
        filler.unlink()
        await load.heals()
    proved(on_small_disk, load)
