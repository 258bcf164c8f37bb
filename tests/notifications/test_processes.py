"""Workers as processes of their own, one of which is killed in the middle of a digest."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from app.notifying import Notifying
from notifications.push import private_key
from tests.accounts.masters import new_keys
from tests.app.processes import process
from tests.notifications.office import Office
from tests.notifications.post import Post
from tests.waiting import until


@asynccontextmanager
async def running(conninfo: str, folder: Path, post: Post) -> AsyncIterator[None]:
    """A worker, killed at the end."""
    worker = process(
        conninfo,
        folder,
        "worker",
        PROJECTIONIST_SMTP_URL=f"smtp://127.0.0.1:{post.port}",
        PROJECTIONIST_MAIL_FROM="Movies <no-reply@movies.example>",
        PROJECTIONIST_PUBLIC_URL="https://api.movies.example",
    )
    try:
        yield
    finally:
        worker.kill()
        worker.communicate()


async def until_sent(worker: Office, many: int) -> None:
    async with asyncio.timeout(60):
        while worker.rows("select count(*) from notifications where status = 'SENT'") != [(many,)]:
            await asyncio.sleep(0.05)


async def test_a_worker_that_is_killed_leaves_no_digest_behind_and_none_twice(
    worker: Office, post: Post, tmp_path: Path
) -> None:
    now = datetime.now(UTC)
    today = now.isoweekday()
    worker.prefer("alice", digest_day=today, digest_time="00:00")
    await worker.plan(now - timedelta(days=1))
    post.answers.append("hang")
    async with running(worker.conninfo, tmp_path, post):
        async with asyncio.timeout(60):
            await post.reached.wait()
    assert post.messages == []
    assert worker.states("alice") == [("WEEKLY_DIGEST", "QUEUED")]
    served = "select data->>'slate_id' from events where type = 'recommendations_served'"
    assert worker.rows(served) == []
    worker.rows("update outbox set next_attempt_at = now()")  # the lease is over
    worker.rows("update notification_rounds set due_at = now() - interval '1 day', day = day - 1")
    async with (
        running(worker.conninfo, tmp_path, post),
        running(worker.conninfo, tmp_path, post),
    ):
        await until_sent(worker, 1)
    assert len(post.messages) == 1
    assert worker.states("alice") == [("WEEKLY_DIGEST", "SENT")]
    assert worker.rows(served) == worker.rows("select notification_id::text from notifications")


async def test_a_worker_goes_on_after_the_database_refused(
    worker: Office, post: Post, owner_connection: psycopg.Connection[Any], caplog: pytest.LogCaptureFixture
) -> None:
    now = datetime.now(UTC)
    worker.prefer("alice", digest_day=now.isoweekday(), digest_time="00:00")
    await worker.plan(now - timedelta(days=1))
    owner_connection.execute("revoke all on outbox from projectionist_app")
    notifying = Notifying(worker.conninfo, new_keys(), worker.senders, round_s=0.01)
    thread = threading.Thread(target=notifying.run)
    thread.start()
    try:
        await asyncio.to_thread(until, lambda: "wait for the database" in caplog.text)
        owner_connection.execute("grant select, insert, update, delete on outbox to projectionist_app")
        await until_sent(worker, 1)
    finally:
        notifying.stop()
        await asyncio.to_thread(thread.join)
    assert len(post.messages) == 1


def test_a_key_for_web_push_is_made(tmp_path: Path) -> None:
    made = process(None, tmp_path, "notifications", "key", "--json")
    out, _ = made.communicate(timeout=60)
    assert private_key(json.loads(out)["PROJECTIONIST_VAPID_KEY"]).curve.name == "secp256r1"
