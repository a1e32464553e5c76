"""Definitions as they travel in a chat file: small texts without secrets, read with suspicion."""

from __future__ import annotations

import base64
import binascii
import json
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from persona.core._avatar import is_symbol
from persona.core._check_servers import variables_of
from persona.core._definition import PersonaDefinition
from persona.core._errors import DefinitionError
from persona.core._portable_clean import Cleaner
from persona.core._portable_paths import is_absolute

MAX_PACKED = 1_800
"""Bytes that a definition takes in a chat file, as JSON writes it there."""

_LONGEST = 16_384
"""Characters of a text that are looked at; ours are far shorter."""

_LARGEST = 64 * 1024
"""Bytes of a text after decompression."""

_DEEPEST = 24
_KEYS = frozenset({"name", "engine", "model", "models", "context", "identity", "options"})
_COMPRESSED = "z:"
_MOST_LEFT_OUT = 60
_MOST_TOLD = 12
"""How many things that were left out are told one by one."""

_DROPPED = (
    ("identity", "description"),
    ("options",),
    ("models",),
    ("context", "skills_paths"),
    ("context", "mcp_servers"),
    ("model",),
    ("engine",),
)
"""What is left out of a definition that is too large even without its prompt, in this order."""


class PortableError(DefinitionError):
    """A text is no definition that can be used; the message says why."""


@dataclass(frozen=True, slots=True)
class Packed:
    """A definition that came with a chat. It is somebody else's: nothing of it was run.

    Attributes:
        definition: The definition.
        values: The same as plain data, without defaults.
        left_out: What it lacks of the original, in words.
    """

    definition: PersonaDefinition
    values: Mapping[str, Any]
    left_out: tuple[str, ...] = ()

    @property
    def variables(self) -> tuple[tuple[str, str], ...]:
        """The environment variables that it names, each with what needs it."""
        return tuple(dict.fromkeys(variables_of(self.definition)))


def pack_definition(definition: PersonaDefinition, *, limit: int = MAX_PACKED) -> str:
    """Return a definition as a text for a chat file.

    It says what the persona is: name, engine, models, context, identity, options. Never in
    it: secrets, the environment, absolute paths, where the definition came from. The image
    of its avatar is in the chat's users and not here. Called when a persona is used.

    Args:
        definition: The definition, with what it inherits.
        limit: Bytes that the text may take as a JSON string. Of what is larger, even
            compressed, the prompt is cut, then other parts are left out.
    """
    cleaner = Cleaner(definition)
    values = cleaner.values()
    text = ""
    told = tuple(cleaner.left_out)
    if len(told) > _MOST_TOLD:
        told = (*told[:_MOST_TOLD], f"{len(told) - _MOST_TOLD} other values")
    for smaller, left_out in _shrinking(values, told, limit):
        text = _encoded(smaller, left_out, limit)
        if stored_size(text) <= limit:
            break
    return text


def stored_size(text: str) -> int:
    """Return the bytes that a text takes in a chat file."""
    return len(json.dumps(text))


def unpack_definition(text: object) -> Packed:
    """Return the definition in a text of a chat file, which may be anybody's.

    Raises:
        PortableError: It is too large, broken, or no definition.
    """
    if not isinstance(text, str):
        raise PortableError("The definition in the chat is no text.")
    if len(text) > _LONGEST:
        raise PortableError("The definition in the chat is too large.")
    plain = _decompressed(text) if text.startswith(_COMPRESSED) else text
    try:
        data = json.loads(plain, parse_constant=_refuse)
    except (ValueError, RecursionError) as exc:
        raise PortableError("The definition in the chat is not JSON.") from exc
    if not isinstance(data, dict) or data.get("v") != 1 or _is_deep(data):
        raise PortableError("The definition in the chat is of an unknown form.")
    values, left_out = data.get("d"), data.get("left", [])
    if not isinstance(values, dict) or not values.keys() <= _KEYS:
        raise PortableError("The definition in the chat holds unknown keys.")
    if not isinstance(left_out, list) or not all(isinstance(part, str) for part in left_out):
        left_out = []
    try:
        definition = PersonaDefinition.model_validate(values)
    except ValidationError as exc:
        error = exc.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, error["loc"]))[:120]
        raise PortableError(
            f"The definition in the chat is not valid: {where}: {error['msg'][:200]}."
        ) from exc
    told = [part[:200] for part in left_out[:_MOST_LEFT_OUT]]
    paths = definition.context.skills_paths
    own = [path for path in paths if not (is_absolute(path) or path.startswith("~"))]
    if len(own) < len(paths):  # ours has none; they would lead anywhere on this machine
        values = {**values, "context": {**values["context"], "skills_paths": own}}
        values["context"].pop("skills", None)
        definition = PersonaDefinition.model_validate(values)
        told.append("paths of skills")
    avatar = definition.identity.avatar
    if avatar and not (is_symbol(avatar) or avatar.startswith(("http://", "https://"))):
        identity = {k: v for k, v in values["identity"].items() if k != "avatar"}
        values = {**values, "identity": identity}
        definition = PersonaDefinition.model_validate(values)
        told.append("the picture")
    return Packed(definition, values, tuple(told))


