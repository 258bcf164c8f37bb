"""What a person can do about their account and about other people."""

from datetime import date, datetime

import strawberry
from strawberry import UNSET

from resolvers import accounts, blocks, follows, people
from resolvers.mapping import Run
from schema.enums import EventSource, Platform, Privacy
from schema.fields import mapped
from schema.inputs import idempotency_key, source
from schema.payloads import (
    AcceptFollowerPayload,
    BlockUserPayload,
    ChangeEmailPayload,
    ChangePasswordPayload,
    ChangeUsernamePayload,
    DeactivateAccountPayload,
    FollowUserPayload,
    GrantPremiumPayload,
    RefreshSessionPayload,
    RegisterDevicePayload,
    RemoveDevicePayload,
    RemoveFollowerPayload,
    RevokePremiumPayload,
    SetPrivacyPayload,
    SignInPayload,
    SignOutPayload,
    SignUpPayload,
    UnblockUserPayload,
    UnfollowUserPayload,
    UpdateProfilePayload,
)


@strawberry.input(description="Who to become: an e-mail address, a password, perhaps a name.")
class SignUpInput:
    email: str = strawberry.field(description="The e-mail address; one account each.")
    password: str = strawberry.field(description="At least 8 characters; any script, up to 1,000.")
    username: str | None = strawberry.field(
        default=UNSET, description="A name that others see; made up when left out."
    )


@strawberry.input(description="Who to sign in as.")
class SignInInput:
    login: str = strawberry.field(description="The e-mail address or the username.")
    password: str = strawberry.field(description="The password.")


@strawberry.input(description="The session to continue.")
class RefreshSessionInput:
    refresh_token: str | None = strawberry.field(
        default=UNSET,
        description="The newest refresh token; each works once. When left out, that of the request's cookie.",
    )


@strawberry.input(description="The session to end.")
class SignOutInput:
    refresh_token: str | None = strawberry.field(
        default=UNSET,
        description="Its refresh token; when left out, the sessions of the request's cookie and access token.",
    )


@strawberry.input(description="What to say of oneself: null takes a value back, what is left out stays.")
class UpdateProfileInput:
    first_name: str | None = strawberry.field(default=UNSET, description="The given name, 100 characters.")
    last_name: str | None = strawberry.field(default=UNSET, description="The family name, 100 characters.")
    bio: str | None = strawberry.field(default=UNSET, description="Of oneself, 1,000 characters.")
    avatar_url: str | None = strawberry.field(default=UNSET, description="Where a picture is: https://…")
    date_of_birth: date | None = strawberry.field(default=UNSET, description="Shown to nobody else.")
    phone: str | None = strawberry.field(
        default=UNSET, description="With the country's number: +49 30 901820. Shown to nobody else."
    )
    preferred_language: str | None = strawberry.field(
        default=UNSET, description="The language to be written to in, such as en or pt-BR."
    )
    languages: list[str] | None = strawberry.field(
        default=UNSET, description="All other languages that one understands, 20 at most."
    )
    time_zone: str | None = strawberry.field(
        default=UNSET, description="The IANA name, such as Europe/Berlin."
    )
    country: str | None = strawberry.field(default=UNSET, description="ISO 3166-1, such as DE.")


@strawberry.input(description="Another e-mail address.")
class ChangeEmailInput:
    email: str = strawberry.field(description="The new address; one account each.")
    password: str = strawberry.field(description="The account's password.")


@strawberry.input(description="Another username.")
class ChangeUsernameInput:
    username: str = strawberry.field(description="The new name, which others see.")


@strawberry.input(description="Another password.")
class ChangePasswordInput:
    password: str = strawberry.field(description="The password so far.")
    new_password: str = strawberry.field(description="At least 8 characters; any script, up to 1,000.")


@strawberry.input(description="An account to leave for a while.")
class DeactivateAccountInput:
    password: str = strawberry.field(description="The account's password.")


@strawberry.input(description="To whom to be shown.")
class SetPrivacyInput:
    privacy: Privacy = strawberry.field(
        description="PUBLIC: to everybody, and everybody may follow. FOLLOWERS: the name to everybody, the rest to whom "
        "one lets follow. PRIVATE: to nobody."
    )


@strawberry.input(description="A device to be reached on.")
class RegisterDeviceInput:
    platform: Platform = strawberry.field(description="What it is.")
    token: str = strawberry.field(
        description="Where messages to it go, as the platform gives it; a web push subscription as JSON."
    )


@strawberry.input(description="A device to be reached on no longer.")
class RemoveDeviceInput:
    device_id: strawberry.ID = strawberry.field(description="The device's id.")


@strawberry.input(description="Whom to make premium.")
class GrantPremiumInput:
    user_id: strawberry.ID = strawberry.field(description="The account's global id.")
    until: datetime | None = strawberry.field(default=UNSET, description="Its end; for good when left out.")


@strawberry.input(description="Whose premium to end.")
class RevokePremiumInput:
    user_id: strawberry.ID = strawberry.field(description="The account's global id.")


