"""What an operator can set about a read replica of the database."""

from __future__ import annotations

from pydantic import Field, PositiveFloat
from pydantic_settings import BaseSettings

from app.variables import Conninfo


class ReplicaSettings(BaseSettings):
    """The part of the settings that is about a read replica."""

    database_replica_url: Conninfo = Field(
        default=None,
        repr=False,
        description="a streaming replica, read by commands that read much of the log; unset: none",
    )
    replica_lag_s: PositiveFloat = Field(
        default=10.0, description="a replica that is further behind is passed over, with a warning"
    )
