"""What the replies of one persona in one chat took, from the notes on its messages."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from persona.core import note

if TYPE_CHECKING:
    from jupyterlab_chat.models import Message

    from persona.core import PersonaDefinition


@dataclass(frozen=True, slots=True)
class ChatUsage:
    """Sums over a chat; None for what nobody told.

    Attributes:
        input_tokens: Tokens sent, by all replies together.
        output_tokens: Tokens received.
        cost: US dollars.
        context_used: Tokens that the conversation took in the model's window at the last reply;
            None after another engine or model was chosen.
        context_size: Tokens that the window has.
    """

    input_tokens: int = 0
    output_tokens: int = 0
    cost: float | None = None
    context_used: int | None = None
    context_size: int | None = None


def usage_of(
    messages: Iterable[Message], senders: Iterable[str], now: PersonaDefinition
) -> ChatUsage | None:
    """Return what a persona's replies took, None if no engine has told.

    Args:
        messages: The chat.
        senders: All ids that the persona has had.
        now: What it is now.
    """
    ids = frozenset(senders)
    notes = [note(m) for m in messages if m.sender in ids]
    told = [n for n in notes if isinstance(n.get("usage"), Mapping)]
    if not told:
        return None
    used = [n["usage"] for n in told]
    costs = [c for u in used if (c := _number(u.get("cost"))) is not None]
    last, engine = used[-1], told[-1].get("engine")
    model = now.model.model_id if now.model is not None else None
    # Without a model of its own, it is the agent that chooses one.
    same = engine == now.engine and (model is None or told[-1].get("model", model) == model)
    return ChatUsage(
        input_tokens=sum(_count(u.get("input_tokens")) or 0 for u in used),
        output_tokens=sum(_count(u.get("output_tokens")) or 0 for u in used),
        cost=math.fsum(costs) if costs else None,
        context_used=_count(last.get("context_used")) if same else None,
        context_size=_count(last.get("context_size")) if same else None,
    )


def _number(value: Any) -> float | None:
    # RTC keeps numbers as floats, and a chat file may hold anything.
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) and 0 <= number < 1e15 else None


def _count(value: Any) -> int | None:
    number = _number(value)
    return None if number is None else int(number)
