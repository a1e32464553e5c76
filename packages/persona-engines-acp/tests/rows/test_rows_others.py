"""What Copilot, Gemini, goose, Kiro, Qwen, Vibe and any other agent are given."""

import json
import tomllib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from persona.core import McpServer
from persona.engines.acp import AnyAgentOptions, Blocks, ConfigChoice, Delivery
from persona.engines.acp._plan import HOME
from persona.engines.acp._rows import ANY_AGENT, COPILOT, GEMINI, GOOSE, KIRO, QWEN, VIBE

Make = Callable[..., Blocks]
LOCAL = "http://127.0.0.1:9"


def deliver(row: Any, blocks: Blocks) -> Delivery:
    found: Delivery = row.deliver(blocks, ("/bin/agent", *row.args))
    return found


def settings_of(delivery: Delivery, file: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(dict(delivery.launch.files)[file])
    return found


# -- Copilot -------------------------------------------------------------------------


def test_copilot_takes_no_stdio_servers(blocks: Make) -> None:
    assert deliver(COPILOT, blocks()).session.stdio_mcp is False


def test_copilot_reaches_another_provider_without_a_login(blocks: Make) -> None:
    given = deliver(COPILOT, blocks("groq/llama", prompt="Be brief.", environ={"GH_TOKEN": "gh"}))
    env = dict(given.launch.env)
    assert env["COPILOT_PROVIDER_BASE_URL"] == "https://api.groq.com/openai/v1"
    assert env["COPILOT_PROVIDER_API_KEY"] == "secret-of-groq"
    assert env["COPILOT_MODEL"] == "llama"
    assert env["COPILOT_OFFLINE"] == "true"
    assert "GH_TOKEN" not in env
    assert dict(given.launch.files) == {"copilot-instructions.md": "Be brief.\n"}


def test_copilot_speaks_to_anthropic_in_its_dialect(blocks: Make) -> None:
    env = dict(deliver(COPILOT, blocks("anthropic/m", url=f"{LOCAL}/v1")).launch.env)
    assert env["COPILOT_PROVIDER_TYPE"] == "anthropic"
    assert env["COPILOT_PROVIDER_BASE_URL"] == LOCAL


def test_copilot_uses_its_own_models_by_its_login(blocks: Make, home: Path) -> None:
    given = deliver(COPILOT, blocks("github_copilot/gpt-5", environ={"GH_TOKEN": "gh"}))
    env = dict(given.launch.env)
    assert (env["COPILOT_MODEL"], env["GH_TOKEN"]) == ("gpt-5", "gh")
    assert not [name for name in env if name.startswith("COPILOT_PROVIDER")]
    assert given.launch.links == (("config.json", str(home / ".copilot/config.json")),)


# -- Gemini --------------------------------------------------------------------------


def test_gemini_gets_the_prompt_beside_its_own(blocks: Make, skill: Callable[..., Path]) -> None:
    given = deliver(
        GEMINI, blocks(prompt="Be brief.", context={"skills_paths": [str(skill("sum"))]})
    )
    assert dict(given.launch.files)[".gemini/GEMINI.md"] == "Be brief.\n"
    assert ".gemini/skills/sum" in dict(given.launch.links)
    env = dict(given.launch.env)
    assert env["GEMINI_CLI_HOME"] == HOME
    assert "GEMINI_SYSTEM_MD" not in env  # it would take the list of skills away


def test_gemini_chooses_the_model_per_session(blocks: Make) -> None:
    given = deliver(GEMINI, blocks("gemini/gemini-2.5-flash"))
    assert given.session.set_model == "gemini-2.5-flash"
    assert given.launch == deliver(GEMINI, blocks("gemini/gemini-2.5-pro")).launch


def test_gemini_keeps_the_way_of_login_that_the_user_chose(
    blocks: Make, home: Path, write: Callable[..., None]
) -> None:
    def auth(**more: Any) -> str:
        settings = settings_of(deliver(GEMINI, blocks(**more)), ".gemini/settings.json")
        return str(settings["security"]["auth"]["selectedType"])

    assert auth() == "gemini-api-key"
    assert auth(environ={"GEMINI_API_KEY": ""}) == "oauth-personal"
    chosen = {"security": {"auth": {"selectedType": "vertex-ai"}}, "mcpServers": {"leak": {}}}
    write(home / ".gemini/settings.json", chosen)
    assert auth() == "vertex-ai"


def test_gemini_does_not_send_a_login_to_an_address_of_the_persona(blocks: Make) -> None:
    given = deliver(GEMINI, blocks("gemini/m", url="https://gateway.example.org/v1beta"))
    env = dict(given.launch.env)
    assert env["GOOGLE_GEMINI_BASE_URL"] == "https://gateway.example.org"
    assert env["GEMINI_API_KEY"] == "none"
    settings = settings_of(given, ".gemini/settings.json")
    assert settings["security"]["auth"]["selectedType"] == "gemini-api-key"


def test_gemini_trusts_the_folder_for_servers_only_and_only_the_personas(blocks: Make) -> None:
    def trust(given: Delivery) -> bool:
        settings = settings_of(given, ".gemini/settings.json")
        return not settings["security"]["folderTrust"]["enabled"]

    server = McpServer(name="alpha", command="run")
    plain = deliver(GEMINI, blocks())
    assert (trust(plain), plain.launch.command) == (False, ("/bin/agent", "--acp"))
    served = deliver(GEMINI, blocks(context={"mcp_servers": [server]}))
    assert trust(served)
    assert served.launch.command[2:] == ("--allowed-mcp-server-names", "alpha")
    trusted = deliver(GEMINI, blocks(context={"mcp_servers": [server]}, trust_project=True))
    assert (trust(trusted), trusted.launch.command) == (True, ("/bin/agent", "--acp"))


# -- goose ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "url", "expected"),
    [
        (
            "openai/m",
            f"{LOCAL}/v1",
            {
                "GOOSE_PROVIDER": "openai",
                "OPENAI_HOST": LOCAL,
                "OPENAI_BASE_PATH": "v1/chat/completions",
                "OPENAI_API_KEY": "secret-of-openai",
            },
        ),
        (
            "groq/m",
            None,
            {
                "GOOSE_PROVIDER": "openai",
                "OPENAI_HOST": "https://api.groq.com",
                "OPENAI_BASE_PATH": "openai/v1/chat/completions",
                "OPENAI_API_KEY": "secret-of-groq",
            },
        ),
        (
            "anthropic/m",
            f"{LOCAL}/v1",
            {
                "GOOSE_PROVIDER": "anthropic",
                "ANTHROPIC_HOST": LOCAL,
                "ANTHROPIC_API_KEY": "secret-of-anthropic",
            },
        ),
        ("ollama/m", None, {"GOOSE_PROVIDER": "ollama", "OLLAMA_HOST": "http://localhost:11434"}),
        ("gemini/m", None, {"GOOSE_PROVIDER": "google", "GOOGLE_API_KEY": "secret-of-gemini"}),
        ("databricks/m", None, {"GOOSE_PROVIDER": "databricks"}),
    ],
)
def test_goose_gets_the_provider_by_environment(
    blocks: Make, model: str, url: str | None, expected: dict[str, str]
) -> None:
    env = dict(deliver(GOOSE, blocks(model, url=url)).launch.env)
    assert {"GOOSE_MODEL": "m", **expected}.items() <= env.items()


