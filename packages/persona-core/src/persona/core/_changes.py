"""What people change of a persona in one chat, laid over its definition."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from persona.core._definition import PersonaDefinition
from persona.core._merge import copy_plain
from persona.core._models import PersonaModel

Changes = Mapping[str, Any]
"""New values by dotted path, such as ``model.model_id``; None takes an option away."""

_Block = TypeVar("_Block", bound=BaseModel)

_FIXED = frozenset(
    {
        "engine",
        "context.system_prompt",
        "identity.name",
        "model.model_id",
        "model.temperature",
        "model.top_p",
        "model.max_output_tokens",
    }
)
BLOCKS = {
    "engine": ("engine",),
    "model": ("model",),
    "system-prompt": ("context.system_prompt",),
    "name": ("identity.name",),
    "options": ("options",),
}
"""What people call the parts that can be changed, and the paths below which they lie."""


class ChangeError(ValueError):
    """A change that cannot be made; the message says why in one line."""


def changed_definition(definition: PersonaDefinition, changes: Changes) -> PersonaDefinition:
    """Return a definition with values of one chat in place of its own.

    Called for each persona that was changed in a chat, whenever the chat or the definition
    is read. What the file says besides stays, and it still knows where it comes from.

    Args:
        definition: As the files say it.
        changes: The new values.

    Raises:
        ChangeError: A path that cannot be changed, or a value that is not possible.
    """
    update: dict[str, Any] = {}
    for path, value in changes.items():
        if path not in _FIXED and not path.startswith("options."):
            raise ChangeError(f"{path!r} cannot be changed in a chat.")
        block, _, rest = path.partition(".")
        now = update.get(block, getattr(definition, block))
        if block == "engine":
            update[block] = _text(path, value)
        elif block == "options":
            update[block] = copy_plain(now)
            _put(update[block], rest.split("."), value)
        elif block == "model":
            update[block] = _changed(PersonaModel, _for_model(now, rest, value), path)
        else:
            update[block] = _changed(type(now), {**dict(now), rest: value}, path)
    return definition.model_copy(update=update) if update else definition


def fitting_options(
    model: type[BaseModel] | None,
    options: Mapping[str, Any],
    former: Collection[str] = (),
) -> tuple[dict[str, Any], list[str]]:
    """Return the options that an engine takes, and the keys of those that it does not.

    Called when a persona moves to another engine: what was written for the one is not
    known to the other.

    Args:
        model: The engine's own model of its options; None takes all.
        options: The options.
        former: Keys that the engine before names. What only that one names is left, also if
            the new one takes anything: it would reach a model's server.
    """
    named = set() if model is None else set(model.model_fields)
    left = [key for key in options if key in former and key not in named]
    kept = {key: value for key, value in options.items() if key not in left}
    while model is not None and kept:
        try:
            model.model_validate(kept)
            break
        except ValidationError as exc:
            wrong = {str(error["loc"][0]) for error in exc.errors() if error["loc"]} & kept.keys()
            if not wrong:
                break  # something is missing: the engine says what
            left += [key for key in kept if key in wrong]
            kept = {key: value for key, value in kept.items() if key not in wrong}
        except Exception:  # boundary: a plugin's model may raise anything; its engine tells
            break
    return kept, left


def value_at(definition: PersonaDefinition, path: str) -> Any:
    """Return what a definition says at a dotted path that can be changed, or None."""
    value: Any = definition
    for key in path.split("."):
        value = value.get(key) if isinstance(value, Mapping) else getattr(value, key, None)
    return value


def lies_below(path: str, block: str) -> bool:
    """Whether a path belongs to what people call ``block``, one of `BLOCKS`."""
    return any(path == top or path.startswith(f"{top}.") for top in BLOCKS[block])


def _text(path: str, value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ChangeError(f"{path} must be a text.")
    return value.strip()


def _for_model(model: PersonaModel | None, key: str, value: object) -> dict[str, Any]:
    data: dict[str, Any] = {} if model is None else model.model_dump()
    if key != "model_id":
        return {**data, key: value}
    new = PersonaModel(model_id=_text("The model", value))
    if model is not None and new.provider != model.provider:
        data.pop("model_url")  # an address belongs to the provider that it was written for
    return {**data, key: new.model_id}


def _changed(block: type[_Block], data: dict[str, Any], path: str) -> _Block:
    try:
        return block.model_validate(data)
    except ValidationError as exc:
        first = exc.errors(include_url=False, include_input=False)[0]
        raise ChangeError(f"{path}: {first['msg']}.") from exc


def _put(options: dict[str, Any], keys: list[str], value: object) -> None:
    *parents, last = keys
    for key in parents:
        inner = options.get(key)
        inner = options[key] = {} if not isinstance(inner, dict) else inner
        options = inner
    if value is None:
        options.pop(last, None)
    else:
        options[last] = value
