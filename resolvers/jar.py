"""Where a browser keeps its refresh token: a cookie that comes with the request and goes with its answer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from resolvers.errors import Refused


class CrossSiteRequest(Refused):
    """Nothing shows that a page of this site sent this. Send it from a page of this site, or of one that is listed."""

    code = "CROSS_SITE_REQUEST"


@dataclass(slots=True)
class Jar:
    """The refresh token that a request brought, or that its answer is to take along; None where there is none."""

    token: str | None
    is_ours: bool
    """Whether a page of ours sent the request, or no page at all."""
    expires_at: datetime | None = None
    is_changed: bool = False

    def require_ours(self) -> None:
        """Raise CrossSiteRequest where a page of another site may have sent the request."""
        if not self.is_ours:
            raise CrossSiteRequest

    def keep(self, token: str | None, expires_at: datetime | None = None) -> None:
        """Have the answer take a token along; None takes away the one that is there."""
        self.token, self.expires_at, self.is_changed = token, expires_at, True