def test_goose_keeps_plain_settings_of_the_user_and_no_extensions(
    blocks: Make, home: Path, write: Callable[..., None]
) -> None:
    write(
        home / ".config/goose/config.yaml",
        "GOOSE_PROVIDER: databricks\nGOOSE_MODE: auto\nDATABRICKS_HOST: https://h\n"
        "extensions:\n  leak:\n    cmd: LEAK\n",
    )
    given = deliver(GOOSE, blocks(prompt="Be brief."))
    assert dict(given.launch.files) == {
        "config/.goosehints": "Be brief.\n",
        "config/config.yaml": "GOOSE_PROVIDER: databricks\nDATABRICKS_HOST: https://h\n",
    }
    chosen = deliver(GOOSE, blocks("openai/m", url=LOCAL))
    assert dict(chosen.launch.files)["config/config.yaml"] == "DATABRICKS_HOST: https://h\n"
    assert dict(given.launch.env)["GOOSE_PATH_ROOT"] == HOME


# -- Qwen ----------------------------------------------------------------------------


def test_qwen_gets_prompt_model_and_sampling_in_its_home(blocks: Make) -> None:
    given = deliver(
        QWEN, blocks("openai/m", url=LOCAL, prompt="Be brief.", temperature=0.5, top_p=0.9)
    )
    settings = settings_of(given, "settings.json")
    assert settings["security"]["auth"]["selectedType"] == "openai"
    assert settings["model"] == {
        "name": "m",
        "generationConfig": {"samplingParams": {"temperature": 0.5, "top_p": 0.9}},
    }
    assert dict(given.launch.files)["QWEN.md"] == "Be brief.\n"
    env = dict(given.launch.env)
    assert env["OPENAI_BASE_URL"] == f"{LOCAL}/v1"
    assert env["HTTPS_PROXY"] == ""  # it would be asked for this machine too


