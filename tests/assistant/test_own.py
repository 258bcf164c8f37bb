"""The assistant of the house, over GraphQL: what it finds, what it does, and what it leaves alone when it is not sure."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from database.connect import connect
from tests.assistant.talking import Chat, started
from tests.catalogue import movie, person
from tests.world import World


@pytest.fixture
async def chat(world: World) -> Chat:
    return await started(world)


async def events_of(chat: Chat, kind: str) -> list[Any]:
    """Return movie, source and causation of what alice did in this test."""
    with connect(chat.world.conninfo) as conn:
        return conn.execute(
            "select movie_id, source, causation_id, data from events where user_id = %s and type = %s"
            " and recorded_at > now() - interval '1 minute' and causation_id is not null order by position",
            (person(chat.by), kind),
        ).fetchall()


async def told(chat: Chat, field: str) -> list[str]:
    data = await chat.world.data(f"{{ viewer {{ {field} {{ nodes {{ title }} }} }} }}", by=chat.by)
    return [node["title"] for node in data["viewer"][field]["nodes"]]


@pytest.mark.parametrize(
    ("said", "titles"),
    [
        ("thrillers from the 90s", ["Fargo", "Heat"]),
        ("comedy thrillers", ["Fargo"]),
        ("French comedies under 100 minutes", ["Le Fabuleux Destin d'Amélie Poulain 🎈"]),
        ("movies with Actor 2 from the 90s", ["Heat"]),
        ("movies directed by director 1 before 1995", ["The Thing", 'A "quoted" title, a back\\slash']),
        ("the best rated sci-fi before 2000", ["Alien", "The Thing"]),
        ("find the third man", ["The Third Man"]),
        ("Heat", ["Heat"]),
        ("westerns by nobody at all", []),
        ("something like Alien but older", ["The Third Man", 'A "quoted" title, a back\\slash']),
        ("something like Alien but newer and only thrillers", ["The Thing", "Heat", "Fargo"]),
        ("something like the thing from 1982 but shorter", ["Alien"]),
        ("something like Alien but shorter", ["Alien"]),  # none is: what it was about is named
        ("what did I like in 2024", ["Alien"]),
        ("what did I watch in March 2024", ["The Thing"]),
        ("what did I watch in 2023", []),
        ("what did I dislike", ["Heat"]),
        ("my favourites",
         ['A "quoted" title, a back\\slash', "Le Fabuleux Destin d'Amélie Poulain 🎈", "Toy Story", "Alien"]),
        ("who directed Fargo?", ["Fargo"]),
    ],
)  # fmt: skip
async def test_k85_the_assistant_answers_from_the_catalogue(chat: Chat, said: str, titles: list[str]) -> None:
    text, found = await chat.say(said)
    assert sorted(found) == sorted(titles), text
    assert all(" ".join(title.split()) in text for title in titles)


async def test_it_recommends_and_knows_what_is_trending(chat: Chat) -> None:
    recommended = await told(chat, "recommendations")
    assert (await chat.say("recommend me something"))[1] == recommended[:5]
    assert (await chat.say("recommend me a drama"))[1] == ["Two\nlines\tand a tab"]
    trending = await chat.world.data("{ trending(first: 5) { nodes { title } } }", by="alice")
    assert (await chat.say("what is trending?"))[1] == [
        node["title"] for node in trending["trending"]["nodes"]
    ]


async def test_k85_commands_are_real_and_the_message_is_their_cause(chat: Chat) -> None:
    assert (await chat.say("rate the third man 4 stars", source="MOBILE"))[0] == (
        "The Third Man (1949) has 4 stars from you."
    )
    ((rated, source, cause, data),) = await events_of(chat, "movie_rated")
    assert (rated, source, data["half_stars"]) == (movie("third-man"), "mobile", 8)
    with connect(chat.world.conninfo) as conn:
        sent = conn.execute("select type, source, data from events where event_id = %s", (cause,)).fetchone()
    assert sent is not None
    assert sent[:2] == ("chat_message_appended", "mobile")
    assert f"ChatSession:{sent[2]['session_id']}" == chat.id


async def test_what_is_asked_for_is_done(chat: Chat) -> None:
    await chat.say("add The Thing (2011) to my watchlist with high priority")
    assert (await told(chat, "watchlist"))[0] == "The Thing"
    await chat.say("remove it from my watchlist")
    assert "The Thing" not in await told(chat, "watchlist")
    await chat.say("I watched it yesterday")
    assert "The Thing (2011)" in (await chat.say("what did I watch yesterday"))[0]
    await chat.say("I loved it")
    await chat.say("make it a favourite")
    assert (await told(chat, "favorites"))[0] == "The Thing"
    assert (await chat.say("what did I like"))[1][0] == "The Thing"
    await chat.say("I'm not interested in Two lines and a tab")
    assert "Two\nlines\tand a tab" not in (await chat.say("recommend me something"))[1]


async def test_undo_takes_back_the_last_thing_of_this_chat_and_then_the_one_before(chat: Chat) -> None:
    other = await started(chat.world)
    await other.say("make Fargo a favourite")
    await chat.say("make Two lines and a tab a favourite")
    await chat.say("rate Toy Story 3 stars")
    await chat.say("rate Toy Story 4 stars")
    assert "Two\nlines\tand a tab" in await told(chat, "favorites")
    assert (await chat.say("what did I rate"))[1] == ["Toy Story", "Fargo", "The Thing", "Alien"]
    assert (await chat.say("undo that"))[0] == "I took that back, about Toy Story (1995)."
    rating = "{ viewer { ratings(first: 1) { edges { stars } } } }"
    assert (await chat.world.data(rating, by="alice"))["viewer"]["ratings"]["edges"] == [{"stars": 3.0}]
    assert (await chat.say("undo"))[0].startswith("This cannot be taken back")
    await chat.say("undo")
    assert "Two\nlines\tand a tab" not in await told(chat, "favorites")
    assert (await chat.say("undo"))[0] == "There is nothing in this chat that I could take back."
    assert (await told(chat, "favorites"))[0] == "Fargo"


@pytest.mark.parametrize(
    ("choice", "year"),
    [
        ("the second one", 2011),
        ("2", 2011),
        ("the 1982 one", 1982),
        ("The Thing (1982)", 1982),
        ("the last one", 2011),
    ],
)
async def test_k85_when_several_may_be_meant_it_asks_and_does_what_is_chosen(
    chat: Chat, choice: str, year: int
) -> None:
    text, choices = await chat.say("rate The Thing 2 stars")
    assert (text.splitlines()[0], choices) == ("Which one do you mean?", ["The Thing", "The Thing"])
    assert await events_of(chat, "movie_rated") == []
    assert (await chat.say(choice))[0] == f"The Thing ({year}) has 2 stars from you."
    ((rated, *_),) = await events_of(chat, "movie_rated")
    assert rated == movie("thing" if year == 1982 else "thing-again")


@pytest.mark.parametrize("said", ["no", "none of them", "never mind", "the third one", "1999", "maybe"])
async def test_nothing_is_done_without_a_choice(chat: Chat, said: str) -> None:
    await chat.say("rate The Thing 2 stars")
    await chat.say(said)
    assert await events_of(chat, "movie_rated") == []


async def test_a_movie_that_is_gone_does_not_move_the_others_up(chat: Chat) -> None:
    _, choices = await chat.say("rate The Thing 2 stars")
    assert len(choices) == 2
    with connect(chat.world.conninfo) as conn:
        conn.execute("delete from movies where id = %s", (movie("thing"),))
    await chat.say("the first one")
    assert await events_of(chat, "movie_rated") == []
    await chat.say("rate The Thing 2 stars")
    assert [rated for rated, *_ in await events_of(chat, "movie_rated")] == [movie("thing-again")]


async def test_a_choice_is_of_the_last_question_only(chat: Chat) -> None:
    await chat.say("rate The Thing 2 stars")
    await chat.say("thrillers from the 90s")
    await chat.say("1")
    assert await events_of(chat, "movie_rated") == []


@pytest.mark.parametrize(
    ("but", "column", "told"),
    [
        ("shorter", "runtime_minutes", "how long Alien (1979) is"),
        ("longer", "runtime_minutes", "how long Alien (1979) is"),
        ("newer", "release_year", "of which year Alien is"),
        ("older", "release_year", "of which year Alien is"),
        ("better rated", "rating", "how Alien (1979) is rated"),
    ],
)
async def test_what_the_catalogue_does_not_know_is_said_so(
    chat: Chat, but: str, column: str, told: str
) -> None:
    with connect(chat.world.conninfo) as conn:
        conn.execute(f"update movies set {column} = null where id = %s".encode(), (movie("alien"),))
    assert await chat.say(f"something like Alien but {but}") == (
        f"The catalogue does not say {told}.",
        ["Alien"],
    )


async def test_a_viewing_on_a_day_that_there_is_not_is_not_kept(chat: Chat) -> None:
    text, _ = await chat.say("I watched Fargo on 31 February 2020")
    assert text.startswith("There is no such day")
    assert await events_of(chat, "movie_watched") == []


async def test_a_title_that_is_not_quite_right_is_asked_about(chat: Chat) -> None:
    assert await chat.say("rate Toy 3 stars") == ("Do you mean Toy Story (1995)?", ["Toy Story"])
    assert await events_of(chat, "movie_rated") == []
    assert (await chat.say("yes"))[0] == "Toy Story (1995) has 3 stars from you."
    assert (await chat.say("rate Godzilla 3 stars"))[0] == "I know no movie of that title."


async def test_it_is_what_was_shown_last_and_a_place_is_in_the_last_list(chat: Chat) -> None:
    assert (await chat.say("rate it 4 stars"))[0] == "Which movie do you mean? Tell me its title."
    _, found = await chat.say("movies from 1995")
    assert (await chat.say("rate it 4 stars"))[0].startswith("Which one do you mean?")
    assert (await chat.say("rate the second one 4 stars"))[1] == found[1:]
    assert (await chat.say("I loved it"))[1] == found[1:]
    assert (await chat.say("I liked the first one"))[1] == found[:1]
    assert (await chat.say("I liked the ninth one"))[0] == "Which movie do you mean? Tell me its title."


async def test_a_rule_that_refuses_is_told_in_its_own_words(chat: Chat) -> None:
    assert (await chat.say("rate Alien 9 stars"))[0] == "Stars go from 0.5 to 5 in half steps."
    assert "already rated" in (await chat.say("add it to my watchlist"))[0]
    assert await events_of(chat, "movie_rated") == []


async def test_titles_are_data(chat: Chat) -> None:
    with connect(chat.world.conninfo) as conn:
        for number, title in enumerate(("undo that", "2", "%s {0} {movie}", "'; drop table users; --")):
            conn.execute("insert into movies (id, title) values (%s, %s)", (UUID(int=50 + number), title))
    await chat.say("rate Toy Story 3 stars")
    for title in ("undo that", "2", "%s {0} {movie}", "'; drop table users; --"):
        assert (await chat.say(f'rate "{title}" 3 stars'))[0] == f"{title} has 3 stars from you."
    assert len(await events_of(chat, "movie_rated")) == 5


@pytest.mark.parametrize("said", ["hello", "help", "what is the meaning of life", "x" * 4000, "🎈", "?"])
async def test_what_it_does_not_understand_is_said_so_with_what_it_can(chat: Chat, said: str) -> None:
    text, found = await chat.say(said)
    assert found == []
    assert "You can ask for movies" in text
