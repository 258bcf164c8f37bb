"""The questions that every design names as its common ones, each one document and one statement."""

from __future__ import annotations

from tests.counting import counted
from tests.world import World

LIKED = "{ viewer { ratings(reaction: SUPER_LIKE) { nodes { title releaseYear } } } }"
TO_SEE = "{ viewer { watchlist(first: 2) { edges { addedAt priority node { title } } } } }"
ONE = """{ movie(by: { tmdbId: 348 }) {
  title viewerState { reaction stars isFavorite status } history { nodes { type } totalCount } } }"""
COUNTS = """{ viewer {
  dislikes: ratings(reaction: DISLIKE) { totalCount } okays: ratings(reaction: OK) { totalCount }
  likes: ratings(reaction: LIKE) { totalCount } superLikes: ratings(reaction: SUPER_LIKE) { totalCount } } }"""
STATS = """{ movie(by: { tmdbId: 348 }) { stats {
  viewCount likeCount dislikeCount ratingCount averageStars favoriteCount watchlistCount watchCount } } }"""


async def test_k53_liked_movies_with_what_they_are(shared: World) -> None:
    with counted() as sent:
        data = await shared.data(LIKED, by="alice")
    assert data["viewer"]["ratings"]["nodes"] == [{"title": "Alien", "releaseYear": 1979}]
    assert len(sent) == 1


async def test_k53_the_watchlist_the_newest_first(shared: World) -> None:
    with counted() as sent:
        data = await shared.data(TO_SEE, by="alice")
    edges = data["viewer"]["watchlist"]["edges"]
    assert [(edge["priority"], edge["node"]["title"]) for edge in edges] == [
        ("HIGH", "Not made yet"),
        ("HIGH", 'A "quoted" title, a back\\slash'),
    ]
    assert len(sent) == 1


async def test_k53_k82_a_movie_by_its_id_elsewhere_with_all_that_one_did_with_it(shared: World) -> None:
    with counted() as sent:
        data = await shared.data(ONE, by="alice")
    assert data["movie"]["viewerState"] == {
        "reaction": "SUPER_LIKE",
        "stars": 4.5,
        "isFavorite": True,
        "status": "SEEN",
    }
    types = [node["type"] for node in data["movie"]["history"]["nodes"]]
    assert types == ["movie_favorited", "movie_reacted", "movie_rated", "movie_viewed"]
    assert len(sent) == 1
    stranger = (await shared.data(ONE))["movie"]["history"]
    assert stranger == {"nodes": [], "totalCount": 0}


async def test_k53_how_many_of_each_rating(shared: World) -> None:
    with counted() as sent:
        data = await shared.data(COUNTS, by="alice")
    assert {name: found["totalCount"] for name, found in data["viewer"].items()} == {
        "dislikes": 1,
        "okays": 1,
        "likes": 0,
        "superLikes": 1,
    }
    assert len(sent) == 1


async def test_k54_what_all_did_with_a_movie_is_counted(shared: World) -> None:
    with counted() as sent:
        data = await shared.data(STATS)
    assert data["movie"]["stats"] == {
        "viewCount": 9,
        "likeCount": 2,
        "dislikeCount": 0,
        "ratingCount": 2,
        "averageStars": 4.75,
        "favoriteCount": 1,
        "watchlistCount": 0,
        "watchCount": 0,
    }
    assert len(sent) == 1
