"""What requests mean: no database, the same answer always."""

from __future__ import annotations

import re
import time
from contextlib import suppress
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.arguments import SearchMovies
from assistant.grammar import LONGEST, Asked, Intent, Mention, understand
from assistant.tools import TOOLS
from assistant.words import NoSuchDay, Words, day_of

TODAY = date(2024, 5, 15)  # a Wednesday
GENRES = ["action", "comedy", "drama", "film-noir", "horror", "romance", "sci-fi", "thriller"]
IT = Mention()


def understood(text: str) -> Intent | None:
    return understand(Asked(text, GENRES, TODAY))


def titled(title: str, year: int | None = None) -> Mention:
    return Mention(title=title, year=year)


SEARCHES: list[tuple[str, dict[str, Any]]] = [
    ("French comedies from the 90s under 100 minutes",
     {"genres": ["comedy"], "released_from": 1990, "released_to": 1999, "max_runtime_minutes": 99,
      "original_language": "fr"}),
    ("Show me some Japanese horror films, please!", {"genres": ["horror"], "original_language": "ja"}),
    ("romantic comedies", {"genres": ["comedy", "romance"]}),
    ("rom-coms in Korean", {"genres": ["comedy", "romance"], "original_language": "ko"}),
    ("best rated science fiction before 1980", {"genres": ["sci-fi"], "released_to": 1979, "order": "RATING"}),
    ("the newest thrillers", {"genres": ["thriller"], "order": "NEWEST"}),
    ("movies from 1995", {"released_from": 1995, "released_to": 1995}),
    ("movies between 1990 and 1995", {"released_from": 1990, "released_to": 1995}),
    ("movies after 2010", {"released_from": 2011}),
    ("something since 2010", {"released_from": 2010}),
    ("dramas from the early 2000s", {"genres": ["drama"], "released_from": 2000, "released_to": 2003}),
    ("noir from the forties", {"genres": ["film-noir"], "released_from": 1940, "released_to": 1949}),
    ("20s movies", {"released_from": 2020, "released_to": 2029}),
    ("movies from last year", {"released_from": 2023, "released_to": 2023}),
    ("movies of at most two hours", {"max_runtime_minutes": 120}),
    ("movies of an hour and a half or less", {"max_runtime_minutes": 90}),
    ("movies longer than 3 hours", {"min_runtime_minutes": 181}),
    ("action movies with at least 4 stars", {"genres": ["action"], "minimum_stars": 4.0}),
    ("dramas rated above 7.5", {"genres": ["drama"], "minimum_rating": 7.5}),
    ("movies by Agnès Varda", {"director_name": "Agnès Varda"}),
    ("movies with Al Pacino from the 90s", {"cast_name": "Al Pacino", "released_from": 1990, "released_to": 1999}),
    ("thrillers directed by Michael Mann with Al Pacino",
     {"genres": ["thriller"], "director_name": "Michael Mann", "cast_name": "Al Pacino"}),
    ("find the third man", {"text": "third man"}),
    ('search for "Two or Three Things"', {"text": "Two or Three Things"}),
]  # fmt: skip


@pytest.mark.parametrize(("text", "wanted"), SEARCHES, ids=lambda given: str(given)[:40])
def test_a_search_names_what_it_wants(text: str, wanted: dict[str, Any]) -> None:
    assert understood(text) == Intent("search_movies", wanted)
    SearchMovies.model_validate(wanted)


