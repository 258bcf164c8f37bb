"""The peers' packages and processes: installed from their lock into a scratch folder, each server on a free port."""

from __future__ import annotations

import shutil
import subprocess
from contextlib import AbstractContextManager
from pathlib import Path

from psycopg.conninfo import conninfo_to_dict

from app.settings import Settings
from benchmarks.postgres import Database
from benchmarks.report import console
from benchmarks.servers import Server, started
from database.connect import session_conninfo

_HERE = Path(__file__).parent
_OLDEST_NODE = 22
"""PostGraphile needs it; where the machine's is older, npm installs one beside the packages."""


def install() -> Path:
    """Install the peers where the lock has changed since the last time, and return their folder.

    Raises RuntimeError where npm is missing or fails.
    """
    npm = shutil.which("npm")
    if npm is None:
        raise RuntimeError("The peers need npm; install Node.js.")
    folder = Settings().data_dir / "bench" / "peers"
    folder.mkdir(parents=True, exist_ok=True)
    for pattern in ("package*.json", "*.js", "*.graphql"):
        for file in _HERE.glob(pattern):
            shutil.copy(file, folder)
    lock, installed = folder / "package-lock.json", folder / "installed"
    command = [npm, "ci", "--no-audit", "--no-fund", *(["--omit=optional"] if _has_node() else [])]
    wanted = f"{command}\n{lock.read_text()}"
    if not installed.exists() or installed.read_text() != wanted:
        console.print("peers: npm ci ...")
        installed.unlink(missing_ok=True)
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"npm ci failed:\n{done.stderr[-2000:]}")
        installed.write_text(wanted)
    return folder


def versions(folder: Path) -> str:
    """Return what is compared, with versions."""
    listed = {"PostGraphile": "postgraphile", "Mercurius": "mercurius", "Apollo Server": "@apollo/server"}
    found = subprocess.run(
        [_node(folder), "-p", _VERSIONS, *listed.values()],
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    return ", ".join(f"{name} {version}" for name, version in zip(["Node", *listed], found, strict=True))


_VERSIONS = """[process.versions.node, ...process.argv.slice(1).map(
  name => JSON.parse(fs.readFileSync(`node_modules/${name}/package.json`)).version)].join(' ')"""


def serve(folder: Path, database: Database, name: str) -> AbstractContextManager[Server]:
    """Run one of the peers (`name`.js) until the end of the block; its sessions are set as ours are."""
    given = conninfo_to_dict(session_conninfo(database.conninfo))
    environment = {
        "PGHOST": str(given["host"]),
        "PGPORT": str(given.get("port") or 5432),
        "PGDATABASE": str(given["dbname"]),
        "PGUSER": str(given["user"]),
        "PGOPTIONS": str(given["options"]),
        "NODE_ENV": "production",
        "GRAPHILE_ENV": "production",
    }
    return started([_node(folder), str(folder / f"{name}.js")], environment, database.folder / f"{name}.log")


def _node(folder: Path) -> str:
    return "node" if _has_node() else str(folder / "node_modules" / ".bin" / "node")


def _has_node() -> bool:
    node = shutil.which("node")
    if node is None:
        return False
    said = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout
    return int(said.lstrip("v").partition(".")[0]) >= _OLDEST_NODE
