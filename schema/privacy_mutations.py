"""What a person can do with all that is kept of them."""

from datetime import datetime

import strawberry

from resolvers import privacy
from resolvers.mapping import Many, One, Run
from schema.fields import column, mapped
from schema.payloads import MutationPayload


@strawberry.input(description="To have all that is kept of oneself.")
class ExportMyDataInput:
    password: str = strawberry.field(description="One's password.")


@strawberry.type(description="Where it is.")
class ExportMyDataPayload(MutationPayload):
    url: str | None = column(
        "{v_url}", "A path at this server, good for ten minutes, that gives a zip to whoever has it."
    )
    expires_at: datetime | None = column("{v_expires_at:timestamptz}", "When it is good no longer.")


@strawberry.input(description="To destroy all that is kept of oneself: nobody can take it back.")
class EraseAccountInput:
    password: str = strawberry.field(description="One's password.")


@strawberry.type(description="How many rows a table had of the person.")
class ErasedRows:
    table: str = column("{t}.name", "The table.")
    count: int = column("{t}.n::integer", "How many rows were deleted.")


@strawberry.type(description="What an erasure did.")
class ErasureCertificate:
    number: str = column("{t}.id::text", "What it can be asked for by, at the operators.")
    erased_at: datetime = column(
        "{t}.erased_at",
        "When the rows were deleted, and the key that texts were encrypted with was destroyed.",
    )
    withdrawn: int = column("{t}.withdrawn", "How many events took the person out of the numbers of movies.")
    finished_at: datetime | None = column(
        "{t}.finished_at", "When the numbers were right; null while that still goes on."
    )

    @mapped(
        Many("jsonb_each_text({parent}.rows) as {t} (name, n)", order="{t}.name"),
        "What was deleted, by table.",
    )
    def rows(self) -> list[ErasedRows]: ...


@strawberry.type(description="The end of an account.")
class EraseAccountPayload(MutationPayload):
    @mapped(One("erasures", of="{v_erased:uuid}", key="user_id"), "What was done; null when it was refused.")
    def certificate(self) -> ErasureCertificate | None: ...


@strawberry.type
class PrivacyMutations:
    @mapped(
        Run(privacy.export_my_data),
        "Ask for all that is kept of oneself: a zip with JSON and CSV of each table, and one's own events.",
    )
    def export_my_data(self, input: ExportMyDataInput) -> ExportMyDataPayload: ...  # noqa: A002

    @mapped(Run(privacy.erase_account), "Erase one's account with all that is kept of oneself, for ever.")
    def erase_account(self, input: EraseAccountInput) -> EraseAccountPayload: ...  # noqa: A002
