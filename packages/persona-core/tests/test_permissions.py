"""An engine asks for permission; people answer, or the turn ends."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

import mistune
import pytest

from persona.core import (
    META,
    BasePersona,
    Diff,
    FilePosition,
    ModeChange,
    PermissionDecision,
    PermissionOption,
    PermissionRequest,
    PersonaEngine,
    ReplyEvent,
    Turn,
    mark_withdrawn,
)
from persona.core._session import SessionInfo
from persona.testing.chat import MemoryChat

if TYPE_CHECKING:
    from conftest import Until

ALLOW = PermissionOption("y", "Allow once", "allow_once")
ALWAYS = PermissionOption("a", "Always", "allow_always")
REJECT = PermissionOption("n", "No, thanks", "reject_once")


def request(key: str = "1", title: str = "write notes.txt", **more: Any) -> PermissionRequest:
    return PermissionRequest(key, title, (ALLOW, ALWAYS, REJECT), **more)


class Asking(PersonaEngine):
    """Asks what it is given, one after the other, and says what was decided."""

    id = "asking"

    def __init__(self, *requests: PermissionRequest, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.requests = requests
        self.decisions: list[PermissionDecision] = []
        self.starts = self.ends = self.restarts = 0

    async def start(self) -> None:
        self.starts += 1

    async def shutdown(self) -> None:
        self.ends += 1

    async def reply(self, turn: Turn) -> AsyncIterator[ReplyEvent | str]:
        if turn.text != "ask":
            yield f"heard {turn.text}"
            return
        yield "Before. "
        for asked in self.requests:
            yield asked
            decision = await asked.decision()
            self.decisions.append(decision)
            yield f"allowed={decision.allowed} "


@pytest.fixture
def chat() -> MemoryChat:
    return MemoryChat()


async def begin(chat: MemoryChat, *requests: PermissionRequest) -> tuple[BasePersona, Any]:
    """Start a turn and wait until it asks."""
    persona = BasePersona(ychat=chat, engine=Asking(*requests), slug="ada")
    turn = asyncio.create_task(persona.process_message(chat.say("ask", name="Ada Lovelace")))
    async with asyncio.timeout(5):
        while not persona.permissions:
            await asyncio.sleep(0.001)
    return persona, turn


def question(chat: MemoryChat, index: int = 0) -> tuple[str, dict[str, Any]]:
    notes = [(m.body, (m.metadata or {}).get(META, {})) for m in chat.get_messages()]
    return [(body, note) for body, note in notes if note.get("kind") == "permission"][index]


async def test_request_is_a_message_of_its_own_with_what_buttons_need(chat: MemoryChat) -> None:
    persona, turn = await begin(
        chat,
        request(
            command="rm -rf data",
            diffs=(Diff("notes.txt", "one\ntwo\n", "one\n2\n"), Diff("new.txt", None, "hi\n")),
            locations=(FilePosition("src/a.py", 3), FilePosition("b.py")),
            details="Because.",
            tool_call="call-1",
            kind="edit",
        ),
    )
    body, note = question(chat)
    assert body == (
        "**May I?** write notes.txt\n\n```sh\nrm -rf data\n```\n\n"
        "`notes.txt`\n\n```diff\n@@ -1,2 +1,2 @@\n one\n-two\n+2\n```\n\n"
        "`new.txt` (new file)\n\n```diff\n@@ -0,0 +1,1 @@\n+hi\n```\n\n"
        "In `src/a.py:3`, `b.py`.\n\n```\nBecause.\n```\n\n"
        "Answer with the buttons, or `/approve` or `/deny`."
    )
    assert note["state"] == "waiting"
    assert note["permission"] == {
        "id": "1",
        "title": "write notes.txt",
        "options": [
            {"id": "y", "name": "Allow once", "kind": "allow_once"},
            {"id": "a", "name": "Always", "kind": "allow_always"},
            {"id": "n", "name": "No, thanks", "kind": "reject_once"},
        ],
        "tool_call": "call-1",
        "kind": "edit",
    }
    assert chat.bodies[-2:] == ["Before. ", body]
    assert chat.writing[-1].status == {"typingIndicator": "waits for your permission…"}
    assert persona.decide("1", "y", "ada")
    await turn
    assert persona.permissions == ()
    assert not chat.writers


async def test_message_says_nothing_twice(chat: MemoryChat, until: Until) -> None:
    places = (FilePosition("notes.txt"), FilePosition("other.txt"), FilePosition("notes.txt", 4))
    edit = request("1", "edit notes.txt", diffs=(Diff("notes.txt", "a", "b"),), locations=places)
    run = request("2", "ls  data", command="ls data")
    persona = BasePersona(ychat=chat, engine=Asking(edit, run), slug="ada")
    turn = asyncio.create_task(persona.process_message(chat.say("ask")))
    await until(lambda: persona.permissions == (edit,))
    assert chat.bodies[-1].count("notes.txt") == 3
    assert "In `other.txt`, `notes.txt:4`." in chat.bodies[-1]
    persona.decide("1", "y", "ada")
    await until(lambda: persona.permissions == (run,))
    assert chat.bodies[-1].startswith("**May I?**\n\n```sh\nls data\n```")
    persona.decide("2", "y", "ada")
    await turn


@pytest.mark.parametrize(
    ("option", "allowed", "verdict"),
    [
        ("y", True, "✓ **Allowed** by Ada Lovelace: Allow once."),
        ("n", False, "✗ **Not allowed** by Ada Lovelace: No, thanks."),
    ],
)
async def test_message_says_what_was_chosen_and_by_whom(
    chat: MemoryChat, option: str, allowed: bool, verdict: str
) -> None:
    persona, turn = await begin(chat, request(command="ls"))
    assert persona.decide("1", option, "ada")
    assert not persona.decide("1", "y", "bob")
    await turn
    body, note = question(chat)
    assert body == f"**May I?** write notes.txt\n\n```sh\nls\n```\n\n{verdict}"
    assert note["state"] == "decided"
    assert note["permission"]["decision"]["option"] == option
    assert note["permission"]["decision"]["by"] == "ada"
    assert note["permission"]["decision"]["name"] == "Ada Lovelace"
    assert chat.bodies[-1] == f"allowed={allowed} "
    await persona.shutdown()


async def test_request_is_found_by_its_message_too_and_unknown_options_are_refused(
    chat: MemoryChat,
) -> None:
    persona, turn = await begin(chat, request())
    (key,) = [m.id for m in chat.get_messages() if "May I?" in m.body]
    with pytest.raises(ValueError, match="no option 'x'"):
        persona.decide(key, "x")
    assert not persona.decide("nothing", "y")
    assert persona.decide(key, "y", "ext", "Somebody Else")
    await turn
    assert "by Somebody Else: Allow once." in question(chat)[0]


@pytest.mark.parametrize("how", ["stop", "shutdown", "caller"])
async def test_request_is_withdrawn_when_the_turn_ends(chat: MemoryChat, how: str) -> None:
    asked = request()
    persona, turn = await begin(chat, asked)
    if how == "caller":
        turn.cancel()
        await asyncio.wait({turn})
    else:
        await getattr(persona, how)()
        await turn
    assert asked.decided == PermissionDecision(None)
    body, note = question(chat)
    assert body == mark_withdrawn("**May I?** write notes.txt")
    assert note["state"] == "withdrawn"
    assert persona.permissions == ()
    assert not chat.writers


async def test_request_is_withdrawn_when_the_engine_ends_its_turn_without_waiting(
    chat: MemoryChat,
) -> None:
    class Hasty(PersonaEngine):
        id = "hasty"

        async def reply(self, turn: Turn) -> AsyncIterator[ReplyEvent | str]:
            yield asked
            if turn.text == "fail":
                raise ValueError("boom")

    for text in ("end", "fail"):
        asked = request()
        persona = BasePersona(ychat=chat, engine=Hasty(), slug="ada")
        await persona.process_message(chat.say(text))
        assert asked.decided == PermissionDecision(None)
    assert [question(chat, i)[1]["state"] for i in (0, 1)] == ["withdrawn", "withdrawn"]


async def test_each_open_request_has_its_own_answer_when_there_are_several(
    chat: MemoryChat,
) -> None:
    class Both(PersonaEngine):
        id = "both"

        async def reply(self, turn: Turn) -> AsyncIterator[ReplyEvent | str]:
            pair = request("1"), request("2")
            assert len({*pair, request("1")}) == 3
            for asked in pair:
                yield asked
            for asked in pair:
                yield f"{(await asked.decision()).allowed} "

    persona = BasePersona(ychat=chat, engine=Both(), slug="ada")
    turn = asyncio.create_task(persona.process_message(chat.say("go")))
    while len(persona.permissions) < 2:
        await asyncio.sleep(0.001)
    assert persona.decide("2", "n", "ada")
    assert [asked.id for asked in persona.permissions] == ["1"]
    assert chat.writing[-1].status == {"typingIndicator": "waits for your permission…"}
    assert persona.decide("1", "y", "ada")
    await turn
    assert chat.bodies[-1] == "True False "
    verdicts = [question(chat, i)[0].rpartition("\n")[2] for i in (0, 1)]
    assert verdicts[0].startswith("✓ **Allowed**")
    assert verdicts[1].startswith("✗ **Not allowed**")


async def test_turn_fails_when_an_open_id_is_used_twice(chat: MemoryChat) -> None:
    class Twice(PersonaEngine):
        id = "twice"

        async def reply(self, turn: Turn) -> AsyncIterator[ReplyEvent | str]:
            yield request("1")
            yield request("1")

    persona = BasePersona(ychat=chat, engine=Twice(), slug="ada")
    await persona.process_message(chat.say("go"))
    assert "id '1' twice" in chat.bodies[-1]
    assert question(chat)[1]["state"] == "withdrawn"


async def test_request_that_a_policy_has_decided_is_not_shown(chat: MemoryChat) -> None:
    asked = request()
    asked.decide("y")
    persona = BasePersona(ychat=chat, engine=Asking(asked), slug="ada")
    await persona.process_message(chat.say("ask"))
    assert chat.bodies[1:] == ["Before. allowed=True "]


async def test_answer_counts_when_the_message_was_removed(chat: MemoryChat) -> None:
    persona, turn = await begin(chat, request())
    (message,) = [m for m in chat.get_messages() if "May I?" in m.body]
    message.deleted = True
    chat.update_message(message)
    assert persona.decide("1", "y", "ada")
    await turn
    assert chat.bodies[-1] == "allowed=True "


@pytest.mark.parametrize(
    "evil",
    [
        "```\n<script>alert(1)</script>\n```",
        "` ``` ```` <img src=x onerror=alert(1)>",
        "</details><b>x</b>",
    ],
)
async def test_command_and_diff_stay_in_their_fences(chat: MemoryChat, evil: str) -> None:
    persona, turn = await begin(
        chat,
        request(
            title=f"# {evil}",
            command=evil,
            diffs=(Diff(f"a`b\n{evil}", evil, f"{evil}\nmore"),),
            details=evil,
        ),
    )
    body, _ = question(chat)
    tokens = mistune.create_markdown(renderer="ast")(body)
    kinds = [token["type"] for token in tokens if token["type"] != "blank_line"]
    assert kinds == [
        "paragraph",
        "block_code",
        "paragraph",
        "block_code",
        "block_code",
        "paragraph",
    ]
    inline = [part["type"] for token in tokens for part in token.get("children", [])]
    assert "inline_html" not in inline
    fences = [token["raw"] for token in tokens if token["type"] == "block_code"]
    assert fences[0] == fences[2] == f"{evil}\n"
    await persona.shutdown()
    await turn


async def test_hidden_characters_are_written_out(chat: MemoryChat) -> None:
    persona, turn = await begin(
        chat, request(title="run \u202els", command="ls\u200b \x1b[2K\rrm", details="a\r\nb")
    )
    body, note = question(chat)
    assert "run \\\\u{202e}ls" in body
    assert "ls\\u{200b} \\u{1b}[2K\\u{d}rm" in body
    assert "a\nb" in body
    assert note["permission"]["title"] == "run \\u{202e}ls"
    await persona.shutdown()
    await turn


async def test_long_things_are_cut_and_said_to_be(chat: MemoryChat) -> None:
    new = "\n".join(f"line {number}" for number in range(100_000))
    persona, turn = await begin(chat, request(diffs=(Diff("big.txt", None, new),)))
    body, _ = question(chat)
    assert len(body) < 10_000
    assert "+line 118\n" in body
    assert "*99881 more lines not shown.*" in body
    await persona.shutdown()
    await turn


# -- restart, session ---------------------------------------------------------


async def test_restart_ends_the_turn_and_starts_the_engine_anew_for_what_waits(
    chat: MemoryChat,
) -> None:
    asked = request()
    persona, turn = await begin(chat, asked)
    engine = persona.engine
    assert isinstance(engine, Asking)
    waiting = asyncio.create_task(persona.process_message(chat.say("next")))
    await asyncio.sleep(0)
    assert await persona.restart()
    await asyncio.gather(turn, waiting)
    assert asked.decided == PermissionDecision(None)
    assert chat.bodies[-1] == "heard next"
    assert persona.engine is engine
    assert (engine.starts, engine.ends) == (2, 1)
    assert "*Stopped.*" in chat.bodies
    await persona.shutdown()


async def test_restart_lets_the_engine_go_at_once_when_nothing_runs(chat: MemoryChat) -> None:
    engine = Asking()
    persona = BasePersona(ychat=chat, engine=engine, slug="ada")
    await persona.process_message(chat.say("one"))
    assert not await persona.restart()
    assert (engine.starts, engine.ends) == (1, 1)
    await persona.process_message(chat.say("two"))
    assert (engine.starts, engine.ends) == (2, 1)
    assert chat.bodies[-1] == "heard two"
    await persona.shutdown()


async def test_change_of_mode_is_told_and_the_session_is_known_until_a_restart(
    chat: MemoryChat,
) -> None:
    class Moody(PersonaEngine):
        id = "moody"

        async def reply(self, turn: Turn) -> AsyncIterator[ReplyEvent | str]:
            yield ModeChange("ask", "Ask")
            yield "one"
            yield ModeChange("ask", "Ask")
            yield ModeChange("code", "Co*de")

    persona = BasePersona(ychat=chat, engine=Moody(), slug="ada")
    await persona.process_message(chat.say("go"))
    assert chat.bodies[1:] == ["one", "*Mode: Co\\*de.*"]
    assert persona.session_info == SessionInfo(mode=ModeChange("code", "Co*de"))
    await persona.restart()
    assert persona.session_info == SessionInfo()
    await persona.shutdown()
