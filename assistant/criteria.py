"""Which movies a request means: genre, time, runtime, language, people, ratings, and what is left as words of a title."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from assistant.words import LANGUAGES, NUMBER, Words, number_of

_DURATION = rf"({NUMBER})(?: and a half)?[ -]?(minutes?|mins?|min|hours?|hrs?|h|m)(?: and a half)?"
_NAME = r"([\w.'-]+(?: [\w.'-]+){0,4}?)(?= with | by | directed | starring | from | under | over | in |$)"
_FILLING = re.compile(
    r"(?<![\w'])(?:movies?|films?|flicks?|pictures?|titles?|ones?|something|anything|some|any|a few|a|an|the|all|that|which|"
    r"are|is|were|was|and|or|from|of|in|with|to|watch|see|please|me|good|great|nice|really|very|tonight|language|released|"
    r"made|for|there|no|longer|than|called|titled|named|about|can you|could you|do you know|do you have|i want|i'd like|"
    r"i would like)(?![\w'])",
    re.IGNORECASE,
)
_ALSO_CALLED = {
    "sci-fi": ("science fiction", "scifi", "sci fi", "sf"),
    "science fiction": ("sci-fi", "scifi", "sci fi", "sf"),
    "film-noir": ("film noir", "noir"),
    "comedy": ("funny", "rom-com", "romcom"),
    "romance": ("romantic", "rom-com", "romcom", "love story", "love stories"),
    "animation": ("animated", "cartoon"),
    "horror": ("scary",),
    "children": ("kids", "children's", "childrens", "family"),
    "children's": ("kids", "children", "childrens", "family"),
    "family": ("kids", "children's"),
    "documentary": ("documentaries", "docs", "doc"),
    "musical": ("musicals",),
}


def criteria(words: Words, genres: Iterable[str], today: date) -> dict[str, Any]:
    """Take what says which movies, by the names of `SearchMovies`; `genres` are those that the catalogue has."""
    found: dict[str, Any] = {}
    found |= _runtime(words)
    found |= _ratings(words)
    found |= _years(words, today)
    if chosen := _genres(words, genres):
        found["genres"] = chosen
    if language := words.take(rf"(?:in )?({'|'.join(LANGUAGES)})(?: language)?(?:-language)?"):
        found["original_language"] = LANGUAGES[language[1].lower()]
    if director := words.take(rf"(?:directed by|by the director|by) {_NAME}"):
        found["director_name"] = director[1]
    if cast := words.take(rf"(?:with|starring|featuring) {_NAME}"):
        found["cast_name"] = cast[1]
    return found


def title_words(words: Words) -> str:
    """Return what is left of a request when what only fills it is taken away, too."""
    return " ".join(_FILLING.sub(" ", re.sub(r"[?!.,;:]+(?=\s|$)", " ", words.left)).split())


def _minutes(found: re.Match[str]) -> int:
    number = number_of(found[1]) + (0.5 if "and a half" in found[0].lower() else 0)
    return round(number * (60 if found[2].lower().startswith("h") else 1))


def _runtime(words: Words) -> dict[str, Any]:
    if found := words.take(rf"{_DURATION} or (?:less|shorter|under)"):
        return {"max_runtime_minutes": _minutes(found)}
    if found := words.take(rf"{_DURATION} or (?:more|longer|over)"):
        return {"min_runtime_minutes": _minutes(found)}
    if found := words.take(
        rf"(?:at most|no longer than|not longer than|up to|within|max(?:imum)?) {_DURATION}(?: long)?"
    ):
        return {"max_runtime_minutes": _minutes(found)}
    if found := words.take(rf"(?:at least|no shorter than|min(?:imum)?) {_DURATION}(?: long)?"):
        return {"min_runtime_minutes": _minutes(found)}
    if found := words.take(rf"(?:under|below|less than|shorter than) {_DURATION}(?: long)?"):
        return {"max_runtime_minutes": _minutes(found) - 1}
    if found := words.take(rf"(?:over|above|more than|longer than) {_DURATION}(?: long)?"):
        return {"min_runtime_minutes": _minutes(found) + 1}
    return {}


def _ratings(words: Words) -> dict[str, Any]:
    at_least = r"(?:with |of |that have |having )?(?:at least |over |above |more than )?"
    more = r"(?: or (?:more|higher|better|above)| and up|\+)?"
    if found := words.take(rf"{at_least}({NUMBER}) stars?{more}"):
        return {"minimum_stars": number_of(found[1])}
    rated = r"(?:rated|with a rating(?: of)?|rating) (?:at least |over |above |better than |higher than )?"
    if found := words.take(rf"{rated}({NUMBER})(?: ?/ ?10| out of 10)?{more}"):
        return {"minimum_rating": number_of(found[1])}
    if words.take(r"(?:the )?(?:best|top|highest)[ -]?rated|(?:the )?best"):
        return {"order": "RATING"}
    if words.take(r"(?:the )?(?:newest|latest|most recent|recent|new)"):
        return {"order": "NEWEST"}
    if words.take(r"(?:the )?(?:most popular|popular|most liked)"):
        return {"order": "POPULAR"}
    return {}


def _years(words: Words, today: date) -> dict[str, Any]:
    year = r"((?:18|19|20)\d\d)"
    if found := words.take(rf"(?:between|from|in)? ?{year} ?(?:and|to|until|till|-|–) ?{year}"):  # noqa: RUF001
        return {"released_from": int(found[1]), "released_to": int(found[2])}
    if found := words.take(r"(?:from |in |of )?(?:the )?(early|mid|late)?[ -]?((?:18|19|20)?\d0)'?s"):
        low = _decade(int(found[2]), today)
        first, last = {"early": (0, 3), "mid": (4, 6), "late": (7, 9)}.get((found[1] or "").lower(), (0, 9))
        return {"released_from": low + first, "released_to": low + last}
    if found := words.take(
        r"(?:from |in |of )?(?:the )?(twenties|thirties|forties|fifties|sixties|seventies|eighties|nineties)"
    ):
        names = ("twenties", "thirties", "forties", "fifties", "sixties", "seventies", "eighties", "nineties")
        low = _decade(20 + 10 * names.index(found[1].lower()), today)
        return {"released_from": low, "released_to": low + 9}
    if found := words.take(rf"(?:since|from) {year} (?:on|onwards)|since {year}|{year} or (?:later|newer)"):
        return {"released_from": int(found[1] or found[2] or found[3])}
    if found := words.take(rf"(?:(?:released |made )?after|newer than|later than) {year}"):
        return {"released_from": int(found[1]) + 1}
    if found := words.take(rf"(?:(?:released |made )?before|older than|earlier than) {year}"):
        return {"released_to": int(found[1]) - 1}
    if found := words.take(rf"(?:from |in |of |released in |made in |released )(?:the year )?{year}"):
        return {"released_from": int(found[1]), "released_to": int(found[1])}
    if found := words.take(r"(?:from |of )?(this|last) year"):
        chosen = today.year - (found[1].lower() == "last")
        return {"released_from": chosen, "released_to": chosen}
    return {}


def _decade(said: int, today: date) -> int:
    """Return the first year of a decade: of two digits, the last one of that name."""
    if said >= 100:
        return said
    return 2000 + said if 2000 + said <= today.year else 1900 + said


def _genres(words: Words, known: Iterable[str]) -> list[str]:
    names: dict[str, list[str]] = {}
    for genre in known:
        low = genre.lower()
        for name in (low, *_ALSO_CALLED.get(low, ())):
            for form in {name, *_plurals(name)}:
                names.setdefault(form, []).append(genre)
    chosen: list[str] = []
    for form in sorted(names, key=len, reverse=True):
        if words.take(re.escape(form)):
            chosen += [genre for genre in names[form] if genre not in chosen]
    return chosen


def _plurals(name: str) -> Iterable[str]:
    return (f"{name}s", f"{name[:-1]}ies" if name.endswith("y") else f"{name}es")


def asks_for(found: Mapping[str, Any]) -> bool:
    """Whether criteria say anything about which movies, and not only about their order."""
    return bool(set(found) - {"order"})
