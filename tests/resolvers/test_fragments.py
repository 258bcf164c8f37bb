"""What is kept of the catalogue: how it is put in, and when it is forgotten."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from database.pipeline import Value
from resolvers.fragments import KEY, MARK, Fragments, Selection, may_keep
from resolvers.reader import Readable, Reader

TEXTS = st.text(st.characters(codec="utf-8", exclude_characters=MARK), max_size=8)
NUMBERS = st.integers(0, 5)


def key(number: int) -> bytes:
    return b"%036d" % number


def shown(selection: int, number: int) -> bytes:
    """An object as it is rendered; number 5 is of nobody."""
    return b"null" if number == 5 else b'{"%d":%d}' % (selection, number)


class Source:
    """What is read, and how often."""

    def __init__(self, selections: Sequence[Selection]) -> None:
        self.selections, self.read_keys = selections, 0
        self.meanwhile: Callable[[], None] = lambda: None

    async def read(self, plan: Readable, values: Sequence[Value], *, may_refuse: bool = True) -> bytes:
        assert not may_refuse
        (array,) = values
        number = list(self.selections).index(cast(Selection, plan))
        keys = (array or b"").strip(b"{}").split(b",")
        self.read_keys += len(keys)
        self.meanwhile()
        found = [one + shown(number, int(one)) for one in keys if int(one) != 5]
        return MARK.encode().join(found) or b"null"

    def as_reader(self) -> Reader:
        return cast(Reader, self)


def fresh(most_bytes: int = 1_000_000) -> tuple[Fragments, list[Selection], Source]:
    fragments = Fragments(most_bytes)
    fragments.told(True)
    selections = [fragments.selection(f"select {n}") for n in range(2)]
    return fragments, selections, Source(selections)


@given(
    st.lists(st.lists(st.tuples(TEXTS, st.integers(0, 1), NUMBERS), max_size=6), max_size=4),
    st.integers(0, 200),
)
async def test_marks_become_objects(answers: list[list[tuple[str, int, int]]], most_bytes: int) -> None:
    fragments, selections, source = fresh(most_bytes)
    for parts in answers:
        marked = b"".join(
            text.encode() + MARK.encode() + b"%d" % of + key(number) for text, of, number in parts
        )
        wanted = b"".join(text.encode() + shown(of, number) for text, of, number in parts)
        assert await fragments.filled(source.as_reader(), selections, marked + b"}") == wanted + b"}"
    assert sum(KEY + len(text) for one in selections for text in one.kept.values()) <= most_bytes


async def test_an_object_is_read_once_until_the_catalogue_changes() -> None:
    fragments, selections, source = fresh()
    text = MARK.encode() + b"0" + key(1)
    for _ in range(3):
        assert await fragments.filled(source.as_reader(), selections, text) == shown(0, 1)
    assert source.read_keys == 1
    fragments.clear()
    await fragments.filled(source.as_reader(), selections, text)
    assert source.read_keys == 2


@pytest.mark.parametrize("told", [True, False])
async def test_what_was_read_before_a_change_is_not_kept(told: bool) -> None:
    fragments, selections, source = fresh()
    source.meanwhile = fragments.clear if told else lambda: fragments.told(False)
    text = MARK.encode() + b"0" + key(1)
    assert await fragments.filled(source.as_reader(), selections, text) == shown(0, 1)
    assert not selections[0].kept
    source.meanwhile = lambda: None
    await fragments.filled(source.as_reader(), selections, text)
    assert bool(selections[0].kept) is told


def test_only_what_is_told_of_may_be_kept() -> None:
    assert may_keep("from movies select concat('{', (select a from movie_genres mg join t1 r on true))")
    assert not may_keep("from movies select (select n from movie_stats s where s.movie_id = x.id)")
    assert not may_keep("from (select m.id from movies m left join movie_stats s on true)")
