"""From what authors give as tools to functions that a model may call."""

from __future__ import annotations

import asyncio
import inspect
import json
from collections.abc import Callable, Mapping
from typing import Any

from pydantic import BaseModel, Field, create_model

from persona.core import Function, TurnError


def function_of(tool: Any) -> Function:
    """Return a Python function, or a LangChain tool, in the form that engines take.

    Args:
        tool: A function with type hints and a docstring, sync (then it runs in a thread) or
            async; or an object with ``name``, ``description``, ``args_schema`` and ``ainvoke``.

    Raises:
        TurnError: It is neither.
    """
    if isinstance(tool, Function):
        return tool
    name = getattr(tool, "name", None)
    invoke = getattr(tool, "ainvoke", None)
    if isinstance(name, str) and invoke is not None:
        return Function(name, str(getattr(tool, "description", "")), _invoking(invoke), _of(tool))
    if callable(tool):
        return _of_function(tool)
    raise TurnError(
        f"A {type(tool).__name__} was given as a tool.",
        fix="Give a function with type hints and a docstring.",
        kind="contract",
    )


def _of_function(tool: Callable[..., Any]) -> Function:
    name = getattr(tool, "__name__", type(tool).__name__)
    fields: dict[str, Any] = {}
    for parameter in inspect.signature(tool, eval_str=True).parameters.values():
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            continue
        hint = str if parameter.annotation is parameter.empty else parameter.annotation
        default = ... if parameter.default is parameter.empty else parameter.default
        fields[parameter.name] = (hint, Field(default))
    model: type[BaseModel] = create_model(f"{name}_arguments", **fields)
    schema = model.model_json_schema()
    schema.pop("title", None)

    async def call(arguments: dict[str, Any]) -> str:
        checked = model.model_validate(arguments)
        values = {key: getattr(checked, key) for key in model.model_fields}
        if inspect.iscoroutinefunction(tool):
            return _text(await tool(**values))
        result = await asyncio.to_thread(tool, **values)
        return _text(await result if inspect.isawaitable(result) else result)

    return Function(name, inspect.getdoc(tool) or name, call, schema)


def _invoking(invoke: Callable[[dict[str, Any]], Any]) -> Callable[[dict[str, Any]], Any]:
    async def call(arguments: dict[str, Any]) -> str:
        return _text(await invoke(arguments))

    return call


def _of(tool: Any) -> Mapping[str, Any]:
    schema = getattr(tool, "args_schema", None)
    if isinstance(schema, Mapping):
        return schema
    if isinstance(schema, type) and issubclass(schema, BaseModel):
        return schema.model_json_schema()
    return {"type": "object", "properties": dict(getattr(tool, "args", {}) or {})}


def _text(result: Any) -> str:
    if isinstance(result, str):
        return result
    content = getattr(result, "content", None)
    if isinstance(content, str):
        return content
    return json.dumps(result, ensure_ascii=False, default=str)
