"""Addresses that travel with a chat: whether they mean the same on every machine."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

_LOCAL = (".local", ".internal", ".lan", ".home", ".localdomain", ".arpa", ".corp", ".intranet")


def split_address(text: str) -> SplitResult | None:
    """Return the parts of an address, or None if it is none."""
    try:
        return urlsplit(text)
    except ValueError:
        return None


def host_of(parts: SplitResult) -> str:
    """Return host and port, without a login."""
    return parts.netloc.rpartition("@")[2]


def is_public(netloc: str) -> bool:
    """Whether an address means the same on every machine."""
    host = netloc.rpartition("@")[2]
    if "${" in host:
        return True
    host = host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0]
    host = host.rstrip(".").casefold()
    try:
        return ip_address(host.partition("%")[0]).is_global
    except ValueError:
        pass
    last = host.rpartition(".")[2]
    numeric = last.isdigit() or last.startswith("0x")
    return "." in host and not numeric and not host.endswith(_LOCAL)