def test_qwen_keeps_the_login_of_the_user_for_its_own_models(blocks: Make, home: Path) -> None:
    given = deliver(QWEN, blocks("qwen/coder-model"))
    settings = settings_of(given, "settings.json")
    assert settings["security"]["auth"]["selectedType"] == "qwen-oauth"
    assert ("oauth_creds.json", str(home / ".qwen/oauth_creds.json")) in given.launch.links
    assert "secret-of" not in str(given.launch.env)


def test_qwen_keeps_the_models_of_the_user_without_one(
    blocks: Make, home: Path, write: Callable[..., None]
) -> None:
    providers = {"openai": [{"id": "mine", "envKey": "OWN_KEY", "baseUrl": "http://h/v1"}]}
    theirs = {"modelProviders": providers, "model": {"name": "mine"}, "mcpServers": {"leak": {}}}
    write(home / ".qwen/settings.json", theirs)
    given = deliver(QWEN, blocks(environ={"OWN_KEY": "k"}))
    settings = settings_of(given, "settings.json")
    assert (settings["modelProviders"], settings["model"]) == (providers, {"name": "mine"})
    assert "mcpServers" not in settings
    assert dict(given.launch.env)["OWN_KEY"] == "k"


def test_qwen_allows_servers_of_the_persona_only(blocks: Make, tmp_path: Path) -> None:
    server = McpServer(name="alpha", command="run")
    given = deliver(QWEN, blocks(context={"mcp_servers": [server]}))
    guard = settings_of(given, "system-settings.json")
    assert guard["mcp"] == {"allowed": ["alpha"]}
    assert guard["disableAllHooks"] is True
    assert dict(given.launch.env)["QWEN_CODE_SYSTEM_SETTINGS_PATH"].startswith(HOME)
    trusted = deliver(QWEN, blocks(trust_project=True))
    assert "system-settings.json" not in dict(trusted.launch.files)


def test_qwen_keeps_what_the_administrator_says(
    blocks: Make, tmp_path: Path, write: Callable[..., None]
) -> None:
    file = tmp_path / "admin.json"
    write(file, {"mcp": {"excluded": ["bad"]}, "tools": {"allowed": ["ls"]}})
    environ = {"QWEN_CODE_SYSTEM_SETTINGS_PATH": str(file)}
    guard = settings_of(deliver(QWEN, blocks(environ=environ)), "system-settings.json")
    assert guard["mcp"] == {"allowed": [], "excluded": ["bad"]}
    assert guard["tools"]["allowed"] == ["ls"]


