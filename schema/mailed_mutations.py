"""What a person can do by e-mail: get back in without the password, and prove an address."""

import strawberry

from resolvers import mailed
from resolvers.mapping import Run
from schema.fields import mapped
from schema.payloads import (
    RequestEmailVerificationPayload,
    RequestPasswordResetPayload,
    ResetPasswordPayload,
    VerifyEmailPayload,
)


@strawberry.input(description="Whose password is forgotten.")
class RequestPasswordResetInput:
    email: str = strawberry.field(description="The account's e-mail address.")


@strawberry.input(description="A new password in place of a forgotten one.")
class ResetPasswordInput:
    token: str = strawberry.field(description="What the link of the e-mail carries.")
    new_password: str = strawberry.field(description="At least 8 characters; any script, up to 1,000.")


@strawberry.input(description="An address that is proved.")
class VerifyEmailInput:
    token: str = strawberry.field(description="What the link of the e-mail carries.")


@strawberry.type
class MailedMutations:
    """The part of `Mutation` that goes by e-mail."""

    @mapped(
        Run(mailed.request_password_reset),
        "Have a link sent to an address by which its person chooses a new password; the answer is the same whether or not "
        "there is an account.",
    )
    def request_password_reset(self, input: RequestPasswordResetInput) -> RequestPasswordResetPayload: ...  # noqa: A002

    @mapped(
        Run(mailed.choose_password),
        "Take a new password with the token of such a link; all other sessions of the person end.",
    )
    def reset_password(self, input: ResetPasswordInput) -> ResetPasswordPayload: ...  # noqa: A002

    @mapped(
        Run(mailed.request_verification),
        "Have a link sent to the viewer's address that proves it; none where it is proved.",
    )
    def request_email_verification(self) -> RequestEmailVerificationPayload: ...

    @mapped(Run(mailed.prove_address), "Prove an address with the token of such a link.")
    def verify_email(self, input: VerifyEmailInput) -> VerifyEmailPayload: ...  # noqa: A002
