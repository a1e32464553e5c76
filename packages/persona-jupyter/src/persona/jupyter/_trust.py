"""The question whether a project's persona may run what it wants to, in one chat."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Literal

from persona.core import TrustError, TrustVersion, Untrusted, note
from persona.jupyter import _trust_notices as texts
from persona.jupyter._refusal import Refusal
from persona.jupyter._seal import Seal
from persona.jupyter._system import SYSTEM_USER, SystemVoice

if TYPE_CHECKING:
    from jupyterlab_chat.models import BaseChatModel, Message

    from persona.core import TrustStore
    from persona.jupyter._in_use import PersonasInUse

Choice = Literal["version", "project", "later"]
CHOICES: tuple[Choice, ...] = ("version", "project", "later")


class ChatTrust:
    """Asks once for each version, and notes what was decided. What runs is looked at anew.

    A chat file may hold messages that look like questions, so that a click counts only for
    what this user's server has shown.

    Args:
        chat: The chat.
        personas: Its personas.
        voice: Who asks.
        store: What the user has trusted, in all chats.
        seal: Signs what was shown; by default with the user's own key.
    """

    def __init__(
        self,
        chat: BaseChatModel,
        personas: PersonasInUse,
        voice: SystemVoice,
        store: TrustStore,
        seal: Seal | None = None,
    ) -> None:
        self._chat = chat
        self._personas = personas
        self._voice = voice
        self._store = store
        self._seal = seal or Seal()
        self._deciding = asyncio.Lock()
        self._looking = asyncio.Lock()  # first come, first served: messages keep their order

    async def look(self, slug: str) -> Untrusted | None:
        """Return why a persona waits, or None."""
        path = self._chat.get_path()
        return await asyncio.to_thread(self._personas.guard.look, slug, path)

    async def stops(self, slug: str, message: Message) -> bool:
        """Whether a persona may not answer; then the chat asks, or says that it has.

        Called for each message before it gets to the persona.
        """
        if not self._personas.guard.may_run(slug):  # without a pause, as names may change in one
            return False
        async with self._looking:
            untrusted = await self.look(slug)
        if untrusted is None:
            return False
        await self._personas.release(slug)
        self._ask(untrusted, message)
        return True

    def _ask(self, untrusted: Untrusted, message: Message) -> None:
        version = untrusted.version
        if any(self._fits(version, noted) for _, noted in self._questions(version.slug)):
            remembered = {"kind": texts.WAITS, "answers": message.id, "trust": version.slug}
            self._voice.write(texts.still_waits(untrusted), remembered)
            return
        self._write(untrusted, answers=message.id)

    def _write(self, untrusted: Untrusted, answers: str) -> str:
        """Ask anew; what was asked before is over."""
        version = untrusted.version
        for found, noted in list(self._questions(version.slug)):
            if self._fits(version, noted):
                self._settle(found, noted, version, "*Asked again: see below.*", "over")
            elif noted.get("state") == "asked":
                self._settle(found, noted, version, "*It has changed since: see below.*", "over")
        shown = texts.question(untrusted, self._personas.root_dir)
        return self._voice.write(shown, texts.note_of(untrusted, self._sealed(version), answers))

    async def _waits(self, slug: str) -> Untrusted:
        untrusted = await self.look(slug)
        if untrusted is None:
            if slug in self._personas.view.personas:
                raise Refusal("trusted", "It does not wait for your trust.")
            raise Refusal("unknown", "There is no persona of that name.")
        return untrusted

    async def review(self, slug: str) -> str:
        """Return the id of the message that asks, which is written if there is none.

        Called when a person wants to see what a persona would run, without asking it anything.

        Raises:
            Refusal: There is nothing to decide.
        """
        untrusted = await self._waits(slug)
        for found, noted in self._questions(slug):
            if noted.get("state") == "asked" and self._fits(untrusted.version, noted):
                return found.id
        return self._write(untrusted, answers="")

    async def decide(
        self, slug: str, choice: Choice, seal: str | None = None, by: str = ""
    ) -> list[Message]:
        """Take a decision of a person, and return the messages that wait for the persona.

        Args:
            slug: Short name.
            choice: What was decided.
            seal: Of the question that was looked at; by default whatever is there now.
            by: Name of the person, for the chat.

        Raises:
            Refusal: There is nothing to decide, it is not what was shown, or it cannot be
                kept.
        """
        async with self._deciding:
            untrusted = await self._waits(slug)
            version = untrusted.version
            if untrusted.why == "never" and choice != "later":
                raise Refusal("refused", "This server trusts no project.")
            if seal is not None and not self._seal.fits(f"trust {slug}", self._of(version), seal):
                raise Refusal(
                    "changed",
                    "What you see was not shown by this server, or has changed since. "
                    f"Write @{slug} and look at it again.",
                )
            try:
                await asyncio.to_thread(self._keep, version, choice)
            except TrustError as exc:
                raise Refusal("failed", str(exc)) from exc
            waiting = self._waiting(slug) if choice != "later" else []
            state = "later" if choice == "later" else "trusted"
            told = texts.decided(version, choice, by)
            for found, noted in list(self._questions(slug)):
                self._settle(found, noted, version, told, state)
            return waiting

    async def written(self, slug: str) -> None:
        """Trust a persona as it was just written here; what cannot be kept is asked later."""
        untrusted = await self.look(slug)
        if untrusted is None or untrusted.why == "never" or untrusted.version.problems:
            return
        try:
            await asyncio.to_thread(self._store.approve, [untrusted.version])
        except TrustError:
            return
        await self._personas.reload()

    def _keep(self, version: TrustVersion, choice: Choice) -> None:
        if choice == "version":
            self._store.approve([version])
        elif choice == "project":
            if version.homes != {version.root}:
                others = ", ".join(str(home) for home in sorted(version.homes - {version.root}))
                raise TrustError(f"{others} has a say in it too. Trust this version alone.")
            self._store.trust_project([version.root])

    def _waiting(self, slug: str) -> list[Message]:
        """Return the messages of people that a persona has not answered yet, in their order."""
        ids: dict[str, None] = {}
        for found in self._chat.get_messages():
            noted = note(found)
            if found.sender != SYSTEM_USER or found.deleted:
                continue
            about = noted.get("trust")
            of_question = isinstance(about, Mapping) and about.get("slug") == slug
            open_question = of_question and noted.get("state") in ("asked", "later", "over")
            if (noted.get("kind") == texts.KIND and open_question) or (
                noted.get("kind") == texts.WAITS and about == slug
            ):
                ids[str(noted.get("answers"))] = None
        messages = (self._chat.get_message(message_id) for message_id in ids)
        return [m for m in messages if m is not None and not m.deleted]

    def _questions(self, slug: str) -> Iterator[tuple[Message, dict[str, Any]]]:
        """Yield the questions about a persona that were asked here, the newest first."""
        for message in reversed(self._chat.get_messages()):
            noted = dict(note(message))
            about = noted.get("trust")
            if message.sender != SYSTEM_USER or message.deleted or noted.get("kind") != texts.KIND:
                continue
            if isinstance(about, Mapping) and about.get("slug") == slug:
                yield message, noted

    def _settle(
        self, message: Message, noted: dict[str, Any], version: TrustVersion, told: str, state: str
    ) -> None:
        body = message.body.removesuffix(texts.hint(version))
        if noted.get("state") in ("asked", "later"):
            body = body.partition("\n\n**Not now.**")[0]
            self._voice.rewrite(message.id, f"{body}\n\n{told}", {**noted, "state": state})

    def _sealed(self, version: TrustVersion) -> str:
        return self._seal.of(f"trust {version.slug}", self._of(version))

    def _fits(self, version: TrustVersion, noted: Mapping[str, Any]) -> bool:
        seal = str(noted.get("trust", {}).get("seal", ""))
        open_still = noted.get("state") in ("asked", "later")
        return open_still and self._seal.fits(f"trust {version.slug}", self._of(version), seal)

    def _of(self, version: TrustVersion) -> dict[str, str]:
        return {"chat": str(self._chat.get_id()), "digest": version.digest}
