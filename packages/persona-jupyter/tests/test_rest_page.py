"""The page on REST and events: it names what is there, and what it shows runs."""

from __future__ import annotations

import asyncio
import inspect
import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from jupyter_server.base.handlers import path_regex
from tornado.httpclient import AsyncHTTPClient, HTTPResponse
from tornado.web import RequestHandler

from persona.jupyter import _events as events
from persona.jupyter._handlers import HANDLERS

PAGE = (Path(__file__).parents[3] / "docs" / "rest-and-events.md").read_text(encoding="utf-8")
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
CHANGING = [method for method in METHODS if method != "GET"]


def _methods(handler: type[RequestHandler]) -> list[str]:
    missing = RequestHandler._unimplemented_method
    return [
        method
        for method in METHODS
        if method in handler.SUPPORTED_METHODS
        and inspect.getattr_static(handler, method.lower()) is not missing
    ]


def _readable(pattern: str) -> str:
    plain = pattern.replace(path_regex, "/{path}").replace("/([^/]+)", "/{slug}")
    return re.sub(r"\(\?P<(\w+)>[^)]*\)", r"{\1}", plain)


ROUTES = sorted(
    (method, _readable(pattern)) for pattern, handler in HANDLERS for method in _methods(handler)
)
"""What is registered: method and path."""


def _address(path: str) -> str:
    path = path.replace("{path}", ".jupyter/personas/ada.persona.md").replace("{slug}", "ada")
    return path.removeprefix("/api/personas").replace("{checkpoint_id}", "checkpoint")


async def _send(server: Any, method: str, path: str, headers: dict[str, str]) -> HTTPResponse:
    return await AsyncHTTPClient().fetch(
        f"http://{server.address}api/personas{_address(path)}",
        method=method,
        headers=headers,
        body="{}" if method in CHANGING else None,
        allow_nonstandard_methods=True,
        raise_error=False,
        follow_redirects=False,
    )


def test_every_route_is_on_the_page_and_nothing_else() -> None:
    named = re.findall(r"^### `([A-Z]+) (/api/personas\S*)`$", PAGE, flags=re.MULTILINE)
    assert sorted(named) == ROUTES


def test_every_key_of_the_events_is_on_the_page() -> None:
    folder = Path(events.__file__).with_name("event_schemas")
    for schema, file in events._SCHEMAS.items():
        assert schema in PAGE
        found = yaml.safe_load((folder / file).read_text(encoding="utf-8"))
        name = schema.split("/")[-2]
        section = PAGE.split(f"### `{name}`")[1].split("\n### ")[0]
        assert [key for key in found["properties"] if f"`{key}`" not in section] == []
        words = found["properties"].get("state", {}).get("enum", [])
        assert [word for word in words if f"`{word}`" not in section] == []


async def test_every_key_of_a_persona_is_on_the_page(
    write: Any, open_chat: Any, server: Any
) -> None:
    write("ada", "engine: parrot\nidentity:\n  name: Ada")
    chat = await open_chat()
    await chat.ask("@Ada hello")
    told = json.loads((await server.fetch("?path=a.chat")).body)
    (ada,) = told["personas"]
    assert [key for key in (*told, *ada) if f"`{key}`" not in PAGE] == []
    choices = json.loads((await server.fetch("/choices?path=a.chat&slug=ada")).body)
    assert [key for key in choices if f"`{key}`" not in PAGE] == []


@pytest.mark.parametrize(("method", "path"), ROUTES)
async def test_route_is_refused_without_the_token(
    server: Any, service: Any, write: Any, method: str, path: str
) -> None:
    file = write("ada", "engine: parrot\nidentity:\n  name: Ada\n  avatar: 🔬")
    before = file.read_bytes()
    answer = await _send(server, method, path, {})
    assert answer.code == 403
    assert b"Ada" not in answer.body
    assert file.read_bytes() == before


@pytest.mark.parametrize(("method", "path"), [route for route in ROUTES if route[0] in CHANGING])
async def test_route_that_changes_something_needs_xsrf_from_a_browser(
    server: Any, service: Any, method: str, path: str
) -> None:
    login = await AsyncHTTPClient().fetch(
        f"http://{server.address}api/me?token={server.token}", raise_error=False
    )
    cookies = dict(c.split(";")[0].split("=", 1) for c in login.headers.get_list("Set-Cookie"))
    page = await AsyncHTTPClient().fetch(f"http://{server.address}login?token={server.token}")
    cookies |= dict(c.split(";")[0].split("=", 1) for c in page.headers.get_list("Set-Cookie"))
    cookie = "; ".join(f"{name}={value}" for name, value in cookies.items())
    refused = await _send(server, method, path, {"Cookie": cookie})
    assert (refused.code, b"_xsrf" in refused.body) == (403, True)
    taken = {"Cookie": cookie, "X-XSRFToken": cookies["_xsrf"]}
    assert (await _send(server, method, path, taken)).code != 403


async def test_example_follows_a_turn(write: Any, open_chat: Any, server: Any) -> None:
    (code,) = re.findall(r"^```python\n(.*?)^```", PAGE, flags=re.MULTILINE | re.DOTALL)
    names: dict[str, Any] = {}
    exec(compile(code, "rest-and-events.md", "exec"), names)  # as the page's reader would
    write("ada", "engine: parrot\nidentity:\n  name: Ada")
    chat = await open_chat()
    followed = names["states"](f"http://{server.address}", server.token)
    first = asyncio.ensure_future(anext(followed))
    async with asyncio.timeout(15):
        while not server.app.event_logger._modified_listeners[events.STATE]:
            await asyncio.sleep(0.01)
        await chat.say("@Ada hello")
        told = [await first]
        while told[-1][2] != "idle":
            told.append(await anext(followed))
    await followed.aclose()
    assert told[0] == ("a.chat", "ada", "thinking")
