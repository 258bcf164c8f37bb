"""Documents with `@defer` put in at random, and what clients make of the parts of an answer."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from graphql import (
    FragmentSpreadNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    Visitor,
    parse,
    print_ast,
    visit,
)

Json = Any
_Spread = TypeVar("_Spread", FragmentSpreadNode, InlineFragmentNode)


def with_defers(query: str, dice: random.Random) -> str:
    """Return a document of queries in which fragments, old and new ones, are deferred."""
    return print_ast(visit(parse(query), _Deferring(dice)))


class _Deferring(Visitor):
    def __init__(self, dice: random.Random) -> None:
        super().__init__()
        self._dice, self._labels = dice, 0

    def leave_selection_set(self, node: SelectionSetNode, *_: Any) -> SelectionSetNode | None:
        if self._dice.random() > 0.4:
            return None
        some = [one for one in node.selections if self._dice.random() < 0.5]
        if not some:
            return None
        others = [one for one in node.selections if one not in some]
        # labels must be of one fragment each
        again = [one for one in others if self._dice.random() < 0.2 and "label:" not in print_ast(one)]
        deferred = replace(self._fragment(), selection_set=SelectionSetNode(selections=(*some, *again)))
        at = self._dice.randint(0, len(others))
        return replace(node, selections=(*others[:at], deferred, *others[at:]))

    def leave_fragment_spread(self, node: FragmentSpreadNode, *_: Any) -> FragmentSpreadNode | None:
        return self._maybe(node)

    def leave_inline_fragment(self, node: InlineFragmentNode, *_: Any) -> InlineFragmentNode | None:
        return self._maybe(node)

    def _maybe(self, node: _Spread) -> _Spread | None:
        if self._dice.random() > 0.5:
            return None
        return replace(node, directives=(*(node.directives or ()), *(self._fragment().directives or ())))

    def _fragment(self) -> InlineFragmentNode:
        self._labels += 1
        given = self._dice.choice(
            ["", f'(label: "{self._labels}")', "(if: false)", f'(if: true, label: "{self._labels}")']
        )
        operation = parse(f"{{ ... @defer{given} {{ a }} }}").definitions[0]
        assert isinstance(operation, OperationDefinitionNode)
        (made,) = operation.selection_set.selections
        assert isinstance(made, InlineFragmentNode)
        return made


@dataclass
class Merged:
    """What a client has when all parts have come; `lost` are the paths of those that came to nothing."""

    answer: Json
    lost: list[Sequence[str]] = field(default_factory=list)


def merged(bodies: Iterable[Json]) -> Merged:
    """Put an answer together; fail where it is not of the form that was asked for, or says anything twice."""
    first, *later = bodies
    assert [body.pop("hasNext") for body in (first, *later)] == [True] * len(later) + [False]
    pending = {each["id"]: each for each in first.pop("pending", ())}
    by_id = bool(pending)
    made = Merged(first)
    for body in later:
        known = dict(pending)
        new = {each["id"]: each for each in body.pop("pending", ())}
        assert not new.keys() & pending.keys()
        pending |= new
        for each in body.pop("incremental", ()):
            _merge(made, each, known[each.pop("id")]["path"] if by_id else each.pop("path"))
            each.pop("label", None)
            assert not each
        for each in body.pop("completed", ()):
            place = pending.pop(each["id"])
            if "errors" in each:
                _merge(made, {"data": None, "errors": each["errors"]}, place["path"])
        assert not body
    assert not pending
    return made


def _merge(made: Merged, part: Json, path: Sequence[str]) -> None:
    if errors := part.pop("errors", None):
        made.answer.setdefault("errors", []).extend(errors)
    data = part.pop("data")
    target = made.answer["data"]
    for key in path:
        target = target[key]
    if data is None:
        made.lost.append(path)
    else:
        _add(target, data)


def _add(target: Json, data: Json) -> None:
    for key, value in data.items():
        known = target.get(key)
        if isinstance(known, dict) and isinstance(value, dict):
            _add(known, value)
        else:
            assert key not in target or known is value is None, "a value came twice"
            target[key] = value
