"""From the messages of a chat to a terminal: the answer to one side, the rest to the other."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TextIO

from persona.core import STOPPED, note

if TYPE_CHECKING:
    from jupyterlab_chat.models import ChatMessageEvent, Message

_TAG = re.compile(r"<[^>]+>")
_ESCAPED = re.compile(r"\\([\\`*_\[\]|$])")
_ITALIC_LINE = re.compile(r"^\*([^*]+)\*$", re.MULTILINE)
_SUMMARY = re.compile(r"<summary>(.*?)</summary>", re.DOTALL)


@dataclass(slots=True)
class Said:
    """What a persona has said in a turn.

    Attributes:
        replies: The messages of the answer, by id.
        reports: Notices, tool reports and plans, by id. Thoughts are passed over.
        errors: What went wrong, one line each.
        usage: What the engine reported, if anything.
    """

    replies: dict[str, str] = field(default_factory=dict)
    reports: dict[str, str] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    usage: object = None

    @property
    def reply(self) -> str:
        """The whole answer."""
        return "\n\n".join(self.replies.values())


class Follower:
    """Print what a persona writes to a chat, as it arrives.

    Give it to ``BaseChatModel.observe_messages``.

    Args:
        sender: Id of the persona.
        out: Takes the answer, or None to print nothing of it.
        err: Takes everything else.
    """

    def __init__(self, sender: str, out: TextIO | None, err: TextIO) -> None:
        self._sender = sender
        self._out = out
        self._err = err
        self._line_open = False
        self.said = Said()
        self.broken_pipe = False

    def __call__(self, event: ChatMessageEvent) -> None:
        """Take in one change of the chat."""
        message = event.message
        if message.sender != self._sender:
            return
        kind = str(note(message).get("kind", "reply"))
        if kind == "reply":
            self._reply(message)
        elif kind == "error":
            self._error(message)
        elif kind == "permission":
            self._permission(message)
        elif kind != "thought":
            self._report(message, kind)

    def finish(self) -> None:
        """End the last line."""
        if self._line_open:
            self._print("\n")

    def _reply(self, message: Message) -> None:
        body = message.body.removesuffix(STOPPED)
        before = self.said.replies.get(message.id)
        if before is None and self.said.replies:
            self._print("\n" if not self._line_open else "\n\n")
        self.said.replies[message.id] = body
        self.said.usage = note(message).get("usage") or self.said.usage
        if before is None or body.startswith(before):
            self._print(body[len(before or "") :])
        else:  # an engine that writes by itself replaced its text
            self._print(f"\n{body}")

    def _error(self, message: Message) -> None:
        line = plain(message.body)
        self.said.errors.append(line)
        self._report_line(f"error: {line}")

    def _permission(self, message: Message) -> None:
        """Print the question as it stands, so that nothing of a command is taken for a mark."""
        before = self.said.reports.get(message.id)
        question, _, last = message.body.rpartition("\n\n")
        self.said.reports[message.id] = message.body
        self._report_line(question if before is None else plain(last))

    def _report(self, message: Message, kind: str) -> None:
        summary = _SUMMARY.search(message.body) if kind == "tools" else None
        text = plain(summary[1]) if summary else plain(message.body, "\n")
        if not text or self.said.reports.get(message.id) == text:
            return
        self.said.reports[message.id] = text
        self._report_line(text)

    def _report_line(self, text: str) -> None:
        self.finish()
        self._err.write(f"{_harmless(text, self._err)}\n")
        self._err.flush()

    def _print(self, text: str) -> None:
        if self._out is None or not text or self.broken_pipe:
            return
        try:
            self._out.write(_harmless(text, self._out))
            self._out.flush()
        except BrokenPipeError:  # nobody reads any more; the caller ends the turn
            self.broken_pipe = True
        self._line_open = not text.endswith("\n")


def plain(markdown: str, glue: str = " ") -> str:
    """Return a notice or an error as text: no marks, no folded part, its lines joined."""
    text = markdown.partition("<details>")[0].replace("⚠", "").replace("**", "")
    text = _ITALIC_LINE.sub(r"\1", text)
    text = _ESCAPED.sub(r"\1", html.unescape(_TAG.sub("", text)))
    return glue.join(line.strip() for line in text.splitlines() if line.strip())


def _harmless(text: str, stream: TextIO) -> str:
    """Return ``text`` without control characters if a terminal would act on them."""
    if not stream.isatty():
        return text
    return "".join(c for c in text if c in "\n\t" or (c >= " " and not "\x7f" <= c <= "\x9f"))
