"""Messages as people read them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from events.notifications import OF_ACCOUNTS, NotificationKind
from notifications.content import Content, Item
from notifications.links import Links
from notifications.news import News

_NAMED = {
    NotificationKind.WEEKLY_DIGEST: "your weekly digest",
    NotificationKind.RECOMMENDATIONS: "what is new for you",
    NotificationKind.TRENDING: "what is trending",
}
_OF_ACCOUNTS = {
    NotificationKind.PASSWORD_RESET: {
        "subject": "Choose a new password",
        "why": "Somebody, probably you, said that you forgot your password.",
        "button": "Choose a new password",
        "otherwise": "The link works once, within an hour. If it was not you, do nothing: your password stays.",
    },
    NotificationKind.PASSWORD_CHANGED: {
        "subject": "Your password was changed",
        "why": "Your account has a new password since a moment ago, and is signed out everywhere else.",
        "otherwise": "If it was not you, say at once that you forgot your password: you then get a link by e-mail.",
    },
    NotificationKind.EMAIL_VERIFICATION: {
        "subject": "Is this your address?",
        "why": "Somebody, probably you, gave this e-mail address for an account. Please say that it is yours.",
        "button": "This is my address",
        "otherwise": "The link works once, within a day. If it was not you, do nothing.",
    },
}
CLIPPED = 200
"""Characters of each line of a push message, at most."""
_PAGES = Environment(
    loader=PackageLoader("notifications"),
    autoescape=select_autoescape(),
    undefined=StrictUndefined,
)


@dataclass(frozen=True, slots=True)
class Tracking:
    """What of a message the person lets us notice."""

    opens: bool
    clicks: bool


@dataclass(frozen=True, slots=True)
class Letter:
    """An e-mail without its addresses; what goes out whatever somebody chose has nothing to unsubscribe from."""

    subject: str
    text: str
    html: str
    unsubscribe_url: str | None


def subject(content: Content) -> str:
    """Return what stands above a message: one line."""
    if content.kind in OF_ACCOUNTS:
        return _OF_ACCOUNTS[content.kind]["subject"]
    if not content.items:
        return "Your week in movies: news from people you follow"
    first = _line(content.items[0].title)
    match content.kind:
        case NotificationKind.WEEKLY_DIGEST:
            return f"Your week in movies: {first} and more"
        case NotificationKind.RECOMMENDATIONS:
            return f"New for you: {first} and more"
        case _:
            return f"Trending now: {first} and more"


def letter(
    content: Content,
    user_id: UUID,
    notification_id: UUID,
    links: Links,
    tracking: Tracking,
    news: Sequence[News] = (),
) -> Letter:
    """Return a message as an e-mail, with what is left of its news; only what the person allows is tracked."""

    def url(movie_id: UUID | None) -> str | None:
        if movie_id is None:
            return None
        if tracking.clicks and links.movie(movie_id):
            return links.clicked(user_id, notification_id, movie_id)
        return links.movie(movie_id)

    def listed(items: Sequence[Item]) -> list[dict[str, object]]:
        return [
            {
                "title": _line(item.title),
                "year": item.year,
                "why": _line(item.why),
                "url": url(item.movie_id),
            }
            for item in items
        ]

    told = [
        {"title": _line(each.said), "year": each.year, "why": "", "url": url(each.movie_id)} for each in news
    ]
    parts = (
        ("For you", listed(content.recommended)),
        ("From people you follow", told),
        ("Trending", listed(content.trending)),
    )
    said = {
        "subject": subject(content),
        "parts": [(heading, items) for heading, items in parts if items],
        "unsubscribe_url": links.unsubscribe(user_id, content.kind),
        "pixel_url": links.opened(user_id, notification_id) if tracking.opens else None,
    }
    html, text = (_PAGES.get_template(f"message.{form}").render(said) for form in ("html", "txt"))
    return Letter(subject(content), text, html, links.unsubscribe(user_id, content.kind))


def account_letter(kind: NotificationKind, url: str | None) -> Letter:
    """Return an e-mail about an account, with the link that it is for; nothing of it is tracked."""
    said = {**_OF_ACCOUNTS[kind], "url": url}
    html, text = (_PAGES.get_template(f"account.{form}").render(said) for form in ("html", "txt"))
    return Letter(said["subject"] or "", text, html, None)


def unsubscribe_page(kind: NotificationKind | None, *, is_done: bool = False) -> str:
    """Return the page behind a link of an e-mail; without a kind, that the link is of no use."""
    if kind is None:
        title, text = "This link does not work", "Copy the whole address out of the e-mail and try again."
    elif is_done:
        title, text = "Done", f"You will not get e-mails with {_NAMED[kind]} any more."
    else:
        title, text = "Stop these e-mails?", f"You get e-mails with {_NAMED[kind]}."
    page = _PAGES.get_template("unsubscribe.html")
    return page.render(title=title, text=text, has_button=kind is not None and not is_done)


def clipped(text: str) -> str:
    """Return what of a line fits into a push message, of which a browser need not take more than 4096 bytes."""
    line = _line(text)
    return line if len(line) <= CLIPPED else line[: CLIPPED - 1] + "…"


def _line(text: str) -> str:
    return " ".join(text.split())
