"""Whether a persona or an engine can run here, without starting anything."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, cast

from persona.core import (
    Absent,
    BasePersona,
    EngineEntry,
    EngineError,
    EngineRegistry,
    EngineSupport,
    PersonaDefinition,
    PersonaEngine,
    PersonaModel,
    Untrusted,
)

if TYPE_CHECKING:
    from jupyterlab_chat.models import BaseChatModel

NO_CHAT = cast("BaseChatModel", None)
"""A persona that is only looked at touches no chat."""


@dataclass(frozen=True, slots=True)
class State:
    """An answer to "can it run?".

    Attributes:
        word: ``broken`` if a package or file has to be repaired, ``untrusted`` if it waits for
            its user's trust, ``unavailable`` if something is missing to run.
        detail: Why it is not ready, one line with what to do; of an engine that is ready
            also the options without which no persona can use it. Else None.
        support: What the engine honours, if it could be asked.
    """

    word: Literal["ready", "unavailable", "untrusted", "broken"]
    detail: str | None = None
    support: EngineSupport | None = None


def state_of_persona(
    definition: PersonaDefinition, registry: EngineRegistry, untrusted: Untrusted | None = None
) -> State:
    """Return the state of a persona; imports its engine's class, starts nothing.

    Args:
        definition: The persona.
        registry: The engines.
        untrusted: Why it waits for trust; then code of its own is not imported.
    """
    if untrusted is not None:
        told = f"{untrusted.detail} See it with: jupyter persona trust"
        asked = state_of_persona(definition, registry) if definition.code is None else None
        return State("untrusted", told, asked.support if asked is not None else None)
    try:
        persona = BasePersona.from_definition(definition, ychat=NO_CHAT, registry=registry)
        return _answer(persona.engine.support())
    except EngineError as exc:
        return State("unavailable", str(exc))
    except Exception as exc:  # boundary: a plugin's engine may raise anything
        return State("broken", f"Its engine failed: {type(exc).__name__}: {exc}")


def state_of_absent(absent: Absent, registry: EngineRegistry) -> State:
    """Return the state of a default persona that is not there: what its engine says of that."""
    state = state_of_persona(absent.definition, registry)
    why = f"{absent.why.what} {absent.why.fix}"
    detail = state.detail if state.word != "ready" and state.detail else why
    return replace(state, word="unavailable", detail=detail)


def state_of_engine(entry: EngineEntry, registry: EngineRegistry) -> State:
    """Return the state of an engine, asked for a persona that names a model and nothing else.

    One that every persona must give options to is asked without a persona.
    """
    try:
        engine = registry.create(entry.id)
        if needed := _needed_options(engine):
            state = _answer(engine.support())
            return State(state.word, state.detail or f"needs {needed}.", state.support)
        BasePersona(ychat=NO_CHAT, engine=engine, model=PersonaModel(model_id="any/model"))
        return _answer(engine.support())
    except EngineError as exc:
        return State("broken", str(exc))
    except Exception as exc:  # boundary: a plugin's engine may raise anything
        return State("broken", f"{type(exc).__name__}: {exc}")


def _needed_options(engine: PersonaEngine) -> str:
    """Return the options that have no default, as they stand in a persona file."""
    model = engine.options_model
    fields = {} if model is None else model.model_fields
    needed = (field.alias or name for name, field in fields.items() if field.is_required())
    return ", ".join(f"options.{name}" for name in needed)


def _answer(support: EngineSupport) -> State:
    if support.ready:
        return State("ready", None, support)
    detail = " ".join(f"{missing.what} {missing.fix}" for missing in support.missing)
    return State("unavailable", detail, support)
