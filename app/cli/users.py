"""`projectionist users`: the first operator is made here."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from accounts.changes import By, activate, deactivate
from accounts.emails import EMAIL
from accounts.keys import Keys
from accounts.passwords import Passwords
from accounts.people import Role, User, as_user, create_user, find, grant_role, revoke_role
from app.cli.console import Json, answer, answer_json, answer_table
from app.cli.database import database, session
from app.cli.errors import WrongUse
from app.cli.people import as_id, person
from app.settings import Settings
from database.connect import pool
from events.cluster import require_home
from privacy.erasing import certificate
from privacy.erasing import erase as erase_person
from privacy.exporting import export as export_person

commands = typer.Typer(no_args_is_help=True, help="Make accounts and say what they may do.")

# People whom an import brought cannot sign in and are not listed.
_LIST = """
select id, database_id, username, roles, created_at, deactivated_at, email_sealed from users
 where password_hash is not null and (%(role)s::text is null or %(role)s = any (roles)) order by database_id"""

Who = Annotated[str, typer.Argument(help="An id, a username or an e-mail address.")]
WhichRole = Annotated[Role, typer.Argument(help="What the account may do.")]


@commands.command(
    epilog="Example: projectionist users create --email ann@example.org --username ann --role operator"
)
def create(
    email: Annotated[str, typer.Option(help="To sign in with.")],
    username: Annotated[str | None, typer.Option(help="To sign in with; made up when not given.")] = None,
    roles: Annotated[list[Role] | None, typer.Option("--role", help="May be given again.")] = None,
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="Read the password from the first line of stdin.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Make an account. The password is asked for, or read from stdin; it is never an argument."""
    password = _password(from_stdin=password_stdin)
    settings = Settings()
    account = {"email": email, "username": username, "password": password, "roles": roles or []}
    with database(settings) as conninfo:
        session(conninfo).close()
        user = asyncio.run(_create(conninfo, settings, account))
    _answer(user, f"Made {user.username} ({', '.join(sorted(user.roles))}), id {user.id}.", as_json=as_json)


