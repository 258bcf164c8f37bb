from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from benchmarks.servers import SECRET, started
from database.connect import connect
from tests.accounts.masters import SECRETS
from tests.catalogue import fill
from tests.fuzz.target import COMMAND, Target
from tests.postgres import Databases


@pytest.fixture(scope="module")
def target(clones: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    """The server as operators start it, in a process of its own; afterwards it is as well as before."""
    folder = tmp_path_factory.mktemp("fuzz")
    with clones.clone() as conninfo:
        with connect(conninfo) as conn:
            fill(conn)
        environment = {
            "DATABASE_URL": conninfo,
            "REDIS_URL": "none",
            "PROJECTIONIST_DATA_DIR": str(folder),
            "PROJECTIONIST_MASTER_KEYS": json.dumps(SECRETS),
            "PROJECTIONIST_GRAPHIQL": "false",
            "PROJECTIONIST_BCRYPT_COST": "4",
            # what is refused at the door is not tried
            "PROJECTIONIST_BUDGET_PER_MINUTE": "1000000000",
            "PROJECTIONIST_SIGN_IN_FAILURES": "1000000",
            "PROJECTIONIST_SIGN_IN_FAILURES_PER_ADDRESS": "1000000",
            "PROJECTIONIST_SIGN_IN_FAILURES_PER_ACCOUNT": "1000000",
            "PROJECTIONIST_SIGN_UPS_PER_ADDRESS": "1000000",
            "PROJECTIONIST_REFRESHES_PER_ADDRESS": "1000000",
        }
        with started(COMMAND, environment, folder / "log") as server:
            yield Target(server.port, server.process, folder / "log", SECRET)
