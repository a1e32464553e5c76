"""What Claude Code and Codex are given."""

import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from persona.engines.acp import Blocks, Delivery
from persona.engines.acp._plan import HOME
from persona.engines.acp._rows import CLAUDE, CODEX

Make = Callable[..., Blocks]
LOCAL = "http://127.0.0.1:9"


def claude(blocks: Blocks) -> Delivery:
    return CLAUDE.deliver(blocks, ("/bin/claude-agent-acp",))


def options_of(delivery: Delivery) -> dict[str, Any]:
    found: dict[str, Any] = delivery.session.extra["_meta"]["claudeCode"]["options"]
    return found


def codex(blocks: Blocks) -> Delivery:
    return CODEX.deliver(blocks, ("/bin/codex-acp",))


def config_of(delivery: Delivery) -> dict[str, Any]:
    return tomllib.loads(dict(delivery.launch.files)["config.toml"])


def test_claude_gets_the_prompt_behind_its_own_and_the_model_with_the_session(
    blocks: Make,
) -> None:
    given = claude(blocks("anthropic/claude-sonnet-4-5", prompt="Be brief."))
    assert given.session.extra["_meta"]["systemPrompt"] == {"append": "Be brief."}
    assert options_of(given) == {
        "model": "claude-sonnet-4-5",
        "settingSources": [],
        "strictMcpConfig": True,
    }
    assert given.launch == claude(blocks("anthropic/claude-opus-4-1")).launch
    assert not given.launch.needs_home
    assert dict(given.launch.env)["ANTHROPIC_API_KEY"] == "secret-of-anthropic"


def test_claude_loads_the_project_when_it_is_trusted(blocks: Make) -> None:
    given = options_of(claude(blocks(trust_project=True)))
    assert given["settingSources"] == ["project", "local"]
    assert given["strictMcpConfig"] is False


def test_claude_gets_skills_as_a_plugin(blocks: Make, skill: Callable[..., Path]) -> None:
    folder = skill("sum")
    given = claude(blocks(context={"skills_paths": [str(folder)]}))
    assert options_of(given)["plugins"] == [{"type": "local", "path": f"{HOME}/plugin"}]
    assert given.launch.links == (("plugin/skills/sum", str(folder)),)
    assert [name for name, _ in given.launch.files] == ["plugin/.claude-plugin/plugin.json"]


def test_claude_never_sends_the_login_to_an_address_of_the_persona(blocks: Make) -> None:
    given = claude(
        blocks(
            "anthropic/any",
            url="https://gateway.example.org/v1",
            environ={
                "ANTHROPIC_AUTH_TOKEN": "secret-token",
                "CLAUDE_CODE_OAUTH_TOKEN": "secret-login",
            },
        )
    )
    env = dict(given.launch.env)
    assert env["ANTHROPIC_BASE_URL"] == "https://gateway.example.org"
    assert env["ANTHROPIC_API_KEY"] == "none"
    assert not [value for value in env.values() if value.startswith("secret")]
    assert options_of(given)["env"]["ANTHROPIC_DEFAULT_HAIKU_MODEL"] == "any"


def test_claude_uses_the_cloud_that_the_model_names(blocks: Make) -> None:
    environ = {"AWS_REGION": "eu-west-1", "ANTHROPIC_MODEL": "other"}
    given = claude(blocks("bedrock/anthropic.claude-v1", environ=environ))
    env = dict(given.launch.env)
    assert env["CLAUDE_CODE_USE_BEDROCK"] == "1"
    assert env["AWS_REGION"] == "eu-west-1"
    assert "ANTHROPIC_MODEL" not in env  # it would win over the session's


def test_claude_keeps_the_settings_of_the_user_without_a_model(blocks: Make) -> None:
    environ = {"ANTHROPIC_MODEL": "opus", "CLAUDE_CONFIG_DIR": "/c", "CLAUDE_CODE_USE_VERTEX": "1"}
    given = claude(blocks(environ=environ))
    assert environ.items() <= dict(given.launch.env).items()
    assert "model" not in options_of(given)


def test_codex_gets_the_prompt_with_the_session(blocks: Make) -> None:
    given = codex(blocks(prompt="Be brief."))
    assert given.session.extra == {
        "systemPrompt": {"mode": "append", "content": [{"type": "text", "text": "Be brief."}]}
    }
    assert codex(blocks()).session.extra == {}


