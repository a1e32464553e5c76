"""Which modules of Jupyter AI are replaced by ours, and where ours lie."""

from __future__ import annotations

import importlib
import importlib.util
from types import ModuleType

_HERE = "persona.loaders.upstream"

TOPS = ("jupyter_ai_persona_manager", "jupyter_ai_jupyternaut", "jupyter_ai_acp_client",
        "jupyter_ai")  # fmt: skip
"""Packages of Jupyter AI that persona files import from. Ours have the same names below here."""

LENT = ("langchain", "langchain_core")
"""Packages that came with Jupyter AI. Where they are not installed, ours have a little of them."""

_WHERE = "see docs/coming-from-jupyter-ai.md for what is supported"


def substitute_of(name: str, taken: tuple[str, ...]) -> ModuleType | None:
    """Return our module for one of Jupyter AI; None for any other module.

    Args:
        name: The module that is named.
        taken: The names behind ``import`` in a ``from`` statement.

    Raises:
        ImportError: It, or a name in it, is not supported; the message names it.
    """
    top = name.partition(".")[0]
    if top in LENT and importlib.util.find_spec(top) is None:
        return _lent(name, taken)
    if top not in TOPS:
        return None
    ours = _ours(name)
    if ours is None:
        real = _real(name, taken)
        if real is not None:
            return real
        raise ImportError(
            f"The module {name} of Jupyter AI is not supported by personas: {_WHERE}.", name=name
        )
    for inner in taken:
        if inner == "*" or hasattr(ours, inner) or _ours(f"{name}.{inner}") is not None:
            continue
        real = _real(name, (inner,))
        if real is None:
            raise ImportError(
                f"{inner} of {name} is not supported by personas: {_WHERE}.", name=name
            )
        setattr(ours, inner, getattr(real, inner))
    if taken:
        return ours
    return _ours(top)


def _ours(name: str) -> ModuleType | None:
    full = f"{_HERE}.{name}"
    try:
        return importlib.import_module(full)
    except ModuleNotFoundError as exc:
        if exc.name is not None and (full == exc.name or full.startswith(f"{exc.name}.")):
            return None
        raise


def _lent(name: str, taken: tuple[str, ...]) -> ModuleType | None:
    """Return our module if it has all that is wanted; else it is missed under its own name."""
    ours = _ours(name)
    if ours is None or not all(
        inner == "*" or hasattr(ours, inner) or _ours(f"{name}.{inner}") for inner in taken
    ):
        return None
    return ours if taken else _ours(name.partition(".")[0])


def _real(name: str, taken: tuple[str, ...]) -> ModuleType | None:
    """Return the module of Jupyter AI itself, if it is installed and has what is wanted."""
    try:
        module = importlib.import_module(name)
    except ImportError:
        return None
    return module if all(hasattr(module, inner) for inner in taken) else None
