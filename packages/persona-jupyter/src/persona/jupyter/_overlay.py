"""Lays what was changed in a chat over what the files say."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field

from persona.core import (
    ChangeError,
    Changes,
    EngineError,
    EngineRegistry,
    PersonaDefinition,
    changed_definition,
    fitting_options,
)
from persona.jupyter._last_good import LiveView
from persona.jupyter._policy import Policy


@dataclass(frozen=True, slots=True)
class Changed:
    """A definition with what was changed in the chat.

    Attributes:
        definition: The result.
        left: Options that its engine does not take, so that they rest.
        fault: Why the changes have no effect, or None.
    """

    definition: PersonaDefinition
    left: tuple[str, ...] = field(default=())
    fault: str | None = None


class Overlay:
    """Makes the view of a chat from that of its folder.

    Args:
        registry: Engines; those that personas were moved to are imported.
        policy: What the server allows.
    """

    def __init__(self, registry: EngineRegistry, policy: Policy) -> None:
        self._registry = registry
        self._policy = policy

    def lay(self, files: LiveView, changes: Mapping[str, Changes]) -> LiveView:
        """Return ``files`` with the changes of each persona; blocking.

        What cannot be laid over a definition, as it has changed since, has no effect.
        """
        here = {slug: own for slug, own in changes.items() if own and slug in files.personas}
        if not here:
            return files
        result = copy.copy(files)
        personas, refused = dict(files.personas), dict(files.refused)
        for slug, own in here.items():
            personas[slug] = definition = self.changed(files.personas[slug], own).definition
            refusal = self._policy.refusal(definition)
            refused.pop(slug, None)
            if refusal is not None:
                refused[slug] = refusal
        result.personas, result.refused, result.changed = personas, refused, here
        return result

    def changed(self, definition: PersonaDefinition, own: Changes) -> Changed:
        """Return one definition with its changes; imports the engine that it was moved to."""
        try:
            changed = changed_definition(definition, own)
        except ChangeError as exc:
            return Changed(definition, fault=str(exc))
        chosen = {path.split(".")[1] for path in own if path.startswith("options.")}
        if changed.engine == definition.engine and not chosen:
            return Changed(changed)
        try:
            model = self._registry.load(changed.engine).options_model
        except EngineError:  # told when the persona is used
            return Changed(changed)
        moved = changed.engine != definition.engine
        former = self._keys(definition.engine) - chosen if moved else set()
        kept, left = fitting_options(model, changed.options, former)
        if not moved:  # what its file says wrong its engine tells
            left = [key for key in left if key in chosen]
            kept = {key: value for key, value in changed.options.items() if key not in left}
        return Changed(changed.model_copy(update={"options": kept}), tuple(left))

    def _keys(self, engine: str) -> set[str]:
        try:
            model = self._registry.load(engine).options_model
        except EngineError:  # the one that it had is not needed any more
            return set()
        return set() if model is None else set(model.model_fields)