def test_codex_gets_an_own_address_as_a_provider(blocks: Make) -> None:
    given = codex(blocks('openai/my "model"', url=LOCAL))
    config = config_of(given)
    assert config["model"] == 'my "model"'
    assert config["model_provider"] == "persona"
    assert config["model_providers"]["persona"] == {
        "name": "openai",
        "base_url": f"{LOCAL}/v1",
        "env_key": "PERSONA_MODEL_KEY",
        "wire_api": "responses",
    }
    env = dict(given.launch.env)
    assert env["PERSONA_MODEL_KEY"] == "secret-of-openai"
    assert env["CODEX_HOME"] == HOME
    assert given.session.choices == ()


def test_codex_with_a_login_chooses_the_model_per_session(blocks: Make, home: Path) -> None:
    given = codex(blocks("openai/gpt-5"))
    assert [(c.option, c.value, c.required) for c in given.session.choices] == [
        ("model", "gpt-5", True)
    ]
    assert given.launch == codex(blocks("openai/gpt-5-mini")).launch
    assert ("auth.json", str(home / ".codex/auth.json")) in given.launch.links
    assert "secret-of" not in str(given.launch.env)


def test_codex_without_a_login_uses_the_key(blocks: Make, home: Path) -> None:
    (home / ".codex/auth.json").unlink()
    given = codex(blocks("openai/gpt-5"))
    provider = config_of(given)["model_providers"]["persona"]
    assert provider["base_url"] == "https://api.openai.com/v1"
    assert dict(given.launch.env)["PERSONA_MODEL_KEY"] == "secret-of-openai"


def test_codex_keeps_the_model_of_the_user_without_one(
    blocks: Make, home: Path, write: Callable[..., None]
) -> None:
    write(
        home / ".codex/config.toml",
        'model = "mine"\nmodel_provider = "own"\n[model_providers.own]\nbase_url = "http://h/v1"\n'
        '[mcp_servers.private]\ncommand = "leak"\n',
    )
    config = config_of(codex(blocks()))
    assert config["model"] == "mine"
    assert config["model_providers"] == {"own": {"base_url": "http://h/v1"}}
    assert "mcp_servers" not in config


def test_codex_leaves_out_the_skills_of_the_user(
    blocks: Make, home: Path, skill: Callable[..., Path]
) -> None:
    users = skill("theirs", home / ".agents/skills")
    given = codex(blocks(context={"skills_paths": [str(skill("ours"))]}))
    assert config_of(given)["skills"]["config"] == [
        {"path": str(users / "SKILL.md"), "enabled": False}
    ]
    assert "skills/ours" in dict(given.launch.links)


def test_codex_gets_the_variables_that_the_providers_of_the_user_name(
    blocks: Make, home: Path, write: Callable[..., None]
) -> None:
    write(
        home / ".codex/config.toml",
        'model_provider = "own"\n[model_providers.own]\nenv_key = "OWN_KEY"\n'
        '[model_providers.own.env_http_headers]\nX-Team = "OWN_TEAM"\n',
    )
    environ = {"OWN_KEY": "k", "OWN_TEAM": "t", "OTHER": "o"}
    env = dict(codex(blocks(environ=environ)).launch.env)
    assert (env["OWN_KEY"], env["OWN_TEAM"]) == ("k", "t")
    assert "OTHER" not in env


def test_codex_gives_servers_time_to_start_and_no_secrets_to_the_file(blocks: Make) -> None:
    servers = [
        {"name": "alpha", "command": "uvx", "args": ["it"], "env": {"KEY": "secret-of-alpha"}},
        {"name": "beta", "url": "https://b.example.org/mcp", "headers": {"X": "secret-of-beta"}},
    ]
    given = codex(blocks(context={"mcp_servers": servers}))
    waited_for = {"required": True, "startup_timeout_sec": 45}
    assert config_of(given)["mcp_servers"] == {
        "alpha": {"command": "uvx", "args": ["it"], **waited_for},
        "beta": {"url": "https://b.example.org/mcp", **waited_for},
    }
    assert "secret-of-alpha" not in str(given.launch.files)
    assert "secret-of-beta" not in str(given.launch.files)