@strawberry.input(description="Another person.")
class _AboutPerson:
    user_id: strawberry.ID = strawberry.field(description="Their `userId`.")
    idempotency_key: str | None = idempotency_key()
    source: EventSource | None = source()


@strawberry.input(description="Whom to follow.")
class FollowUserInput(_AboutPerson): ...


@strawberry.input(description="Whom to follow no longer.")
class UnfollowUserInput(_AboutPerson): ...


@strawberry.input(description="Whom to let follow.")
class AcceptFollowerInput(_AboutPerson): ...


@strawberry.input(description="Whom to let follow no longer, or whose request to decline.")
class RemoveFollowerInput(_AboutPerson): ...


@strawberry.input(description="Whom to block.")
class BlockUserInput(_AboutPerson): ...


@strawberry.input(description="Whom to block no longer.")
class UnblockUserInput(_AboutPerson): ...


@strawberry.type
class AccountMutations:
    @mapped(Run(accounts.sign_up_), "Make an account and sign in to it.")
    def sign_up(self, input: SignUpInput) -> SignUpPayload: ...  # noqa: A002

    @mapped(Run(accounts.sign_in_), "Sign in with an e-mail address or username.")
    def sign_in(self, input: SignInInput) -> SignInPayload: ...  # noqa: A002

    @mapped(Run(accounts.refresh_session), "Exchange a refresh token for a new pair of tokens.")
    def refresh_session(self, input: RefreshSessionInput) -> RefreshSessionPayload: ...  # noqa: A002

    @mapped(Run(accounts.sign_out_), "End a session.")
    def sign_out(self, input: SignOutInput) -> SignOutPayload: ...  # noqa: A002

    """The part of `Mutation` that is about people."""

    @mapped(
        Run(people.change_profile), "Change what one says of oneself; every value that is wrong is named."
    )
    def update_profile(self, input: UpdateProfileInput) -> UpdateProfilePayload: ...  # noqa: A002

    @mapped(Run(people.change_email), "Take another e-mail address; asks for the password.")
    def change_email(self, input: ChangeEmailInput) -> ChangeEmailPayload: ...  # noqa: A002

    @mapped(Run(people.change_name), "Take another username.")
    def change_username(self, input: ChangeUsernameInput) -> ChangeUsernamePayload: ...  # noqa: A002

    @mapped(Run(people.change_password), "Take another password; all other sessions end.")
    def change_password(self, input: ChangePasswordInput) -> ChangePasswordPayload: ...  # noqa: A002

    @mapped(
        Run(people.deactivate_account),
        "Hide one's account from others and end all sessions; signing in again takes it back.",
    )
    def deactivate_account(self, input: DeactivateAccountInput) -> DeactivateAccountPayload: ...  # noqa: A002

    @mapped(Run(people.choose_privacy), "Choose to whom to be shown.")
    def set_privacy(self, input: SetPrivacyInput) -> SetPrivacyPayload: ...  # noqa: A002

    @mapped(Run(people.add_device), "Register a device; the same token again is the same device.")
    def register_device(self, input: RegisterDeviceInput) -> RegisterDevicePayload: ...  # noqa: A002

    @mapped(Run(people.forget_device), "Remove a device.")
    def remove_device(self, input: RemoveDeviceInput) -> RemoveDevicePayload: ...  # noqa: A002

    @mapped(Run(people.make_premium), "Make somebody premium (admins).", role="admin")
    def grant_premium(self, input: GrantPremiumInput) -> GrantPremiumPayload: ...  # noqa: A002

    @mapped(Run(people.end_premium), "End somebody's premium (admins).", role="admin")
    def revoke_premium(self, input: RevokePremiumInput) -> RevokePremiumPayload: ...  # noqa: A002

    @mapped(Run(follows.follow), "Follow somebody; where that is not open to everybody, ask to.")
    def follow_user(self, input: FollowUserInput) -> FollowUserPayload: ...  # noqa: A002

    @mapped(Run(follows.unfollow), "Follow somebody no longer, or withdraw the request.")
    def unfollow_user(self, input: UnfollowUserInput) -> UnfollowUserPayload: ...  # noqa: A002

    @mapped(Run(follows.accept), "Let somebody follow who asked to.")
    def accept_follower(self, input: AcceptFollowerInput) -> AcceptFollowerPayload: ...  # noqa: A002

    @mapped(Run(follows.remove), "Let somebody follow no longer, or decline.")
    def remove_follower(self, input: RemoveFollowerInput) -> RemoveFollowerPayload: ...  # noqa: A002

    @mapped(
        Run(blocks.block),
        "Have nothing to do with somebody any more: neither follows the other, and they see nothing of the viewer's.",
    )
    def block_user(self, input: BlockUserInput) -> BlockUserPayload: ...  # noqa: A002

    @mapped(Run(blocks.unblock), "Take that back; nobody follows by it.")
    def unblock_user(self, input: UnblockUserInput) -> UnblockUserPayload: ...  # noqa: A002
