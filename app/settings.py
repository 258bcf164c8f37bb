"""What an operator can set: the environment, read here and nowhere else."""

from __future__ import annotations

import re
from datetime import time
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
    SecretStr,
    ValidationInfo,
    field_validator,
)
from pydantic_settings import NoDecode, SettingsConfigDict

from accounts.attempts import Limits as AttemptLimits
from accounts.masters import MasterKeys
from app.chat_settings import ChatSettings
from app.kept_secrets import kept_secret
from app.notification_settings import NotificationSettings
from app.remote_settings import RemoteSettings
from app.replica_settings import ReplicaSettings
from app.variables import Conninfo, listed, none_if_empty
from events.watchlist import OnRate
from resolvers.limits import Limits

_ORIGIN = re.compile(r"https?://[a-z0-9.-]+(:\d{1,5})?\Z|https?://\[[0-9a-f:]+\](:\d{1,5})?\Z", re.ASCII)
_HOST_NAME = re.compile(r"(\*|(\*\.)?[a-z0-9_-][a-z0-9._-]*|\[[0-9a-f:.]+\])\Z", re.ASCII | re.IGNORECASE)
_SHORTEST_SECRET = 32  # characters: what HS256 asks for


def _absolute(value: Path | None) -> Path | None:
    return value and value.expanduser().absolute()


def _redis(value: str | None) -> str | None:
    return "" if value == "none" else value


def _long_enough(value: SecretStr) -> SecretStr:
    if len(value.get_secret_value()) < _SHORTEST_SECRET:
        raise ValueError(f"needs {_SHORTEST_SECRET} characters or more")
    return value


def _origins(value: tuple[str, ...]) -> tuple[str, ...]:
    for origin in value:
        if not _ORIGIN.match(origin):
            raise ValueError("is a list of origins, with commas: https://example.org,https://b.example:8443")
    return value


def _host_names(value: tuple[str, ...]) -> tuple[str, ...]:
    for name in value:
        if not _HOST_NAME.match(name):
            raise ValueError(
                "is a list of names without ports, with commas: movies.example,*.b.example,[::1]"
            )
    return tuple(name.lower() for name in value)


_Secret = Annotated[SecretStr, AfterValidator(_long_enough)]


