"""A turn that runs to its end: events, text that grows, failures that are told."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from persona.core import BasePersona, PersonaEngine, ReplyEvent, Text
from persona.testing._conformance.base import EngineSuite
from persona.testing._conformance.reading import ids_of, kind_of, note_of, said_since
from persona.testing.chat import MemoryChat


class AnswerSuite(EngineSuite):
    """What people see of an answer."""

    @pytest.mark.asyncio
    async def test_reply_yields_text_and_events(
        self, persona: BasePersona, chat: MemoryChat
    ) -> None:
        engine = persona.engine
        if type(engine).reply is PersonaEngine.reply:
            pytest.skip("The engine writes to the chat in process_message().")
        await persona.prepare()
        turn = persona.new_turn(chat.say(self.prompt))
        before = (turn.context.model_dump_json(), repr(turn.options))
        text = ""
        try:
            async with asyncio.timeout(self.answer_seconds):
                async for event in engine.reply(turn):
                    assert isinstance(event, str | ReplyEvent), (
                        f"reply() yields {event!r}. Yield str or a ReplyEvent."
                    )
                    text += event if isinstance(event, str) else ""
                    text += event.text if isinstance(event, Text) else ""
        finally:
            await persona.shutdown()
        assert text.strip(), f"reply() yields no text for {self.prompt!r}."
        assert before == (turn.context.model_dump_json(), repr(turn.options)), (
            "reply() changes the turn's context or options. Copy what you want to change."
        )

    @pytest.mark.asyncio
    async def test_reply_grows_in_the_chat(self, persona: BasePersona, chat: MemoryChat) -> None:
        await self._answer(persona, chat, self.prompt)
        bodies: dict[str, str] = {}
        for update in chat.updates:
            known = bodies.get(update.message_id, "")
            kind = kind_of(chat, update.message_id)
            assert kind != "reply" or update.body.startswith(known), (
                "Text that was shown is taken back later. Yield only what stays."
            )
            bodies[update.message_id] = update.body
        assert not chat.writers, (
            "The chat still shows that the persona writes. Call show_status(None) at the end."
        )
        await persona.shutdown()

    @pytest.mark.asyncio
    async def test_conversation_goes_on(self, persona: BasePersona, chat: MemoryChat) -> None:
        for _ in range(3):
            await self._answer(persona, chat, self.prompt)
        await persona.shutdown()

    @pytest.mark.asyncio
    async def test_any_script_is_understood(self, persona: BasePersona, chat: MemoryChat) -> None:
        await self._answer(
            persona, chat, f"{self.prompt} Здравствуй 你好 مرحبا 👩🏽‍🔬 e\u0301 \u200b"
        )
        await persona.shutdown()

    @pytest.mark.asyncio
    async def test_failure_is_told_in_the_chat(
        self, engine: PersonaEngine, chat: MemoryChat, failing: Mapping[str, Any] | None
    ) -> None:
        blocks = dict(failing or {})
        persona = self._persona(blocks.pop("engine", engine), chat, **blocks)
        message = chat.say(self.prompt)
        async with asyncio.timeout(self.answer_seconds):
            await persona.process_message(message)
        said = said_since(persona, chat, message.id)
        assert said, "Nothing was said. Raise TurnError with what happened and what to do."
        errors = [note_of(chat, key) for key in ids_of(chat) if kind_of(chat, key) == "error"]
        assert errors or failing is None, "`failing` gave settings with which the turn works."
        assert all(error.get("error") != "unexpected" for error in errors), (
            f"The failure was not expected by the engine: {said[-1][1]}\n"
            "Catch it where it is raised and raise TurnError(summary, fix=...) from it."
        )
        await persona.shutdown()
