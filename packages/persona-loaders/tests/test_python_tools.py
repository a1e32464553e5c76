"""What authors stream, and what they give a model as tools."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from pydantic import BaseModel

from persona.core import Text, TurnError
from persona.loaders.python._callables import function_of
from persona.loaders.python._chunks import as_events, text_of


@pytest.mark.parametrize(
    ("chunk", "text"),
    [
        ("a", "a"),
        (None, ""),
        ({"choices": [{"delta": {"content": "a"}}]}, "a"),
        ({"choices": [{"message": {"content": "a"}}]}, "a"),
        ({"choices": [{"delta": {}}]}, ""),
        ({"choices": []}, ""),
        (SimpleNamespace(content="a"), "a"),
        (SimpleNamespace(content=[{"type": "text", "text": "a"}, "b", {"type": "image"}]), "ab"),
    ],
)
def test_chunks_of_each_kind_give_their_text(chunk: Any, text: str) -> None:
    assert text_of(chunk) == text


def test_events_are_given_back_and_other_things_refused() -> None:
    event = Text("a")
    assert text_of(event) is event
    with pytest.raises(TurnError, match="int where text belongs"):
        text_of(3)


async def test_streams_of_each_kind_are_read() -> None:
    async def words() -> Any:
        yield "a"
        yield "b"

    async def later() -> Any:
        return words()

    for stream in (words(), later(), ["a", "b"], iter("ab")):
        assert [event async for event in as_events(stream)] == ["a", "b"]
    assert [event async for event in as_events("ab")] == ["ab"]
    with pytest.raises(TurnError, match="no stream"):
        [event async for event in as_events(3)]


async def test_functions_become_tools() -> None:
    def add(one: int, other: int = 2) -> int:
        """Add two numbers."""
        return one + other

    async def shout(text: str) -> str:
        """Say it loudly."""
        return text.upper()

    tool = function_of(add)
    assert (tool.name, tool.description) == ("add", "Add two numbers.")
    assert tool.parameters["properties"]["one"]["type"] == "integer"
    assert tool.parameters["required"] == ["one"]
    assert await tool.call({"one": "3"}) == "5"
    assert await function_of(shout).call({"text": "a"}) == "A"
    with pytest.raises(ValueError, match="one"):
        await tool.call({})


async def test_tools_of_langchain_become_tools() -> None:
    class Arguments(BaseModel):
        text: str

    async def invoke(arguments: dict[str, Any]) -> Any:
        return SimpleNamespace(content=arguments["text"].upper())

    tool = function_of(
        SimpleNamespace(name="shout", description="d", args_schema=Arguments, ainvoke=invoke)
    )
    assert tool.parameters["required"] == ["text"]
    assert await tool.call({"text": "a"}) == "A"
    with pytest.raises(TurnError, match="int was given as a tool"):
        function_of(3)
