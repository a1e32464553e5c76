"""What of a definition may travel with a chat: no secrets, no environment, no absolute paths."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlunsplit

from persona.core._avatar import is_symbol
from persona.core._blanked import REFERENCE, is_reference
from persona.core._definition import PersonaDefinition
from persona.core._models import PersonaModel
from persona.core._portable_address import host_of, is_public, split_address
from persona.core._portable_scrub import Scrubber
from persona.core._portable_servers import ServerCleaner
from persona.core._secrets import looks_secret, secret_name

LONGEST_PROMPT = 16_000
"""Characters of a prompt that are looked at; more never fits."""

_ENVIRONMENT = frozenset({"env", "environment"})
_DEEPEST = 8


class Cleaner:
    """Takes out of one definition what must not travel.

    Args:
        definition: The definition, with what it inherits.
    """

    def __init__(self, definition: PersonaDefinition) -> None:
        self._definition = definition
        self._texts = Scrubber(definition)
        self._servers = ServerCleaner(self._texts)

    @property
    def left_out(self) -> list[str]:
        """What was taken out, in words."""
        return self._texts.left_out

    def values(self) -> dict[str, Any]:
        """Return what may travel, as plain data that makes a definition again."""
        d = self._definition
        found: dict[str, Any] = {"name": d.name, "engine": self._texts.text(d.engine, "engine")}
        models = [(d.model, "model"), *((m, f"model {n}") for n, m in enumerate(d.models, 2))]
        kept = [model for m, where in models if m and (model := self._model(m, where))]
        if kept:
            found["model"] = kept[0]
        if kept[1:]:
            found["models"] = kept[1:]
        context = self._context()
        if context:
            found["context"] = context
        found["identity"] = self._identity()
        options = self._mapping(d.options, "options", 0)
        if options:
            found["options"] = options
        for key in ("tool_preset", "bias_profile", "context_preset", "aggregation_strategy"):
            if getattr(d, key) is not None:
                self._texts.leave(key)
        return found

    # -- blocks ------------------------------------------------------------------

    def _model(self, model: PersonaModel, where: str) -> dict[str, Any] | None:
        # A path may stand behind the provider: ``local//home/ada/model``.
        inside = model.model_id.partition("/")[2]
        if self._texts.is_dirty(model.model_id) or self._texts.is_dirty(inside):
            self._texts.leave(where)
            return None
        values = model.model_dump(exclude_none=True)
        if model.model_url is not None:
            del values["model_url"]
            url = self._model_url(model.model_url, where)
            if url:
                values["model_url"] = url
        return values

    def _model_url(self, text: str, where: str) -> str | None:
        if REFERENCE.match(text):  # the variable may hold the scheme and the host
            if not self._texts.is_dirty(text) and not {"?", "@", "#"} & set(text):
                return text
            self._texts.leave(f"address of {where}")
            return None
        parts = split_address(text)
        if parts is None or not is_public(parts.netloc):
            self._texts.leave(f"address of {where}")
            return None
        url = urlunsplit(parts._replace(netloc=host_of(parts), query="", fragment=""))
        if self._texts.is_dirty(url):
            self._texts.leave(f"address of {where}")
            return None
        if url != text:
            self._texts.leave(f"part of the address of {where}")
        return url

    def _context(self) -> dict[str, Any]:
        context = self._definition.context
        found: dict[str, Any] = {}
        if context.system_prompt is not None:
            prompt = context.system_prompt[:LONGEST_PROMPT]
            found["system_prompt"] = self._texts.text(prompt, "part of the system prompt")
            if len(prompt) < len(context.system_prompt):
                self._texts.leave("end of the system prompt")
        servers = [
            server
            for number, given in enumerate(context.mcp_servers, 1)
            if (server := self._servers.clean(given, number))
        ]
        if servers:
            found["mcp_servers"] = servers
        paths = [
            p for p in context.skills_paths if not (p.startswith("~") or self._texts.is_dirty(p))
        ]
        if paths:
            found["skills_paths"] = paths
        if len(paths) < len(context.skills_paths):
            self._texts.leave("paths of skills")
        if context.history != "shared":
            found["history"] = context.history
        return found

    def _identity(self) -> dict[str, Any]:
        identity = self._definition.identity
        found = {"name": self._texts.text(identity.name, "part of the name")}
        if identity.avatar and is_symbol(identity.avatar):
            found["avatar"] = identity.avatar  # images are in the chat's users
        if identity.description is not None:
            found["description"] = self._texts.text(identity.description, "part of the description")
        return found

    # -- options -----------------------------------------------------------------

    def _mapping(self, values: Mapping[Any, Any], path: str, depth: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, value in values.items():
            if not isinstance(key, str) or self._texts.is_dirty(key):
                self._texts.leave(f"part of {path}")
                continue
            where = f"{path}.{key}"
            if key.casefold() in _ENVIRONMENT and isinstance(value, Mapping):
                texts = {k: str(v) for k, v in value.items() if isinstance(k, str)}
                found[key] = self._servers.pairs(texts, "", where)
            elif key == "command" and isinstance(value, str):
                found[key] = self._servers.command(value, "AGENT", where)
            elif self._may_travel(key, value, depth):
                found[key] = (
                    self._mapping(value, where, depth + 1) if isinstance(value, Mapping) else value
                )
            else:
                self._texts.leave(where)
        return found

    def _may_travel(self, key: str, value: Any, depth: int) -> bool:
        if isinstance(value, str):
            return is_reference(value) or not (
                looks_secret(key, value) or self._texts.is_dirty(value)
            )
        if value is None or isinstance(value, bool):
            return True
        if isinstance(value, int | float):
            return not looks_secret(key, value) and abs(value) < 1e15
        if depth >= _DEEPEST:
            return False
        if isinstance(value, list):
            return not secret_name(key) and all(self._fits_list(key, v, depth) for v in value)
        return isinstance(value, Mapping) and not secret_name(key)

    def _fits_list(self, key: str, value: Any, depth: int) -> bool:
        if not isinstance(value, Mapping):
            return self._may_travel(key, value, depth + 1)
        return all(
            isinstance(k, str) and not self._texts.is_dirty(k) and k.casefold() not in _ENVIRONMENT
            and self._may_travel(k, v, depth + 1)
            and (not isinstance(v, Mapping) or self._fits_list(k, v, depth + 1))
            for k, v in value.items()
        )  # fmt: skip
