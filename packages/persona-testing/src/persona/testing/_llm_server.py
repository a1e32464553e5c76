"""The HTTP side of a scripted LLM server."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from aiohttp import web

from persona.testing._llm_answer import Answer, split_at_gates
from persona.testing._llm_anthropic import ANTHROPIC
from persona.testing._llm_chat import CHAT
from persona.testing._llm_gemini import GEMINI
from persona.testing._llm_models import model_list
from persona.testing._llm_reply import Language, Reply, Speech, count_words, made_calls
from persona.testing._llm_request import RecordedRequest
from persona.testing._llm_responses import RESPONSES

MAX_BODY = 64 * 1024 * 1024
REFUSED = {"code": "invalid_api_key", "message": ""}
NO_OBJECT = {"code": "", "message": "The body is not a JSON object."}

Record = Callable[[RecordedRequest], int]
Choose = Callable[[RecordedRequest], Answer]
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


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
        """Make the application, with each path of OpenAI's and Anthropic's also under `/v1`."""
        app = web.Application(client_max_size=MAX_BODY)
        for prefix in ("", "/v1", "/v1beta"):
            app.router.add_get(f"{prefix}/models", self._list_models)
        for prefix in ("", "/v1"):
            app.router.add_post(f"{prefix}/chat/completions", self._handler(CHAT))
            app.router.add_post(f"{prefix}/responses", self._handler(RESPONSES))
            app.router.add_post(f"{prefix}/messages", self._handler(ANTHROPIC))
            app.router.add_post(f"{prefix}/messages/count_tokens", self._count)
        for version in ("v1", "v1beta"):
            path = f"/{version}/models/{{model}}:{{verb}}"
            app.router.add_post(path, self._generate)
        # Answers HEAD too, with which Anthropic's clients see whether anybody is there.
        app.router.add_get("/", _greet)
        return app

    async def _list_models(self, http: web.Request) -> web.StreamResponse:
        anthropic = "anthropic-version" in http.headers
        language = ANTHROPIC if anthropic else GEMINI if "v1beta" in http.path else CHAT
        request = _recorded(http, language, {})
        if not self._is_allowed(request):
            return _error(language, 401, REFUSED, "")
        return web.json_response(model_list(language.name, self._models))

    async def _generate(self, http: web.Request) -> web.StreamResponse:
        match http.match_info["verb"]:
            case "generateContent" | "streamGenerateContent":
                return await self._handler(GEMINI)(http)
            case "countTokens":
                return await self._count(http)
            case verb:
                error = {"code": "", "message": f"There is no method {verb} here."}
                return _error(GEMINI, 404, error, "")

    async def _count(self, http: web.Request) -> web.StreamResponse:
        language = GEMINI if "verb" in http.match_info else ANTHROPIC
        body = await _object(http)
        if body is None:
            return _error(language, 400, NO_OBJECT, "")
        request = _recorded(http, language, body)
        if not self._is_allowed(request):
            return _error(language, 401, REFUSED, request.model)
        name = "totalTokens" if language is GEMINI else "input_tokens"
        return web.json_response({name: count_words(request.text)})

    def _handler(self, language: Language) -> Handler:
        async def handle(http: web.Request) -> web.StreamResponse:
            body = await _object(http)
            if body is None:
                return _error(language, 400, NO_OBJECT, "")
            request = _recorded(http, language, body)
            number = self._record(request)
            if not self._is_allowed(request):
                request.outcome = "answered"
                return _error(language, 401, REFUSED, request.model)
            answer = self._choose(request)
            try:
                response = await _answer(http, language, request, number, answer)
            except asyncio.CancelledError:
                _leave(request)
                raise
            except ConnectionError:
                # The client is gone, so this answer goes nowhere; an exception would be logged.
                _leave(request)
                return web.Response()
            request.outcome = "cut" if answer.end == "cut" else "answered"
            return response

        return handle

    def _is_allowed(self, request: RecordedRequest) -> bool:
        return self._api_key is None or request.api_key == self._api_key


async def _object(http: web.Request) -> dict[str, Any] | None:
    try:
        body = await http.json()
    except ValueError:
        return None
    return body if isinstance(body, dict) else None


def _recorded(http: web.Request, language: Language, body: dict[str, Any]) -> RecordedRequest:
    reading = language.read(body)
    if "verb" in http.match_info:
        stream = http.match_info["verb"] == "streamGenerateContent"
        reading = replace(reading, model=http.match_info["model"], stream=stream)
    return RecordedRequest(
        path=http.path,
        headers={name.lower(): value for name, value in http.headers.items()},
        body=body,
        dialect=language.name,
        query=dict(http.query),
        reading=reading,
    )


async def _answer(
    http: web.Request, language: Language, request: RecordedRequest, number: int, answer: Answer
) -> web.StreamResponse:
    if answer.status == 0:
        await _for_ever()
    if answer.page is not None:
        return web.Response(text=answer.page, content_type="text/html", status=answer.status)
    if answer.error is not None:
        response = _error(language, answer.status, answer.error, request.model)
        response.headers.update(answer.headers)
        return response
    text = answer.text(request) if callable(answer.text) else answer.text
    calls = answer.calls(request) if callable(answer.calls) else answer.calls
    made = made_calls(calls, number)
    speech = language.speak(
        Reply(request=request, number=number, answer=answer, text=text, calls=made)
    )
    if request.stream:
        return await _stream(http, request, answer, speech, text)
    for gate in answer.gates:
        await gate.hold()
    if answer.end == "hang":
        await _for_ever()
    if answer.end == "cut":
        return _cut(http, web.Response())
    return web.json_response(speech.whole())


async def _stream(
    http: web.Request, request: RecordedRequest, answer: Answer, speech: Speech, text: str
) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Cache-Control": "no-cache"})
    response.content_type = speech.content_type
    await response.prepare(http)

    async def send(frames: Iterator[str]) -> None:
        for frame in frames:
            await response.write(frame.encode())
            await asyncio.sleep(answer.delay)

    async def send_text(say: Callable[[str], Iterator[str]], text: str) -> None:
        for start in range(0, len(text), answer.chunk):
            await send(say(text[start : start + answer.chunk]))

    await send(speech.head())
    await send_text(speech.reasoning, answer.reasoning)
    for part, gate in split_at_gates(text, answer.gates):
        await send_text(speech.text, part)
        if gate is not None:
            await gate.hold()
    await send(speech.calls())
    if answer.end == "hang":
        await _for_ever()
    if answer.end == "cut":
        return _cut(http, response)
    await response.write("".join(speech.tail()).encode())
    # Many clients leave as soon as they have read this, without the end of the response.
    request.outcome = "answered"
    await response.write_eof()
    return response


def _leave(request: RecordedRequest) -> None:
    if request.outcome == "open":
        request.outcome = "disconnected"


def _cut(http: web.Request, response: web.StreamResponse) -> web.StreamResponse:
    # close() sends what is written first; abort() could lose the text before the cut. aiohttp
    # finds the connection closed when it ends the response, so the end is never sent.
    if http.transport is not None:
        http.transport.close()
    return response


async def _for_ever() -> None:
    # Ends when the client goes or the server stops: the handler is cancelled then.
    await asyncio.Event().wait()


async def _greet(http: web.Request) -> web.Response:
    return web.Response(text="A scripted LLM server.\n")


def _error(language: Language, status: int, error: Mapping[str, str], model: str) -> web.Response:
    return web.json_response(language.problem(status, error, model), status=status)
