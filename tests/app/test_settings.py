import json
import re
import stat
from dataclasses import fields, replace
from pathlib import Path

import pytest
from pydantic import ValidationError

from app.settings import Settings
from resolvers.limits import Limits


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("DATABASE_URL", "REDIS_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


def test_nothing_set_means_embedded_servers_below_the_current_directory(tmp_path: Path) -> None:
    settings = Settings()
    assert settings.database_url is None
    assert settings.redis_url is None
    assert settings.data_dir == tmp_path / ".projectionist"
    assert (settings.host, settings.port) == ("127.0.0.1", 8000)


@pytest.mark.parametrize("value", ["", "none"])
def test_redis_can_be_refused(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("REDIS_URL", value)
    assert Settings().redis_url == ""


def test_an_empty_database_url_means_embedded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "")
    assert Settings().database_url is None


@pytest.mark.parametrize("url", ["postgresql://ann:open-sesame@db/movies", "host=db password=open-sesame"])
def test_addresses_with_passwords_do_not_show(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("DATABASE_URL", url)
    monkeypatch.setenv("PROJECTIONIST_TOKEN_SECRET", "open-sesame" * 3)
    settings = Settings()
    assert settings.database_url == url
    assert settings.token_keys() == {"1": "open-sesame" * 3}
    assert "open-sesame" not in repr(settings)


def test_a_bad_address_is_named_and_not_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql+psycopg://ann:open-sesame@db/movies")
    with pytest.raises(ValidationError, match="DATABASE_URL") as refused:
        Settings()
    assert "open-sesame" not in str(refused.value)


def test_a_short_secret_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROJECTIONIST_TOKEN_SECRET", "short")
    with pytest.raises(ValidationError, match="32 characters"):
        Settings()


@pytest.mark.parametrize(
    ("value", "origins"),
    [
        ("", ()),
        (" , ", ()),
        ("https://movies.example", ("https://movies.example",)),
        (
            "https://movies.example:8443, http://localhost:5173,http://[::1]:3000",
            ("https://movies.example:8443", "http://localhost:5173", "http://[::1]:3000"),
        ),
    ],
)
def test_origins_are_listed_with_commas(
    monkeypatch: pytest.MonkeyPatch, value: str, origins: tuple[str, ...]
) -> None:
    monkeypatch.setenv("PROJECTIONIST_CORS_ORIGINS", value)
    assert Settings().cors_origins == origins


@pytest.mark.parametrize(
    "value",
    ["*", "null", "movies.example", "https://movies.example/", "https://*.example", "https://a.example/x",
     "ftp://a.example", "https://A.example", "https://user@a.example", "https://a.example,*"],
)  # fmt: skip
def test_what_no_browser_sends_as_an_origin_is_refused(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("PROJECTIONIST_CORS_ORIGINS", value)
    with pytest.raises(ValidationError, match="list of origins"):
        Settings()


@pytest.mark.parametrize("limit", [field.name for field in fields(Limits)])
def test_each_limit_is_a_setting_of_its_own(monkeypatch: pytest.MonkeyPatch, limit: str) -> None:
    (name,) = (
        name for name in Settings.model_fields if re.fullmatch(f"(document_|operation_)?{limit}", name)
    )
    monkeypatch.setenv(f"PROJECTIONIST_{name.upper()}", "7")
    assert Settings().limits() == replace(Limits(), **{limit: 7})


OLD, NEW = "an old secret, of 32 characters or so", "a new secret, of 32 characters or more"


@pytest.mark.parametrize(
    ("one", "several", "keys"),
    [
        (OLD, "", {"1": OLD}),
        (OLD, json.dumps({"2": NEW}), {"2": NEW, "1": OLD}),
        ("", json.dumps({"2": NEW, "1": OLD}), {"2": NEW, "1": OLD}),
        (OLD, json.dumps({"1": NEW}), {"1": NEW}),
    ],
)
def test_the_first_of_several_secrets_signs(
    monkeypatch: pytest.MonkeyPatch, one: str, several: str, keys: dict[str, str]
) -> None:
    for name, value in (("SECRET", one), ("SECRETS", several)):
        if value:
            monkeypatch.setenv(f"PROJECTIONIST_TOKEN_{name}", value)
    assert list(Settings().token_keys().items()) == list(keys.items())
    assert not [secret for secret in keys.values() if secret in repr(Settings())]


def test_a_short_one_of_several_secrets_is_refused_and_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROJECTIONIST_TOKEN_SECRETS", json.dumps({"2": NEW, "1": "open-sesame"}))
    with pytest.raises(ValidationError, match="32 characters") as refused:
        Settings()
    assert "open-sesame" not in str(refused.value)


@pytest.mark.parametrize(
    ("value", "trusted"),
    [
        ("", []),
        ("127.0.0.1", ["127.0.0.1/32"]),
        ("10.0.0.0/8, ::1", ["10.0.0.0/8", "::1/128"]),
        ("10.0.0.0/8 2001:db8::/32", ["10.0.0.0/8", "2001:db8::/32"]),
    ],
)
def test_proxies_are_addresses_and_networks(
    monkeypatch: pytest.MonkeyPatch, value: str, trusted: list[str]
) -> None:
    monkeypatch.setenv("PROJECTIONIST_TRUSTED_PROXIES", value)
    assert [str(network) for network in Settings().trusted_proxies] == trusted


def test_a_proxy_that_is_no_address_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROJECTIONIST_TRUSTED_PROXIES", "proxy.example.org")
    with pytest.raises(ValidationError, match="trusted_proxies"):
        Settings()


def test_settings_do_not_change() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        Settings().port = 1


def test_the_secret_is_made_once_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    settings = Settings()
    keys = settings.token_keys()
    assert len(keys["1"]) >= 32
    assert Settings().token_keys() == keys
    (kept,) = settings.data_dir.iterdir()
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600


def test_a_model_outside_is_asked_where_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Settings().outside() is None
    monkeypatch.setenv("PROJECTIONIST_CHAT_URL", "https://models.example/v1")
    with pytest.raises(ValidationError, match="name the model"):
        Settings()
    monkeypatch.setenv("PROJECTIONIST_CHAT_MODEL", "a-model")
    monkeypatch.setenv("PROJECTIONIST_CHAT_KEY", "open-sesame")
    settings = Settings()
    outside = settings.outside()
    assert outside is not None
    assert (outside.url, outside.model, outside.timeout_s) == ("https://models.example/v1", "a-model", 60)
    assert outside.key == "open-sesame"
    assert "open-sesame" not in repr(settings) + repr(outside)
    monkeypatch.setenv("PROJECTIONIST_CHAT_URL", "")
    assert Settings().outside() is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("URL", "models.example"),
        ("URL", "https://ann:open-sesame@models.example/v1"),
        ("TIMEOUT_S", "0"),
        ("TIMEOUT_S", "101"),
    ],
)
def test_a_model_outside_that_cannot_be_asked_is_refused(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv("PROJECTIONIST_CHAT_MODEL", "a-model")
    monkeypatch.setenv(f"PROJECTIONIST_CHAT_{name}", value)
    with pytest.raises(ValidationError, match=f"(?i)chat_{name}") as refused:
        Settings()
    assert "open-sesame" not in str(refused.value)
