"""What an operator can set of chat."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, Field, SecretStr, ValidationInfo, field_validator
from pydantic_settings import BaseSettings

from app.variables import none_if_empty
from resolvers.answering import Outside


class ChatSettings(BaseSettings):
    """The part of the settings that says which model outside may answer, if any."""

    chat_url: Annotated[str | None, BeforeValidator(none_if_empty)] = Field(
        default=None,
        pattern=r"^https?://[^\s@]+$",
        description="an OpenAI-compatible endpoint that may answer in chats, up to its `/v1`; unset: none",
    )
    chat_model: Annotated[str | None, BeforeValidator(none_if_empty)] = Field(
        default=None, validate_default=True, description="the model to ask for there"
    )
    chat_key: SecretStr = Field(default=SecretStr(""), description="its bearer token")
    chat_timeout_s: float = Field(
        default=60.0, gt=0, le=100, description="for a whole answer of it, with the tools that it asks for"
    )

    @field_validator("chat_model")
    @classmethod
    def _model_named(cls, value: str | None, given: ValidationInfo) -> str | None:
        if not value and given.data.get("chat_url"):
            raise ValueError("name the model, or leave PROJECTIONIST_CHAT_URL out")
        return value

    def outside(self) -> Outside | None:
        """The model that may answer in chats; None where there is none."""
        if not self.chat_url or not self.chat_model:
            return None
        return Outside(self.chat_url, self.chat_model, self.chat_key.get_secret_value(), self.chat_timeout_s)
