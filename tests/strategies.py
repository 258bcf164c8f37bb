"""Histories as they come to be: people say commands about movies, and what the commands decide is recorded."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import cycle, pairwise, product
from typing import Any
from uuid import UUID, uuid5

from hypothesis import strategies as st

from events.blocks import Block, block_user, unblock_user
from events.errors import Rejected
from events.facts import Event
from events.favorites import favorite_movie, unfavorite_movie
from events.feedback import give_feedback
from events.follows import (
    Follow,
    FollowEvent,
    FollowStatus,
    accept_follower,
    follow_user,
    remove_follower,
    restore_follower,
    unfollow_user,
)
from events.genres import FavoriteGenresChosen
from events.log import Recorded
from events.merging import MoviesMerged
from events.models import (
    Models,
    ModelTrained,
    NothingToRollBack,
    UnknownModel,
    promote_model,
    roll_back_model,
)
from events.notifications import (
    Channel,
    FailureReason,
    IllegalMove,
    Notification,
    NotificationClicked,
    NotificationDelivered,
    NotificationEvent,
    NotificationFailed,
    NotificationKind,
    NotificationOpened,
    NotificationQueued,
    NotificationSent,
    move_notification,
)
from events.pair import Audience, Feedback, Pair, PairEvent, Priority, Reaction
from events.people import UserErased
from events.ratings import clear_rating, rate_movie
from events.reactions import clear_reaction, react_to_movie
from events.reviews import delete_review, write_review
from events.slates import Algorithm, click_recommendation, serve_slate
from events.undo import undo
from events.viewing import (
    FIRST_FILM,
    change_viewing,
    clear_dismissal,
    dismiss_movie,
    mark_watched,
    retract_watch,
    view_movie,
)
from events.visitors import MovieViewedByVisitors, SessionIdentified
from events.watchlist import add_to_watchlist, remove_from_watchlist, set_priority
from tests.lists import Lists, decided, list_id

Says = Callable[..., Sequence[PairEvent]]

PEOPLE, MOVIES, ERASED = 3, 3, 2
"""How many there are, and which one of the people is erased now and then: were it any, soon nobody would be left."""

ACQUAINTED = 6
"""How many follow each other: those and some more, so that each state is the last one of somebody."""

TODAY = date(2024, 3, 1)
_START = datetime(2024, 3, 1, 22, 30, tzinfo=UTC)
_SEEN_ON = [TODAY, TODAY - timedelta(days=1), date(1999, 12, 31)]
_IMPOSSIBLE = [FIRST_FILM - timedelta(days=1), TODAY + timedelta(days=1)]
_STARS = [None, *range(12)]
_REACTIONS = [None, *Reaction]

VIEWINGS = [uuid5(UUID(int=6), str(viewing)) for viewing in range(3)]
REVIEW = UUID(int=8)
TEXTS = [uuid5(UUID(int=7), str(text)) for text in range(3)]
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
        *(
            (day, TODAY, viewing, *opinion)
            for day, viewing, opinion in product(_SEEN_ON, VIEWINGS, product(_REACTIONS, (None, 3, 9)))
        ),
        *((day, TODAY, VIEWINGS[0]) for day in _IMPOSSIBLE),
    ],
    retract_watch: list(product(_SEEN_ON, VIEWINGS)),
    change_viewing: [
        (day, viewing, other, TODAY, new)
        for day, other in product(_SEEN_ON, [*_SEEN_ON, *_IMPOSSIBLE])
        for viewing, new in pairwise([*VIEWINGS, VIEWINGS[0]])
    ],
    write_review: [
        *((REVIEW, {"text_id": text}) for text in TEXTS),
        *((REVIEW, {"text_id": TEXTS[0], "audience": audience, "half_stars": 5}) for audience in Audience),
        *(
            (REVIEW, {"has_spoilers": spoils, "half_stars": stars})
            for spoils, stars in ((True, None), (False, 11))
        ),
    ],
    delete_review: [()],
    dismiss_movie: [()],
    clear_dismissal: [()],
    view_movie: [()],
    give_feedback: [
        *((feedback,) for feedback in (None, *Feedback)),
        *((feedback, text, SLATES[0]) for feedback, text in zip(Feedback, cycle(TEXTS), strict=False)),
    ],
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


def manage(pair: Pair) -> Sequence[PairEvent]:
    """Make a list, or change what it is: `play` records it."""
    raise TypeError("no pair decides on lists")


def gather(pair: Pair) -> Sequence[PairEvent]:
    """Let others work on a list: `play` records it."""
    raise TypeError("no pair decides on lists")


def arrange(pair: Pair) -> Sequence[PairEvent]:
    """Put movies on a list, or order them: `play` records it."""
    raise TypeError("no pair decides on lists")


def follow(pair: Pair) -> Sequence[PairEvent]:
    """Follow another person, or ask to: `play` records it."""
    raise TypeError("no pair decides who follows whom")


def unfollow(pair: Pair) -> Sequence[PairEvent]:
    """Follow another person no longer: `play` records it."""
    raise TypeError("no pair decides who follows whom")


def accept(pair: Pair) -> Sequence[PairEvent]:
    """Let another person follow: `play` records it."""
    raise TypeError("no pair decides who follows whom")


def remove(pair: Pair) -> Sequence[PairEvent]:
    """Let another person follow no longer: `play` records it."""
    raise TypeError("no pair decides who follows whom")


def reconsider(pair: Pair) -> Sequence[PairEvent]:
    """Take back what was said of another person who follows: `play` records it."""
    raise TypeError("no pair decides who follows whom")


def block(pair: Pair) -> Sequence[PairEvent]:
    """Have nothing to do with another person any more: `play` records it."""
    raise TypeError("no pair decides who blocks whom")


def unblock(pair: Pair) -> Sequence[PairEvent]:
    """Take that back: `play` records it."""
    raise TypeError("no pair decides who blocks whom")


def visit(pair: Pair) -> Sequence[PairEvent]:
    """Visitors open the movie: `play` records it."""
    raise TypeError("no pair decides about visitors")


def identify(pair: Pair) -> Sequence[PairEvent]:
    """A visitor turns out to be the person: `play` records it."""
    raise TypeError("no pair decides who a visitor was")


def unite(pair: Pair) -> Sequence[PairEvent]:
    """Let the movie be the next one: `play` records it."""
    raise TypeError("no pair decides which movies are one")


def notify(pair: Pair) -> Sequence[PairEvent]:
    """Move a message to the person forward, or try to: `play` records it."""
    raise TypeError("no pair decides on messages")


ALONE = (
    erase,
    show,
    train,
    promote,
    roll_back,
    choose,
    manage,
    gather,
    arrange,
    follow,
    unfollow,
    accept,
    remove,
    reconsider,
    block,
    unblock,
    visit,
    identify,
    unite,
    notify,
)
"""What is recorded without the state of a pair."""

SOCIAL = (follow, unfollow, accept, remove, reconsider, block, unblock)
"""What people say to each other, not about movies."""
BESIDE = (*SOCIAL, visit, identify, unite)
"""What is not said by a person about a movie."""

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
    manage: [
        ("create", "rename"),
        ("create", "show", "undo", "hide"),
        ("create", "delete"),
        ("create", "delete", "undo"),
        ("show",),
        ("delete",),
        ("undo",),
    ],
    gather: [
        ("create", "invite", "other: join"),
        ("invite",),
        ("other: leave",),
        ("remove",),
        ("other: rename",),
    ],
    arrange: [
        ("create", "add", "next: add", "next: move"),
        ("create", "next: add", "add behind", "move to front", "note"),
        ("create", "invite", "other: join", "other: add", "other: move", "note"),
        ("add", "take off"),
        ("other: note", "next: take off", "other: add behind"),
        ("add", "note", "undo", "next: add", "move", "undo", "other: undo"),
    ],
    follow: list(product(range(ACQUAINTED), (True, False))),
    unfollow: [(other,) for other in range(ACQUAINTED)],
    accept: [(other,) for other in range(ACQUAINTED)],
    remove: [(other,) for other in range(ACQUAINTED)],
    reconsider: list(product(range(ACQUAINTED), (None, *FollowStatus))),
    block: [(other,) for other in range(ACQUAINTED)],
    unblock: [(other,) for other in range(ACQUAINTED)],
    visit: [(1,), (3,)],
    identify: [(1,), (2,)],
    unite: [()],
    notify: [
        (number, *moves)
        for number in range(12)
        for moves in (
            ("queued",),
            ("queued", "sent", "opened"),
            ("queued", "sent", "delivered"),
            ("delivered",),
            ("opened", "clicked"),
            ("clicked", "sent"),
            ("queued", "failed", "delivered"),
            ("sent", "failed"),
        )
    ],
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
        self.models, self.lists = Models(), Lists()
        self.follows: dict[tuple[UUID, UUID], Follow] = {}
        self.blocks: dict[tuple[UUID, UUID], Block] = {}
        self.notifications: dict[tuple[UUID, UUID], Notification] = {}

    def move(self, move: Move) -> None:
        self.position += move.holes
        self.time += timedelta(minutes=move.minutes)
        person = user_id(move.person)
        if move.says in ALONE:
            for fact in _DECIDED[move.says](self, move):
                self.models = self.models.when([fact])
                self.lists.when([fact])
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


def _worked(game: _Play, move: Move) -> Iterable[Event]:
    """Steps by the owner of a list, or by another who may work on it; each meets what the ones before it left."""
    owner, other = user_id(move.person), user_id((move.person + 1 + move.movie % 2) % PEOPLE)
    which = list_id(owner, move.movie // 2)
    for n, step in enumerate(move.args):
        who, _, says = step.rpartition(": ")
        actor, about = (other, owner) if who == "other" else (owner, other)
        movies = [movie_id(move.movie + (who == "next")), movie_id(move.movie + (who != "next"))]
        with suppress(Rejected):
            yield from decided(game.lists, says, which, actor, about, movies, TEXTS[n % len(TEXTS)])


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


def _followed(game: _Play, move: Move) -> Sequence[Event]:
    other, *how = move.args
    people = user_id(move.person), user_id(other)
    if move.says in (accept, remove, reconsider):
        people = people[::-1]
    state = game.follows.get(people, Follow(*people))
    try:
        facts = _FOLLOWING[move.says](state, *how)
    except Rejected:
        return []
    game.follows[people] = state.when(facts)
    return list(facts)


def _blocked(game: _Play, move: Move) -> Sequence[Event]:
    (other,) = move.args
    people = user_id(move.person), user_id(other)
    state = game.blocks.get(people, Block(*people))
    follows = [game.follows.get(each, Follow(*each)) for each in (people, people[::-1])]
    try:
        facts = block_user(state, *follows) if move.says is block else unblock_user(state)
    except Rejected:
        return []
    game.blocks[people] = state.when(facts)
    for follow in follows:
        game.follows[follow.follower_id, follow.followee_id] = follow.when(facts)
    return facts


def _notified(game: _Play, move: Move) -> Iterable[Event]:
    """Steps of a message, possible or not; each meets what the ones before it left."""
    number, *steps = move.args
    who = user_id(move.person)
    said = {"user_id": who, "notification_id": uuid5(who, str(number))}
    kind, channel = list(NotificationKind)[number % 3], list(Channel)[number % 2]
    device_id = uuid5(who, "browser") if channel is Channel.PUSH else None
    facts: Mapping[str, NotificationEvent] = {
        "queued": NotificationQueued(
            **said, kind=kind, channel=channel, period=TODAY, device_id=device_id, movie_ids=(movie_id(0),)
        ),
        "sent": NotificationSent(**said, attempt=number + 1),
        "delivered": NotificationDelivered(**said),
        "opened": NotificationOpened(**said),
        "clicked": NotificationClicked(**said, clicked_movie_id=movie_id(0)),
        "failed": NotificationFailed(**said, reason=list(FailureReason)[number % 5]),
    }
    for step in steps:
        key = said["user_id"], said["notification_id"]
        state = game.notifications.get(key, Notification(*key))
        with suppress(IllegalMove):
            decided = move_notification(state, facts[step])
            game.notifications[key] = state.when(decided)
            yield from decided


_FOLLOWING: Mapping[Says, Callable[..., Sequence[FollowEvent]]] = {
    follow: lambda state, is_open: follow_user(state, is_open=is_open),
    unfollow: unfollow_user,
    accept: accept_follower,
    remove: remove_follower,
    reconsider: restore_follower,
}
_DECIDED: Mapping[Says, Callable[[_Play, Move], Iterable[Event]]] = {
    erase: lambda _, move: [UserErased(user_id=user_id(move.person))],
    show: _shown,
    train: _trained,
    promote: _promoted,
    roll_back: _rolled_back,
    manage: _worked,
    gather: _worked,
    arrange: _worked,
    **dict.fromkeys(_FOLLOWING, _followed),
    **dict.fromkeys((block, unblock), _blocked),
    notify: _notified,
    choose: lambda _, move: [
        FavoriteGenresChosen(
            user_id=user_id(move.person), genre_ids=tuple(UUID(int=genre) for genre in move.args[0])
        )
    ],
    visit: lambda _, move: [MovieViewedByVisitors(movie_id=movie_id(move.movie), views=move.args[0])],
    unite: lambda _, move: [
        MoviesMerged(movie_id=movie_id(move.movie), into_id=movie_id((move.movie + 1) % MOVIES))
    ],
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
    """The same moves every time: enough of them meet every command in every state that matters.

    What is BESIDE, and messages, come beside the `count` that are said about movies, and change nothing in these.
    """
    dice, beside, told = (random.Random(each) for each in (seed, f"{seed} beside", f"{seed} told"))
    commands = [command for command in MOVES if command not in (*without, *BESIDE, notify)]
    others = [command for command in BESIDE if command not in without]
    moves = []
    for number in range(count):
        says = dice.choice(commands)
        person = ERASED if says is erase else dice.randrange(PEOPLE)
        args = dice.choice(MOVES[says])
        moves.append(
            Move(person, dice.randrange(movies), says, args, dice.choice(minutes), dice.choice(_HOLES))
        )
        if others and number % 2 == 0:
            says = beside.choice(others)
            person, movie = beside.randrange(ACQUAINTED), beside.randrange(movies)
            moves.append(Move(person, movie, says, beside.choice(MOVES[says]), beside.choice(minutes)))
        if notify not in without and number % 3 == 0:
            moves.append(Move(told.randrange(ACQUAINTED), 0, notify, told.choice(MOVES[notify]), 0))
    return moves


_STORIES = (
    ("create", "invite"),
    ("create", "invite", "other: join", "show"),
    ("create", "invite", "other: join", "other: add", "other: leave", "rename"),
    ("create", "invite", "remove", "invite"),
    ("create", "add", "next: add", "next: move to front", "delete"),
    ("create", "add", "next: add", "note", "move to front", "next: note"),
    ("create", "add", "next: add", "take off", "next: move", "add", "next: take off"),
    ("create", "add", "take off"),
    ("create", "hide", "rename", "undo", "add", "note", "undo", "delete", "undo"),
    ("create", "add", "next: add", "next: move to front", "undo", "take off", "undo"),
    ("create", "undo", "undo"),
)


def list_moves(times: int) -> list[Move]:
    """Lists whose steps are taken one after the other by all of them, so that windows cut each of them."""
    return [
        Move(0, 100 + 2 * number, arrange, (story[step],))
        for step in range(max(map(len, _STORIES)))
        for number, story in enumerate(_STORIES * times)
        if step < len(story)
    ]


def windows(log: Sequence[Recorded]) -> st.SearchStrategy[list[list[int]]]:
    """Cuts of a log into windows of positions that follow one another, empty ones among them."""
    cuts = st.lists(st.integers(0, len(log)), max_size=6).map(sorted)
    positions = [event.position for event in log]
    return cuts.map(
        lambda at: [positions[low:high] for low, high in zip([0, *at], [*at, len(log)], strict=True)]
    )
