"""Where a request came from: the peer, or whom a trusted proxy names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any

Network = IPv4Network | IPv6Network

_UNKNOWN = "unknown"
_CUSTOMER_BITS = 64
"""Of an IPv6 address: the rest is the customer's to choose, as often as they like."""


class Addresses:
    """Finds the address of whoever asks, behind the proxies that are trusted to name it."""

    def __init__(self, trusted: Sequence[Network]) -> None:
        self._trusted = trusted

    def of(self, scope: Mapping[str, Any]) -> str:
        """Return the client's address, for IPv6 its network: the right-most one that is no trusted proxy's."""
        client = scope.get("client")
        if client is None:
            return _UNKNOWN
        if not self._trusted:
            return _customer(client[0])
        peer = _parsed(client[0])
        if peer is None or not self._is_trusted(peer):
            return _customer(client[0])
        named = [value.decode("latin-1") for name, value in scope["headers"] if name == b"x-forwarded-for"]
        for hop in reversed(",".join(named).split(",")):
            address = _parsed(_without_port(hop.strip()))
            if address is None:
                break
            peer = address
            if not self._is_trusted(peer):
                break
        return _customer(str(peer))

    def _is_trusted(self, address: IPv4Address | IPv6Address) -> bool:
        return any(address in network for network in self._trusted)


@lru_cache(4_096)
def _parsed(text: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


@lru_cache(4_096)
def _customer(text: str) -> str:
    address = _parsed(text)
    if address is None:
        return _UNKNOWN
    if address.version == 4:
        return str(address)
    return str(ip_network((int(address), _CUSTOMER_BITS), strict=False))


def _without_port(hop: str) -> str:
    if hop.startswith("["):
        return hop[1:].partition("]")[0]
    return hop.partition(":")[0] if hop.count(":") == 1 else hop
