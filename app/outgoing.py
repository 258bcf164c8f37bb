"""What the settings of notifications come to: by what they go, where people come back, whose webhooks are taken."""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

from app.notification_settings import SMTP_PORTS, mailbox
from app.settings import Settings
from events.notifications import NotificationKind
from notifications.links import Links
from notifications.mail import MailServer
from notifications.push import SERVICES, PushSender, private_key
from notifications.sending import Senders
from notifications.webhooks import Provider, SendGrid, Signed, sendgrid_key


def links(settings: Settings) -> Links | None:
    """Return what makes and reads links of messages; None where nobody could follow them."""
    if settings.public_url is None:
        return None
    return Links(settings.token_keys(), settings.public_url, settings.movie_page, _token_pages(settings))


def senders(settings: Settings) -> Senders | None:
    """Return by what messages go out; None for no way."""
    made = links(settings)
    if made is None or settings.mail_from is None or not (settings.smtp_url or settings.vapid_key):
        return None
    return Senders(made, _mail(settings), push_sender(settings), settings.mail_verified_only)


def mailed(settings: Settings) -> frozenset[NotificationKind]:
    """Return the kinds of e-mail about accounts that go out."""
    if settings.smtp_url is None:
        return frozenset()
    return frozenset({NotificationKind.PASSWORD_CHANGED, *_token_pages(settings)})


def _token_pages(settings: Settings) -> dict[NotificationKind, str]:
    pages = {
        NotificationKind.PASSWORD_RESET: settings.password_page,
        NotificationKind.EMAIL_VERIFICATION: settings.verification_page,
    }
    return {kind: page for kind, page in pages.items() if page is not None}


def providers(settings: Settings) -> dict[str, Provider]:
    """Return whose webhooks are taken, by the last part of their address."""
    found: dict[str, Provider] = {}
    if settings.sendgrid_key:
        found["sendgrid"] = SendGrid(sendgrid_key(settings.sendgrid_key))
    if settings.webhook_secret:
        found["signed"] = Signed(settings.webhook_secret.get_secret_value().encode())
    return found


def _mail(settings: Settings) -> MailServer | None:
    if settings.smtp_url is None or settings.mail_from is None:
        return None
    parts = urlsplit(settings.smtp_url.get_secret_value())
    assert parts.hostname is not None
    return MailServer(
        host=parts.hostname,
        port=parts.port or SMTP_PORTS[parts.scheme],
        is_tls=parts.scheme == "smtps",
        username=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None,
        sender=mailbox(settings.mail_from),
    )


def push_sender(settings: Settings) -> PushSender | None:
    """Return what signs web push; None where none is sent."""
    if settings.vapid_key is None or settings.mail_from is None:
        return None
    key = private_key(settings.vapid_key.get_secret_value())
    contact = f"mailto:{mailbox(settings.mail_from).addr_spec}"
    return PushSender(key, contact, (*SERVICES, *settings.push_services))
