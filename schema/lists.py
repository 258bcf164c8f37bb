"""Lists of movies that people make, alone or together."""

from datetime import datetime

import strawberry

from projections.audiences import LIST_VISIBLE
from resolvers.mapping import Key, Many, One, Page
from schema.enums import ListRole, ListVisibility
from schema.fields import column, connection, mapped
from schema.movies import Movie
from schema.nodes import Node
from schema.persons import SHOWN_PERSON, Person

_ROLE = "(select m.state from list_members m where m.list_id = {t}.list_id and m.member_id = {viewer})"


@strawberry.type(description="A movie of a list.")
class ListItemEdge:
    cursor: str = strawberry.field(description="Where this item is in the list.")
    note: str | None = column(
        "(select texts.body from texts where texts.id = {t}.note_id)", "What is noted about it."
    )
    added_at: datetime = column("{t}.added_at", "When it was put on the list.")
    added_by_name: str | None = column(
        "username_of({t}.added_by)",
        "The username of who put it there; null when that person is gone.",
    )

    @mapped(One("movies", of="{parent}.movie_id"), "The movie.")
    def node(self) -> Movie | None: ...


ListItemConnection = connection("ListItem", ListItemEdge, Movie, "Movies of a list, in its order.")


@strawberry.type(description="A person who works on a list that is another's, or was asked to.")
class ListCollaborator:
    user_id: strawberry.ID = column("'User:' || {t}.member_id", "Who.")
    name: str | None = column("username_of({t}.member_id)", "Their username.")
    has_joined: bool = column("{t}.state = 'JOINED'", "Whether they took the invitation.")


@strawberry.type(name="List", description="A list of movies that a person made.")
class MovieList(Node):
    id: strawberry.ID = column("'List:' || {t}.list_id", "The global id.")
    title: str = column(
        "coalesce((select texts.body from texts where texts.id = {t}.title_id), '')",
        "What it is called; empty when it is gone with its owner.",
    )
    description: str | None = column(
        "(select texts.body from texts where texts.id = {t}.description_id)", "What it is about."
    )
    visibility: ListVisibility = column("{t}.visibility", "Who may see it.")
    link: str | None = column(
        "case when {t}.user_id = {viewer} then (select texts.body from texts where texts.id = {t}.link_id) end",
        "What others find it by who have it, while it is UNLISTED; only its owner is told.",
    )
    owner_name: str | None = column(
        "username_of({t}.user_id)",
        "The username of whose list it is; null when they are gone.",
    )
    viewer_role: ListRole | None = column(
        f"case when {{t}}.user_id = {{viewer}} then 'OWNER' else nullif({_ROLE}, 'LEFT') end",
        "What the viewer is to it; null for who only reads it.",
    )
    created_at: datetime = column("{t}.created_at", "When it was made.")
    changed_at: datetime = column("{t}.changed_at", "When its title, description or visibility last changed.")

    @mapped(
        One("users", of="{parent}.user_id", where=SHOWN_PERSON),
        "Whose list it is; null where they do not show themself.",
    )
    def owner(self) -> Person | None: ...

    @mapped(
        Page(
            "list_items",
            where="{t}.list_id = {parent}.list_id and {t}.is_active",
            columns=("movie_id", "note_id", "added_by", "added_at"),
            orders={None: (Key("{t}.rank", "text"), Key("{t}.movie_id", "uuid"))},
        ),
        "Its movies, in its order.",
    )
    def items(
        self,
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
    ) -> ListItemConnection | None: ...

    @mapped(
        Many(
            "list_members {t}",
            where="{t}.list_id = {parent}.list_id and ({t}.state = 'JOINED'"
            " or ({t}.state = 'INVITED' and {viewer} in ({t}.user_id, {t}.member_id)))",
            order="{t}.position",
            table="list_members",
        ),
        "Who works on it beside its owner; its owner is told who was invited, too.",
    )
    def collaborators(self) -> list[ListCollaborator]: ...


@strawberry.type(description="A list among others.")
class ListEdge:
    cursor: str = strawberry.field(description="Where this item is in the list.")

    @mapped(One("lists", of="{parent}.list_id", key="list_id", where=LIST_VISIBLE), "The list.")
    def node(self) -> MovieList | None: ...


ListConnection = connection("List", ListEdge, MovieList, "Lists, the last made first.")


@strawberry.input(one_of=True, description="Which list: exactly one of these.")
class ListLookup:
    id: strawberry.ID | None = strawberry.field(default=strawberry.UNSET, description="The global id.")
    link: str | None = strawberry.field(
        default=strawberry.UNSET, description="The `link` of an UNLISTED list, as its owner handed it out."
    )
