from __future__ import annotations

from datetime import date, timedelta
from typing import Any, TypeVar
from uuid import UUID

import pytest

from events.favorites import MovieFavorited, MovieUnfavorited, favorite_movie, unfavorite_movie
from events.pair import Pair, PairEvent, Priority, Reaction, Status
from events.ratings import InvalidStars, MovieRated, RatingCleared, clear_rating, rate_movie
from events.reactions import MovieReacted, ReactionCleared, clear_reaction, react_to_movie
from events.viewing import (
    FIRST_FILM,
    DismissalCleared,
    InvalidWatchDate,
    MovieDismissed,
    MovieViewed,
    MovieWatched,
    WatchRetracted,
    clear_dismissal,
    dismiss_movie,
    mark_watched,
    retract_watch,
    view_movie,
)
from events.watchlist import (
    AlreadyRated,
    NotOnWatchlist,
    RemovalReason,
    WatchlistItemAdded,
    WatchlistItemPrioritized,
    WatchlistItemRemoved,
    add_to_watchlist,
    remove_from_watchlist,
    set_priority,
)
from tests.spec import given

PAIR = Pair(UUID(int=17), UUID(int=603))
TODAY = date(2024, 3, 1)
MONDAY, TUESDAY = date(2024, 2, 26), date(2024, 2, 27)

F = TypeVar("F", bound=PairEvent)


def a(kind: type[F], **fields: Any) -> F:
    """A fact about the pair of these tests."""
    return kind(user_id=PAIR.user_id, movie_id=PAIR.movie_id, **fields)


def rated(half_stars: int, previous: int | None = None, **fields: Any) -> MovieRated:
    return a(MovieRated, half_stars=half_stars, previous=previous, **fields)


def reacted(reaction: Reaction, previous: Reaction | None = None) -> MovieReacted:
    return a(MovieReacted, reaction=reaction, previous=previous)


def added(priority: Priority = Priority.MEDIUM) -> WatchlistItemAdded:
    return a(WatchlistItemAdded, priority=priority)


def removed(
    reason: RemovalReason, status: Status | None, priority: Priority = Priority.MEDIUM
) -> WatchlistItemRemoved:
    return a(WatchlistItemRemoved, reason=reason, status=status, priority=priority)


UNSAID: dict[str, Any] = {"viewing_id": None, "half_stars": None, "reaction": None}
"""What events did not say at first."""
FIRST = UUID(int=21)


def watched(
    day: date,
    times: int = 1,
    last: date | None = None,
    viewing: UUID | None = None,
    half_stars: int | None = None,
    reaction: Reaction | None = None,
) -> MovieWatched:
    said = {"viewing_id": viewing, "half_stars": half_stars, "reaction": reaction}
    return a(MovieWatched, watched_on=day, times=times, last_watched_on=last or day, **said)


def dismissed(previous: Status | None = None) -> MovieDismissed:
    return a(MovieDismissed, previous=previous)


# Ratings


def test_rating_a_movie_records_it() -> None:
    given(PAIR).when(rate_movie, 7).then(rated(7))


def test_rating_again_says_what_it_replaces() -> None:
    given(PAIR, rated(8)).when(rate_movie, 6).then(rated(6, previous=8))


def test_rating_the_same_again_records_nothing() -> None:
    given(PAIR, rated(6)).when(rate_movie, 6).then()


@pytest.mark.parametrize("half_stars", [-1, 0, 11, 50])
def test_stars_out_of_range_are_rejected(half_stars: int) -> None:
    given(PAIR).when(rate_movie, half_stars).then_rejected(InvalidStars)


@pytest.mark.parametrize("half_stars", [1, 10])
def test_the_fewest_and_the_most_stars_can_be_given(half_stars: int) -> None:
    given(PAIR).when(rate_movie, half_stars).then(rated(half_stars))


def test_an_imported_rating_keeps_the_scale_it_was_given_on() -> None:
    given(PAIR).when(rate_movie, 8, "1-5").then(rated(8, scale="1-5"))


def test_rating_takes_the_movie_off_the_watchlist() -> None:
    given(PAIR, added()).when(rate_movie, 7).then(rated(7), removed(RemovalReason.RATED, Status.SEEN))


def test_clearing_a_rating_leaves_no_status_behind() -> None:
    cleared = a(RatingCleared, previous=7, status=None)
    given(PAIR, rated(7)).when(clear_rating).then(cleared)
    given(PAIR, rated(7)).when(rate_movie, None).then(cleared)


def test_a_movie_that_was_seen_stays_seen_without_its_rating() -> None:
    given(PAIR, watched(MONDAY), rated(7)).when(clear_rating).then(
        a(RatingCleared, previous=7, status=Status.SEEN)
    )


def test_clearing_no_rating_records_nothing() -> None:
    given(PAIR).when(clear_rating).then()
    given(PAIR).when(rate_movie, None).then()