# -- Vibe ----------------------------------------------------------------------------


def vibe_config(delivery: Delivery) -> dict[str, Any]:
    return tomllib.loads(dict(delivery.launch.files)["config.toml"])


def test_vibe_gets_the_model_in_its_home_and_never_per_session(blocks: Make) -> None:
    given = deliver(VIBE, blocks("openai/m", url=LOCAL, temperature=0.5, prompt="Be brief."))
    config = vibe_config(given)
    assert config["active_model"] == "m"
    assert config["models"] == [
        {"name": "m", "provider": "persona", "alias": "m", "temperature": 0.5}
    ]
    assert config["providers"][0]["api_base"] == f"{LOCAL}/v1"
    assert given.session.choices == ()
    assert dict(given.launch.files)["AGENTS.md"] == "Be brief.\n"


def test_vibe_keeps_the_models_of_the_user_without_one(
    blocks: Make, home: Path, write: Callable[..., None], skill: Callable[..., Path]
) -> None:
    write(
        home / ".vibe/config.toml",
        'active_model = "mine"\n[[mcp_servers]]\nname = "leak"\n'
        '[[providers]]\nname = "own"\napi_key_env_var = "OWN_KEY"\n',
    )
    skill("theirs", home / ".agents/skills")
    given = deliver(VIBE, blocks(environ={"OWN_KEY": "k"}))
    config = vibe_config(given)
    assert config["active_model"] == "mine"
    assert dict(given.launch.env)["OWN_KEY"] == "k"
    assert "mcp_servers" not in config
    assert config["disabled_skills"] == ["theirs"]


def test_vibe_trusts_the_project_when_told(blocks: Make, tmp_path: Path) -> None:
    files = dict(deliver(VIBE, blocks(trust_project=True)).launch.files)
    assert tomllib.loads(files["trusted_folders.toml"])["trusted"] == [str(tmp_path / "project")]
    assert "trusted_folders.toml" not in dict(deliver(VIBE, blocks()).launch.files)


# -- Kiro and any other -----------------------------------------------------------------


@pytest.mark.parametrize("agent", [KIRO, ANY_AGENT], ids=["kiro", "acp"])
def test_agent_without_better_ways_is_told_with_the_first_message(
    agent: Any, blocks: Make, skill: Callable[..., Path]
) -> None:
    folder = skill("sum")
    given = deliver(agent, blocks(prompt="Be brief.", context={"skills_paths": [str(folder)]}))
    preamble = given.session.preamble or ""
    assert preamble.startswith("Be brief.\n\n")
    assert f"- sum: How to sum. ({folder / 'SKILL.md'})" in preamble
    assert given.support.system_prompt == given.support.skills == "requested"
    assert deliver(agent, blocks()).session.preamble is None
    assert not given.launch.needs_home


@pytest.mark.parametrize("agent", [KIRO, ANY_AGENT], ids=["kiro", "acp"])
def test_address_of_a_model_is_ignored_by_agents_that_cannot_take_one(
    agent: Any, blocks: Make
) -> None:
    given = deliver(agent, blocks("openai/m", url=LOCAL))
    assert given.support.model == "ignored"
    assert given.session.choices == ()
    assert deliver(agent, blocks("openai/m")).support.model == "requested"


def test_any_agent_is_started_as_the_options_say(blocks: Make) -> None:
    options = AnyAgentOptions(command="my-agent", args=("serve", "--acp"), env={"TOKEN": "t"})
    given = ANY_AGENT.deliver(replace(blocks("maker/m"), options=options), ())
    assert given.launch.command == ("my-agent", "serve", "--acp")
    assert dict(given.launch.env) == {"TOKEN": "t"}
    assert given.session.choices == (ConfigChoice("model", "maker/m", also=("m",)),)
