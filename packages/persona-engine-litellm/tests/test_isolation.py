"""What two personas in one chat keep from each other, seen by what their models received."""

import asyncio

from persona.core import PersonaContext


async def test_prompt_tools_skills_and_model_of_one_never_reach_the_other(
    bench, stdio, tmp_path, monkeypatch
):
    monkeypatch.setenv("ALPHA_TOKEN", "alpha-token-123")
    for name in ("alpha", "beta"):
        folder = tmp_path / f"{name}-skills" / f"{name}-skill"
        folder.mkdir(parents=True)
        text = f"---\nname: {name}-skill\ndescription: Lore of {name}.\n---\n{name} text\n"
        (folder / "SKILL.md").write_text(text)

    def persona(name):
        return bench.persona(
            name.title(),
            model_id=f"openai/{name}-model",
            context=PersonaContext(
                system_prompt=f"prompt-of-{name}",
                mcp_servers=[stdio(name, env={"T": "${ALPHA_TOKEN}"} if name == "alpha" else {})],
                skills_paths=[str(tmp_path / f"{name}-skills")],
            ),
            options={"api_key": f"key-of-{name}", "user": f"user-of-{name}"},
        )

    alpha, beta = persona("alpha"), persona("beta")
    for name in ("alpha", "beta"):
        bench.llm.on("work", model=f"{name}-model").tool_calls(
            [
                {"name": f"{name}__echo_{name}", "arguments": {"text": "private"}},
                {"name": "read_skill", "arguments": {"name": f"{name}-skill"}},
                {"name": "read_skill", "arguments": {"name": "alpha-skill"}},
                {"name": "alpha__env", "arguments": {"name": "T"}},
            ]
        ).reply("finished")
    message = bench.chat.say("@Alpha @Beta work")
    await asyncio.gather(alpha.process_message(message), beta.process_message(message))
    await bench.ask(beta, "@Beta once more")

    for name, other in (("alpha", "beta"), ("beta", "alpha")):
        requests = [r for r in bench.llm.requests if r.model == f"{name}-model"]
        assert len(requests) >= 2
        for request in requests:
            assert request.authorization == f"Bearer key-of-{name}"
            assert request.system.startswith(f"prompt-of-{name}")
            offered = {tool.split("__")[0] for tool in request.tools}
            assert offered == {name, "read_skill"}
            for secret in (f"prompt-of-{other}", f"echo_{other}", f"Lore of {other}",
                           f"{other} text", f"key-of-{other}", f"user-of-{other}",
                           f"{other}: private"):  # fmt: skip
                assert secret not in request.text
        if name == "beta":
            assert not any("alpha-token-123" in r.text for r in requests)
    results = next(r for r in bench.llm.requests if r.model == "beta-model" and r.tool_results)
    assert results.tool_results[0] == "beta: private"
    assert "no such skill" in results.tool_results[2]
    assert "There is no tool" in results.tool_results[3]


async def test_nothing_is_registered_in_litellm(bench):
    import litellm

    before = (list(litellm.callbacks), list(litellm.success_callback), litellm.api_key)
    await bench.ask(bench.persona(options={"api_key": "sk-x"}))
    assert (list(litellm.callbacks), list(litellm.success_callback), litellm.api_key) == before