def _password(*, from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    if not sys.stdin.isatty():
        raise WrongUse("There is no terminal to ask for the password on: give --password-stdin.")
    answered: str = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    return answered


async def _create(conninfo: str, settings: Settings, account: dict[str, Any]) -> User:
    passwords = Passwords(settings.bcrypt_cost)
    try:
        async with pool(conninfo, size=1) as opened:
            return await create_user(opened, Keys(settings.masters()), passwords, **account)
    finally:
        passwords.close()


@commands.command(epilog="Example: projectionist users grant ann operator")
def grant(who: Who, role: WhichRole, as_json: Json = False) -> None:
    """Give a role; access tokens show it from their next refresh on."""
    user = _change(grant_role, who, role)
    _answer(user, f"{user.username} is {', '.join(sorted(user.roles))} now.", as_json=as_json)


@commands.command(epilog="Example: projectionist users revoke ann operator")
def revoke(who: Who, role: WhichRole, as_json: Json = False) -> None:
    """Take a role back; access tokens that were signed before show it until they end."""
    if role is Role.PERSON:
        raise WrongUse("Everybody is a person: this role cannot be taken back.")
    user = _change(revoke_role, who, role)
    _answer(user, f"{user.username} is {', '.join(sorted(user.roles))} now.", as_json=as_json)


def _change(change: Any, who: str, to: Role | By) -> User:
    with database() as conninfo:
        with session(conninfo) as conn:
            found = person(conn, who)

        async def run() -> User | None:
            async with pool(conninfo, size=1) as opened:
                await change(opened, found.id, to)
                return await find(opened, found.id)

        return asyncio.run(run()) or found


@commands.command("deactivate", epilog="Example: projectionist users deactivate ann")
def end(who: Who, as_json: Json = False) -> None:
    """Hide an account from others and end its sessions; the person cannot sign in until it is activated."""
    user = _change(deactivate, who, "operator")
    _answer(user, f"{user.username} is deactivated; access tokens end within minutes.", as_json=as_json)


@commands.command("activate", epilog="Example: projectionist users activate ann")
def begin(who: Who, as_json: Json = False) -> None:
    """Take a deactivation back, whoever did it."""
    user = _change(activate, who, "operator")
    _answer(user, f"{user.username} can sign in.", as_json=as_json)


@commands.command("export", epilog="Example: projectionist users export ann ann.zip")
def take_along(
    who: Who,
    path: Annotated[Path, typer.Argument(help="The zip to write.", dir_okay=False)],
    as_json: Json = False,
) -> None:
    """Write all that is kept of a person, as they can have it themselves with `exportMyData`."""
    settings = Settings()
    with database(settings) as conninfo, session(conninfo) as conn, path.open("wb") as file:
        rows = export_person(conn, Keys(settings.masters()), person(conn, who).id, file)
    if as_json:
        answer_json({"path": str(path), "rows": rows})
        return
    answer(f"{rows:,} rows are in {path}. It is for that person alone.")


@commands.command("erase", epilog="Example: projectionist users erase ann --confirm")
def destroy(
    who: Who,
    is_confirmed: Annotated[bool, typer.Option("--confirm", help="Do it: nobody can take it back.")] = False,
    as_json: Json = False,
) -> None:
    """Erase a person with all that is kept of them, for ever, and print the certificate; again by id prints it again."""
    settings = Settings()
    with database(settings) as conninfo, session(conninfo) as conn:
        require_home(conn)
        done = certificate(conn, known) if (known := as_id(who)) else None
        if done is None:
            found = person(conn, who)
            if not is_confirmed:
                raise WrongUse(f"This erases {found.username} for ever, and their data key: give --confirm.")
            done = erase_person(conn, Keys(settings.masters()), found.id, "operator")
    assert done is not None
    if as_json:
        answer_json(asdict(done))
        return
    answer_table(("table", "rows deleted"), [*done.rows.items()])
    ended = (
        f"finished {done.finished_at:%Y-%m-%d %H:%M:%S}" if done.finished_at else "a worker goes on with it"
    )
    answer(
        f"Certificate {done.id}: {done.user_id} was erased {done.erased_at:%Y-%m-%d %H:%M:%S} UTC, at position "
        f"{done.position}; the data key is destroyed; {done.withdrawn:,} events took their word out of numbers; {ended}."
    )


@commands.command("list", epilog="Example: projectionist users list --role operator")
def show(
    role: Annotated[Role | None, typer.Option(help="Only those who have this role.")] = None,
    as_json: Json = False,
) -> None:
    """List the accounts that can sign in; people whom an import brought cannot."""
    with database() as conninfo, session(conninfo) as conn:
        rows = conn.execute(_LIST, {"role": role}).fetchall()
        keys = Keys(Settings().masters()).fetch(conn, [row[0] for row in rows])
    found = [
        (as_user(*row), keys[row[0]].open(EMAIL, sealed) if sealed and row[0] in keys else None)
        for *row, sealed in rows
    ]
    if as_json:
        answer_json([{**as_plain(user), "email": email} for user, email in found])
        return
    columns = ("username", "email", "roles", "since", "deactivated")
    answer_table(
        columns,
        (
            (u.username, email, ", ".join(sorted(u.roles)), f"{u.created_at:%Y-%m-%d}", u.deactivated_at)
            for u, email in found
        ),
    )


def _answer(user: User, said: str, *, as_json: bool) -> None:
    if as_json:
        answer_json(as_plain(user))
    else:
        answer(said)


def as_plain(user: User) -> dict[str, Any]:
    """An account, for programs."""
    return {
        "id": user.id,
        "databaseId": user.database_id,
        "username": user.username,
        "roles": sorted(user.roles),
        "createdAt": user.created_at,
        "deactivatedAt": user.deactivated_at,
    }
