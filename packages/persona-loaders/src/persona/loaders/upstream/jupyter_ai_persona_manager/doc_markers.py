"""Marks on methods that say what they are for. They change nothing."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, TypeVar

_Marked = TypeVar("_Marked")
_MARK = "__contract_level__"


class ContractLevel(StrEnum):
    """What a method is for."""

    REQUIRED = "required"
    RECOMMENDED = "recommended"
    OPTIONAL = "optional"
    SUBCLASS_API = "subclass_api"
    CONSUMER_API = "consumer_api"


def _mark(found: _Marked, level: ContractLevel) -> _Marked:
    target: Any = found.fget if isinstance(found, property) else found
    if target is not None and hasattr(target, "__dict__"):
        setattr(target, _MARK, level)
    return found


def mark_required(found: _Marked) -> _Marked:
    """Mark what a subclass must define."""
    return _mark(found, ContractLevel.REQUIRED)


def mark_recommended(found: _Marked) -> _Marked:
    """Mark what a subclass should define."""
    return _mark(found, ContractLevel.RECOMMENDED)


def mark_optional(found: _Marked) -> _Marked:
    """Mark what a subclass may define."""
    return _mark(found, ContractLevel.OPTIONAL)


def mark_subclass_api(found: _Marked) -> _Marked:
    """Mark what a subclass calls."""
    return _mark(found, ContractLevel.SUBCLASS_API)


def mark_consumer_api(found: _Marked) -> _Marked:
    """Mark what others call."""
    return _mark(found, ContractLevel.CONSUMER_API)


def get_contract_level(found: Any) -> ContractLevel | None:
    """Return the mark of a method, or None."""
    target = found.fget if isinstance(found, property) else found
    return getattr(target, _MARK, None)
