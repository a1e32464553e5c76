"""Commands that show and change the blocks of one persona in one chat."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from persona.core import BLOCKS, ChangeError, DefinitionError, value_at
from persona.jupyter import _block_notices as notices
from persona.jupyter._carried_save import save_named
from persona.jupyter._choices import engines_here, models_here, modes_of, options_of
from persona.jupyter._saving import save_changes
from persona.jupyter._target import addressed
from persona.loaders import parse_value

if TYPE_CHECKING:
    from jupyterlab_chat.models import Message

    from persona.jupyter._blocks import Change
    from persona.jupyter._manager import PersonaManager

Run = Callable[["PersonaManager", str, "Message"], Awaitable[str]]
_Work = Callable[["PersonaManager", str, str], Awaitable[str]]


def _for_one(work: _Work) -> Run:
    """Return a command for one persona; what cannot be done is answered in the chat."""

    async def run(manager: PersonaManager, rest: str, message: Message) -> str:
        try:
            slug, text = addressed(manager, rest, message)
            return await work(manager, slug, text)
        except ChangeError as exc:
            return notices.refused(str(exc))

    return run


async def _engine(manager: PersonaManager, slug: str, text: str) -> str:
    if not text:
        return notices.engines(*_of(manager, slug, "engine"), list(engines_here(manager, slug)))
    change = await manager.blocks.change(slug, {"engine": text.strip("`")})
    manager.prepare_soon(slug)  # what it lacks is found out now, not with the next message
    return notices.changed(change)


async def _model(manager: PersonaManager, slug: str, text: str) -> str:
    if not text:
        return notices.models(*_of(manager, slug, "model.model_id"), models_here(manager, slug))
    model = text.strip("`")
    if len(model.split()) > 1 and model not in models_here(manager, slug):
        raise ChangeError("The name of a model has no spaces. Write `/model @Name provider/model`.")
    return notices.changed(await manager.blocks.change(slug, {"model.model_id": model}))


async def _mode(manager: PersonaManager, slug: str, text: str) -> str:
    modes = modes_of(manager, slug)
    if text:
        change = await manager.blocks.change(slug, {"options.mode": _mode_id(text, modes)})
        return notices.changed(change)
    return notices.modes(*_of(manager, slug, "options.mode"), modes)


def _mode_id(text: str, modes: dict[str, str]) -> str:
    wanted = text.strip("`").casefold()
    return next((id_ for id_, name in modes.items() if name.casefold() == wanted), text.strip("`"))


async def _options(manager: PersonaManager, slug: str, text: str) -> str:
    if not text:
        name = manager.view.personas[slug].identity.name
        return notices.options(name, await options_of(manager, slug))
    values = {f"options.{key}": value for key, value in _settings(text).items()}
    return notices.changed(await manager.blocks.change(slug, values))


def _settings(text: str) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for word in _words(text):
        key, equals, value = word.partition("=")
        if not (equals and key.strip(".")):
            raise ChangeError(f"{word[:60]!r} is not of the form key=value.")
        try:
            values[key] = parse_value(value)
        except DefinitionError as exc:
            raise ChangeError(f"The value of {key[:60]} cannot be read: {exc}") from exc
    return values


def _words(text: str) -> list[str]:
    """Split at white space, but not within quotes and brackets."""
    words, word, quote, depth = list[str](), "", "", 0
    for char, before in zip(text, f" {text}", strict=False):
        if quote:
            quote = "" if char == quote and before != "\\" else quote
        elif char in "\"'" and (before in "=[{,:(" or before.isspace()):
            quote = char  # not the apostrophe in a word
        elif char in "[{" and (depth or before == "="):
            depth += 1
        elif char in "]}":
            depth = max(depth - 1, 0)
        if char.isspace() and not quote and not depth:
            words.append(word)
            word = ""
        else:
            word += char
    found = [word for word in (*words, word) if word]
    return [w[1:-1] if w[0] in "\"'" and w[-1] == w[0] else w for w in found]


async def _prompt(manager: PersonaManager, slug: str, text: str) -> str:
    if not text:
        return notices.prompt(*_of(manager, slug, "context.system_prompt"))
    return notices.changed(await manager.blocks.change(slug, {"context.system_prompt": text}))


async def _rename(manager: PersonaManager, slug: str, text: str) -> str:
    if not text:
        raise ChangeError("Write the new name after the old one: `/rename @Old New Name`.")
    return notices.changed(await manager.blocks.change(slug, {"identity.name": text}))


async def _reset(manager: PersonaManager, slug: str, text: str) -> str:
    return notices.reset(await manager.blocks.reset(slug, text.split()))


async def _save(manager: PersonaManager, slug: str, text: str) -> str:
    return notices.saved(await save_changes(manager, slug, text.strip("`")))


async def _save_any(manager: PersonaManager, rest: str, message: Message) -> str:
    """Save changes, or a persona that only the chat brings."""
    said = await save_named(manager, rest, message)
    return await _for_one(_save)(manager, rest, message) if said is None else said


async def _keep(manager: PersonaManager, slug: str, text: str) -> str:
    change: Change = await manager.blocks.accept(slug)
    return notices.changed(change)


def _of(manager: PersonaManager, slug: str, path: str) -> tuple[str, Any, Any]:
    """Return name, value in this chat, and value of the file."""
    now, file = manager.view.personas[slug], manager.personas.files.personas[slug]
    return now.identity.name, value_at(now, path), value_at(file, path)


RUN: dict[str, tuple[str, Run]] = {
    "/engine": ("Show or change the engine of a persona: /engine @Name id", _for_one(_engine)),
    "/model": (
        "Show or change the model of a persona: /model @Name provider/model",
        _for_one(_model),
    ),
    "/mode": ("Show or change the mode of a persona's agent: /mode @Name mode", _for_one(_mode)),
    "/options": (
        "Show or change options of a persona: /options @Name key=value",
        _for_one(_options),
    ),
    "/system-prompt": (
        "Show or change the prompt of a persona: /system-prompt @Name text",
        _for_one(_prompt),
    ),
    "/rename": ("Give a persona another name: /rename @Name New Name", _for_one(_rename)),
    "/reset": (
        f"Take back what was changed in this chat: /reset @Name [{'|'.join(BLOCKS)}]",
        _for_one(_reset),
    ),
    "/save": (
        "Write what was changed in this chat into the persona's file: /save @Name",
        _save_any,
    ),
    "/keep-changes": (
        "Use what was changed in this chat on another server: /keep-changes @Name",
        _for_one(_keep),
    ),
}
"""By name: one line for the menu, and what it does."""
