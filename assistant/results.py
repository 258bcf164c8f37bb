"""What a tool found or did."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from assistant.asking import Film

SHOWN = 5
"""Movies of one answer."""


@dataclass(frozen=True, slots=True)
class Result:
    """One English sentence, or a few, with the movies that they are about, and the event of what was changed."""

    said: str
    films: tuple[Film, ...] = ()
    event: str | None = None
    failed: bool = False

    def noted(self) -> dict[str, Any]:
        """Return what is kept of it in the chat, beside its movies."""
        return {"said": self.said, "event": self.event, "failed": self.failed}

    def told(self) -> str:
        """Return it as people read it: a movie that the sentence names is not listed again."""
        is_named = len(self.films) == 1 and (self.failed or self.films[0].name in self.said)
        if not self.films or is_named:
            return self.said
        lines = (f"{number}. {_line(film)}" for number, film in enumerate(self.films, 1))
        return "\n".join([self.said, *lines])


def _line(film: Film) -> str:
    more = [
        ", ".join(film.genres),
        f"{film.runtime} min" if film.runtime else "",
        f"rated {film.rating:g}" if film.rating is not None else "",
    ]
    facts = "; ".join(each for each in more if each)
    return f"{film.name}: {facts}" if facts else film.name
