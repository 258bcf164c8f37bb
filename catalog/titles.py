"""MovieLens titles: "Matrix, The (1999)" is "The Matrix" of 1999."""

from __future__ import annotations

import re
from dataclasses import dataclass

_APOSTROPHES = ("'", "\u2019")
# Only words that stand behind a comma in MovieLens titles; case counts, so that "…, a" stays.
_ARTICLES = frozenset(
    {
        *("The", "A", "An"),  # English
        *("Le", "La", "Les", "L'", "L\u2019", "Un", "Une"),  # French
        *("Der", "Die", "Das", "Ein", "Eine"),  # German
        *("Il", "Lo", "I", "Gli", "Uno", "Una"),  # Italian
        *("El", "Los", "Las"),  # Spanish
        *("O", "Os", "As", "Um", "Uma"),  # Portuguese
        *("De", "Het", "Een", "Den", "Det", "En", "Et", "Ett"),  # Dutch, Danish, Norwegian, Swedish
    }
)
_MEDIA = frozenset({"V", "TV", "VG"})
_YEARS = re.compile(r"([0-9]{4})\s*(?:[-\u2013\u2014]\s*(?:[0-9]{4})?)?")
_UNFINISHED = (" or", " and", ":", ",")


@dataclass(frozen=True, slots=True)
class Title:
    """A title as people write it; `original` is the last one in brackets that may be the first name."""

    title: str
    original: str | None
    year: int | None


def split_title(text: str) -> Title:
    """Takes year, alternatives and a trailing article off a MovieLens title; what is not understood stays."""
    rest, year = _without_year(" ".join(text.split()))
    alternatives: list[str] = []
    while (split := _last_bracket(rest)) and _is_alternative(*split):
        rest = split[0]
        alternatives.append(split[1])
    title = article_first(rest)
    originals = [article_first(each) for each in alternatives if _is_original(each)]
    original = originals[0] if originals and originals[0] != title else None
    return Title(title, original, year)


def article_first(title: str) -> str:
    """ "Avventura, L'" as "L'Avventura"; a title without a trailing article is returned as it is."""
    head, comma, tail = title.rpartition(", ")
    if not comma or not head or tail not in _ARTICLES:
        return title
    return f"{tail}{head}" if tail.endswith(_APOSTROPHES) else f"{tail} {head}"


def plausible_year(text: str) -> int | None:
    """The year that "1995", "2006-2007" or "2007-" begins with; None for any other text."""
    found = _YEARS.fullmatch(text)
    year = int(found[1]) if found else 0
    return year if 1870 <= year <= 2100 else None


def _without_year(text: str) -> tuple[str, int | None]:
    split = _last_bracket(text)
    if split and split[1] in _MEDIA:
        split = _last_bracket(split[0])
    year = plausible_year(split[1]) if split else None
    return (split[0], year) if split and year else (text, None)


def _last_bracket(text: str) -> tuple[str, str] | None:
    """What stands before and inside the last bracket, if the text ends with one that a space precedes."""
    if not text.endswith(")"):
        return None
    depth = 0
    for at in range(len(text) - 1, 0, -1):
        depth += (text[at] == ")") - (text[at] == "(")
        if depth == 0:
            before, inside = text[:at].rstrip(), text[at + 1 : -1].strip()
            return (before, inside) if text[at - 1] == " " and before and inside else None
    return None


def _is_alternative(before: str, inside: str) -> bool:
    """Whether the bracket is another title: "Birdman: Or (…)", "1-900 (06)" and "(Part 1 of …)" are not."""
    has_letters = any(c.isalpha() for c in inside)
    return has_letters and not inside.startswith("Part ") and not before.casefold().endswith(_UNFINISHED)


def _is_original(alternative: str) -> bool:
    """ "a.k.a. …" is another name, and "Boat, The" behind "Boot, Das" a translation."""
    also_known_as = alternative.casefold().replace(".", "").startswith("aka ")
    is_english = alternative.startswith("The ") or alternative.endswith((", The", ", A", ", An"))
    return not also_known_as and not is_english