SAID: list[tuple[str, str, dict[str, Any], Mention | None]] = [
    ("recommend me something", "recommend", {}, None),
    ("What should I watch tonight?", "recommend", {}, None),
    ("recommend a French comedy under 2 hours", "recommend",
     {"genres": ["comedy"], "original_language": "fr", "max_runtime_minutes": 119}, None),
    ("what should I watch from the 90s", "recommend", {"released_from": 1990, "released_to": 1999}, None),
    ("I like French comedies", "recommend", {"genres": ["comedy"], "original_language": "fr"}, None),
    ("what is trending", "trending", {"window": "WEEK"}, None),
    ("What's popular this month?", "trending", {"window": "MONTH"}, None),
    ("something like Heat but shorter", "similar_movies", {"shorter": True}, titled("Heat")),
    ("movies like Heat (1995) but newer and better rated", "similar_movies", {"newer": True, "better_rated": True},
     titled("Heat", 1995)),
    ("show me something like the second one, but older", "similar_movies", {"older": True}, Mention(place=2)),
    ("something like Alien but a comedy", "similar_movies", {"genres": ["comedy"]}, titled("Alien")),
    ("something shorter", "similar_movies", {"shorter": True}, IT),
    ("what did I like in 2024", "my_movies",
     {"what": "LIKED", "first_day": "2024-01-01", "last_day": "2024-12-31"}, None),
    ("which movies did I watch in February 2024?", "my_movies",
     {"what": "WATCHED", "first_day": "2024-02-01", "last_day": "2024-02-29"}, None),
    ("what did I rate in June", "my_movies",
     {"what": "RATED", "first_day": "2023-06-01", "last_day": "2023-06-30"}, None),
    ("what have I seen last month", "my_movies",
     {"what": "WATCHED", "first_day": "2024-04-01", "last_day": "2024-04-30"}, None),
    ("what did I see yesterday", "my_movies",
     {"what": "WATCHED", "first_day": "2024-05-14", "last_day": "2024-05-14"}, None),
    ("what did I hate", "my_movies", {"what": "DISLIKED"}, None),
    *((f"which movies have I {did}", "my_movies", {"what": what}, None)
      for what, said in {"LIKED": "liked loved enjoyed", "DISLIKED": "disliked hated", "RATED": "rated",
                         "WATCHED": "watched seen", "FAVORITES": "favorited favourited"}.items() for did in said.split()),
    *((f"show me my {mine}", "my_movies", {"what": what}, None)
      for what, said in {"LIKED": "likes", "RATED": "rating ratings", "WATCHED": "diary", "WATCHLIST": "watchlist",
                         "FAVORITES": "favourite favorites"}.items() for mine in said.split()),
    ("what's on my watchlist?", "my_movies", {"what": "WATCHLIST"}, None),
    *((f"what did I watch {day}", "my_movies",
       {"what": "WATCHED", "first_day": "2022-03-03", "last_day": "2022-03-03"}, None)
      for day in ("on 3 March 2022", "on March 3rd, 2022", "on 2022-03-03", "on the 3rd of March 2022")),
    ("show me my favourites", "my_movies", {"what": "FAVORITES"}, None),
    ("add it to my watchlist", "add_to_watchlist", {}, IT),
    ("Please add the second one to my watchlist.", "add_to_watchlist", {}, Mention(place=2)),
    ("put #3 on my list with high priority", "add_to_watchlist", {"priority": "HIGH"}, Mention(place=3)),
    ("add the last one", "add_to_watchlist", {}, Mention(place=-1)),
    ("add The Third Man to the watchlist", "add_to_watchlist", {}, titled("The Third Man")),
    ("remove “Heat” from my watchlist", "remove_from_watchlist", {}, titled("Heat")),
    ("rate Heat 4 stars", "rate_movie", {"stars": 4.0}, titled("Heat")),
    ("rate 1917 4.5", "rate_movie", {"stars": 4.5}, titled("1917")),
    ("give it four and a half stars", "rate_movie", {"stars": 4.5}, IT),
    ("rate the first one 8/10", "rate_movie", {"stars": 4.0}, Mention(place=1)),
    ("3½ stars for Heat", "rate_movie", {"stars": 3.5}, titled("Heat")),
    ("rate Heat 9 stars", "rate_movie", {"stars": 9.0}, titled("Heat")),
    ("I watched it yesterday", "mark_watched", {"watched_on": "2024-05-14"}, IT),
    ("I saw Heat (1995) last night", "mark_watched", {"watched_on": "2024-05-14"}, titled("Heat", 1995)),
    ("i've just seen heat", "mark_watched", {"watched_on": "2024-05-15"}, titled("heat")),
    ("I watched Yesterday", "mark_watched", {"watched_on": "2024-05-15"}, titled("Yesterday")),
    ("I watched Heat on May 20", "mark_watched", {"watched_on": "2023-05-20"}, titled("Heat")),
    ("I watched Heat on 3 March 2022", "mark_watched", {"watched_on": "2022-03-03"}, titled("Heat")),
    ("I watched Heat on Wednesday", "mark_watched", {"watched_on": "2024-05-08"}, titled("Heat")),
    ("I watched Heat on 29 February", "mark_watched", {"watched_on": "2024-02-29"}, titled("Heat")),
    ("I watched Heat two weeks ago", "mark_watched", {"watched_on": "2024-05-01"}, titled("Heat")),
    ("I loved it", "react_to_movie", {"reaction": "SUPER_LIKE"}, IT),
    ("I didn’t like Heat", "react_to_movie", {"reaction": "DISLIKE"}, titled("Heat")),
    ("make it a favourite", "favorite_movie", {}, IT),
    ("I'm not interested in Fargo", "dismiss_movie", {}, titled("Fargo")),
    ("who directed Heat?", "movie_details", {}, titled("Heat")),
    ("what is it about", "movie_details", {}, IT),
    ("undo that", "undo", {}, None),
    ("take it back", "undo", {}, None),
]  # fmt: skip