# Reactions


@pytest.mark.parametrize("reaction", list(Reaction))
def test_k41_reacting_records_the_reaction(reaction: Reaction) -> None:
    given(PAIR).when(react_to_movie, reaction).then(reacted(reaction))


def test_reacting_otherwise_says_what_it_replaces() -> None:
    given(PAIR, reacted(Reaction.LIKE)).when(react_to_movie, Reaction.OK).then(
        reacted(Reaction.OK, previous=Reaction.LIKE)
    )


def test_reacting_the_same_again_records_nothing() -> None:
    given(PAIR, reacted(Reaction.LIKE)).when(react_to_movie, Reaction.LIKE).then()


def test_reacting_takes_the_movie_off_the_watchlist() -> None:
    given(PAIR, added(Priority.LOW)).when(react_to_movie, Reaction.DISLIKE).then(
        reacted(Reaction.DISLIKE), removed(RemovalReason.REACTED, Status.SEEN, Priority.LOW)
    )


def test_clearing_a_reaction_leaves_the_rating_alone() -> None:
    cleared = a(ReactionCleared, previous=Reaction.LIKE, status=Status.SEEN)
    given(PAIR, rated(7), reacted(Reaction.LIKE)).when(clear_reaction).then(cleared)
    given(PAIR, rated(7), reacted(Reaction.LIKE)).when(react_to_movie, None).then(cleared)


def test_clearing_no_reaction_records_nothing() -> None:
    given(PAIR).when(clear_reaction).then()
    given(PAIR).when(react_to_movie, None).then()


# Favourites


def test_a_movie_becomes_a_favourite_once() -> None:
    given(PAIR).when(favorite_movie).then(a(MovieFavorited))
    given(PAIR, a(MovieFavorited)).when(favorite_movie).then()


def test_a_favourite_ends_once() -> None:
    given(PAIR, a(MovieFavorited)).when(unfavorite_movie).then(a(MovieUnfavorited))
    given(PAIR).when(unfavorite_movie).then()


def test_a_favourite_leaves_the_watchlist_and_the_status_alone() -> None:
    after = PAIR.when([added(), a(MovieFavorited)])
    assert (after.priority, after.status) == (Priority.MEDIUM, Status.LATER)


# Watchlist


def test_a_movie_is_put_on_the_watchlist() -> None:
    given(PAIR).when(add_to_watchlist, Priority.HIGH).then(added(Priority.HIGH))


def test_putting_it_there_again_only_changes_the_priority() -> None:
    given(PAIR, added(Priority.LOW)).when(add_to_watchlist, Priority.HIGH).then(
        a(WatchlistItemPrioritized, priority=Priority.HIGH, previous=Priority.LOW)
    )
    given(PAIR, added(Priority.LOW)).when(add_to_watchlist, Priority.LOW).then()


@pytest.mark.parametrize("opinion", [rated(7), reacted(Reaction.DISLIKE)])
def test_what_was_rated_or_reacted_to_cannot_be_planned(opinion: PairEvent) -> None:
    given(PAIR, opinion).when(add_to_watchlist, Priority.HIGH).then_rejected(AlreadyRated)


def test_what_was_only_seen_can_be_planned_again() -> None:
    given(PAIR, watched(MONDAY)).when(add_to_watchlist, Priority.HIGH).then(added(Priority.HIGH))


def test_a_priority_is_changed() -> None:
    given(PAIR, added(Priority.LOW)).when(set_priority, Priority.MEDIUM).then(
        a(WatchlistItemPrioritized, priority=Priority.MEDIUM, previous=Priority.LOW)
    )


def test_the_same_priority_again_records_nothing() -> None:
    given(PAIR, added(Priority.LOW)).when(set_priority, Priority.LOW).then()


def test_a_movie_that_is_not_planned_has_no_priority_to_change() -> None:
    given(PAIR).when(set_priority, Priority.LOW).then_rejected(NotOnWatchlist)


def test_a_movie_is_taken_off_the_watchlist() -> None:
    given(PAIR, added()).when(remove_from_watchlist).then(removed(RemovalReason.REMOVED, None))


def test_taking_off_what_was_seen_before_leaves_it_seen() -> None:
    given(PAIR, watched(MONDAY), added()).when(remove_from_watchlist).then(
        removed(RemovalReason.REMOVED, Status.SEEN)
    )


def test_taking_off_what_is_not_there_records_nothing() -> None:
    given(PAIR).when(remove_from_watchlist).then()


# Seen, opened, not wanted


def test_seeing_a_movie_records_the_day() -> None:
    given(PAIR).when(mark_watched, MONDAY, TODAY, FIRST).then(watched(MONDAY, viewing=FIRST))


