"""The data of the five blocks: model, context, identity (options is a plain mapping).

The field names are those of the New Persona API proposal of Jupyter AI. MCP servers
follow the schema of the Agent Client Protocol (``session/new``); the shorter forms
that people write are accepted too.
"""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    field_validator,
    model_validator,
)

_ENV = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")


class Block(BaseModel):
    """Base of the block models: immutable, unknown keys refused.

    Empty lists and mappings are made by a factory, because pydantic copies a default with
    great care; the schema tells them all the same.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, protected_namespaces=())


class PersonaModel(Block):
    """Which language model a persona uses, and how."""

    model_id: str = Field(
        min_length=1,
        description="Model in LiteLLM's provider/model form, e.g. ollama/llama3.1.",
    )
    model_url: str | None = Field(
        default=None, description="Base URL of the server that offers the model."
    )
    temperature: float | None = Field(default=None, ge=0, description="Randomness of the answers.")
    top_p: float | None = Field(default=None, ge=0, le=1, description="Nucleus sampling.")
    max_output_tokens: int | None = Field(
        default=None, gt=0, description="Longest answer, in tokens."
    )

    @property
    def provider(self) -> str | None:
        """What stands before the first slash, or None if there is none."""
        return self.model_id.partition("/")[0] if "/" in self.model_id else None

    @property
    def model(self) -> str:
        """What stands behind the provider."""
        return self.model_id.partition("/")[2] if "/" in self.model_id else self.model_id


def _pairs(value: Any) -> Any:
    """Turn ACP's list of ``{name, value}`` into a mapping; leave the rest to pydantic."""
    if isinstance(value, list) and all(
        isinstance(item, Mapping) and set(item) == {"name", "value"} for item in value
    ):
        return {item["name"]: item["value"] for item in value}
    if isinstance(value, Mapping):
        return {k: str(v) if isinstance(v, int | float) else v for k, v in value.items()}
    return value


class McpServer(Block):
    """An MCP server. Called itself, it makes a `McpServerStdio` or a `McpServerHttp`."""

    name: str = Field(min_length=1, description="Name shown to the user and the model.")

    def __new__(cls, **data: Any) -> McpServer:
        kind = cls
        if cls is McpServer:
            kind = McpServerStdio if _server_kind(data) == "stdio" else McpServerHttp
        return super().__new__(kind)

    if TYPE_CHECKING:  # what it takes depends on the kind

        def __init__(self, **data: Any) -> None: ...


class McpServerStdio(McpServer):
    """An MCP server that is started as a process and spoken to over its pipes."""

    type: Literal["stdio"] = "stdio"
    command: str = Field(min_length=1, description="Program to start.")
    args: list[str] = Field(
        default_factory=list, json_schema_extra={"default": []}, description="Its arguments."
    )
    env: dict[str, str] = Field(
        default_factory=dict,
        json_schema_extra={"default": {}},
        description="Its extra environment. ${NAME} takes a value from the server's.",
    )

    _env = field_validator("env", mode="before")(_pairs)


class McpServerHttp(McpServer):
    """An MCP server that is reached over HTTP (streamable HTTP; ``sse`` for old ones)."""

    type: Literal["http", "sse"] = "http"
    url: str = Field(pattern=r"^https?://", description="Address of the server.")
    headers: dict[str, str] = Field(
        default_factory=dict,
        json_schema_extra={"default": {}},
        description="Extra headers. ${NAME} takes a value from the environment.",
    )

    _headers = field_validator("headers", mode="before")(_pairs)


def _server_kind(value: Any) -> str:
    if type(value) is dict or isinstance(value, Mapping):
        kind = value.get("type")
        if kind is None:
            return "stdio" if "command" in value or "url" not in value else "http"
        return "stdio" if kind == "stdio" else "http"
    return "stdio" if isinstance(value, McpServerStdio) else "http"


_AnyServer = Annotated[
    Annotated[McpServerStdio, Tag("stdio")] | Annotated[McpServerHttp, Tag("http")],
    Discriminator(_server_kind),
]

_HTTP_SPELLINGS = {"streamable-http", "streamable_http", "streamableHttp", "streamableHTTP"}


class PersonaContext(Block):
    """What a persona knows and can use: prompt, MCP servers, skills, history."""

    system_prompt: str | None = Field(default=None, description="Instructions for the model.")
    mcp_servers: list[_AnyServer] = Field(
        default_factory=list,
        json_schema_extra={"default": []},
        description="MCP servers that only this persona may use.",
    )
    skills_paths: list[str] = Field(
        default_factory=list,
        json_schema_extra={"default": []},
        description="Folders of Agent Skills (SKILL.md), or patterns; `skills` is accepted too.",
    )
    history: Literal["shared", "isolated"] = Field(
        default="shared",
        description="shared: sees the whole chat. isolated: only what it was asked and said.",
    )

    @model_validator(mode="before")
    @classmethod
    def _accept_skills(cls, data: Any) -> Any:
        if isinstance(data, Mapping) and "skills" in data and "skills_paths" not in data:
            data = dict(data)
            data["skills_paths"] = data.pop("skills")
        return data

    @field_validator("skills_paths", mode="before")
    @classmethod
    def _one_or_many(cls, value: Any) -> Any:
        if value is None:
            return []
        return [value] if isinstance(value, str) else value

    @field_validator("mcp_servers", mode="before")
    @classmethod
    def _named_or_listed(cls, value: Any) -> Any:
        if value is None:
            return []
        if isinstance(value, Mapping):
            value = [
                {"name": name, **server} if isinstance(server, Mapping) else server
                for name, server in value.items()
            ]
        if not isinstance(value, list):
            return value
        return [
            {**s, "type": "http"}
            if (type(s) is dict or isinstance(s, Mapping)) and str(s.get("type")) in _HTTP_SPELLINGS
            else s
            for s in value
        ]

    @field_validator("mcp_servers", mode="after")
    @classmethod
    def _names_differ(cls, value: list[_AnyServer]) -> list[_AnyServer]:
        names = [server.name for server in value]
        doubled = sorted({name for name in names if names.count(name) > 1})
        if doubled:
            raise ValueError(f"two MCP servers are named {doubled[0]!r}")
        return value


class PersonaIdentity(Block):
    """How a persona appears in the chat."""

    name: str = Field(min_length=1, max_length=80, description="Name shown in the chat.")
    avatar: str | None = Field(
        default=None, description="Image file beside the definition, URL, data: URI, or emoji."
    )
    description: str | None = Field(default=None, description="One line shown in menus.")

    @field_validator("name")
    @classmethod
    def _one_line(cls, value: str) -> str:
        if value.isprintable() and "  " not in value and value == value.strip() != "":
            return value
        value = " ".join(value.split())
        value = "".join(char for char in value if unicodedata.category(char) != "Cc")
        if all(unicodedata.category(char)[0] in "CZ" for char in value):  # nothing to be seen
            raise ValueError("the name is blank")
        return value


def expand_env(text: str, environ: Mapping[str, str] | None = None) -> str:
    """Replace each ``${NAME}`` by that environment variable.

    Called by engines when they start something, never when a file is read, so that
    no secret gets into a definition, a chat or a log.

    Raises:
        KeyError: A variable is not set; the name is the error's argument.
    """
    env = os.environ if environ is None else environ
    return _ENV.sub(lambda match: env[match.group(1)], text)


def missing_env(text: str, environ: Mapping[str, str] | None = None) -> tuple[str, ...]:
    """Return the variables that `expand_env` would need and that are not set."""
    env = os.environ if environ is None else environ
    return tuple(dict.fromkeys(name for name in _ENV.findall(text) if name not in env))
