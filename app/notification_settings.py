"""What an operator can set about notifications: how they go out, and where people come back."""

from __future__ import annotations

from email.headerregistry import Address
from email.policy import default as policy
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, NoDecode

from app.variables import listed, none_if_empty

SMTP_PORTS = {"smtp": 587, "smtps": 465}


def _smtp(value: SecretStr | None) -> SecretStr | None:
    if value is not None:
        try:
            parts = urlsplit(value.get_secret_value())
            fine = parts.scheme in SMTP_PORTS and parts.hostname and (parts.port is None or parts.port)
        except ValueError:
            fine = False
        if not fine:
            raise ValueError("is neither smtp://user:password@host:587 nor smtps://…")
    return value


def _mailbox(value: str | None) -> str | None:
    if value is not None:
        mailbox(value)
    return value


def mailbox(value: str) -> Address:
    """Return the one address that a text has. Raises ValueError."""
    header = policy.header_factory("From", value)
    if header.defects or len(header.addresses) != 1 or not header.addresses[0].domain:
        raise ValueError("is one address: Movies <no-reply@movies.example>")
    found = header.addresses[0]
    return Address(found.display_name, found.username, found.domain)


def _web(value: str | None) -> str | None:
    if value is not None:
        parts = urlsplit(value)
        if parts.scheme not in ("http", "https") or not parts.hostname or any(c in value for c in ' <>"'):
            raise ValueError("is the address of a server: https://api.movies.example")
    return value


def _page(value: str | None) -> str | None:
    if value is not None and "{id}" not in value:
        raise ValueError("needs {id} where a movie's id goes: https://movies.example/movies/{id}")
    return _web(value)


def _token_page(value: str | None) -> str | None:
    if value is not None and "{token}" not in value:
        raise ValueError("needs {token} where the token goes: https://movies.example/password#{token}")
    return _web(value)


def _vapid(value: SecretStr | None) -> SecretStr | None:
    if value is not None:
        from notifications.push import private_key

        private_key(value.get_secret_value())
    return value


def _sendgrid(value: str | None) -> str | None:
    if value is not None:
        from notifications.webhooks import sendgrid_key

        try:
            sendgrid_key(value)
        except ValueError:
            raise ValueError("is not the verification key that SendGrid shows") from None
    return value


def _secret(value: SecretStr | None) -> SecretStr | None:
    if value is not None and len(value.get_secret_value()) < 32:
        raise ValueError("needs 32 characters or more")
    return value


class NotificationSettings(BaseSettings):
    """The part of the settings that is about notifications."""

    smtp_url: Annotated[SecretStr | None, BeforeValidator(none_if_empty), AfterValidator(_smtp)] = Field(
        default=None,
        repr=False,
        description="smtp://user:password@host:587 or smtps://…, where e-mail goes; unset: none is sent",
    )
    mail_from: Annotated[str | None, BeforeValidator(none_if_empty), AfterValidator(_mailbox)] = Field(
        default=None, description="whom e-mail is from: Movies <no-reply@movies.example>"
    )
    public_url: Annotated[str | None, BeforeValidator(none_if_empty), AfterValidator(_web)] = Field(
        default=None, description="where people reach this server, for links in messages"
    )
    movie_page: Annotated[str | None, BeforeValidator(none_if_empty), AfterValidator(_page)] = Field(
        default=None,
        description="where your site shows a movie, with {id} in it; unset: messages have no links to movies",
    )
    password_page: Annotated[str | None, BeforeValidator(none_if_empty), AfterValidator(_token_page)] = Field(
        default=None,
        description="where your site asks for a new password, with {token} in it; unset: none can be asked for",
    )
    verification_page: Annotated[str | None, BeforeValidator(none_if_empty), AfterValidator(_token_page)] = (
        Field(
            default=None,
            description="where your site takes that an address is proved, with {token} in it; unset: none is",
        )
    )
    mail_verified_only: bool = Field(
        default=False, description="send digests and alerts only to addresses that are proved"
    )
    vapid_key: Annotated[SecretStr | None, BeforeValidator(none_if_empty), AfterValidator(_vapid)] = Field(
        default=None,
        description="signs web push; `projectionist notifications key` makes one; unset: none is sent",
    )
    push_services: Annotated[tuple[str, ...], NoDecode, BeforeValidator(listed)] = Field(
        default=(), description="hosts that web push may go to, beside the push services of browsers"
    )
    sendgrid_key: Annotated[str | None, BeforeValidator(none_if_empty), AfterValidator(_sendgrid)] = Field(
        default=None, description="the verification key of SendGrid's event webhook; unset: it is refused"
    )
    webhook_secret: Annotated[SecretStr | None, BeforeValidator(none_if_empty), AfterValidator(_secret)] = (
        Field(default=None, description="signs webhooks of other providers; unset: they are refused")
    )

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.smtp_url and not (self.mail_from and self.public_url):
            raise ValueError("e-mail needs PROJECTIONIST_MAIL_FROM and PROJECTIONIST_PUBLIC_URL, too")
        if self.vapid_key and not (self.mail_from and self.public_url):
            raise ValueError("web push needs PROJECTIONIST_MAIL_FROM and PROJECTIONIST_PUBLIC_URL, too")
        return self
