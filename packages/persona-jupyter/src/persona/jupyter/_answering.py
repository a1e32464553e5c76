"""Who answers a message, whom an answer is passed on to, and what is said when nobody does."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from persona.core import BasePersona, EngineError, next_hop, persona_id
from persona.jupyter import _notices as notices
from persona.jupyter._carried_offer import also_here
from persona.jupyter._default import Default, choose_default
from persona.jupyter._file_notices import broken_persona
from persona.jupyter._jupyter_ai import JupyterAI
from persona.jupyter._names import (
    absent_in,
    broken_in,
    called_now,
    name_of,
    names_in,
    removed_in,
)
from persona.jupyter._routing import NO_ONE, Route, addressed_by_persona, route

if TYPE_CHECKING:
    from jupyterlab_chat.models import Message

    from persona.jupyter._inbox import Inbox
    from persona.jupyter._manager import PersonaManager
    from persona.jupyter._system import SystemVoice


class Answering:
    """Takes messages of people to the personas of one chat.

    Args:
        manager: The chat's manager.
        inbox: What was said.
        voice: The chat's own voice.
    """

    def __init__(self, manager: PersonaManager, inbox: Inbox, voice: SystemVoice) -> None:
        self._manager = manager
        self._personas = manager.personas
        self._inbox = inbox
        self._voice = voice
        self._told_several = False
        self._told_default = self._missed = ""

    async def answer(self, message: Message) -> None:
        """Let those answer whom a message is for, or say why nobody does."""
        default = self.default()
        decision = self._decide(message, default)
        if self._offer_carried(message) and decision.why != "mentioned":
            return
        if not decision.targets:
            self._explain(decision, message, default.missing)
            return
        if decision.why == "default":
            self._tell_default(default, message)
        self._inbox.last_addressed = decision.targets[-1]
        there = JupyterAI(self._manager.settings, self._manager.chat.get_id())
        here = self._personas.view.personas
        ours = [t for t in decision.targets if not there.answers_with(here.get(t), message)]
        await asyncio.gather(*(self._ask(slug, message) for slug in ours))

    def _decide(self, message: Message, default: Default) -> Route:
        humans = self._inbox.humans()
        names = names_in(self._personas.view)
        picked = (message.metadata or {}).get("to")
        if picked == "none" and picked not in names:
            picked = NO_ONE
        return route(
            message.body,
            names=names,
            people=humans.values(),
            picked=called_now(self._personas.view, picked) if isinstance(picked, str) else None,
            last=called_now(self._personas.view, self._inbox.last_addressed),
            default=default.slug,
            humans=len(humans),
        )

    def default(self) -> Default:
        """Return who answers when none is mentioned or was addressed before."""
        default = choose_default(
            self._personas.view, self._manager.default_persona, self._personas.roster.default
        )
        if default.missing and default.missing != self._missed:
            self._manager.log.warning("%s", default.missing)
        self._missed = default.missing
        return default

    def _tell_default(self, default: Default, message: Message) -> None:
        """Say once that another persona answers than the one that was named for it."""
        if default.missing and default.missing != self._told_default and default.slug:
            self._say(
                notices.other_default(default.missing, name_of(self._personas.view, default.slug)),
                message,
            )
        self._told_default = default.missing

    async def resume(self, slug: str, message: Message) -> None:
        """Let a persona answer a message that has waited until it was trusted."""
        if not self._inbox.answered((persona_id(slug),), message.id):
            await self._ask(slug, message)

    async def _ask(self, slug: str, message: Message) -> None:
        """Let one persona answer, then those that its answer addresses."""
        if await self._manager.trust.stops(slug, message):
            return
        slug = called_now(self._personas.view, slug) or slug
        try:
            persona = self._personas.get(slug)
        except EngineError as exc:
            name = name_of(self._personas.view, slug)
            self._say(notices.broken_engine(name, exc.summary, exc.fix), message, "error")
            return
        if persona is None:
            broken = broken_in(self._personas.view).get(slug)
            if broken is None:  # removed a moment ago
                self._say(notices.gone(slug), message)
                return
            self._say(
                broken_persona(
                    name_of(self._personas.view, slug), broken.errors, self._manager.root_dir
                ),
                message,
                "error",
            )
            return
        self._manager.record(slug)
        await persona.process_message(message)
        self._manager.failures.after_turn(persona, message.id)
        slug = persona.slug  # it may have another one by now
        if self._personas.live.get(slug) is not persona and self._manager.listening:
            if not self._inbox.answered(persona.ids, message.id):
                why = self._personas.view.refused.get(slug)
                text = why and notices.broken_engine(persona.name, why.what, why.fix)
                self._say(text or notices.gone(persona.name), message)
            return
        await self._pass_on(persona, message)

    def _offer_carried(self, message: Message) -> bool:
        """Offer to save those that are asked and that only the chat brings; whether any were."""
        found = self._manager.carried.mentioned(message.body, self._personas.view)
        for carried in found:
            self._manager.offers.make(carried, message.id)
        return bool(found)

    async def _pass_on(self, persona: BasePersona, message: Message) -> None:
        names = {
            slug: own for slug, own in names_in(self._personas.view).items() if slug != persona.slug
        }
        asked: list[tuple[str, Message]] = []
        for reply in self._inbox.replies(persona.ids, message.id):
            for slug in addressed_by_persona(reply.body, names):
                if next_hop(reply) <= self._manager.max_hops:
                    asked.append((slug, reply))
                elif self._manager.max_hops:
                    self._say(
                        notices.too_many_hops(
                            name_of(self._personas.view, slug), self._manager.max_hops
                        ),
                        reply,
                    )
        await asyncio.gather(*(self._ask(slug, reply) for slug, reply in asked))

    def _explain(self, decision: Route, message: Message, missing: str) -> None:
        """Say why nobody answers, unless people talk to each other."""
        match decision.why:
            case "unknown-mention" if removed := removed_in(self._personas.view, decision.word):
                text = notices.removed(*removed)
            case "unknown-mention" if absent := absent_in(self._personas.view, decision.word):
                text = notices.not_here(absent)
            case "unknown-mention":
                text = notices.unknown_mention(decision.word, decision.guess, self._manager.here())
            case "no-personas":
                brought = self._manager.carried.all(self._personas.view)
                text = notices.no_personas()
                if brought:
                    text = f"{text}\n\n{also_here(list(brought.values()))}"
            case "nobody":
                text = f"{missing} {notices.who_answers(self._manager.here())}".strip()
            case "several-people" if not self._told_several and names_in(self._personas.view):
                self._told_several = True
                text = notices.several_people()
            case _:
                return
        self._say(text, message)

    def _say(self, text: str, message: Message, kind: str = "notice") -> None:
        self._voice.say(text, answers=message.id, kind=kind)