def test_seeing_it_again_counts_and_the_latest_day_stays_the_latest() -> None:
    given(PAIR, watched(TUESDAY)).when(mark_watched, MONDAY, TODAY, FIRST).then(
        watched(MONDAY, times=2, last=TUESDAY, viewing=FIRST)
    )
    given(PAIR, watched(MONDAY)).when(mark_watched, MONDAY, TODAY, FIRST).then(
        watched(MONDAY, times=2, viewing=FIRST)
    )


@pytest.mark.parametrize("day", [TODAY + timedelta(days=1), FIRST_FILM - timedelta(days=1)])
def test_a_day_in_the_future_or_before_film_is_rejected(day: date) -> None:
    given(PAIR).when(mark_watched, day, TODAY, FIRST).then_rejected(InvalidWatchDate)


@pytest.mark.parametrize("day", [TODAY, FIRST_FILM])
def test_today_and_the_day_of_the_first_film_are_taken(day: date) -> None:
    given(PAIR).when(mark_watched, day, TODAY, FIRST).then(watched(day, viewing=FIRST))


def test_seeing_takes_the_movie_off_the_watchlist() -> None:
    given(PAIR, added()).when(mark_watched, MONDAY, TODAY, FIRST).then(
        watched(MONDAY, viewing=FIRST), removed(RemovalReason.WATCHED, Status.SEEN)
    )


def test_k49_seeing_and_judging_at_once_take_the_movie_off_the_watchlist_once() -> None:
    given(PAIR, added()).when(mark_watched, MONDAY, TODAY, FIRST, Reaction.LIKE, 9).then(
        watched(MONDAY, viewing=FIRST, half_stars=9, reaction=Reaction.LIKE),
        reacted(Reaction.LIKE),
        rated(9),
        removed(RemovalReason.WATCHED, Status.SEEN),
    )


def test_seeing_with_too_many_stars_records_nothing_at_all() -> None:
    given(PAIR).when(mark_watched, MONDAY, TODAY, FIRST, None, 11).then_rejected(InvalidStars)


def test_a_day_is_taken_back() -> None:
    given(PAIR, watched(MONDAY), watched(TUESDAY, 2)).when(retract_watch, TUESDAY, None).then(
        a(WatchRetracted, watched_on=TUESDAY, times=1, last_watched_on=MONDAY, status=Status.SEEN, **UNSAID)
    )
    given(PAIR, watched(MONDAY)).when(retract_watch, MONDAY, None).then(
        a(WatchRetracted, watched_on=MONDAY, times=0, last_watched_on=None, status=None, **UNSAID)
    )


def test_of_the_same_day_twice_one_is_taken_back() -> None:
    given(PAIR, watched(MONDAY), watched(MONDAY, 2)).when(retract_watch, MONDAY, None).then(
        a(WatchRetracted, watched_on=MONDAY, times=1, last_watched_on=MONDAY, status=Status.SEEN, **UNSAID)
    )


def test_a_day_it_was_not_seen_on_records_nothing() -> None:
    given(PAIR, watched(MONDAY)).when(retract_watch, TUESDAY, None).then()


def test_dismissing_takes_the_movie_off_the_watchlist() -> None:
    given(PAIR, added()).when(dismiss_movie).then(
        dismissed(Status.LATER), removed(RemovalReason.DISMISSED, Status.NOT_INTERESTED)
    )


def test_dismissing_twice_records_it_once() -> None:
    given(PAIR).when(dismiss_movie).then(dismissed())
    given(PAIR, dismissed()).when(dismiss_movie).then()


def test_a_dismissal_is_taken_back() -> None:
    given(PAIR, dismissed()).when(clear_dismissal).then(a(DismissalCleared, status=None))
    given(PAIR, rated(7), dismissed(Status.SEEN)).when(clear_dismissal).then(
        a(DismissalCleared, status=Status.SEEN)
    )
    given(PAIR).when(clear_dismissal).then()


def test_every_opening_of_the_page_is_recorded() -> None:
    given(PAIR).when(view_movie).then(a(MovieViewed))
    given(PAIR, a(MovieViewed)).when(view_movie).then(a(MovieViewed))


@pytest.mark.parametrize(
    ("facts", "status"),
    [
        ([], None),
        ([a(MovieViewed)], None),
        ([a(MovieFavorited)], None),
        ([rated(7)], Status.SEEN),
        ([reacted(Reaction.OK)], Status.SEEN),
        ([watched(MONDAY)], Status.SEEN),
        ([added()], Status.LATER),
        ([dismissed()], Status.NOT_INTERESTED),
        ([dismissed(), rated(7)], Status.SEEN),
        ([rated(7), dismissed(Status.SEEN)], Status.NOT_INTERESTED),
        ([watched(MONDAY), added()], Status.LATER),
    ],
)
def test_the_last_action_wins_the_status(facts: list[PairEvent], status: Status | None) -> None:
    assert PAIR.when(facts).status is status


def test_facts_of_another_pair_change_nothing() -> None:
    other = Pair(PAIR.user_id, UUID(int=604))
    assert other.when([rated(7)]) == other
