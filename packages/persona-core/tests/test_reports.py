"""Tool calls, plans and thoughts: as data for front ends, beside Markdown that reads well."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from persona.core import (
    Diff,
    FilePosition,
    Notice,
    Pace,
    Plan,
    PlanEntry,
    ReplyEvent,
    Thought,
    ToolCall,
    ToolCallUpdate,
    TurnError,
)
from persona.core._turn import read_history

if TYPE_CHECKING:
    from conftest import RealChat, Until

BOT = "persona::ada-bot"
NOW = Pace(floor=0, ceiling=0, share=1e9)
SLOW = Pace(floor=60, ceiling=60)

Event = ReplyEvent | str


def kinds(chat: RealChat) -> list[str]:
    return [note["kind"] for note in chat.notes()]


async def test_call_is_told_as_data_as_it_stands(chat: RealChat) -> None:
    seen: list[dict[str, Any]] = []

    async def reply() -> AsyncIterator[Event]:
        yield ToolCall("1", "search", {"q": "naïve"}, server="web", kind="search")
        seen.extend(chat.notes()[0]["calls"])
        yield ToolCallUpdate("1", "completed", output="found")
        yield "Done."

    await chat.writer(NOW).write(reply())
    begun = {"id": "1", "title": "search", "server": "web", "kind": "search"}
    begun["input"] = '{"q": "naïve"}'
    assert seen == [begun | {"status": "in_progress"}]
    assert chat.notes()[0]["calls"] == [begun | {"status": "completed", "output": "found"}]
    assert "calls" not in chat.notes()[1]


async def test_changes_and_places_say_where_they_can_be_opened(chat: RealChat) -> None:
    diffs = (Diff("a.py", "x = 1\ny\n", "x = 2\ny\nz\n"), Diff("/etc/b", None, "new\n"))
    places = (
        FilePosition("a.py", 7),
        FilePosition("/srv/lab/other/c.py"),
        FilePosition("../../x"),
        FilePosition("/srv/lab"),
    )
    call = ToolCall("1", "edit", diffs=diffs, locations=places)
    await chat.reply(call)
    (told,) = chat.notes()[0]["calls"]
    assert [(p["path"], p.get("line"), p.get("open")) for p in told["locations"]] == [
        ("a.py", 7, "study/a.py"),
        ("/srv/lab/other/c.py", None, "other/c.py"),
        ("../../x", None, None),
        ("/srv/lab", None, None),
    ]
    changed, made = told["diffs"]
    assert (changed["open"], changed["added"], changed["removed"]) == ("study/a.py", 2, 1)
    assert changed["text"] == "@@ -1,2 +1,3 @@\n-x = 1\n+x = 2\n y\n+z"
    assert (changed["is_new"], made["is_new"]) == (False, True)
    assert "open" not in made


async def test_report_is_bounded_and_says_what_it_hides(chat: RealChat) -> None:
    lines = "".join(f"{number} {'x' * 200}\n" for number in range(3_000))
    diffs = tuple(Diff(f"{name}.py", None, lines) for name in range(30))
    call = ToolCall(
        "1",
        "t" * 5_000,
        {"text": "i" * 90_000},
        diffs=diffs,
        locations=tuple(FilePosition(f"p{n}") for n in range(500)),
    )
    update = ToolCallUpdate("1", "completed", output="\x1b" * 90_000)
    await chat.reply(call, update)
    (told,) = chat.notes()[0]["calls"]
    assert told["hidden"]["output"] == 88_000
    assert told["hidden"]["input"] > 85_000
    assert (told["hidden"]["diffs"], told["hidden"]["locations"]) == (10, 480)
    assert told["diffs"][0]["hidden"] + told["diffs"][0]["text"].count("\n") + 1 == 3_001
    assert told["diffs"][1]["text"] == ""
    assert len(json.dumps(told)) < 25_000
    assert len(chat.bodies()[0]) < 8_000


async def test_report_does_not_double_what_the_file_holds(chat: RealChat) -> None:
    output = "line of output\n" * 130
    await chat.reply(ToolCall("1", "run"), ToolCallUpdate("1", output=output))
    told = json.dumps(chat.notes()[0]["calls"])
    assert output in json.loads(told)[0]["output"]
    assert len(chat.bodies()[0]) + len(told) < 1.6 * len(output)


async def test_text_of_a_report_can_be_stored_whatever_it_holds(chat: RealChat) -> None:
    broken = "a\ud83d\u202eb\0"
    events = [
        Thought(broken),
        Plan((PlanEntry(broken),)),
        ToolCall(broken, broken, {"x": broken}, server=broken, diffs=(Diff(broken, None, broken),)),
        ToolCallUpdate(broken, "completed", output=broken, locations=(FilePosition(broken, 1),)),
        "ok",
    ]
    await chat.reply(*events, pace=NOW)
    assert chat.bodies()[-1] == "ok"
    told = json.dumps(chat.notes(), ensure_ascii=False)
    told.encode()
    assert "\u202e" not in told


async def test_many_calls_in_a_row_are_told_in_several_reports(chat: RealChat) -> None:
    calls = [ToolCall(str(n), f"t{n}") for n in range(45)]
    ends = [ToolCallUpdate(str(n), "completed", output="o") for n in range(45)]
    await chat.reply(*calls, *ends, "Done.", pace=NOW)
    assert kinds(chat) == ["tools", "tools", "tools", "reply"]
    told = [call for note in chat.notes()[:3] for call in note["calls"]]
    assert [call["id"] for call in told] == [str(n) for n in range(45)]
    assert {call["status"] for call in told} == {"completed"}


async def test_large_calls_are_told_in_several_reports(chat: RealChat) -> None:
    events: list[Event] = []
    for number in range(30):
        events.append(ToolCall(str(number), "cat", {"x": "y" * 2_000}))
        events.append(ToolCallUpdate(str(number), "completed", output="z" * 2_000))
    await chat.reply(*events, pace=NOW)
    assert len(kinds(chat)) > 2
    assert max(len(json.dumps(note)) for note in chat.notes()) < 60_000


async def test_plan_is_told_step_by_step(chat: RealChat) -> None:
    plans = [
        Plan((PlanEntry("look", "completed"), PlanEntry("write *it*", status)))
        for status in ("pending", "in_progress")
    ]
    await chat.reply(plans[0], "text", plans[1], pace=NOW)
    assert chat.notes()[0]["plan"] == [
        {"content": "look", "status": "completed"},
        {"content": "write *it*", "status": "in_progress"},
    ]


# -- thoughts ------------------------------------------------------------------


async def test_thought_is_a_part_of_its_own_and_says_how_long(chat: RealChat) -> None:
    seen: list[Any] = []

    async def reply() -> AsyncIterator[Event]:
        yield Thought("Let me ")
        seen.append((chat.bodies(), chat.notes()[0]["thought"]))
        await asyncio.sleep(0.06)
        yield Thought("<see>.")
        yield "Forty-two."
        await asyncio.sleep(0.3)

    await chat.writer(NOW).write(reply())
    ((bodies, begun),) = seen
    assert "Thinking…" in bodies[0]
    assert begun == {"text": "Let me "}
    thought, answer = chat.notes()
    assert (thought["kind"], thought["state"], answer["kind"]) == ("thought", "complete", "reply")
    assert thought["thought"]["text"] == "Let me <see>."
    assert 0 < thought["thought"]["seconds"] <= answer["seconds"] - 0.2
    folded, said = chat.bodies()
    assert folded.startswith("<details><summary>💭 Thought ")
    assert folded.endswith("</summary>\n\n<pre>Let me &lt;see&gt;.</pre>\n</details>")
    assert said == "Forty-two."
    assert "seconds" not in thought


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ([Thought("a"), "x", Thought("b"), "y"], ["thought:ab", "reply:xy"]),
        (["x", Thought("a"), "y", Thought("b"), "z"], ["reply:xyz", "thought:ab"]),
        (
            [Thought("a"), ToolCall("1", "t"), Thought("b"), ToolCall("2", "u"), "x"],
            ["thought:a", "tools:1", "thought:b", "tools:2", "reply:x"],
        ),
        (
            [Thought("a"), ToolCall("1", "t"), Thought("b"), ToolCallUpdate("1", "completed"), "x"],
            ["thought:a", "tools:1", "thought:b", "reply:x"],
        ),
        ([Thought("a"), Notice("n"), Thought("b"), "x"], ["thought:a", "notice:n", "thought:b"]),
        ([Thought(" \n"), Thought(""), "x"], ["reply:x"]),
    ],
)
async def test_thoughts_stand_where_they_came_and_never_break_a_text(
    chat: RealChat, events: list[Event], expected: list[str]
) -> None:
    await chat.reply(*events, pace=NOW)
    seen = []
    for body, note in zip(chat.bodies(), chat.notes(), strict=True):
        calls = "".join(call["id"] for call in note.get("calls", ()))
        seen.append(f"{note['kind']}:{calls or note.get('thought', {}).get('text') or body}")
        assert note["state"] == "complete"
    assert seen[: len(expected)] == expected


async def test_thought_alone_is_no_answer(chat: RealChat) -> None:
    with pytest.raises(TurnError, match="without an answer"):
        await chat.reply(Thought("Hm. "), Thought("Well."))
    (note,) = chat.notes()
    assert note["thought"]["text"] == "Hm. Well."
    assert "seconds" in note["thought"]


async def test_thought_is_no_part_of_the_history(chat: RealChat, tmp_path: Path) -> None:
    await chat.reply(Thought("secret musing"), "answer")
    last = chat.say("and now?")
    for reader in (BOT, "persona::other"):
        said = read_history(
            chat.model, persona_id=reader, until=last, isolated=False, root_dir=tmp_path
        )
        assert [u.text for u in said] == ["@ada-bot hi", "answer"]


async def test_long_thoughts_cost_few_frames_and_are_cut(chat: RealChat) -> None:
    pieces = [Thought("word ") for _ in range(20_000)]
    writing = await chat.reply(*pieces, "x", pace=SLOW)
    assert writing.stats.frames <= 4
    thought = chat.notes()[0]["thought"]
    assert (len(thought["text"]), thought["hidden"]) == (12_000, 88_000)
    assert len(chat.bodies()[0]) < 1_000


async def test_thoughts_are_stored_when_the_model_goes_on_to_think_silently(
    ws: RealChat, until: Until, tmp_path: Path
) -> None:
    stored = tmp_path / "a.chat"

    async def reply() -> AsyncIterator[Event]:
        yield Thought("one")
        yield Thought(" two")
        await until(lambda: " two" in stored.read_text(encoding="utf-8"))
        yield "x"

    await ws.writer(Pace(floor=0.01, ceiling=0.01, keeping=0.05)).write(reply())


async def test_stopped_thought_says_so(chat: RealChat, until: Until) -> None:
    async def reply() -> AsyncIterator[Event]:
        yield Thought("Hm.")
        await asyncio.Event().wait()

    task = asyncio.create_task(chat.writer().write(reply()))
    await until(chat.bodies)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    (note,) = chat.notes()
    assert note["state"] == "stopped"
    assert "seconds" in note["thought"]
