"""What people say of themselves, over GraphQL: who may change and see what of it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from accounts.devices import MOST, TOKEN_LENGTH
from accounts.hashes import hash_password
from accounts.profiles import BIO_LENGTH, LANGUAGES, NAME_LENGTH, URL_LENGTH
from database.connect import connect
from tests.catalogue import genre, person
from tests.world import World

PASSWORD = "correct horse battery staple"
SIGN_IN = """mutation ($p: String!) { signIn(input: {login: "alice", password: $p}) {
  errors { code } session { refreshToken } viewer { id } } }"""
PROFILE = (
    """firstName lastName bio avatarUrl country languages preferredLanguage timeZone phone dateOfBirth"""
)
FULL: dict[str, Any] = {
    "firstName": "Alice",
    "lastName": "Åkesson",
    "bio": "Films.\n\nMostly horror.",
    "avatarUrl": "https://example.org/alice.png",
    "country": "SE",
    "languages": ["sv", "pt-BR"],
    "preferredLanguage": "zh-Hant",
    "timeZone": "Europe/Stockholm",
    "phone": "+46812345678",
    "dateOfBirth": "1980-02-29",
}


async def do(world: World, name: str, selection: str, by: str | None = "alice", **given: Any) -> Any:
    """Return the payload of a mutation."""
    kind = name[0].upper() + name[1:]
    query = f"mutation ($i: {kind}Input!) {{ {name}(input: $i) {{ errors {{ code path }} {selection} }} }}"
    return (await world.data(query, {"i": given}, by=by))[name]


async def update(world: World, by: str = "alice", **given: Any) -> Any:
    return await do(world, "updateProfile", f"viewer {{ profile {{ {PROFILE} }} }}", by, **given)


def codes(payload: Any) -> list[tuple[str, str]]:
    return [(error["code"], error["path"][-1]) for error in payload["errors"]]


def give_password(world: World, *names: str) -> None:
    with connect(world.conninfo) as conn:
        for name in names:
            hashed = hash_password(PASSWORD, 4)
            conn.execute("update users set password_hash = %s where id = %s", (hashed, person(name)))


async def profile_seen(world: World, by: str | None) -> Any:
    query = f"query ($u: ID!) {{ person(by: {{userId: $u}}) {{ isOpen profile {{ {PROFILE} }} }} }}"
    return (await world.data(query, {"u": f"User:{person('alice')}"}, by=by))["person"]


async def test_k9_k10_a_profile_is_kept_and_parts_of_it_change(world: World) -> None:
    assert (await world.data("{ viewer { profile { bio } } }", by="alice"))["viewer"] == {"profile": None}
    kept = await update(world, **FULL)
    assert (kept["errors"], kept["viewer"]["profile"]) == ([], FULL)
    kept = await update(world, bio=None, phone=None, timeZone=None, languages=None, country="de")
    changed: dict[str, Any] = {
        "bio": None,
        "phone": None,
        "timeZone": "UTC",
        "languages": [],
        "country": "DE",
    }
    assert kept["viewer"]["profile"] == {**FULL, **changed}
    assert (await update(world))["viewer"]["profile"] == {**FULL, **changed}


async def test_k1_k5_an_account_has_ids_of_both_kinds_and_its_times(world: World) -> None:
    sign_up = """mutation { signUp(input: {email: "dora@example.org", password: "correct horse battery"}) {
      viewer { id databaseId createdAt person { joinedAt } } } }"""
    before = datetime.now(UTC)
    made = [(await world.data(sign_up.replace("dora", name)))["signUp"]["viewer"] for name in ("dora", "eve")]
    assert made[0]["databaseId"] < made[1]["databaseId"]
    assert made[0]["id"] < made[1]["id"]
    for viewer in made:
        assert abs(datetime.fromisoformat(viewer["createdAt"]) - before) < timedelta(minutes=1)
        assert viewer["person"] == {"joinedAt": viewer["createdAt"]}
    with connect(world.conninfo) as conn:
        conn.execute("update users set updated_at = created_at")
        await do(world, "setPrivacy", "viewer { id }", privacy="PUBLIC")
        changed = conn.execute("select username from users where updated_at > created_at").fetchall()
    assert changed == [("alice",)]


async def test_k12_favourite_genres_are_chosen_and_asked_for(world: World) -> None:
    chosen = [f"Genre:{genre(name)}" for name in ("Horror", "Drama")]
    kept = await do(world, "setFavoriteGenres", "viewer { favoriteGenres { id } }", genreIds=chosen)
    assert [each["id"] for each in kept["viewer"]["favoriteGenres"]] == chosen
    unknown = await do(world, "setFavoriteGenres", "viewer { id }", genreIds=[f"Genre:{genre('Nothing')}"])
    assert codes(unknown) == [("UNKNOWN_GENRE", "genreIds")]


async def test_every_wrong_value_is_named_and_nothing_changes(world: World) -> None:
    await update(world, firstName="Alice")
    refused = await update(world, firstName="Bob", lastName=" ", country="XX", languages=["EN"], phone="911")
    assert codes(refused) == [
        ("INVALID_NAME", "lastName"),
        ("INVALID_PHONE", "phone"),
        ("INVALID_LANGUAGE", "languages"),
        ("INVALID_COUNTRY", "country"),
    ]
    assert refused["viewer"]["profile"]["firstName"] == "Alice"


_TODAY = datetime.now(UTC).date()


@pytest.mark.parametrize(
    ("field", "right", "wrong"),
    [
        ("firstName", "x" * NAME_LENGTH, "x" * (NAME_LENGTH + 1)),
        ("lastName", "x", "\u200b\x00"),
        ("bio", "x" * BIO_LENGTH, "x" * (BIO_LENGTH + 1)),
        ("avatarUrl", f"https://a.example/{'x' * (URL_LENGTH - 18)}", f"https://a.example/{'x' * (URL_LENGTH - 17)}"),
        ("avatarUrl", "https://a.example:8443/x?y=1", "javascript:alert(1)"),
        ("avatarUrl", "https://[::1]/x", "https://user@a.example/"),
        ("dateOfBirth", str(_TODAY - timedelta(days=1)), str(_TODAY)),
        ("dateOfBirth", str(date(_TODAY.year - 129, 1, 1)), str(date(_TODAY.year - 131, 12, 31))),
        ("phone", "+123456789012345", "+1234567890123456"),
        ("phone", "+49 (30) 901-820", "030 901820"),
        ("preferredLanguage", "fil", "english"),
        ("languages", [f"a{chr(97 + n)}" for n in range(LANGUAGES)], [f"a{chr(97 + n)}" for n in range(LANGUAGES + 1)]),
        ("timeZone", "America/Argentina/Buenos_Aires", "Europe/Atlantis"),
        ("timeZone", "UTC", "../../etc/passwd"),
        ("country", "ZW", "UK"),
    ],
)  # fmt: skip
async def test_each_value_has_a_limit(world: World, field: str, right: Any, wrong: Any) -> None:
    assert codes(await update(world, **{field: right})) == []
    ((code, path),) = codes(await update(world, **{field: wrong}))
    assert (path, code.startswith("INVALID_")) == (field, True)


@pytest.mark.parametrize(
    ("privacy", "stranger", "follower"),
    [("PUBLIC", True, True), ("FOLLOWERS", False, True), ("PRIVATE", None, None)],
)
async def test_k13_privacy_says_who_sees_the_profile(
    world: World, privacy: str, stranger: bool | None, follower: bool | None
) -> None:
    await update(world, **FULL)
    await do(world, "setPrivacy", "viewer { privacy }", privacy="PUBLIC")
    alice = f"User:{person('alice')}"
    assert (await do(world, "followUser", "person { viewerFollow }", "bob", userId=alice))["errors"] == []
    chosen = await do(world, "setPrivacy", "viewer { privacy }", privacy=privacy)
    assert chosen["viewer"] == {"privacy": privacy}
    own = ("preferredLanguage", "timeZone", "phone", "dateOfBirth")
    for by, sees in ((None, stranger), ("carol", stranger), ("adam", stranger), ("bob", follower)):
        seen = await profile_seen(world, by)
        node = await world.data(
            "query ($id: ID!) { node(id: $id) { id } }", {"id": f"Person:{person('alice')}"}, by=by
        )
        if sees is None:
            assert (seen, node) == (None, {"node": None})
            continue
        assert node["node"] is not None
        assert seen["isOpen"] is sees
        assert seen["profile"] == (FULL | dict.fromkeys(own) if sees else None)
    assert (await profile_seen(world, "alice"))["profile"] == FULL


async def test_nobody_is_shown_who_did_not_ask_for_it(world: World) -> None:
    assert await profile_seen(world, "bob") is None
    by_name = 'query { person(by: { username: "ALICE" }) { username } }'
    assert (await world.data(by_name, by="bob"))["person"] is None
    assert (await world.data(by_name, by="alice"))["person"] == {"username": "alice"}


async def test_k102_what_is_personal_is_sealed_in_the_table(world: World) -> None:
    await update(world, **FULL)
    await do(world, "registerDevice", "device { id }", platform="WEB", token="https://push.example/alice")
    with connect(world.conninfo) as conn:
        rows = conn.execute(
            "select p::text from profiles p union all select d::text from devices d"
        ).fetchall()
    text = " ".join(row for (row,) in rows)
    for plain in ("+46812345678", "1980-02-29", "push.example"):
        assert plain not in text
        assert plain.encode().hex() not in text


async def test_k2_k3_names_change_and_stay_unique(world: World) -> None:
    give_password(world, "alice")
    viewer = "viewer { email username }"
    changed = await do(world, "changeEmail", viewer, email="New@Example.org", password=PASSWORD)
    assert (changed["errors"], changed["viewer"]["email"]) == ([], "New@Example.org")
    changed = await do(world, "changeEmail", viewer, email="NEW@example.org", password=PASSWORD)
    assert (changed["errors"], changed["viewer"]["email"]) == ([], "NEW@example.org")
    for given, code in (
        ({"email": "BOB@example.org", "password": PASSWORD}, ("EMAIL_TAKEN", "email")),
        ({"email": "nobody", "password": PASSWORD}, ("INVALID_EMAIL", "email")),
        ({"email": "other@example.org", "password": "not hers"}, ("WRONG_PASSWORD", "password")),
    ):
        refused = await do(world, "changeEmail", viewer, **given)
        assert codes(refused) == [code]
        assert refused["viewer"]["email"] == "NEW@example.org"
    assert (await do(world, "changeUsername", viewer, username="Alicia"))["viewer"]["username"] == "Alicia"
    assert codes(await do(world, "changeUsername", viewer, username="BOB")) == [
        ("USERNAME_TAKEN", "username")
    ]
    assert codes(await do(world, "changeUsername", viewer, username="a")) == [
        ("INVALID_USERNAME", "username")
    ]


async def test_k4_a_new_password_ends_all_other_sessions(world: World) -> None:
    give_password(world, "alice")
    before = (await world.data(SIGN_IN, {"p": PASSWORD}))["signIn"]["session"]["refreshToken"]
    for given, code in (
        ({"password": "not hers", "newPassword": "another long one"}, ("WRONG_PASSWORD", "password")),
        ({"password": PASSWORD, "newPassword": "short"}, ("PASSWORD_TOO_SHORT", "newPassword")),
        ({"password": PASSWORD, "newPassword": "ALICE@example.org"}, ("WEAK_PASSWORD", "newPassword")),
    ):
        assert codes(await do(world, "changePassword", "viewer { id }", **given)) == [code]
    new = "another long one"
    assert codes(await do(world, "changePassword", "viewer { id }", password=PASSWORD, newPassword=new)) == []
    refresh = "mutation ($t: String!) { refreshSession(input: {refreshToken: $t}) { errors { code } } }"
    answer = await world.data(refresh, {"t": before})
    assert answer["refreshSession"]["errors"] == [{"code": "INVALID_REFRESH_TOKEN"}]
    assert (await world.data(SIGN_IN, {"p": PASSWORD}))["signIn"]["errors"] == [
        {"code": "INVALID_CREDENTIALS"}
    ]
    assert (await world.data(SIGN_IN, {"p": new}))["signIn"]["errors"] == []


async def test_guessing_ones_own_password_is_slow_too(world: World) -> None:
    give_password(world, "alice")
    tries = [
        await world.ask(
            'mutation { deactivateAccount(input: {password: "not hers"}) { errors { code } } }', by="alice"
        )
        for _ in range(11)
    ]
    assert tries[9]["data"]["deactivateAccount"]["errors"] == [{"code": "WRONG_PASSWORD"}]
    assert tries[10]["errors"][0]["extensions"]["code"] == "TOO_MANY_ATTEMPTS"


async def test_k7_who_left_is_hidden_and_back_at_the_next_sign_in(world: World) -> None:
    give_password(world, "alice")
    await do(world, "setPrivacy", "viewer { id }", privacy="PUBLIC")
    assert codes(await do(world, "deactivateAccount", "", password="not hers")) == [
        ("WRONG_PASSWORD", "password")
    ]
    assert codes(await do(world, "deactivateAccount", "", password=PASSWORD)) == []
    assert await profile_seen(world, "bob") is None
    assert (await world.data(SIGN_IN, {"p": PASSWORD}))["signIn"]["errors"] == []
    assert await profile_seen(world, "bob") is not None


async def test_k6_the_last_sign_in_is_told(world: World) -> None:
    give_password(world, "alice")
    query = "{ viewer { lastSignedInAt } }"
    assert (await world.data(query, by="alice"))["viewer"] == {"lastSignedInAt": None}
    before = datetime.now(UTC)
    await world.data(
        f'mutation {{ signIn(input: {{login: "alice", password: "{PASSWORD}"}}) {{ errors {{ code }} }} }}'
    )
    told = (await world.data(query, by="alice"))["viewer"]["lastSignedInAt"]
    assert abs(datetime.fromisoformat(told) - before) < timedelta(minutes=1)


async def test_k8_premium_is_granted_by_admins_and_ends(world: World) -> None:
    query = "{ viewer { isPremium premiumUntil } }"
    alice = {"userId": f"User:{person('alice')}"}
    now = datetime.now(UTC)
    assert codes(await do(world, "grantPremium", "", "adam", **alice)) == []
    assert (await world.data(query, by="alice"))["viewer"] == {"isPremium": True, "premiumUntil": None}
    until = (now + timedelta(days=30)).isoformat()
    assert codes(await do(world, "grantPremium", "", "adam", **alice, until=until)) == []
    assert (await world.data(query, by="alice"))["viewer"]["isPremium"]
    with connect(world.conninfo) as conn:
        conn.execute("update users set premium_until = now() where id = %s", (person("alice"),))
    assert not (await world.data(query, by="alice"))["viewer"]["isPremium"]
    await do(world, "grantPremium", "", "adam", **alice)
    assert codes(await do(world, "revokePremium", "", "adam", **alice)) == []
    assert (await world.data(query, by="alice"))["viewer"] == {"isPremium": False, "premiumUntil": None}
    for wrong in (now.isoformat(), "2030-01-01T00:00:00"):
        assert codes(await do(world, "grantPremium", "", "adam", **alice, until=wrong)) == [
            ("INVALID_UNTIL", "until")
        ]
    nobody = {"userId": f"User:{person('nobody')}"}
    assert codes(await do(world, "grantPremium", "", "adam", **nobody)) == [("UNKNOWN_PERSON", "userId")]


async def test_k11_devices_are_many_and_each_is_one_persons(world: World) -> None:
    async def register(by: str, token: str) -> Any:
        return await do(world, "registerDevice", "device { id platform }", by, platform="IOS", token=token)

    async def devices(by: str) -> list[str]:
        found = await world.data("{ viewer { devices { id } } }", by=by)
        return [device["id"] for device in found["viewer"]["devices"]]

    first = (await register("alice", "one"))["device"]
    assert (await register("alice", "one"))["device"] == first
    made = [(await register("alice", f"token {n}"))["device"]["id"] for n in range(MOST - 1)]
    assert await devices("alice") == [*made[::-1], first["id"]]
    await register("alice", "one more")
    assert len(await devices("alice")) == MOST
    assert first["id"] not in await devices("alice")
    moved = (await register("bob", "token 5"))["device"]["id"]
    assert moved != made[5]
    assert made[5] not in await devices("alice")
    unknown = [("UNKNOWN_DEVICE", "deviceId")]
    assert codes(await do(world, "removeDevice", "viewer { id }", "alice", deviceId=moved)) == unknown
    assert codes(await do(world, "removeDevice", "viewer { id }", "bob", deviceId=moved)) == []
    assert codes(await do(world, "removeDevice", "viewer { id }", "bob", deviceId=moved)) == unknown
    assert await devices("bob") == []


@pytest.mark.parametrize("token", ["", "x" * (TOKEN_LENGTH + 1), "é", "a\nb"])
async def test_what_is_no_token_is_refused(world: World, token: str) -> None:
    given = {"platform": "ANDROID", "token": token}
    assert codes(await do(world, "registerDevice", "device { id }", **given)) == [
        ("INVALID_DEVICE_TOKEN", "token")
    ]
    assert (
        codes(
            await do(world, "registerDevice", "device { id }", platform="ANDROID", token="x" * TOKEN_LENGTH)
        )
        == []
    )


@pytest.mark.parametrize(
    "name",
    ["updateProfile(input: {})", 'changeUsername(input: {username: "x"})', "setPrivacy(input: {privacy: PUBLIC})",
     'registerDevice(input: {platform: IOS, token: "x"})', 'deactivateAccount(input: {password: "x"})'],
)  # fmt: skip
async def test_strangers_change_nothing(world: World, name: str) -> None:
    answer = await world.ask(f"mutation {{ {name} {{ errors {{ code }} }} }}")
    assert [error["extensions"]["code"] for error in answer["errors"]] == ["UNAUTHENTICATED"]