class Settings(ChatSettings, NotificationSettings, RemoteSettings, ReplicaSettings):
    """`Settings()` reads the environment: DATABASE_URL, REDIS_URL, and PROJECTIONIST_<NAME>."""

    model_config = SettingsConfigDict(
        frozen=True,
        env_prefix="PROJECTIONIST_",
        validate_by_name=True,
        validate_by_alias=True,
        hide_input_in_errors=True,
    )

    database_url: Conninfo = Field(
        default=None,
        validation_alias="DATABASE_URL",
        repr=False,
        description="PostgreSQL 15 or newer; unset: embedded",
    )
    redis_url: Annotated[str | None, AfterValidator(_redis)] = Field(
        default=None,
        validation_alias="REDIS_URL",
        repr=False,
        description='unset: embedded; "" or "none": in process',
    )

    data_dir: Annotated[Path, AfterValidator(_absolute)] = Field(
        default=Path(".projectionist"),
        validate_default=True,
        description="embedded servers, secrets and downloads live here",
    )
    models_dir: Annotated[Path | None, BeforeValidator(none_if_empty), AfterValidator(_absolute)] = Field(
        default=None, description="trained recommenders; unset: `models` in the data directory"
    )
    retrain_at: Annotated[time | None, BeforeValidator(none_if_empty)] = Field(
        default=None,
        description="when a worker trains and promotes a recommender each day, in UTC; unset: never",
    )
    explored_share: float = Field(
        default=0.05,
        ge=0,
        le=0.5,
        description="of the places of recommendations, given to lower ranks to learn from it",
    )
    production: bool = Field(
        default=False, description="only operators may introspect and see GraphiQL and suggestions"
    )
    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=65535)
    allowed_hosts: Annotated[
        tuple[str, ...], NoDecode, BeforeValidator(listed), AfterValidator(_host_names)
    ] = Field(default=(), description="names by which the server may be asked; *.example.org: any below it")
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    slow_ms: NonNegativeInt = Field(default=1000, description="log requests that take longer; 0: all of them")
    direct_http: bool = Field(default=True, description="answer plain requests without ASGI in between")
    graphiql: bool = Field(default=True, description="serve the in-browser editor at /graphql")
    poster_base_url: str = "https://image.tmdb.org/t/p/w500"

    token_secret: _Secret | None = Field(
        default=None, description="signs access tokens; unset: made once and kept in the data directory"
    )
    token_secrets: dict[str, _Secret] = Field(
        default={},
        description="JSON object of key ids and secrets, in place of one: the first signs, all verify",
    )
    master_keys: dict[str, _Secret] = Field(
        default={},
        description="JSON object of names and secrets that seal what is personal: the first seals, all open; unset: "
        "made once and kept in the data directory, under the name 1",
    )
    bcrypt_cost: int = Field(default=12, ge=4, le=16, description="2^cost rounds for each password")
    access_token_minutes: PositiveInt = 15
    refresh_token_days: PositiveInt = 30
    refresh_cookie: bool = Field(
        default=False, description="keep refresh tokens in a cookie that scripts cannot read"
    )

    sign_in_failures: PositiveInt = Field(default=10, description="in 15 minutes, of an account and address")
    sign_in_failures_per_address: PositiveInt = Field(default=100, description="in 15 minutes")
    sign_in_failures_per_account: PositiveInt = Field(default=100, description="in 15 minutes")
    sign_ups_per_address: PositiveInt = Field(default=30, description="in 15 minutes")
    refreshes_per_address: PositiveInt = Field(default=300, description="of sessions, in 15 minutes")
    budget_per_minute: PositiveInt = Field(
        default=60_000, description="points of each person, or of each address of people who did not sign in"
    )
    trusted_proxies: Annotated[tuple[IPv4Network | IPv6Network, ...], NoDecode, BeforeValidator(listed)] = (
        Field(default=(), description="addresses or networks whose X-Forwarded-For is believed")
    )

    activity_details_days: NonNegativeInt = Field(
        default=30, description="how long search phrases, networks, agents and referrers are kept; 0: never"
    )
    activity_addresses: Literal["truncated", "none"] = Field(
        default="truncated",
        description="keep the network (/24 or /48) of who does something, or nothing of it",
    )

    watchlist_on_rate: OnRate = Field(
        default=OnRate.REMOVE, description="rating a movie takes it off the watchlist, or is refused: reject"
    )
    movie_cache_mb: NonNegativeInt = Field(
        default=32, description="rendered movies that a process keeps until the catalogue changes; 0: none"
    )
    pool_size: PositiveInt = Field(default=8, description="connections to PostgreSQL of one process")
    pool_wait_s: PositiveFloat = Field(default=2.0, description="for a connection to PostgreSQL")
    lock_timeout_s: PositiveFloat = Field(default=2.0, description="for a lock in PostgreSQL")
    statement_timeout_s: PositiveFloat = 5.0
    request_timeout_s: PositiveFloat = 10.0
    most_wait_s: PositiveFloat = Field(
        default=2.0, description="requests that would wait longer for their turn are refused at once"
    )
    most_lag_s: PositiveFloat = Field(
        default=1.0, description="requests are refused while the process is longer at those before them"
    )

    cors_origins: Annotated[tuple[str, ...], NoDecode, BeforeValidator(listed), AfterValidator(_origins)] = (
        Field(default=(), description="other sites whose pages may use this server")
    )
    trusted_documents_mode: Literal["off", "log", "enforce"] = Field(
        default="off", description="what to do about documents that the manifest does not have"
    )
    trusted_documents: Annotated[Path | None, BeforeValidator(none_if_empty)] = Field(
        default=None, validate_default=True, description="a manifest of documents, of Apollo or Relay"
    )

    body_bytes: PositiveInt = Field(default=262_144, description="the largest request body")
    import_bytes: PositiveInt = Field(
        default=8_388_608, description="the largest export of another service that a person may upload"
    )
    import_timeout_s: PositiveFloat = Field(default=60.0, description="for such an export to come")
    import_stubs: NonNegativeInt = Field(
        default=10_000, description="movies that one import may add by their IMDb and TMDb ids"
    )
    json_depth: PositiveInt = Field(
        default=64, description="the deepest nesting of a body, and of a message of a socket"
    )
    document_bytes: PositiveInt = Field(default=20_480, description="the largest GraphQL document")
    document_tokens: PositiveInt = Limits.tokens
    document_fragments: NonNegativeInt = Field(
        default=Limits.fragments, le=200, description="measuring them takes stack"
    )
    document_directives: NonNegativeInt = Limits.directives
    operation_depth: PositiveInt = Field(default=Limits.depth, le=100, description="levels of fields")
    operation_root_fields: PositiveInt = Limits.root_fields
    operation_aliases: NonNegativeInt = Limits.aliases
    operation_selections: PositiveInt = Field(
        default=Limits.selections, description="fields, with the fragments written out"
    )
    operation_cost: PositiveInt = Limits.cost
    list_items: PositiveInt = Field(default=Limits.list_items, description="of a list that a client sends")
    string_characters: PositiveInt = Limits.string_characters
    integer_digits: PositiveInt = Limits.integer_digits
    errors: PositiveInt = Field(default=Limits.errors, description="entries of one answer's `errors`")
    error_characters: PositiveInt = Limits.error_characters

    @property
    def models(self) -> Path:
        """The folder of trained recommenders."""
        return self.models_dir or self.data_dir / "models"

    def limits(self) -> Limits:
        """What documents, values and answers may be at most."""
        return Limits(
            tokens=self.document_tokens,
            fragments=self.document_fragments,
            directives=self.document_directives,
            depth=self.operation_depth,
            root_fields=self.operation_root_fields,
            aliases=self.operation_aliases,
            selections=self.operation_selections,
            cost=self.operation_cost,
            list_items=self.list_items,
            string_characters=self.string_characters,
            integer_digits=self.integer_digits,
            errors=self.errors,
            error_characters=self.error_characters,
        )

    @field_validator("trusted_documents")
    @classmethod
    def _named(cls, value: Path | None, given: ValidationInfo) -> Path | None:
        if value is None and given.data.get("trusted_documents_mode") != "off":
            raise ValueError("name the manifest, or set PROJECTIONIST_TRUSTED_DOCUMENTS_MODE=off")
        return value

    socket_init_s: PositiveFloat = Field(default=3.0, description="for connection_init to come")
    socket_message_bytes: PositiveInt = Field(default=65_536, description="the largest message of a socket")
    socket_operations: PositiveInt = Field(default=50, description="at once, of one socket")
    sockets_per_address: PositiveInt = Field(default=20, description="at once, of one process")

    def attempt_limits(self) -> AttemptLimits:
        """How often somebody may try to sign in, sign up and refresh."""
        return AttemptLimits(
            failures=self.sign_in_failures,
            failures_per_address=self.sign_in_failures_per_address,
            failures_per_account=self.sign_in_failures_per_account,
            sign_ups_per_address=self.sign_ups_per_address,
            refreshes_per_address=self.refreshes_per_address,
            refreshes_per_person=self.refreshes_per_person,
        )

    def token_keys(self) -> dict[str, str]:
        """The secrets of access tokens by key id; the first signs. One is made at the first call where none is set.

        The one of `token_secret` has the key id 1, so that tokens stay good when it moves into `token_secrets`.
        """
        keys = {key: secret.get_secret_value() for key, secret in self.token_secrets.items()}
        if self.token_secret is not None:
            keys.setdefault("1", self.token_secret.get_secret_value())
        return keys or {"1": kept_secret(self.data_dir, "token_secret")}

    def masters(self) -> MasterKeys:
        """The master keys; the first wraps. One is made at the first call where none is set."""
        given = {name: secret.get_secret_value() for name, secret in self.master_keys.items()}
        return MasterKeys(given or {"1": kept_secret(self.data_dir, "master_key")})
