"""What a person can do about what they bring from other services; uploads come over HTTP."""

import strawberry

from resolvers import imports
from resolvers.mapping import One, Run
from schema.enums import ImportConflicts
from schema.fields import mapped
from schema.imports import Import
from schema.payloads import MutationPayload, payload


@strawberry.interface(description="What a mutation about an import answers with.")
class ImportPayload(MutationPayload):
    @mapped(
        One("imports", of="{v_import:uuid}", where="{t}.user_id = {viewer}"),
        "The import, as it stands after the mutation; null when there is none.",
        name="import",
    )
    def import_(self) -> Import | None: ...


ConfirmImportPayload = payload("ConfirmImportPayload", "The import that was confirmed.", ImportPayload)
UndoImportPayload = payload("UndoImportPayload", "The import that was undone.", ImportPayload)


@strawberry.input(description="An upload to import.")
class ConfirmImportInput:
    import_id: strawberry.ID = strawberry.field(description="The import's global id, from the upload.")
    conflicts: ImportConflicts = strawberry.field(
        default=ImportConflicts.KEEP,
        description="What to do where the export says something else than you did here.",
    )


@strawberry.input(description="An import to take back.")
class UndoImportInput:
    import_id: strawberry.ID = strawberry.field(description="The import's global id.")


@strawberry.type
class ImportMutations:
    @mapped(
        Run(imports.confirm),
        "Import what was previewed. Confirmed again, it goes on where it was cut short, or nothing happens.",
    )
    def confirm_import(self, input: ConfirmImportInput) -> ConfirmImportPayload: ...  # noqa: A002

    @mapped(Run(imports.undo), "Take a whole import back, but for what was said since of the same movies.")
    def undo_import(self, input: UndoImportInput) -> UndoImportPayload: ...  # noqa: A002