@pytest.mark.parametrize(("text", "tool", "arguments", "movie"), SAID, ids=lambda given: str(given)[:40])
def test_a_request_is_a_tool_with_arguments(
    text: str, tool: str, arguments: dict[str, Any], movie: Mention | None
) -> None:
    assert understood(text) == Intent(tool, arguments, movie)
    more = {"movie_id": f"Movie:{'0' * 36}"} if movie else {}
    if tool != "undo":
        TOOLS[tool].takes.model_validate({**arguments, **more})


@pytest.mark.parametrize(
    "text",
    [
        "give me 5 comedies",
        "delete my account",
        "I like Heat but shorter movies are not rated 4 stars by me",
        "add comedies",
        "would you rate",
        "do not add Heat to my watchlist",
        "should I rate Heat 4 stars?",
        "did I watch Heat?",
        "add",
        "",
        "?!",
    ],
)
def test_what_is_no_clear_command_changes_nothing(text: str) -> None:
    intent = understood(text)
    is_doubtful = intent is not None and intent.movie is not None and intent.movie.title not in (None, "Heat")
    assert intent is None or not TOOLS[intent.tool].is_command or is_doubtful


@pytest.mark.parametrize(
    "text",
    [
        "rate " * 60,
        "i saw " + "on may " * 40,
        "movies with " + "a" * 280,
        "give " + "1 of 5 " * 42,
        '"' * LONGEST,
        "between 1990 " * 22,
        " ".join("and or the" for _ in range(25)),
    ],
)
def test_no_request_takes_long(text: str) -> None:
    assert len(text) <= LONGEST
    started = time.process_time()
    understood(text)
    assert time.process_time() - started < 0.5


_VOCABULARY = re.findall(
    r"\S+",
    """rate give add put watched saw liked loved hated undo recommend search find show like but the my it that second last
    2nd 2 4.5 ½ 999999999999 0 0000 2024-13-45 0000-01-01 9999 1995 90s 00s '90s 1800s stars star / 10 out of 5 watchlist
    favourites i what did have on in of to from with by under over between and or less minutes hours half a an may february
    31 30 th december days weeks ago yesterday friday month year this last week since before after french comedy noir
    rom-com shorter newer better rated trending popular now “ ” " ' ( ) [ * ? . , ! # 🎈 ß İ""",
)


@given(st.lists(st.sampled_from(_VOCABULARY), max_size=14))
@settings(max_examples=1500)
def test_any_words_mean_something_or_nothing(said: list[str]) -> None:
    with suppress(NoSuchDay):
        intent = understood(" ".join(said))
        assert intent is None or intent.tool in TOOLS


@pytest.mark.parametrize("day", ["999999999999 days ago", "in May 0000", "in December 9999"])
def test_days_that_are_none_break_nothing(day: str) -> None:
    for said in (f"I watched Heat {day}", f"what did I watch {day}"):
        understood(said)


@pytest.mark.parametrize(
    "day", ["on 31 February", "on Feb 29 2023", "on the 31st of June, 2022", "on 2024-13-45", "on 0000-01-01"]
)
def test_a_day_that_is_none_is_not_taken_for_another(day: str) -> None:
    for said in (f"I watched Heat {day}", f"what did I watch {day}"):
        with pytest.raises(NoSuchDay):
            understood(said)


@pytest.mark.parametrize(
    ("today", "day"), [(date(2026, 3, 1), date(2024, 2, 29)), (date(1904, 2, 28), date(1896, 2, 29))]
)
def test_a_leap_day_is_the_last_one(today: date, day: date) -> None:
    words = Words("Heat on 29 February")
    assert (day_of(words, today), words.left) == (day, "Heat")


def test_what_is_longer_than_a_request_is_not_looked_at() -> None:
    text = "rate " + "x" * (LONGEST - 7)
    assert understood(f"{text} 4") is not None
    assert understood(f"{text}x 4") is None