def _encoded(values: Mapping[str, Any], left_out: tuple[str, ...], limit: int) -> str:
    data: dict[str, Any] = {"v": 1, "d": values}
    if left_out:
        data["left"] = left_out[:_MOST_LEFT_OUT]
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    if stored_size(text) <= limit:
        return text
    plain = text.encode()
    if len(plain) > _LARGEST:
        return "x" * (limit + 1)  # nobody would read it again
    return _COMPRESSED + base64.b64encode(zlib.compress(plain, 9)).decode()


def _shrinking(
    values: dict[str, Any], left_out: tuple[str, ...], limit: int
) -> Iterator[tuple[dict[str, Any], tuple[str, ...]]]:
    """Yield ever smaller forms of a definition, each with what it lacks."""
    yield values, left_out
    prompt = values.get("context", {}).get("system_prompt")
    if prompt:
        cut = (*left_out, "end of the system prompt")
        # The longest beginning that fits; what is longer takes more, nearly always.
        low, high = 0, len(prompt)
        while low < high:
            middle = (low + high + 1) // 2
            text = _encoded(_with_prompt(values, prompt[:middle]), cut, limit)
            low, high = (middle, high) if stored_size(text) <= limit else (low, middle - 1)
        if low:
            yield _with_prompt(values, prompt[:low]), cut
        values, left_out = _with_prompt(values, None), (*left_out, "system prompt")
        yield values, left_out
    for path in _DROPPED:
        values, gone = _without(values, path)
        if gone:
            left_out = (*left_out, ".".join(path))
            yield values, left_out
    yield values, ("most of it",)
    yield {**values, "identity": {"name": values["name"]}}, ("most of it",)


def _with_prompt(values: dict[str, Any], prompt: str | None) -> dict[str, Any]:
    if prompt is None:
        return _without(values, ("context", "system_prompt"))[0]
    return {**values, "context": {**values["context"], "system_prompt": prompt}}


def _without(values: dict[str, Any], path: tuple[str, ...]) -> tuple[dict[str, Any], bool]:
    first, rest = path[0], path[1:]
    if first not in values:
        return values, False
    if not rest:
        return {key: value for key, value in values.items() if key != first}, True
    inner, gone = _without(values[first], rest)
    if not gone:
        return values, False
    others = {key: value for key, value in values.items() if key != first}
    return ({**others, first: inner} if inner else others), True


def _decompressed(text: str) -> str:
    try:
        packed = base64.b64decode(text.removeprefix(_COMPRESSED), validate=True)
        stream = zlib.decompressobj()
        plain = stream.decompress(packed, _LARGEST + 1)  # never more, whatever it claims to be
        if len(plain) > _LARGEST or not stream.eof or stream.unused_data:
            raise PortableError("The definition in the chat is too large or cut.")
        return plain.decode()
    except (binascii.Error, zlib.error, ValueError) as exc:
        raise PortableError("The definition in the chat cannot be decompressed.") from exc


def _is_deep(data: object) -> bool:
    level = [data]
    for _ in range(_DEEPEST):
        inner: list[object] = []
        for value in level:
            if isinstance(value, dict):
                inner += value.values()
            elif isinstance(value, list):
                inner += value
        if not inner:
            return False
        level = inner
    return True


def _refuse(_: str) -> None:
    raise ValueError("not a number of JSON")
