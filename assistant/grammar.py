"""What a request in English asks for: rules in order, each a pattern of the whole request and what it means.

A rule that does not know for sure matches nothing: what is left is a search, which changes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from assistant.arguments import Recommend
from assistant.criteria import asks_for, criteria, title_words
from assistant.words import NUMBER, ORDINALS, Words, day_of, days_of, number_of


@dataclass(frozen=True, slots=True)
class Mention:
    """A movie as a request names it: by title, by its place in what was shown (-1: the last), or as “it”."""

    title: str | None = None
    year: int | None = None
    place: int | None = None


@dataclass(frozen=True, slots=True)
class Intent:
    """A tool, and what it shall take; the movie is still to be found."""

    tool: str
    arguments: dict[str, Any] = field(default_factory=dict)
    movie: Mention | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """A request, and what it may name."""

    text: str
    genres: Sequence[str]
    today: date


Rule = Callable[[re.Match[str], Asked], Intent | None]

LONGEST = 300
"""Characters of a request that is looked at: the rules take time that grows faster than it."""
_COURTESY = re.compile(
    r"(?:(?:please|hey|hi|hello|ok|okay|so|and|then|now|well|thanks|thank you|can you|could you|would you|will you)[, ]+)+",
    re.IGNORECASE,
)
_IT = re.compile(r"(?:it|this|that|them|this one|that one|(?:this|that|the) (?:movie|film))", re.IGNORECASE)
_PLACE = re.compile(
    rf"(?:the |number |no\.? ?|#)?(?:(?P<word>{'|'.join(ORDINALS)})|(?P<n>\d{{1,2}}))(?: (?:one|movie|film))?",
    re.IGNORECASE,
)
_DATED = re.compile(r"(?P<title>.+?),? (?:\((?P<y>\d{4})\)|(?:from|of) (?P<z>(?:18|19|20)\d\d))")
_STARS = rf"(?P<stars>{NUMBER}(?: and a half)?)"


def place_of(said: str) -> int | None:
    """Return the place that is said, such as “the second one” or “2”; None for anything else."""
    found = _PLACE.fullmatch(said)
    return None if not found else ORDINALS[found["word"].lower()] if found["word"] else int(found["n"])


def mention(said: str) -> Mention:
    """Return how a movie is named."""
    said = said.strip(" .,!?")
    if _IT.fullmatch(said):
        return Mention()
    if re.search(r"[a-z#]", said, re.IGNORECASE) and (place := place_of(said)) is not None:
        return Mention(place=place)
    dated = _DATED.fullmatch(said)
    title, year = (dated["title"], int(dated["y"] or dated["z"])) if dated else (said, None)
    return Mention(title=re.sub(r"^(?:the )?(?:movie|film) (?=\S)", "", title).strip(" \"“”'‘’"), year=year)  # noqa: RUF001


def _on_movie(tool: str, **arguments: Any) -> Rule:
    return lambda found, _: Intent(tool, arguments, mention(found["movie"]))


def _rate(found: re.Match[str], _: Asked) -> Intent | None:
    number = found["stars"].lower()
    stars = number_of(number.removesuffix(" and a half")) + 0.5 * number.endswith(" and a half")
    return Intent(
        "rate_movie", {"stars": stars / 2 if found["of"] == "10" else stars}, mention(found["movie"])
    )


def _watchlist(found: re.Match[str], _: Asked) -> Intent | None:
    priority = found["priority"]
    given = {"priority": priority.upper()} if priority else {}
    return Intent("add_to_watchlist", given, mention(found["movie"]))


def _watched(found: re.Match[str], asked: Asked) -> Intent | None:
    words = Words(found["movie"])
    day = day_of(words, asked.today)
    if not words.left:  # there is a movie “Yesterday”
        day, words = None, Words(found["movie"])
    return Intent("mark_watched", {"watched_on": (day or asked.today).isoformat()}, mention(words.left))


def _reaction(reaction: str) -> Rule:
    def rule(found: re.Match[str], asked: Asked) -> Intent | None:
        words = Words(found["movie"])
        chosen = criteria(words, asked.genres, asked.today)
        if asks_for(chosen) and not title_words(words):  # "I like French comedies" is about no movie
            return _wanted(chosen)
        return Intent("react_to_movie", {"reaction": reaction}, mention(found["movie"]))

    return rule


_DID = {
    "like": "LIKED", "love": "LIKED", "enjoy": "LIKED", "dislike": "DISLIKED", "hate": "DISLIKED", "rate": "RATED",
    "watch": "WATCHED", "see": "WATCHED", "seen": "WATCHED", "favorite": "FAVORITES", "favourite": "FAVORITES",
    "rating": "RATED", "diary": "WATCHED", "watchlist": "WATCHLIST", "watch list": "WATCHLIST",
}  # fmt: skip


def _mine(found: re.Match[str], asked: Asked) -> Intent | None:
    words = Words(found["rest"])
    first, last = days_of(words, asked.today)
    if title_words(words):
        return None
    said = found["did"].lower()
    what = next(_DID[form] for end in ("", "s", "d", "ed") if (form := said.removesuffix(end)) in _DID)
    days = {"first_day": first and first.isoformat(), "last_day": last and last.isoformat()}
    return Intent("my_movies", {"what": what, **{name: day for name, day in days.items() if day}})


def _trending(found: re.Match[str], _: Asked) -> Intent | None:
    windows = {"today": "DAY", "now": "WEEK", "this month": "MONTH", "of all time": "ALL", "ever": "ALL"}
    return Intent("trending", {"window": windows.get((found["when"] or "").lower(), "WEEK")})


_MODIFIERS = {
    "shorter": r"shorter|less long|not (?:so|as) long",
    "longer": r"longer",
    "newer": r"newer|more recent|more modern|later",
    "older": r"older|earlier",
    "better_rated": r"better(?: rated)?|higher rated",
}


def _similar(found: re.Match[str], asked: Asked) -> Intent | None:
    words = Words(f"{found['but'] or ''} {found['than'] or ''}")
    given: dict[str, Any] = {name: True for name, form in _MODIFIERS.items() if words.take(form)}
    given |= {
        name: value for name, value in criteria(words, asked.genres, asked.today).items() if name == "genres"
    }
    if title_words(Words(re.sub(r"\b(?:but|only|just|more|a bit|a little|much|even)\b", " ", words.left))):
        return None  # a part that is not understood would be left out in silence
    return Intent("similar_movies", given, mention(found["movie"] or "it"))


def _wanted(chosen: dict[str, Any]) -> Intent:
    """Return what recommends with these criteria, or searches where they are more than it takes."""
    if set(chosen) <= set(Recommend.model_fields):
        return Intent("recommend", chosen)
    return Intent("search_movies", chosen)


def _recommend(found: re.Match[str], asked: Asked) -> Intent | None:
    words = Words(found["rest"] or found["more"] or "")
    chosen = criteria(words, asked.genres, asked.today)
    return None if title_words(words) else _wanted(chosen)


_MOVIE = r"(?P<movie>.+?)"
_LIST = r"(?:my |the )?(?:watch[ -]?list|to[ -]?watch list|list)"
_BUT = rf"(?P<than>(?:{'|'.join(_MODIFIERS.values())})(?: (?:movies?|films?|ones?))?)"
RULES: Sequence[tuple[str, Rule]] = (
    (r"(?:undo|revert|take back)(?: (?:that|it|this|the last one|my last \w+))?|take (?:that|it|this) back",
     lambda found, asked: Intent("undo")),
    (rf"rate {_MOVIE}(?: with| at| as|:)? {_STARS}(?: ?(?:/|of|out of) ?(?P<of>5|10))?(?: ?stars?)?(?: out of (?:5|five))?",
     _rate),
    (rf"give {_MOVIE} {_STARS}(?: ?(?:/|of|out of) ?(?P<of>5|10)| ?stars?(?: out of (?:5|five))?)", _rate),
    (rf"{_STARS} ?(?:stars?|(?:/|of|out of) ?(?P<of>5|10)) (?:for|to) {_MOVIE}", _rate),
    (rf"(?:add|put|save|make) {_MOVIE} (?:to|on|in|among|one of|as)? ?(?:my |a |the )?favou?rites?",
     _on_movie("favorite_movie")),
    (rf"{_MOVIE} is (?:one of )?my (?:new )?favou?rites?(?: movies?| films?)?", _on_movie("favorite_movie")),
    (rf"(?:add|put|save) {_MOVIE} (?:to|on|onto|in) {_LIST}(?: (?:with |at |as )?(?P<priority>high|medium|low)"
     r"(?: priority)?)?", _watchlist),
    (r"(?:add|save) (?P<movie>it|this|that|(?:this|that|the \w+|number \d+|#\d+)(?: (?:one|movie|film))?)(?P<priority>)",
     _watchlist),
    (rf"(?:remove|take|delete|drop) {_MOVIE} (?:from|off|out of) {_LIST}", _on_movie("remove_from_watchlist")),
    (rf"(?:mark|set) {_MOVIE} (?:as )?(?:watched|seen)", _on_movie("mark_watched")),
    (rf"i(?:'ve| have)? (?:just |already )?(?:watched|saw|seen) {_MOVIE}", _watched),
    (rf"i (?:really |absolutely |just )?(?:love|loved|adore|adored) {_MOVIE}", _reaction("SUPER_LIKE")),
    (rf"i (?:really |quite |also )?(?:like|liked|enjoy|enjoyed) {_MOVIE}", _reaction("LIKE")),
    (rf"i (?:really )?(?:dislike|disliked|hate|hated|(?:don't|do not|didn't|did not) (?:like|enjoy)) {_MOVIE}",
     _reaction("DISLIKE")),
    (rf"(?:i'm |i am )?not interested in {_MOVIE}|(?:dismiss|never (?:show|recommend)(?: me)?) (?P<other>.+)",
     lambda found, asked: Intent("dismiss_movie", {}, mention(found["movie"] or found["other"]))),
    (r"(?:what|which)(?: movies?| films?)?(?: did| have) i (?P<did>liked?|loved?|enjoy(?:ed)?|disliked?|hated?|rated?|"
     r"watch(?:ed)?|seen?|favou?rited?)(?P<rest>.*)", _mine),
    (r"(?:(?:show|list|tell|give)(?: me)? |what(?:'s| is| are)(?: on| in)? )?my (?P<did>likes?|favou?rites?|ratings?|diary|"
     r"watch ?list)(?: movies?| films?| list)?(?P<rest>.*)", _mine),
    (r"(?:show me |list )?(?:what(?:'s| is| are)?(?: people watching)?|anything)? ?(?:trending|popular|hot)"
     r"(?: movies?| films?)?(?: right)?(?: (?P<when>now|today|this week|this month|of all time|ever))?", _trending),
    (rf"(?:(?:show|find|give|recommend|suggest|tell)(?: me)? |i want |i'd like )?(?P<than>)(?:something|anything|movies?|"
     rf"films?|more|one|others?)? ?(?:like|similar to) {_MOVIE}(?:,? (?:but|only|just) (?P<but>.+))?", _similar),
    (rf"(?:(?:show|find|give|recommend|suggest)(?: me)? )?(?:something |anything |a |some )?{_BUT}(?P<but>)"
     rf"(?: (?:like|than|similar to) {_MOVIE})?", _similar),
    (rf"(?:tell me (?:more )?about|details (?:of|on|about)|describe) {_MOVIE}", _on_movie("movie_details")),
    (rf"what(?:'s| is) {_MOVIE} about|who (?:directed|made|plays in|stars in|is in) (?P<who>.+)|how long is (?P<long>.+)|"
     r"when (?:was|did) (?P<when>.+?) (?:made|released|come out)",
     lambda found, asked: Intent("movie_details", {}, mention(next(filter(None, found.groups()))))),
    (r"(?:recommend|suggest)(?: me)?(?P<rest> .+)?|what (?:should|can|could|shall|do) i (?:watch|see)(?: next)?"
     r"(?P<more> .+)?|surprise me|any recommendations?|what(?:'s| is| do you have) for me", _recommend),
)  # fmt: skip
_RULES = [(re.compile(pattern, re.IGNORECASE), rule) for pattern, rule in RULES]
_VERB = re.compile(
    r"(?:find|search(?: for)?|show|look for|list|give|get|i want to (?:see|watch)|i want|i'd like(?: to (?:see|watch))?|"
    r"i'm looking for|i am looking for|are there|do you have|do you know)(?: me)? ",
    re.IGNORECASE,
)


def understand(asked: Asked) -> Intent | None:
    """Return what a request asks for; None where it is nothing that the assistant can do. Raises NoSuchDay."""
    if len(asked.text) > LONGEST:
        return None
    text = " ".join(asked.text.replace("’", "'").split())  # noqa: RUF001
    text = _COURTESY.sub("", text, count=1) if _COURTESY.match(text) else text
    text = re.sub(r"[\s,]*(?:please|thanks|thank you)?[\s.!?]*$", "", text, flags=re.IGNORECASE)
    for pattern, rule in _RULES:
        found = pattern.fullmatch(text)
        intent = rule(found, asked) if found else None
        if intent:
            return intent
    return _search(text, asked)


def _search(text: str, asked: Asked) -> Intent | None:
    rest = _VERB.sub("", text, count=1) if _VERB.match(text) else text
    words = Words(rest)
    quoted = words.take(r"[\"“](.+?)[\"”]") if re.search(r"[\"“]", rest) else None
    chosen = criteria(words, asked.genres, asked.today)
    title = quoted[1] if quoted else title_words(words)
    if title:
        chosen["text"] = title[:200]
    if not chosen:
        return (
            Intent("recommend")
            if re.search(r"\b(?:something|anything|movies?|films?)\b", text, re.IGNORECASE)
            else None
        )
    return Intent("search_movies", chosen)
