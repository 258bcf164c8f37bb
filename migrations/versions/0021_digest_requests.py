"""What idempotency keys stand for is kept as a digest: the request in the clear has texts that somebody wrote.

The same digest as `resolvers.interactions.request_of` makes, so that what was asked before is known when it is repeated.
Requests of chats and imports have no texts.
"""

from alembic import op

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    op.execute(
        "update idempotency_keys set request = encode(sha256(convert_to(key || ' ' || request, 'UTF8')), 'hex')"
        " where request like '% {%}'"
    )
    op.execute(
        "comment on table idempotency_keys is 'A repeated command is answered with the events of the first;"
        " request is a digest of what it was, salted with the key.'"
    )


def downgrade() -> None:
    """Leave the digests: what they were made of is nowhere, and a repetition is refused."""
