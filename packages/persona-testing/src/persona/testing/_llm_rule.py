"""Rules that say what a scripted LLM server answers."""

import re
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, Self

from persona.testing._gate import Gate
from persona.testing._llm_answer import Answer, Calls, Match, Text, split_at_gates
from persona.testing._llm_request import RecordedRequest


@dataclass
class _Step:
    answer: Answer
    times: int | None
    used: int = 0


class Rule:
    """What to answer to the requests that match. Made by `ScriptedLLM.on`.

    Each of the methods below adds one step and gives the rule back, so that steps chain. The
    matching requests take the steps in order: each step answers one request, or `times`
    requests. The last step answers all further requests unless it has a `times`; when it has, a
    used-up rule matches no more and older rules are tried.

    Example:
        ```python
        llm.on("weather").tool_calls([{"name": "look", "arguments": {}}]).reply("It rains.")
        llm.on(re.compile("retry", re.I)).error(429, times=2).reply("here I am")
        ```
    """

    def __init__(self, accepts: Callable[[RecordedRequest], bool], times: int | None) -> None:
        self._accepts = accepts
        self._times = times
        self._steps: list[_Step] = []
        self._lock = threading.Lock()
        self.used = 0

    def reply(
        self,
        text: Text,
        *,
        chunk: int = 4,
        delay: float = 0.002,
        reasoning: str = "",
        pause: Gate | Iterable[Gate] = (),
        usage: Mapping[str, int] | None = None,
        finish: Literal["stop", "length"] = "stop",
        times: int | None = None,
    ) -> Self:
        """Answer with a text, streamed when the client asks for a stream.

        Args:
            text: The text, or a callable that makes it from the request.
            chunk: Characters in each chunk of the stream.
            delay: Seconds between chunks.
            reasoning: Text sent before, as the dialect's reasoning.
            pause: Gates that hold the stream at their places.
            usage: Replaces the counted words in `usage`: `prompt_tokens`, `completion_tokens`.
            finish: Why it ends; `length` is a reply that ran out of tokens.
            times: How many requests this step answers.

        Raises:
            ValueError: A gate's text is not in `text`.
        """
        gates = (pause,) if isinstance(pause, Gate) else tuple(pause)
        if isinstance(text, str):
            split_at_gates(text, gates)
        answer = Answer(
            text=text,
            chunk=chunk,
            delay=delay,
            reasoning=reasoning,
            gates=gates,
            usage=usage,
            end=finish,
        )
        return self._add(answer, times)

    def tool_calls(
        self, calls: Calls, *, text: Text = "", delay: float = 0.002, times: int | None = None
    ) -> Self:
        """Ask for tools, several at once when `calls` has several; `text` comes before them.

        In a stream each call's arguments come in pieces. The next request, which has the
        results, has the same last user text: follow with `.reply(...)`, else the model asks for
        the tools again and again, which tests an engine's bound.
        """
        answer = Answer(text=text, calls=calls, delay=delay, end="tool_calls")
        return self._add(answer, times)

    def error(
        self,
        status: int,
        *,
        code: str = "",
        message: str = "",
        headers: Mapping[str, str] | None = None,
        times: int | None = None,
    ) -> Self:
        """Answer with an HTTP error in the dialect's JSON.

        Args:
            status: The HTTP status.
            code: The error's `code`.
            message: The error's `message`; `{model}` becomes the model asked for.
            headers: Headers to add, such as `retry-after`.
            times: How many requests this step answers.
        """
        text = message or f"Scripted error {status}."
        return self._refuse(status, code, text, headers or {}, times)

    def auth_error(self, *, times: int | None = None) -> Self:
        """Refuse the key: status 401, in the chat dialect with code `invalid_api_key`."""
        return self._refuse(401, "invalid_api_key", "", {}, times)

    def unknown_model(self, *, times: int | None = None) -> Self:
        """Say that there is no such model: status 404, code `model_not_found`."""
        return self._refuse(404, "model_not_found", "", {}, times)

    def context_too_long(self, *, times: int | None = None) -> Self:
        """Say that the messages are too long: status 400, code `context_length_exceeded`."""
        return self._refuse(400, "context_length_exceeded", "", {}, times)

    def html(self, page: str, *, status: int = 200, times: int | None = None) -> Self:
        """Answer with an HTML page, as a proxy's login does."""
        return self._add(Answer(page=page, status=status), times)

    def cut(self, after: Text = "", *, delay: float = 0.002, times: int | None = None) -> Self:
        """Send the text `after`, then close the connection without an end of the stream."""
        return self._add(Answer(text=after, delay=delay, end="cut"), times)

    def hang(self, after: Text | None = None, *, times: int | None = None) -> Self:
        """Send the text `after` and nothing more; with None, not even headers."""
        if after is None:
            return self._add(Answer(end="hang", status=0), times)
        return self._add(Answer(text=after, end="hang"), times)

    def content_filter(self, text: Text = "", *, times: int | None = None) -> Self:
        """Send `text`, then end because a filter does not let the rest through."""
        return self._add(Answer(text=text, end="content_filter"), times)

    def empty(self, *, times: int | None = None) -> Self:
        """End well without any text."""
        return self._add(Answer(), times)

    def take(self, request: RecordedRequest) -> Answer | None:
        """Give the next answer if the rule matches and is not used up. The server calls this."""
        if not self._accepts(request):
            return None
        with self._lock:
            if self._times is not None and self.used >= self._times:
                return None
            for number, step in enumerate(self._steps, 1):
                last = number == len(self._steps)
                limit = step.times if step.times is not None or last else 1
                if limit is None or step.used < limit:
                    step.used += 1
                    self.used += 1
                    return step.answer
        return None

    def _refuse(
        self, status: int, code: str, message: str, headers: Mapping[str, str], times: int | None
    ) -> Self:
        # Without a message each dialect says what its provider says for that code.
        error = {"code": code, "message": message}
        return self._add(Answer(status=status, error=error, headers=headers), times)

    def _add(self, answer: Answer, times: int | None) -> Self:
        with self._lock:
            self._steps.append(_Step(answer, times))
        return self


def accept(
    *,
    match: Match | None,
    model: str | None,
    system: str | re.Pattern[str] | None,
    text: str | re.Pattern[str] | None,
    tool: str | None,
    when: Callable[[RecordedRequest], bool] | None,
) -> Callable[[RecordedRequest], bool]:
    """Make one test of a request out of the conditions of a rule. None accepts all."""

    def accepts(request: RecordedRequest) -> bool:
        return (
            _matches(match, request.user_text)
            and model in (None, request.model)
            and _matches(system, request.system)
            and (text is None or _matches(text, request.text))
            and (tool is None or tool in request.tools)
            and (when is None or when(request))
        )

    return accepts


def _matches(match: Match | None, text: str) -> bool:
    if match is None:
        return True
    if isinstance(match, str):
        return match in text
    if isinstance(match, re.Pattern):
        return match.search(text) is not None
    return match(text)
