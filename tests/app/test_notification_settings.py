"""What operators set about e-mail, web push and webhooks: wrong values are named and not repeated."""

from __future__ import annotations

from email.headerregistry import Address
from pathlib import Path

import pytest
from pydantic import ValidationError

from app.outgoing import links, mailed, providers, push_sender, senders
from app.settings import Settings
from events.notifications import Channel, NotificationKind
from notifications.push import SERVICES, new_key
from notifications.webhooks import SendGrid, Signed
from tests.notifications.test_webhooks import PUBLIC

WHOLE = {
    "SMTP_URL": "smtp://me:pass%40word@mail.example",
    "MAIL_FROM": '"Movies, Ltd." <no-reply@movies.example>',
    "PUBLIC_URL": "https://api.movies.example",
}


@pytest.fixture(autouse=True)
def somewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)


def given(monkeypatch: pytest.MonkeyPatch, **values: str) -> Settings:
    for name, value in values.items():
        monkeypatch.setenv(f"PROJECTIONIST_{name}", value)
    return Settings()


def test_nothing_set_sends_nothing() -> None:
    settings = Settings()
    assert (links(settings), senders(settings), push_sender(settings), providers(settings)) == (
        None,
        None,
        None,
        {},
    )


def test_empty_is_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    names = (
        "SMTP_URL",
        "MAIL_FROM",
        "PUBLIC_URL",
        "MOVIE_PAGE",
        "VAPID_KEY",
        "SENDGRID_KEY",
        "WEBHOOK_SECRET",
    )
    settings = given(monkeypatch, **dict.fromkeys(names, ""))
    assert (senders(settings), providers(settings)) == (None, {})


@pytest.mark.parametrize(
    ("url", "port", "is_tls"),
    [
        ("smtp://me:pass%40word@mail.example", 587, False),
        ("smtps://me:pass%40word@mail.example", 465, True),
        ("smtp://me:pass%40word@mail.example:2525", 2525, False),
    ],
)
def test_a_mail_server_is_an_address(
    monkeypatch: pytest.MonkeyPatch, url: str, port: int, is_tls: bool
) -> None:
    found = senders(given(monkeypatch, **{**WHOLE, "SMTP_URL": url}))
    assert found is not None
    assert found.channels == {Channel.EMAIL}
    mail = found.mail
    assert mail is not None
    assert (mail.host, mail.port, mail.is_tls) == ("mail.example", port, is_tls)
    assert (mail.username, mail.password) == ("me", "pass@word")
    assert mail.sender == Address("Movies, Ltd.", "no-reply", "movies.example")
    assert "pass" not in repr(mail)


def test_web_push_goes_to_what_is_named_beside_the_browsers(monkeypatch: pytest.MonkeyPatch) -> None:
    sender = "no-reply@movies.example"
    more = {"MAIL_FROM": sender, "PUSH_SERVICES": "push.example, *.b.example", "VAPID_KEY": new_key()}
    found = senders(given(monkeypatch, PUBLIC_URL="https://api.movies.example", **more))
    assert found is not None
    assert found.channels == {Channel.PUSH}
    assert found.push is not None
    assert (found.push.contact, found.push.services) == (
        f"mailto:{sender}",
        (*SERVICES, "push.example", "*.b.example"),
    )


PASSWORD_PAGE = "https://movies.example/password#{token}"
VERIFICATION_PAGE = "https://movies.example/verify?token={token}"
RESET, CHANGED, VERIFY = (
    NotificationKind.PASSWORD_RESET,
    NotificationKind.PASSWORD_CHANGED,
    NotificationKind.EMAIL_VERIFICATION,
)


@pytest.mark.parametrize(
    ("values", "kinds"),
    [
        (WHOLE, {CHANGED}),
        ({**WHOLE, "PASSWORD_PAGE": PASSWORD_PAGE}, {CHANGED, RESET}),
        ({**WHOLE, "VERIFICATION_PAGE": VERIFICATION_PAGE, "PASSWORD_PAGE": ""}, {CHANGED, VERIFY}),
        ({"PASSWORD_PAGE": PASSWORD_PAGE, "VERIFICATION_PAGE": VERIFICATION_PAGE}, set()),
    ],
    ids=range(4),
)
def test_mail_about_accounts_needs_a_mail_server_and_pages(
    monkeypatch: pytest.MonkeyPatch, values: dict[str, str], kinds: set[NotificationKind]
) -> None:
    settings = given(monkeypatch, **values)
    assert mailed(settings) == kinds
    made = links(settings)
    assert (made.with_token(RESET, "T") if made else None) == (
        "https://movies.example/password#T" if RESET in kinds else None
    )


@pytest.mark.parametrize(("value", "only"), [("", False), ("true", True)])
def test_digests_go_to_proved_addresses_only_if_that_is_said(
    monkeypatch: pytest.MonkeyPatch, value: str, only: bool
) -> None:
    more = {"MAIL_VERIFIED_ONLY": value} if value else {}
    found = senders(given(monkeypatch, **WHOLE, **more))
    assert found is not None
    assert found.to_verified_only is only


def test_providers_are_those_whose_keys_are_set(monkeypatch: pytest.MonkeyPatch) -> None:
    found = providers(given(monkeypatch, SENDGRID_KEY=PUBLIC, WEBHOOK_SECRET="w" * 32))
    assert {name: type(provider) for name, provider in found.items()} == {
        "sendgrid": SendGrid,
        "signed": Signed,
    }


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"SMTP_URL": "http://open-sesame@mail.example"}, "smtp://"),
        ({"SMTP_URL": "smtp://me:open-sesame@"}, "smtp://"),
        ({"SMTP_URL": "smtp://me:open-sesame@mail.example:99999"}, "smtp://"),
        ({"SMTP_URL": "smtp://me:open-sesame@mail.example:0"}, "smtp://"),
        ({"SMTP_URL": "smtp://me:open-sesame@mail.example"}, "PROJECTIONIST_MAIL_FROM"),
        ({"VAPID_KEY": new_key()}, "PROJECTIONIST_MAIL_FROM"),
        ({"MAIL_FROM": "open-sesame"}, "one address"),
        ({"MAIL_FROM": "a@movies.example, open-sesame@movies.example"}, "one address"),
        ({"MAIL_FROM": "open-sesame@movies.example\nBcc: x@y.example"}, "one address"),
        ({"PUBLIC_URL": "open-sesame.example"}, "address of a server"),
        ({"PUBLIC_URL": "https://open-sesame.example/>x"}, "address of a server"),
        ({"MOVIE_PAGE": "https://open-sesame.example/movies"}, "{id}"),
        ({"MOVIE_PAGE": "javascript:alert({id})"}, "address of a server"),
        ({"PASSWORD_PAGE": "https://open-sesame.example/password"}, "{token}"),
        ({"VERIFICATION_PAGE": "open-sesame#{token}"}, "address of a server"),
        ({"VAPID_KEY": "open-sesame"}, "32 bytes"),
        ({"SENDGRID_KEY": "open-sesame"}, "verification key"),
        ({"WEBHOOK_SECRET": "open-sesame" + "x" * 20}, "32 characters"),
    ],
)
def test_what_is_wrong_is_named_and_not_repeated(
    monkeypatch: pytest.MonkeyPatch, values: dict[str, str], says: str
) -> None:
    with pytest.raises(ValidationError) as refused:
        given(monkeypatch, **values)
    assert says in str(refused.value)
    assert "open-sesame" not in str(refused.value)
