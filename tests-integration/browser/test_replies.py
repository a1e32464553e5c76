"""A person asks, personas answer."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from persona.testing import Gate, ScriptedLLM, mcp_server_command

from .chat import ChatPage
from .lab import SECONDS
from .project import Project

STAR = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 100">'
    '<circle cx="50" cy="50" r="50" fill="#1d4ed8"/>'
    '<path d="M50 18l9 23 25 2-19 16 6 24-21-13-21 13 6-24-19-16 25-2z" fill="#fef9c3"/></svg>'
)
REPLY = """\
Three stations, four weeks. **North is coldest.**

| Station | Mean | Lowest |
|---|---:|---:|
| North | 1.4 °C | −8.2 °C |
| South | 9.7 °C | 2.1 °C |

```python
readings.groupby("station").mean()
```

The spread is $\\sigma = 2.3$ K."""


def test_reply_grows_in_the_chat_when_a_persona_is_picked_from_the_menu(
    chat: ChatPage, project: Project, llm: ScriptedLLM
) -> None:
    project.persona("Researcher", avatar="star.svg", description="Reads papers")
    (project.personas / "star.svg").write_text(STAR, encoding="utf-8")
    table, code = Gate(after="| South |"), Gate(after="readings.")
    llm.on("stations").reply(REPLY, pause=[table, code])
    chat.open(project.chat_path)

    chat.type("@re")
    expect(chat.options).to_have_count(1)
    expect(chat.options).to_contain_text("@Researcher")
    expect(chat.options).to_contain_text("Reads papers")
    chat.picture("menu")
    chat.options.click()
    expect(chat.input).to_have_value("@Researcher ")
    chat.type("What do the stations say?")
    chat.press_send()

    answer = chat.body("Three stations")
    expect(answer).to_contain_text("North is coldest.")
    table.wait_reached(SECONDS)
    expect(answer).not_to_contain_text("groupby")
    chat.picture("writing")
    table.release()
    expect(answer).to_contain_text("readings.")
    code.wait_reached(SECONDS)
    expect(answer).not_to_contain_text("The spread")
    code.release()
    expect(answer).to_contain_text("The spread is")
    expect(chat.stop_button).to_have_count(0)

    assert project.wait_saved(REPLY)["sender"] == "persona::researcher"
    assert [m["body"] for m in project.saved()] == ["@Researcher What do the stations say?", REPLY]
    avatar = chat.avatar("Researcher")
    assert str(avatar.get_attribute("src")).startswith("data:image/svg+xml;base64,")
    assert avatar.evaluate("image => image.complete && image.naturalWidth > 0")
    (request,) = llm.wait_received(1, outcome="answered")
    assert request.stream
    chat.picture("dark", dark=True)


def test_each_persona_has_its_own_prompt_model_and_tools_when_both_are_asked(
    chat: ChatPage, project: Project, llm: ScriptedLLM
) -> None:
    for name in ("alpha", "beta"):
        command, *arguments = mcp_server_command(name)
        project.persona(
            name.title(),
            f"You are {name}. Your secret word is {name}-moon.",
            model=f"openai/model-{name}",
            context={"mcp_servers": [{"name": name, "command": command, "args": arguments}]},
        )
        call = {"name": f"{name}__echo_{name}", "arguments": {"text": f"from {name}"}}
        llm.on(model=f"model-{name}").tool_calls([call]).reply(f"This is the answer of {name}.")
    chat.open(project.chat_path)
    chat.send("@Alpha @Beta who are you?")

    for name in ("alpha", "beta"):
        expect(chat.body(f"This is the answer of {name}.")).to_have_count(1)
    call = chat.page.get_by_role("button", name="echo_alpha")
    expect(call).to_have_attribute("aria-expanded", "false")
    expect(call).to_contain_text("Done")
    chat.picture("folded")
    call.click()
    output = chat.messages.filter(has=call).get_by_role("group", name="Output")
    expect(output).to_have_text("alpha: from alpha")
    chat.picture("tools-dark", dark=True)
    for name, other in (("alpha", "beta"), ("beta", "alpha")):
        body = project.wait_saved(f"This is the answer of {name}.")
        assert body["sender"] == f"persona::{name}"
        requests = [r for r in llm.requests if r.model == f"model-{name}"]
        assert len(requests) == 2
        assert requests[1].tool_results == [f"{name}: from {name}"]
        for request in requests:
            assert f"{name}-moon" in request.system
            assert f"{name}__echo_{name}" in request.tools
            assert f"{other}-moon" not in request.text
            assert f"echo_{other}" not in request.text


@pytest.mark.parametrize("when", ["it goes on", "it ends meanwhile"])
def test_nothing_is_lost_when_the_page_is_reloaded_during_a_reply(
    when: str, chat: ChatPage, project: Project, llm: ScriptedLLM
) -> None:
    project.persona("Researcher")
    reply = "".join(f"Line {number} of a long answer.\n" for number in range(1, 61)) + "The end."
    gate = Gate(after="Line 30 of")
    llm.on("tell").reply(reply, chunk=20, pause=gate)
    chat.open(project.chat_path)
    chat.send("@Researcher tell me all")
    expect(chat.body("Line 29 of")).to_have_count(1)
    gate.wait_reached(SECONDS)

    if when == "it goes on":
        chat.reload()
        expect(chat.body("Line 29 of")).to_have_count(1)
        expect(chat.body("The end.")).to_have_count(0)
        gate.release()
    else:
        chat.page.goto("about:blank")
        gate.release()
        project.wait_saved(reply)
        chat.open(project.chat_path)

    expect(chat.body("The end.")).to_have_count(1)
    expect(chat.body("The end.")).to_contain_text("Line 1 of")
    expect(chat.bodies).to_have_count(2)
    project.wait_saved(reply)
    assert [m["body"] for m in project.saved()] == ["@Researcher tell me all", reply]
    assert len(llm.requests) == 1


def test_message_is_answered_once_when_it_was_there_before_the_chat_opened(
    chat: ChatPage, project: Project, llm: ScriptedLLM
) -> None:
    project.persona("Researcher")
    (project.folder / "notes.txt").write_text("The heater failed on Tuesday.", encoding="utf-8")
    project.asked_already("@Researcher what do my notes say?", "notes.txt")
    llm.on("my notes").reply("It failed on Tuesday, you wrote.")
    chat.open(project.chat_path)
    expect(chat.body("you wrote.")).to_have_count(1)
    project.wait_saved("It failed on Tuesday, you wrote.")

    chat.reload()  # opens the chat once more: it is answered now
    expect(chat.body("you wrote.")).to_have_count(1)
    llm.on("and now?").reply("Nothing more.")
    chat.send("@Researcher and now?")
    expect(chat.body("Nothing more.")).to_have_count(1)
    assert len(llm.requests) == 2
    assert "The heater failed on Tuesday." in llm.requests[0].text
    assert "notes.txt" in llm.requests[0].text


def test_message_is_answered_once_when_a_command_opens_the_chat_with_it(
    chat: ChatPage, project: Project, llm: ScriptedLLM
) -> None:
    project.persona("Researcher")
    llm.on("at once").reply("Here is the first answer.")
    chat.open(project.chat_path)
    chat.page.evaluate(
        """async args => {
            await window.jupyterapp.commands.execute('jupyterlab-chat:openWithMessage', args);
        }""",
        {
            "name": "quick",
            "path": project.folder.name,
            "input": "@Researcher at once",
            "autoSend": True,
        },
    )
    expect(chat.body("Here is the first answer.")).to_have_count(1)
    llm.on("later").reply("Here is the second answer.")
    chat.send("later")
    expect(chat.body("Here is the second answer.")).to_have_count(1)
    expect(chat.body("Here is the first answer.")).to_have_count(1)
    assert len(llm.requests) == 2
