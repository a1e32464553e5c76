"""In which message what happens is told: the parts of one reply, in their order."""

from __future__ import annotations

from contextlib import suppress

from persona.core._errors import ChatGone
from persona.core._events import Plan, ToolCall, ToolCallUpdate
from persona.core._frames import Frames
from persona.core._parts import Part
from persona.core._thoughts import Thoughts
from persona.core._tools import ToolLog
from persona.core._turn import STOPPED


class ReplyParts:
    """Puts each event of a reply to the part that it belongs to, and begins new ones.

    Args:
        frames: What writes the parts to the chat.
    """

    def __init__(self, frames: Frames) -> None:
        self._frames = frames
        self._part: Part | None = None
        self._thinking: tuple[Part, Thoughts] | None = None
        self._open: list[Part] = []
        self._reports: list[Part] = []
        self._left: Part | None = None

    @property
    def live(self) -> list[Part]:
        """The parts that more may be heard of."""
        return self._open if self._part is None else [*self._open, self._part]

    @property
    def uses_tools(self) -> bool:
        """Whether a tool runs."""
        return any(part.tools is not None and part.tools.busy for part in self.live)

    # -- what happens ------------------------------------------------------------

    def text(self, text: str) -> None:
        """Go on with the answer."""
        self.pause_thought()
        part = self._part
        if part is None or part.kind != "reply":
            part = self._switch("reply")
        part.pending.append(text)
        self._frames.touch(part)

    def thought(self, text: str) -> None:
        """Go on with the thoughts. They never break a text in two."""
        if self._thinking is None:
            if self._part is not None and self._part.kind != "reply":
                self.leave()
            thoughts = Thoughts()
            self._thinking = Part("thought", thoughts=thoughts), thoughts
            self._open.append(self._thinking[0])
        part, thoughts = self._thinking
        resumes = not thoughts.running
        if thoughts.add(text) or resumes:
            self._frames.touch(part)

    def pause_thought(self) -> None:
        """Tell how long was thought, as something else happens."""
        if self._thinking is not None and self._thinking[1].pause():
            self._frames.touch(self._thinking[0])

    def settle_thought(self) -> None:
        """Let further thoughts begin anew: something else than text stands below them now."""
        if self._thinking is not None:
            (part, thoughts), self._thinking = self._thinking, None
            thoughts.pause()
            self._open.remove(part)
            self._frames.write(part, "complete")

    def call(self, call: ToolCall) -> None:
        """Tell of a call of a tool that begins."""
        self.pause_thought()
        part, tools = self._tools(call.id)
        tools.start(call)
        self._frames.touch(part)

    def call_goes_on(self, update: ToolCallUpdate) -> None:
        """Tell what became of a call, where that stands."""
        part, tools = self._tools(update.id)
        if tools.update(update):
            self._frames.touch(part)

    def plan(self, plan: Plan) -> None:
        """Tell of a plan. There is one a turn, so this replaces the last one."""
        self.pause_thought()
        plans = [part for part in self.live if part.kind == "plan"]
        part = plans[0] if plans else self._switch("plan")
        part.plan = plan
        self._frames.touch(part)

    def notice(self, text: str) -> None:
        """Tell something in a message of its own."""
        part = self._switch("notice")
        part.body = text
        self._frames.touch(part)
        self.leave()

    # -- from part to part ---------------------------------------------------------

    def leave(self) -> None:
        """Go on below the part. It is finished, unless more may be heard of it."""
        part, self._part = self._part, None
        if part is None:
            return
        if part.kind != "notice":
            self._left = part
        if part.kind == "plan" or (part.tools is not None and part.tools.busy):
            self._open.append(part)
        else:
            self._frames.write(part, "complete")
            if part.tools is not None:
                self._reports.append(part)

    def finish(self, state: str) -> None:
        """Write what is left, exactly. Called once, when nothing happens any more."""
        last, parts = self._part or self._left, self.live
        self._part, self._open, self._thinking = None, [], None
        if last is not None and last.id is not None and all(part is not last for part in parts):
            with suppress(ChatGone):  # it was finished, so its end is no matter of the turn
                self._frames.write(last, "complete", last=True)
        for part in parts:
            if part.tools is not None:
                part.tools.abandon()
            if part.thoughts is not None:
                part.thoughts.pause()
            if state == "stopped" and part is last and part.kind == "reply":
                part.pending.append(STOPPED)
            self._frames.write(part, state, last=part is last)

    def _tools(self, call_id: str) -> tuple[Part, ToolLog]:
        """Return the report that holds this call, else the one that it goes to."""
        for part in self.live:
            if part.tools is not None and call_id in part.tools:
                return part, part.tools
        for part in self._reports:
            if part.tools is not None and call_id in part.tools:
                # Some agents say more of a call that is over: it is told where the call stands.
                self._reports.remove(part)
                self._open.append(part)
                return part, part.tools
        if self._part is not None and self._part.full:
            self.leave()
        part = self._switch("tools")
        if part.tools is None:
            part.tools = ToolLog()
        return part, part.tools

    def _switch(self, kind: str) -> Part:
        if self._part is not None and self._part.kind != kind:
            self.leave()
        if self._part is None:
            if kind != "reply":
                self.settle_thought()
            self._part = Part(kind)
        return self._part
