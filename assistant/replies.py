"""Writes answers: by the model outside where there is one and the person agreed, else, or when it fails, by our own."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from uuid import UUID

from assistant.messages import Said, Turn, before, finish
from assistant.model import ModelFailed, model_answer
from assistant.own import own_answer
from assistant.results import Result
from assistant.tools import Toolbox
from events.people import AccountErased

log = logging.getLogger(__name__)

_FAILED = "Something went wrong on our side, and this could not be answered. Ask again in a moment."
_UNFINISHED = "The rest of the answer did not come; ask again for it."


async def answer(turn: Turn) -> None:
    """Write the answer to a message; whatever fails is told in it, as far as it can be told."""
    try:
        await _answer(turn, await before(turn))
    except AccountErased:
        return
    except Exception:
        log.exception("an answer failed", extra={"request_id": turn.context.request_id})
        try:
            await finish(turn, _FAILED, (), "ASSISTANT", state="FAILED")
        except Exception as reason:  # the database is away: it is answered when it is asked again
            log.warning("an answer could not be kept", extra={"reason": type(reason).__name__})


async def _answer(turn: Turn, said: Sequence[Said]) -> None:
    outside, tools = turn.context.services.answering.outside, Toolbox(turn)
    if not (turn.may_ask_model and outside):
        result = await own_answer(turn, said, tools)
        await finish(turn, result.told(), _ids(result), "ASSISTANT")
        return
    try:
        result = await model_answer(turn, said, tools, outside)
    except ModelFailed as failure:
        log.warning("the chat model failed", extra={"reason": failure.reason})
        result = await _instead(turn, said, tools)
        text = "\n\n".join(part for part in (failure.written, result.told()) if part)
        await finish(turn, text, _ids(result), "FALLBACK")
        return
    await finish(turn, result.said, _ids(result), "MODEL")


async def _instead(turn: Turn, said: Sequence[Said], tools: Toolbox) -> Result:
    """Answer in place of a model that failed; what it did already is told, and not done again."""
    if not tools.done:
        return await own_answer(turn, said, tools)
    films = {film.id: film for done in tools.done for film in done.films}
    return Result(" ".join([*(done.said for done in tools.done), _UNFINISHED]), tuple(films.values()))


def _ids(result: Result) -> list[UUID]:
    return [film.uuid for film in result.films]
