"""ReplyWriter on real chats: first text at once, linear bytes, the end exact."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from jupyterlab_chat.models import User

from persona.core import (
    ChatGone,
    ConfigChange,
    ConfigValue,
    Conversation,
    Diff,
    FilePosition,
    Notice,
    Pace,
    Plan,
    PlanEntry,
    ReplyEvent,
    Text,
    Thought,
    ToolCall,
    ToolCallUpdate,
    TurnError,
    Usage,
    write_failure,
)

if TYPE_CHECKING:
    from conftest import RealChat, Until

BOT = "persona::ada-bot"
NOW = Pace(floor=0, ceiling=0, share=1e9)
"""Every change is a frame."""
SLOW = Pace(floor=60, ceiling=60)
"""No frame but the first and the last."""

Event = ReplyEvent | str


async def test_text_is_joined_exactly(chat: RealChat) -> None:
    await chat.reply("Hel", "lo ", Text("wörld 🌍"), "", "\n")
    assert chat.bodies() == ["Hello wörld 🌍\n"]
    (note,) = chat.notes()
    assert (note["kind"], note["state"], note["model"]) == ("reply", "complete", "a/b")
    assert note["answers"] == chat.of("ada")[0].id


async def test_first_text_is_there_in_the_same_turn_of_the_loop(chat: RealChat) -> None:
    seen = []

    async def reply() -> AsyncIterator[str]:
        yield "  "
        seen.append(chat.bodies())
        yield "First"
        seen.append(chat.bodies())
        yield " second"
        seen.append(chat.bodies())

    await chat.writer(SLOW).write(reply())
    assert seen == [[], ["  First"], ["  First"]]
    assert chat.bodies() == ["  First second"]


async def test_later_text_comes_with_the_next_frame(chat: RealChat, until: Until) -> None:
    async def reply() -> AsyncIterator[str]:
        yield "one"
        yield " two"
        assert chat.bodies() == ["one"]
        await until(lambda: chat.bodies() == ["one two"])
        yield " three"

    await chat.writer().write(reply())
    assert chat.bodies() == ["one two three"]


async def test_text_and_tools_keep_their_order(chat: RealChat) -> None:
    events = [
        "Before.",
        ToolCall("1", "search", {"q": "x"}, server="web"),
        ToolCall("2", "read"),
        ToolCallUpdate("1", "completed", output="found"),
        ToolCallUpdate("2", "completed"),
        "After.",
    ]
    await chat.reply(*events)
    before, tools, after = chat.bodies()
    assert (before, after) == ("Before.", "After.")
    assert "Used search, read" in tools
    assert "found" in tools
    assert "web" in tools
    assert [n["kind"] for n in chat.notes()] == ["reply", "tools", "reply"]
    assert {n["state"] for n in chat.notes()} == {"complete"}


async def test_new_text_after_tools_is_there_at_once(chat: RealChat) -> None:
    async def reply() -> AsyncIterator[Event]:
        yield "Before." * 100
        yield ToolCall("1", "search")
        yield ToolCallUpdate("1", "completed")  # waits for its frame
        yield "After."
        assert chat.bodies()[-1] == "After."

    await chat.writer(SLOW).write(reply())
    assert "Used search" in chat.bodies()[1]


async def test_tool_that_ends_below_later_text_is_updated_where_it_stands(chat: RealChat) -> None:
    events = [ToolCall("1", "search"), "Meanwhile.", ToolCallUpdate("1", "completed"), " Done."]
    await chat.reply(*events, pace=NOW)
    tools, text = chat.bodies()
    assert "Used search" in tools
    assert text == "Meanwhile. Done."


async def test_tool_update_without_a_call_begins_one(chat: RealChat) -> None:
    await chat.reply(ToolCallUpdate("9", "completed", title="grep"), "ok")
    assert "Used grep" in chat.bodies()[0]


async def test_update_of_a_finished_tool_below_later_text_is_told_where_it_stands(
    chat: RealChat,
) -> None:
    events = [
        ToolCall("1", "search"),
        ToolCallUpdate("1", "completed"),
        "Found it.",
        ToolCallUpdate("1", title="search the web"),
        " Done.",
    ]
    await chat.reply(*events, pace=NOW)
    tools, text = chat.bodies()[-2:]
    assert "Used search the web" in tools
    assert text == "Found it. Done."


async def test_many_tool_updates_are_few_frames(chat: RealChat) -> None:
    updates = [ToolCallUpdate("1", output="x" * n) for n in range(1, 500)]
    writing = await chat.reply(ToolCall("1", "run"), *updates, pace=SLOW)
    assert writing.stats.frames == 2
    assert "x" * 499 in chat.bodies()[0]


async def test_tools_that_never_end_are_marked(chat: RealChat) -> None:
    await chat.reply(ToolCall("1", "search"), "text")
    assert "✗" in chat.bodies()[0]
    assert "Using" not in chat.bodies()[0]


async def test_there_is_one_plan(chat: RealChat) -> None:
    steps = [Plan((PlanEntry("look", "completed"), PlanEntry(name))) for name in ("a", "b")]
    await chat.reply(steps[0], "text", steps[1])
    assert chat.bodies() == ["- ● look\n- ○ b", "text"]
    assert [n["kind"] for n in chat.notes()] == ["plan", "reply"]


async def test_notice_is_a_message_of_its_own(chat: RealChat) -> None:
    await chat.reply("a", Notice("careful"), "b")
    assert chat.bodies() == ["a", "careful", "b"]
    assert [n["kind"] for n in chat.notes()] == ["reply", "notice", "reply"]


async def test_usage_is_noted_at_the_end_only(chat: RealChat) -> None:
    usage = Usage(10, 5, 0.25, "b-1")
    await chat.reply("a", Usage(1, 1), ToolCall("1", "t"), "b", usage)
    notes = chat.notes()
    assert ["usage" in n for n in notes] == [False, False, True]
    expected = {"input_tokens": 10, "output_tokens": 5, "cost": 0.25, "model": "b-1"}
    assert notes[-1]["usage"] == expected


class Private(ReplyEvent):
    """An event of an engine of tomorrow."""


async def test_report_shows_changes_of_files_and_places(chat: RealChat) -> None:
    diff = Diff("a.py", "x = 1\n", "x = <b>2</b>\n")
    events = [
        ToolCall("1", "edit", locations=(FilePosition("a.py", 7),), diffs=(diff,)),
        ToolCallUpdate("1", "completed", input={"n": 1}),
        ToolCallUpdate("1", diffs=(replace(diff, path="b.py"),), locations=()),
    ]
    await chat.reply(*events, pace=NOW)
    body = chat.bodies()[-1]
    assert "a.py" not in body
    assert "`b.py`\n\n```diff\n@@ -1,1 +1,1 @@\n-x = 1\n+x = <b>2</b>\n```\n" in body
    assert '{"n": 1}' in body


async def test_unknown_events_are_passed_over(chat: RealChat) -> None:
    await chat.reply(Private(), "a", Private(), "b")
    assert chat.bodies() == ["ab"]


@pytest.mark.parametrize("wrong", [None, b"bytes", {"text": "x"}, 3])
async def test_what_is_no_event_is_told(chat: RealChat, wrong: Any) -> None:
    with pytest.raises(TurnError, match="must yield str or ReplyEvent"):
        await chat.reply("so far", wrong)
    assert chat.bodies() == ["so far"]


async def test_end_of_a_turn_is_noted_where_it_was_said_last(chat: RealChat) -> None:
    usage = Usage(10, 5, None, "b-1", context_used=900, context_size=4_000)
    await chat.reply("a", ToolCall("1", "t"), "b", Notice("n"), usage, engine="parrot")
    notes = {note["kind"]: note for note in chat.notes() if "seconds" in note}
    assert list(notes) == ["reply"]
    assert chat.bodies()[2] == "b"
    assert (notes["reply"]["state"], notes["reply"]["engine"]) == ("complete", "parrot")
    assert 0 <= notes["reply"]["seconds"] < 60
    assert notes["reply"]["usage"]["context_used"] == 900
    assert notes["reply"]["usage"]["context_size"] == 4_000


async def test_time_is_noted_without_usage_and_only_when_the_turn_is_over(chat: RealChat) -> None:
    seen: list[bool] = []

    async def slow() -> AsyncIterator[Event]:
        yield "a"
        await asyncio.sleep(0.05)
        seen.append("seconds" in chat.notes()[0])
        yield "b"

    await chat.writer(NOW).write(slow())
    assert seen == [False]
    assert chat.notes()[0]["seconds"] >= 0.05
    assert "usage" not in chat.notes()[0]


async def test_what_an_agent_tells_of_its_context_outlives_its_last_report(chat: RealChat) -> None:
    early = Usage(cost=0.5, context_used=900, context_size=4_000)
    await chat.reply("a", early, Usage(10, 5), Usage(context_used=950))
    assert chat.notes()[0]["usage"] == {
        "input_tokens": 10,
        "output_tokens": 5,
        "cost": 0.5,
        "model": None,
        "context_used": 950,
        "context_size": 4_000,
    }


async def test_deleted_last_message_of_a_turn_is_no_failure_of_it(chat: RealChat) -> None:
    async def said_and_deleted() -> AsyncIterator[Event]:
        yield "a"
        yield Notice("n")
        chat.delete(chat.of(BOT)[0].id)

    await chat.writer(NOW).write(said_and_deleted())
    assert chat.bodies()[1] == "n"


async def test_model_that_an_agent_chose_is_noted_if_the_persona_names_none(chat: RealChat) -> None:
    choices = (("m-1", "Model One"), ("m-2", "Model Two"))
    config = ConfigChange((ConfigValue("model", "m-2", category="model", choices=choices),))
    await chat.reply(config, "a", model=None)
    assert chat.notes()[0]["model"] == "Model Two"


@pytest.mark.parametrize("events", [[], ["", "  \n"], [Thought("hm"), Usage(1, 0)]])
async def test_empty_reply_is_a_turn_error(chat: RealChat, events: list[Event]) -> None:
    with pytest.raises(TurnError, match="without an answer") as caught:
        await chat.reply(*events)
    assert caught.value.kind == "empty"
    assert {note["kind"] for note in chat.notes()} <= {"thought"}


async def test_cancelled_reply_keeps_its_text_and_is_marked(chat: RealChat, until: Until) -> None:
    async def reply() -> AsyncIterator[str]:
        yield "one"
        yield " two"
        await asyncio.Event().wait()

    task = asyncio.create_task(chat.writer(SLOW).write(reply()))
    await until(chat.bodies)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert chat.bodies() == ["one two\n\n*Stopped.*"]
    assert chat.notes()[0]["state"] == "stopped"


async def test_failed_reply_keeps_its_text(chat: RealChat) -> None:
    with pytest.raises(LookupError, match="nope"):
        await chat.reply("one", " two", LookupError("nope"), pace=SLOW)
    assert chat.bodies() == ["one two"]
    assert chat.notes()[0]["state"] == "failed"


async def test_message_deleted_in_mid_stream_is_chat_gone(chat: RealChat, until: Until) -> None:
    async def reply() -> AsyncIterator[str]:
        yield "one"
        chat.delete(chat.of(BOT)[0].id)
        while True:
            yield "more"
            await asyncio.sleep(0.01)

    with pytest.raises(ChatGone, match="removed"):
        async with asyncio.timeout(5):
            await chat.writer().write(reply())
    (message,) = chat.of(BOT)
    assert (message.body, message.deleted) == ("", True)


async def test_cancellation_wins_over_a_deleted_message(chat: RealChat, until: Until) -> None:
    async def reply() -> AsyncIterator[str]:
        yield "one"
        await asyncio.Event().wait()

    task = asyncio.create_task(chat.writer().write(reply()))
    await until(chat.bodies)
    chat.delete(chat.of(BOT)[0].id)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_what_others_noted_on_the_message_stays(chat: RealChat) -> None:
    key = chat.model.set_attachment(_attachment())

    async def reply() -> AsyncIterator[str]:
        yield "one"
        (message,) = chat.of(BOT)
        metadata = {**(message.metadata or {}), "other": {"a": 1}}
        changed = replace(message, metadata=metadata, mentions=["ada"], attachments=[key])
        chat.model.update_message(changed)
        yield " two"

    await chat.writer(NOW).write(reply())
    (message,) = chat.of(BOT)
    assert message.body == "one two"
    assert (message.mentions, message.attachments) == (["ada"], [key])
    assert (message.metadata or {})["other"] == {"a": 1}
    assert chat.notes()[0]["state"] == "complete"


def _attachment() -> Any:
    from jupyterlab_chat.models import FileAttachment

    return FileAttachment(value="a.txt")


async def test_bytes_grow_with_the_text_not_its_square(chat: RealChat) -> None:
    sent: list[int] = []
    for chunks in (1_000, 4_000):

        async def reply(number: int = chunks) -> AsyncIterator[str]:
            for _ in range(number):
                yield "abcd"
                await asyncio.sleep(0.000_25)

        chat.sizes.clear()
        await chat.writer().write(reply())
        assert chat.bodies()[-1] == "abcd" * chunks
        sent.append(sum(chat.sizes))
    assert sent[1] < 8 * sent[0]
    assert sent[1] < 4 * 4_000 * 30


async def test_writer_spends_little_of_the_time(chat: RealChat) -> None:
    for number in range(300):
        chat.say(f"earlier {number}")

    async def reply() -> AsyncIterator[str]:
        for _ in range(1_000):
            yield "abcd"
            await asyncio.sleep(0.000_5)

    writing = chat.writer()
    begun = time.perf_counter()
    await writing.write(reply())
    took = time.perf_counter() - begun
    assert 2 <= writing.stats.frames < 100
    # Whether it is one part in twenty is measured in the benchmarks, on a quiet machine.
    assert writing.stats.seconds < 0.25 * took


async def test_stats_count_frames_and_characters(chat: RealChat) -> None:
    writing = await chat.reply("ab", "cd", "ef", pace=SLOW)
    assert (writing.stats.frames, writing.stats.characters) == (2, 2 + 6)


async def test_status_is_shown_and_taken_back(ws: RealChat) -> None:
    frames: list[str] = []

    class Client:
        def write_message(self, frame: str) -> None:
            if '"action": "writing"' in frame:
                frames.append(frame)

    ws.model.handlers["second"] = Client()  # type: ignore[attr-defined]
    await ws.reply(Thought("a"), Thought("b"), ToolCall("1", "search"), "x")
    assert len(frames) == 3
    assert "is thinking" in frames[0]
    assert "is using search" in frames[1]
    assert '"state": false' in frames[2]


async def test_failure_is_told_escaped_with_folded_details(chat: RealChat) -> None:
    conversation = Conversation(chat.model, User(username=BOT, name="A", display_name="A"))
    error = TurnError("No *key* <b>", fix="Set `KEY`.", details="a\n \n<b>$x$", kind="auth")
    write_failure(conversation, "m1", error)
    (body,) = chat.bodies()
    assert body.startswith("⚠ **No \\*key\\* &lt;b&gt;**\n\nSet `KEY`.")
    assert "<details><summary>Details</summary>" in body
    assert "a\n&nbsp;\n&lt;b&gt;&#36;x&#36;" in body
    (note,) = chat.notes()
    expected = {"kind": "error", "state": "failed", "answers": "m1", "error": "auth"}
    assert note == expected


async def test_tool_report_lets_nothing_out(chat: RealChat) -> None:
    title = "a\n\n# <script> `x` $y$"
    call = ToolCall("1", title, {"a": "\n\n<b>"})
    update = ToolCallUpdate("1", "completed", output="x\n\n   \n# not a title\n" + "y" * 5000)
    await chat.reply(call, update)
    (body,) = chat.bodies()
    assert "<script>" not in body
    assert "<b>\\n" not in body
    assert "$" not in body.replace("&#36;", "")
    blank = [line for line in body.split("\n\n", 1)[1].splitlines() if not line.strip()]
    assert blank == []
    assert len(body) < 3_000


def test_pace_is_bounded_and_grows_with_the_text() -> None:
    pace = Pace(floor=0.1, ceiling=1.0, rate=1000, share=0.05)
    assert pace.spacing(0, 0) == 0.1
    assert pace.spacing(500, 0) == 0.5
    assert pace.spacing(50_000, 0) == 1.0
    assert pace.spacing(0, 0.01) == pytest.approx(0.2)
    assert pace.spacing(0, 0.1) == pytest.approx(2.0)


def test_default_pace_keeps_its_promises() -> None:
    pace = Pace()
    for length in (1, 1_000, 100_000, 10_000_000):
        assert pace.floor <= pace.spacing(length, 0) <= 1.0
        for cost in (0.001, 0.01, 0.04, 0.5):
            assert cost / (cost + pace.spacing(length, cost)) <= 0.05
            assert pace.spacing(length, cost) <= 1.0 or cost >= 0.04


async def test_old_chat_file_is_loaded_with_the_reply(ws: RealChat, tmp_path: Path) -> None:
    from jupyterlab_chat.websocket_model import WsChatModel

    await ws.reply("kept", Usage(1, 2))
    again = WsChatModel("a.chat", tmp_path)
    again.load_from_file()
    assert [m.body for m in again.get_messages()][-1] == "kept"
