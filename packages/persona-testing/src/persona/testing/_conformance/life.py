"""An engine from its start to its end, beside others, with blocks that are replaced."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest

from persona.core import BasePersona, PersonaEngine
from persona.testing._conformance.base import EngineSuite
from persona.testing._observe import children
from persona.testing.chat import MemoryChat


class LifeSuite(EngineSuite):
    """What holds from turn to turn, and after the last one."""

    @pytest.mark.asyncio
    async def test_shutdown_works_without_start_and_twice(self, engine: PersonaEngine) -> None:
        for time_ in ("without start()", "for the second time"):
            try:
                async with asyncio.timeout(self.stop_seconds):
                    await engine.shutdown()
            except Exception as exc:  # boundary: a plugin's errors are the finding
                pytest.fail(f"shutdown() {time_} raises {exc!r}. Release only what is there.")

    @pytest.mark.asyncio
    async def test_restart_lets_the_next_turn_work(
        self, persona: BasePersona, chat: MemoryChat
    ) -> None:
        try:
            for _ in range(2):
                await persona.restart()
                await self._answer(persona, chat, self.prompt)
        except (AssertionError, pytest.fail.Exception) as exc:
            pytest.fail(
                f"After a restart the engine fails: {exc}\n"
                "restart() calls shutdown(); override it if start() does not work after that."
            )
        await persona.shutdown()

    @pytest.mark.asyncio
    async def test_shutdown_leaves_nothing_running(
        self, persona: BasePersona, chat: MemoryChat
    ) -> None:
        tasks, processes = asyncio.all_tasks(), children()
        await self._answer(persona, chat, self.prompt)
        await persona.shutdown()
        deadline = time.monotonic() + self.stop_seconds
        left: set[Any] = set()
        while time.monotonic() < deadline:
            left = {t for t in asyncio.all_tasks() - tasks if not t.done()}
            left |= children() - processes
            if not left:
                break
            await asyncio.sleep(0.02)
        assert not left, (
            f"After shutdown() still run: {sorted(map(str, left))}. "
            "End and await them in shutdown()."
        )

    @pytest.mark.asyncio
    async def test_instances_are_isolated(self, persona: BasePersona, chat: MemoryChat) -> None:
        other_engine = type(persona.engine)()
        blocks = {"model": persona.model, "context": persona.context, "options": persona.options}
        other_chat = MemoryChat("other.chat")
        other = self._persona(other_engine, other_chat, **blocks)
        async with asyncio.TaskGroup() as group:
            group.create_task(self._answer(persona, chat, self.prompt))
            group.create_task(self._answer(other, other_chat, self.prompt))
        await other.shutdown()
        try:
            await self._answer(persona, chat, self.prompt)
        except (AssertionError, pytest.fail.Exception) as exc:
            pytest.fail(f"After another instance was shut down this one fails: {exc}")
        await persona.shutdown()

    @pytest.mark.asyncio
    async def test_blocks_can_be_replaced_between_and_in_turns(
        self, persona: BasePersona, chat: MemoryChat
    ) -> None:
        def replace() -> None:
            persona.update_model(persona.model)
            persona.update_context(persona.context.model_copy())
            persona.update_options(dict(persona.options))

        await self._answer(persona, chat, self.prompt)
        replace()
        running = asyncio.create_task(self._answer(persona, chat, self.prompt))
        await asyncio.sleep(0)
        replace()
        await running
        await self._answer(persona, chat, self.prompt)
        await persona.shutdown()
