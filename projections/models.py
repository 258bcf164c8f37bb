"""Models of the recommender: what each was made of, and whether it serves."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from uuid import UUID

from events.log import Recorded
from events.models import MODEL_EVENTS, ModelPromoted, ModelRolledBack, Models, ModelTrained
from projections.newest import types
from projections.registry import Projection, Row, register

_CHANGED = (ModelPromoted, ModelRolledBack)


def _spec(log: Sequence[Recorded]) -> Iterable[Row]:
    trained: dict[UUID, tuple[int, str, int]] = {}
    changed: dict[UUID, int] = {}
    models = Models()
    for event in sorted(log, key=lambda event: event.position):
        before, models = models.serving, models.when([event.fact])
        if isinstance(event.fact, ModelTrained):
            trained[event.fact.model_id] = (event.fact.up_to_position, event.fact.digest, event.position)
        if before != models.serving:
            changed |= {model_id: event.position for model_id in (before, models.serving) if model_id}
    at = {event.position: event.occurred_at for event in log}
    for model_id, (up_to, digest, position) in trained.items():
        state = "SERVING" if model_id == models.serving else "RETIRED" if model_id in changed else "TRAINED"
        last = changed.get(model_id, 0)
        yield model_id, up_to, digest, at[position], position, state, at[last or position], last or position


models = register(
    Projection(
        name="models",
        version=1,
        kind="state",
        inline=True,
        handles=MODEL_EVENTS,
        columns={
            "model_id": "uuid not null",
            "up_to_position": "bigint",
            "digest": "text",
            "trained_at": "timestamptz",
            "trained_position": "bigint not null",
            "state": "text not null check (state in ('TRAINED', 'SERVING', 'RETIRED'))",
            "changed_at": "timestamptz not null",
            "position": "bigint not null",
        },
        key=("model_id",),
        groups={
            "trained_position": ("up_to_position", "digest", "trained_at"),
            "position": ("state", "changed_at"),
        },
        rows=f"""
        select id::uuid, max((data->>'up_to_position')::bigint), max(data->>'digest'),
               max(case state when 'TRAINED' then occurred_at end),
               coalesce(max(case state when 'TRAINED' then position end), 0),
               (array_agg(state order by position desc))[1], (array_agg(occurred_at order by position desc))[1],
               max(position)
          from batch
         cross join lateral (values (data->>'model_id', case when type in ({types(*_CHANGED)}) then 'SERVING'
                                                             else 'TRAINED' end),
                                    (data->>'previous', 'RETIRED')) as said (id, state)
         where type in ({types(*MODEL_EVENTS)}) and id is not null
         group by id""",
        proof="""
        select t.id, (t.data->>'up_to_position')::bigint, t.data->>'digest', t.occurred_at, t.position,
               case when c.position is null then 'TRAINED' when c.data->>'model_id' = t.data->>'model_id' then 'SERVING'
                    else 'RETIRED' end,
               coalesce(c.occurred_at, t.occurred_at), coalesce(c.position, t.position)
          from (select *, (data->>'model_id')::uuid as id from batch where type = 'model_trained') t
          left join lateral (select * from batch b
                              where b.type in ('model_promoted', 'model_rolled_back')
                                and t.data->>'model_id' in (b.data->>'model_id', b.data->>'previous')
                              order by b.position desc limit 1) c on true""",
        spec=_spec,
    )
)
