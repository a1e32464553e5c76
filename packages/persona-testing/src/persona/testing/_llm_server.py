"""The HTTP side of a scripted LLM server."""

import asyncio
import json
from collections.abc import Callable, Mapping
from typing import Any

from aiohttp import web

from persona.testing import _llm_wire as wire
from persona.testing._llm_answer import Answer, split_at_gates
from persona.testing._llm_request import RecordedRequest

MAX_BODY = 64 * 1024 * 1024

Record = Callable[[RecordedRequest], int]
Choose = Callable[[RecordedRequest], Answer]


class Endpoints:
    """The handlers of the server.

    Args:
        record: Keeps a request; gives its number.
        choose: Gives the answer to a request.
        models: What `GET /v1/models` lists.
        api_key: The only key accepted; None accepts all.
    """

    def __init__(
        self, record: Record, choose: Choose, models: tuple[str, ...], api_key: str | None
    ) -> None:
        self._record = record
        self._choose = choose
        self._models = models
        self._api_key = api_key

    def app(self) -> web.Application:
        """Make the application, with each path also under `/v1`."""
        app = web.Application(client_max_size=MAX_BODY)
        for prefix in ("", "/v1"):
            app.router.add_post(f"{prefix}/chat/completions", self._complete)
            app.router.add_get(f"{prefix}/models", self._list_models)
        return app

    async def _list_models(self, request: web.Request) -> web.StreamResponse:
        if not self._is_allowed(request.headers.get("Authorization", "")):
            return _refused()
        return web.json_response(wire.model_list(self._models))

    async def _complete(self, http: web.Request) -> web.StreamResponse:
        try:
            body = await http.json()
        except ValueError:
            body = None
        if not isinstance(body, dict):
            return _error(400, _problem("The body is not a JSON object."))
        headers = {name.lower(): value for name, value in http.headers.items()}
        request = RecordedRequest(path=http.path, headers=headers, body=body)
        number = self._record(request)
        if not self._is_allowed(request.authorization):
            request.outcome = "answered"
            return _refused()
        answer = self._choose(request)
        try:
            response = await _answer(http, request, number, answer)
        except asyncio.CancelledError:
            request.outcome = "disconnected"
            raise
        except ConnectionError:
            # The client is gone, so this answer goes nowhere; an exception would be logged.
            request.outcome = "disconnected"
            return web.Response()
        request.outcome = "cut" if answer.end == "cut" else "answered"
        return response

    def _is_allowed(self, authorization: str) -> bool:
        return self._api_key is None or authorization == f"Bearer {self._api_key}"


async def _answer(
    http: web.Request, request: RecordedRequest, number: int, answer: Answer
) -> web.StreamResponse:
    if answer.status == 0:
        await _for_ever()
    if answer.page is not None:
        return web.Response(text=answer.page, content_type="text/html", status=answer.status)
    if answer.error is not None:
        body = wire.error_body(answer.error, request.model)
        return _error(answer.status, body, answer.headers)
    text = answer.text(request) if callable(answer.text) else answer.text
    calls = answer.calls(request) if callable(answer.calls) else answer.calls
    completion = wire.Completion(request, number, answer, text, calls)
    if request.stream:
        return await _stream(http, answer, completion, text)
    for gate in answer.gates:
        await gate.hold()
    if answer.end == "hang":
        await _for_ever()
    if answer.end == "cut":
        return _cut(http, web.Response())
    return web.json_response(completion.whole())


async def _stream(
    http: web.Request, answer: Answer, completion: wire.Completion, text: str
) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Cache-Control": "no-cache"})
    response.content_type = "text/event-stream"
    await response.prepare(http)

    async def send(chunk: Mapping[str, Any]) -> None:
        await response.write(f"data: {json.dumps(chunk)}\n\n".encode())
        await asyncio.sleep(answer.delay)

    async def send_text(name: str, text: str) -> None:
        for start in range(0, len(text), answer.chunk):
            await send(completion.chunk({name: text[start : start + answer.chunk]}))

    await send(completion.chunk({"role": "assistant", "content": ""}))
    await send_text("reasoning_content", answer.reasoning)
    for part, gate in split_at_gates(text, answer.gates):
        await send_text("content", part)
        if gate is not None:
            await gate.hold()
    for delta in completion.call_deltas():
        await send(completion.chunk(delta))
    if answer.end == "hang":
        await _for_ever()
    if answer.end == "cut":
        return _cut(http, response)
    await send(completion.chunk({}, answer.end))
    if completion.wants_usage:
        await send(completion.usage_chunk())
    await response.write(b"data: [DONE]\n\n")
    await response.write_eof()
    return response


def _cut(http: web.Request, response: web.StreamResponse) -> web.StreamResponse:
    # close() sends what is written first; abort() could lose the text before the cut. aiohttp
    # finds the connection closed when it ends the response, so the end is never sent.
    if http.transport is not None:
        http.transport.close()
    return response


async def _for_ever() -> None:
    # Ends when the client goes or the server stops: the handler is cancelled then.
    await asyncio.Event().wait()


def _problem(message: str, code: str = "") -> dict[str, Any]:
    error = {"message": message, "type": "invalid_request_error", "code": code}
    return wire.error_body(error, "")


def _refused() -> web.Response:
    return _error(401, _problem("Incorrect API key provided.", "invalid_api_key"))


def _error(
    status: int, body: Mapping[str, Any], headers: Mapping[str, str] | None = None
) -> web.Response:
    return web.json_response(body, status=status, headers=headers)
