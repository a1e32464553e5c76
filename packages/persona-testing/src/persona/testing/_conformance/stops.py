"""A turn that is stopped, and one that waits for permission."""

from __future__ import annotations

import asyncio
import time

import pytest

from persona.core import BasePersona
from persona.testing._conformance.base import EngineSuite
from persona.testing._conformance.reading import ids_of, kind_of, note_of, said_since
from persona.testing.chat import MemoryChat


class StopSuite(EngineSuite):
    """What people may do to a turn that runs: stop it, and allow or reject what it asks."""

    @pytest.mark.asyncio
    @pytest.mark.parametrize("when", ["at once", "in the middle"])
    async def test_stop_ends_the_turn_and_the_next_works(
        self, persona: BasePersona, chat: MemoryChat, when: str
    ) -> None:
        turn = asyncio.create_task(persona.process_message(chat.say(self.long_prompt)))
        deadline = time.monotonic() + self.answer_seconds
        while not turn.done() and time.monotonic() < deadline:
            await asyncio.sleep(0.005)
            if when == "at once" or any(kind_of(chat, key) for key in ids_of(chat)):
                break
        begun = time.monotonic()
        await self._stop(
            persona,
            turn,
            f"A stopped turn did not end in {self.stop_seconds:g} s. Let CancelledError "
            "pass (catch Exception, never BaseException), and clean up in `finally` quickly.",
        )
        assert time.monotonic() - begun <= self.stop_seconds, (
            f"The event loop was blocked while the turn ended, more than {self.stop_seconds:g} s."
        )
        before = len(chat.updates)
        await asyncio.sleep(0.2)  # nothing tells that something will not come
        assert len(chat.updates) == before, (
            "Something is written after the stop. End what reply() has begun in `finally`."
        )
        await self._answer(persona, chat, self.prompt)
        await persona.shutdown()

    async def _stop(self, persona: BasePersona, turn: asyncio.Task[None], late: str) -> None:
        """Stop a turn as a person does; fail with ``late`` if it goes on."""
        stopping = asyncio.gather(persona.stop(), turn, return_exceptions=True)
        await asyncio.wait({stopping}, timeout=self.stop_seconds)
        if not stopping.done():
            turn.cancel()
            pytest.fail(late)

    # -- permission ----------------------------------------------------------------

    async def _until_asked(self, persona: BasePersona, turn: asyncio.Task[None]) -> None:
        deadline = time.monotonic() + self.answer_seconds
        while not turn.done() and time.monotonic() < deadline:
            await asyncio.sleep(0.005)
            if persona.permissions:
                break
        if not persona.permissions:
            turn.cancel()
            await asyncio.wait({turn})
            pytest.fail(
                f"The engine did not ask for permission on {self.asking_prompt!r}. Yield a "
                "PermissionRequest, or leave `asking_prompt` None if it never asks."
            )

    @pytest.mark.asyncio
    async def test_stop_withdraws_what_was_asked_and_ends_the_turn(
        self, persona: BasePersona, chat: MemoryChat
    ) -> None:
        if self.asking_prompt is None:
            pytest.skip("The engine asks for no permission (`asking_prompt` is None).")
        message = chat.say(self.asking_prompt)
        turn = asyncio.create_task(persona.process_message(message))
        await self._until_asked(persona, turn)
        requests = persona.permissions
        await self._stop(
            persona,
            turn,
            f"A turn that waited for permission did not end in {self.stop_seconds:g} s after "
            "a stop. Await `request.decision()` and let CancelledError pass; a decision "
            "without an option means that nobody will answer.",
        )
        assert all(r.decided is not None and r.decided.option is None for r in requests), (
            "A stopped request was decided by the engine. Leave that to people."
        )
        states = {
            note_of(chat, key)["state"]
            for key in ids_of(chat)
            if kind_of(chat, key) == "permission"
        }
        assert states == {"withdrawn"}, "The chat still shows a request that nobody can answer."
        await self._answer(persona, chat, self.prompt)
        await persona.shutdown()

    @pytest.mark.asyncio
    @pytest.mark.parametrize("answer", ["allow_once", "reject_once"])
    async def test_turn_goes_on_when_permission_is_answered(
        self, persona: BasePersona, chat: MemoryChat, answer: str
    ) -> None:
        if self.asking_prompt is None:
            pytest.skip("The engine asks for no permission (`asking_prompt` is None).")
        message = chat.say(self.asking_prompt)
        turn = asyncio.create_task(persona.process_message(message))
        await self._until_asked(persona, turn)
        deadline = time.monotonic() + self.answer_seconds
        while not turn.done() and time.monotonic() < deadline:
            for request in persona.permissions:
                option = next((o for o in request.options if o.kind == answer), None)
                assert option is not None, (
                    f"The request offers no answer of the kind {answer!r}: people must be able "
                    "to allow once and to reject once."
                )
                persona.decide(request.id, option.id, "ada", "Ada")
            await asyncio.sleep(0.005)
        if not turn.done():
            await persona.stop()
            pytest.fail(
                f"The turn did not end in {self.answer_seconds:g} s after the answer. "
                "Go on when `request.decision()` returns."
            )
        errors = [body for kind, body in said_since(persona, chat, message.id) if kind == "error"]
        assert not errors, f"The turn failed after the answer {answer}: {errors[0]}"
        await persona.shutdown()
