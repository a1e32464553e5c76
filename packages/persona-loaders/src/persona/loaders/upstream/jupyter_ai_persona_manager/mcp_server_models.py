"""MCP servers as Jupyter AI writes them: headers and environment as lists of name and value."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field


class EnvVariable(BaseModel):
    """A variable of the environment."""

    name: str
    value: str


class HttpHeader(BaseModel):
    """A header."""

    name: str
    value: str


class McpServerStdio(BaseModel):
    """A server that is a program."""

    args: list[str] = Field(default_factory=list)
    command: str
    env: list[EnvVariable] = Field(default_factory=list)
    name: str


class McpServerHttp(BaseModel):
    """A server at an address."""

    type: Literal["http"] = "http"
    headers: list[HttpHeader] = Field(default_factory=list)
    name: str
    url: str


class McpSettings(BaseModel):
    """All servers."""

    mcp_servers: list[McpServerStdio | McpServerHttp] = Field(default_factory=list)
