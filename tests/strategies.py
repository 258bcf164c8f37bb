"""Histories as they come to be: people say commands about movies, and what the commands decide is recorded."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import product
from typing import Any
from uuid import UUID, uuid5

from hypothesis import strategies as st

from events.errors import Rejected
from events.facts import Event
from events.favorites import favorite_movie, unfavorite_movie
from events.genres import FavoriteGenresChosen
from events.log import Recorded
from events.models import (
    Models,
    ModelTrained,
    NothingToRollBack,
    UnknownModel,
    promote_model,
    roll_back_model,
)
from events.pair import Pair, PairEvent, Priority, Reaction
from events.people import UserErased
from events.ratings import clear_rating, rate_movie
from events.reactions import clear_reaction, react_to_movie
from events.slates import Algorithm, click_recommendation, serve_slate
from events.undo import undo
from events.viewing import (
    FIRST_FILM,
    clear_dismissal,
    dismiss_movie,
    mark_watched,
    retract_watch,
    view_movie,
)
from events.visitors import MovieViewedByVisitors, SessionIdentified
from events.watchlist import add_to_watchlist, remove_from_watchlist, set_priority

Says = Callable[..., Sequence[PairEvent]]

PEOPLE, MOVIES, ERASED = 3, 3, 2
"""How many there are, and which one of the people is erased now and then: were it any, soon nobody would be left."""

TODAY = date(2024, 3, 1)
_START = datetime(2024, 3, 1, 22, 30, tzinfo=UTC)
_SEEN_ON = [TODAY, TODAY - timedelta(days=1), date(1999, 12, 31)]
_IMPOSSIBLE = [FIRST_FILM - timedelta(days=1), TODAY + timedelta(days=1)]
_STARS = [None, *range(12)]
_REACTIONS = [None, *Reaction]

SLATES = [uuid5(UUID(int=4), str(slate)) for slate in range(2)]

COMMANDS: Mapping[Says, Sequence[tuple[Any, ...]]] = {
    react_to_movie: [(reaction,) for reaction in _REACTIONS],
    clear_reaction: [()],
    rate_movie: [(half_stars,) for half_stars in _STARS],
    clear_rating: [()],
    favorite_movie: [()],
    unfavorite_movie: [()],
    add_to_watchlist: [(priority,) for priority in Priority],
    set_priority: [(priority,) for priority in Priority],
    remove_from_watchlist: [()],
    mark_watched: [
        *((day, TODAY, *opinion) for day, opinion in product(_SEEN_ON, product(_REACTIONS, (None, 3, 9)))),
        *((day, TODAY) for day in _IMPOSSIBLE),
    ],
    retract_watch: [(day,) for day in _SEEN_ON],
    dismiss_movie: [()],
    clear_dismissal: [()],
    view_movie: [()],
    click_recommendation: [(slate,) for slate in SLATES],
}
"""Every command with the arguments it is said with, wrong ones among them."""


def take_back(pair: Pair, facts: Sequence[Event]) -> Sequence[PairEvent]:
    """Undo: `play` gives it the facts of an earlier action."""
    return undo(pair, facts)


def erase(pair: Pair) -> Sequence[PairEvent]:
    """Erase the person: `play` records it, for no pair decides on it."""
    raise TypeError("no pair decides that a person is erased")


def show(pair: Pair) -> Sequence[PairEvent]:
    """Recommend movies to the person: `play` records it."""
    raise TypeError("no pair decides what is recommended")


def train(pair: Pair) -> Sequence[PairEvent]:
    """Train a model: `play` records it."""
    raise TypeError("no pair decides about models")


def promote(pair: Pair) -> Sequence[PairEvent]:
    """Promote one of the models trained so far: `play` records it."""
    raise TypeError("no pair decides about models")


def roll_back(pair: Pair) -> Sequence[PairEvent]:
    """Take the last promotion back: `play` records it."""
    raise TypeError("no pair decides about models")


def choose(pair: Pair) -> Sequence[PairEvent]:
    """Choose favourite genres: `play` records it."""
    raise TypeError("no pair decides on genres")


def visit(pair: Pair) -> Sequence[PairEvent]:
    """Visitors open the movie: `play` records it."""
    raise TypeError("no pair decides about visitors")


def identify(pair: Pair) -> Sequence[PairEvent]:
    """A visitor turns out to be the person: `play` records it."""
    raise TypeError("no pair decides who a visitor was")


ALONE = (erase, show, train, promote, roll_back, choose, visit, identify)
"""What is recorded without the state of a pair."""

_BACK = [(back,) for back in range(5)]
MOVES: Mapping[Says, Sequence[tuple[Any, ...]]] = {
    **COMMANDS,
    take_back: _BACK,
    erase: [()],
    show: list(product(SLATES, Algorithm, range(4))),
    train: [()],
    promote: [(model,) for model in range(3)],
    roll_back: [()],
    choose: [((),), ((1,),), ((2, 1),)],
    visit: [(1,), (3,)],
    identify: [(1,), (2,)],
}


@dataclass(frozen=True, slots=True)
class Move:
    """Somebody says something about a movie; the time passes before it, and positions are drawn and not used."""

    person: int
    movie: int
    says: Says
    args: tuple[Any, ...]
    minutes: int = 1
    holes: int = 0


_MINUTES = [0, 1, 2, 45, 1440, 5 * 1440, 40 * 1440, -2 * 1440]
_HOLES = [0, 0, 1, 7]


def user_id(person: int) -> UUID:
    """The id of one of the people of these histories."""
    return uuid5(UUID(int=1), str(person))


def movie_id(movie: int) -> UUID:
    """The id of one of the movies of these histories."""
    return uuid5(UUID(int=2), str(movie))


class _Play:
    def __init__(self) -> None:
        self.log: list[Recorded] = []
        self.pairs: dict[tuple[UUID, UUID], Pair] = {}
        self.actions: defaultdict[UUID, list[list[PairEvent]]] = defaultdict(list)
        self.position, self.time = 0, _START
        self.models = Models()

    def move(self, move: Move) -> None:
        self.position += move.holes
        self.time += timedelta(minutes=move.minutes)
        person = user_id(move.person)
        if move.says in ALONE:
            for fact in _DECIDED[move.says](self, move):
                self.models = self.models.when([fact])
                self.record(fact)
            return
        args, key = move.args, (person, movie_id(move.movie))
        if move.says is take_back:
            (back,) = args
            earlier = self.actions[person][-1 - back :][:1]
            if not earlier:
                return
            args, key = (earlier[0],), (person, earlier[0][0].movie_id)
        pair = self.pairs.get(key, Pair(*key))
        try:
            facts = list(move.says(pair, *args))
        except Rejected:
            return
        if facts:
            self.pairs[key] = pair.when(facts)
            self.actions[person].append(facts)
        said = self.position + 1
        for fact in facts:
            self.record(fact, said)

    def record(self, fact: Event, said: int = 0) -> None:
        self.position += 1
        self.log.append(
            Recorded(
                position=self.position,
                event_id=uuid5(UUID(int=3), str(self.position)),
                fact=fact,
                occurred_at=self.time,
                recorded_at=self.time,
                correlation_id=UUID(int=said or self.position),
            )
        )


def _shown(_: _Play, move: Move) -> Sequence[Event]:
    slate, algorithm, size = move.args
    movies = [(movie_id(move.movie + n), 1 / (n + 1), 0.25) for n in range(size)]
    who = user_id(move.person)
    return serve_slate(user_id=who, slate_id=slate, algorithm=algorithm, model_id=None, movies=movies)


def model_id(number: int) -> UUID:
    """The id of one of the models of these histories."""
    return uuid5(UUID(int=5), str(number))


def _trained(game: _Play, _: Move) -> Sequence[Event]:
    number = len(game.models.trained)
    return [
        ModelTrained(
            model_id=model_id(number),
            up_to_position=game.position,
            digest=f"{number:064x}",
            configuration={"seed": number},
            metrics={"people": 3, "seconds": 0.5},
        )
    ]


def _promoted(game: _Play, move: Move) -> Sequence[Event]:
    try:
        return promote_model(game.models, model_id(*move.args))
    except UnknownModel:
        return []


def _rolled_back(game: _Play, _: Move) -> Sequence[Event]:
    try:
        return roll_back_model(game.models)
    except NothingToRollBack:
        return []


_DECIDED: Mapping[Says, Callable[[_Play, Move], Sequence[Event]]] = {
    erase: lambda _, move: [UserErased(user_id=user_id(move.person))],
    show: _shown,
    train: _trained,
    promote: _promoted,
    roll_back: _rolled_back,
    choose: lambda _, move: [
        FavoriteGenresChosen(
            user_id=user_id(move.person), genre_ids=tuple(UUID(int=genre) for genre in move.args[0])
        )
    ],
    visit: lambda _, move: [MovieViewedByVisitors(movie_id=movie_id(move.movie), views=move.args[0])],
    identify: lambda _, move: [
        SessionIdentified(
            user_id=user_id(move.person), session_id=uuid5(user_id(move.person), str(move.args[0]))
        )
    ],
}


def play(moves: Iterable[Move]) -> list[Recorded]:
    """Return the log that these moves leave; what is refused leaves nothing."""
    game = _Play()
    for move in moves:
        game.move(move)
    return game.log


def _moves(says: Says) -> st.SearchStrategy[Move]:
    return st.builds(
        Move,
        person=st.just(ERASED) if says is erase else st.integers(0, PEOPLE - 1),
        movie=st.integers(0, MOVIES - 1),
        says=st.just(says),
        args=st.sampled_from(MOVES[says]),
        minutes=st.sampled_from(_MINUTES),
        holes=st.sampled_from(_HOLES),
    )


def histories(*, max_moves: int = 30, without: Sequence[Says] = ()) -> st.SearchStrategy[list[Recorded]]:
    """Logs of a few people and movies."""
    says = st.sampled_from([command for command in MOVES if command not in without])
    return st.lists(says.flatmap(_moves), max_size=max_moves).map(play)


def rich_moves(
    count: int,
    *,
    seed: int = 1,
    movies: int = MOVIES,
    minutes: Sequence[int] = _MINUTES,
    without: Sequence[Says] = (),
) -> list[Move]:
    """The same moves every time: enough of them meet every command in every state that matters."""
    dice = random.Random(seed)
    commands = [command for command in MOVES if command not in without]
    moves = []
    for _ in range(count):
        says = dice.choice(commands)
        person = ERASED if says is erase else dice.randrange(PEOPLE)
        args = dice.choice(MOVES[says])
        moves.append(
            Move(person, dice.randrange(movies), says, args, dice.choice(minutes), dice.choice(_HOLES))
        )
    return moves


def windows(log: Sequence[Recorded]) -> st.SearchStrategy[list[list[int]]]:
    """Cuts of a log into windows of positions that follow one another, empty ones among them."""
    cuts = st.lists(st.integers(0, len(log)), max_size=6).map(sorted)
    positions = [event.position for event in log]
    return cuts.map(
        lambda at: [positions[low:high] for low, high in zip([0, *at], [*at, len(log)], strict=True)]
    )
