"""The personas of one chat: listens, decides who answers, keeps them, lets them go."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from traitlets import Bool, Float, Int, Unicode

from persona.core import BasePersona, EngineRegistry, EngineSupport, Location
from persona.jupyter._answering import Answering
from persona.jupyter._background import Background
from persona.jupyter._block_checks import BlockChecks
from persona.jupyter._blocks import Blocks
from persona.jupyter._carried import CarriedDefinitions
from persona.jupyter._chat_roster import ChatRoster
from persona.jupyter._default import Default
from persona.jupyter._failures import LastFailures
from persona.jupyter._findings import Findings
from persona.jupyter._head_start import HeadStart
from persona.jupyter._in_use import PersonasInUse
from persona.jupyter._inbox import Inbox
from persona.jupyter._last_good import LiveView
from persona.jupyter._listing import Listed, list_personas
from persona.jupyter._mend import mend_broken_off
from persona.jupyter._names import called_now, names_in
from persona.jupyter._offers import Offers
from persona.jupyter._permissions import Desk
from persona.jupyter._policy import AdminRules
from persona.jupyter._readiness import supports
from persona.jupyter._reception import Reception
from persona.jupyter._refresh import Refreshed
from persona.jupyter._roster import Roster
from persona.jupyter._system import SystemVoice
from persona.jupyter._trust import ChatTrust, Choice

if TYPE_CHECKING:
    from jupyterlab_chat.models import BaseChatModel

    from persona.jupyter._service import PersonaService


class PersonaManager(AdminRules):
    """The personas of one chat. Attached when the chat opens; costs little until one is used.

    One code path serves jupyterlab-chat's WebSocket mode and RTC.

    Args:
        chat: The chat model.
        service: Where definitions come from.
    """

    default_persona = Unicode(
        "",
        help="Short name or shown name of the persona that answers when none is mentioned. "
        "Empty: the one last addressed, else the only one there is; default personas of "
        "packages count for that only if there is no other.",
    ).tag(config=True)

    catch_up_seconds = Float(
        3600.0,
        help="A message that nobody answered because it was sent before the personas were "
        "attached is answered when the chat opens, if it is not older than this.",
    ).tag(config=True)

    max_hops = Int(
        3,
        min=0,
        help="How many personas in a row may address each other before a person must write. "
        "0: personas never address each other.",
    ).tag(config=True)

    show_diagnostics = Bool(
        True, help="Whether broken persona files are told in the chat, in one message."
    ).tag(config=True)

    live_reload = Bool(
        True,
        help="Whether changes of persona files take effect in open chats by themselves. "
        "`/refresh-personas` works in any case.",
    ).tag(config=True)

    def __init__(self, *, chat: BaseChatModel, service: PersonaService, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.chat = chat
        self._service = service
        self._inbox = Inbox(chat, ChatRoster(chat).since)
        self._voice = SystemVoice(chat)
        self.desk = Desk()
        self._background = Background(self.log)
        self.personas = PersonasInUse(chat, service, self, self.policy, self._background.start)
        self.carried = CarriedDefinitions(chat, self.policy)
        self.offers = Offers(chat, self._voice, self.carried)
        self._findings = Findings(self.personas, self._voice)
        checks = BlockChecks(
            self.personas, self.registry, self.policy, self.root_dir, self._inbox.humans
        )
        self.blocks = Blocks(self.personas, checks)
        self.trust = ChatTrust(chat, self.personas, self._voice, service.trust_store)
        self.roster = Roster(self.personas, self._inbox.forget_last)
        self.failures = LastFailures(chat)
        self._head_start = HeadStart(self.personas, self.failures)
        self._ready: asyncio.Task[None] | None = None
        self._answering = Answering(self, self._inbox, self._voice)
        self._reception = Reception(
            self, self._inbox, self._answering, self._voice, self._background
        )

    # -- life --------------------------------------------------------------

    @property
    def listening(self) -> bool:
        """Whether the chat is open for it."""
        return self._reception.listening

    @property
    def path(self) -> str:
        """Path of the chat file relative to the server's root."""
        return self.chat.get_path()

    @property
    def root_dir(self) -> Path:
        """The server's root folder."""
        return self._service.root_dir

    @property
    def settings(self) -> Mapping[str, Any]:
        """The server's settings."""
        settings: Mapping[str, Any] = self._service.serverapp.web_app.settings
        return settings

    @property
    def registry(self) -> EngineRegistry:
        """The engines."""
        return self._service.catalog.registry

    @property
    def last_addressed(self) -> str | None:
        """Short name of the persona last addressed, as it is called now."""
        return called_now(self.view, self._inbox.last_addressed)

    @property
    def people(self) -> Mapping[str, str]:
        """The people who have written here: username → name shown."""
        return self._inbox.humans()

    def levels(self) -> list[Location]:
        """Return where definitions of this chat are looked for, the farthest first."""
        folder = (self.root_dir / self.path).parent
        return self._service.catalog.locations(folder, self.root_dir)

    @property
    def view(self) -> LiveView:
        """The definitions in use."""
        return self.personas.view

    @property
    def attached(self) -> frozenset[Path]:
        """Files that the definitions use besides their own; none before they are read."""
        return self.personas.attached

    def start(self) -> None:
        """Listen to the chat and answer what came before. Called once, when it opens."""
        self._ready = self._background.start(self._open(), "open the personas of a chat")
        self._reception.open(self.catch_up_seconds)

    async def ready(self) -> None:
        """Wait until the definitions are read."""
        if self._ready is not None:
            await asyncio.shield(self._ready)

    async def close(self) -> None:
        """Stop listening and release every persona. Called when the chat closes."""
        self._reception.close()
        await self.personas.close()
        await self._background.close()

    def close_soon(self) -> None:
        """Close without waiting, when another chat object has taken this one's place."""
        self._background.start(self.close(), "close the personas of a chat")

    async def _open(self) -> None:
        await self.personas.open()
        self.carried.installed(self.view)
        self.personas.when_applied = self._record
        mend_broken_off(self.chat)
        self._tell_files(opening=True)
        self._findings.tell_foreign()
        self._service.watch()

    def _record(self) -> None:
        """Keep the definitions of those that are used, as they are now. Not in an observer."""
        self.carried.installed(self.view)
        for slug in self.personas.live:
            self.record(slug)

    def record(self, slug: str) -> None:
        """Keep the definition of one in the chat, so that it can be read elsewhere."""
        definition = self.view.personas.get(slug)
        if definition is not None:
            self.carried.record(definition)

    # -- what commands and REST ask for ----------------------------------------

    @property
    def in_use(self) -> tuple[BasePersona, ...]:
        """The personas that were used since the chat opened."""
        return tuple(self.personas.live.values())

    def listing(self) -> list[Listed]:
        """Return every persona of this chat: broken ones, and those that only it brings."""
        return [*self._rows(self.personas.everyone), *self.carried.rows(self.view)]

    def here(self) -> list[Listed]:
        """Return the personas that take part, also broken ones."""
        return self._rows(self.view)

    def names(self) -> Mapping[str, Sequence[str]]:
        """Return what each persona answers to, by short name; former names that are free too."""
        return names_in(self.view)

    async def supports(self) -> dict[str, EngineSupport]:
        """Return what each persona honours and misses, by short name."""
        return await supports(self.view, self.registry, self.root_dir, self.personas.live)

    def default(self) -> Default:
        """Return the persona that answers when none is mentioned or was addressed before."""
        return self._answering.default()

    def default_slug(self) -> str | None:
        """Return its short name."""
        return self.default().slug

    async def stop(self) -> int:
        """Stop all running and waiting turns and return how many there were."""
        return await self.personas.stop()

    def prepare_soon(self, slug: str) -> None:
        """Begin `prepare` and return at once; called when a persona is picked in a menu."""
        self._background.start(self.prepare(slug), f"prepare {slug}")

    async def prepare(self, slug: str) -> None:
        """Start a persona's engine ahead of its first message; what fails is told then."""
        await self.ready()
        await self._head_start.give(slug)

    async def decide_trust(
        self, slug: str, choice: Choice, seal: str | None = None, by: str = ""
    ) -> int:
        """Take a person's decision, and let the persona answer what has waited for it.

        Returns:
            How many messages it answers now.

        Raises:
            Refusal: There is nothing to decide, or it cannot be done.
        """
        waiting = await self.trust.decide(slug, choice, seal, by)
        await self.personas.reload()
        for message in waiting:
            self._background.start(
                self._answering.resume(slug, message), f"answer message {message.id}"
            )
        return len(waiting)

    async def refresh(self) -> Refreshed:
        """Read the definitions again and apply what changed, block by block.

        Open questions for permission are withdrawn: what they were asked under may change.
        """
        result = await self.personas.refresh()
        self._tell_files()
        return result

    def reload_soon(self) -> None:
        """Begin `reload` and return at once; called when files have changed."""
        self._background.start(self.reload(), "reload the personas of a chat")

    async def reload(self) -> None:
        """Apply what has changed in the files; nothing is said unless something is broken."""
        await self.ready()
        if await self.personas.reload():
            self._tell_files()
            self._service.watch()

    # -- inside ------------------------------------------------------------------

    def _rows(self, view: LiveView) -> list[Listed]:
        live, removed = self.personas.live, self.view.removed.keys()
        return list_personas(view, self.root_dir, live, removed, self.failures)

    def _tell_files(self, *, opening: bool = False) -> None:
        if self.show_diagnostics:
            self._findings.tell_files(opening=opening)
