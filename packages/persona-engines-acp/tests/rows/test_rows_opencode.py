"""What opencode and Kilo are given."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from persona.engines.acp import AgentRow, Blocks, Delivery
from persona.engines.acp._plan import HOME
from persona.engines.acp._rows import KILO, OPENCODE

Make = Callable[..., Blocks]
LOCAL = "http://127.0.0.1:9"


def opencode(blocks: Blocks) -> Delivery:
    return OPENCODE.deliver(blocks, ("/bin/opencode", "acp"))


def config_of(delivery: Delivery) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(dict(delivery.launch.files)["persona/opencode.json"])
    return found


def test_prompt_and_sampling_are_those_of_the_agent_that_answers(blocks: Make) -> None:
    given = opencode(blocks("openai/gpt-5", prompt="Be brief.", temperature=0.1, top_p=0.5))
    assert config_of(given)["agent"] == {
        "build": {"prompt": "Be brief.", "temperature": 0.1, "top_p": 0.5}
    }
    planning = config_of(opencode(blocks(prompt="Be brief.", mode="plan")))
    assert planning["agent"] == {"plan": {"prompt": "Be brief."}}
    assert "agent" not in config_of(opencode(blocks()))


def test_mode_that_is_not_there_is_not_made(blocks: Make) -> None:
    assert "agent" not in config_of(opencode(blocks(prompt="Be brief.", mode="plam")))
    assert list(config_of(opencode(blocks(prompt="Be brief.", mode="Plan")))["agent"]) == ["plan"]
    theirs = config_of(opencode(blocks(prompt="Be brief.", mode="review", trust_project=True)))
    assert list(theirs["agent"]) == ["review"], "the project may have it"


def test_kilo_takes_no_copies_of_which_it_would_ask_unheard(blocks: Make) -> None:
    files = dict(KILO.deliver(blocks(), ("/bin/kilo", "acp")).launch.files)
    assert json.loads(files["persona/kilo.json"])["snapshot"] is False
    assert "snapshot" not in config_of(opencode(blocks()))


@pytest.mark.parametrize(
    ("which", "package"), [(OPENCODE, "@opencode-ai/plugin"), (KILO, "@kilocode/plugin")]
)
def test_no_package_for_plugins_is_fetched_into_private_folders(
    blocks: Make, which: AgentRow, package: str
) -> None:
    given = which.deliver(blocks(), ("/bin/agent", "acp"))
    files, env = dict(given.launch.files), dict(given.launch.env)
    prefix = which.id.removesuffix("-acp")
    folders = [env[f"{prefix.upper()}_CONFIG_DIR"], env["XDG_CONFIG_HOME"] + f"/{prefix}"]
    for folder in folders:
        inside = folder.removeprefix(f"{HOME}/")
        lock = json.loads(files[f"{inside}/package-lock.json"])
        assert package in lock["packages"][""]["dependencies"]
        assert any(name.startswith(f"{inside}/node_modules/") for name in files)


def test_logins_of_providers_are_loaded_unless_the_address_is_an_own_one(blocks: Make) -> None:
    name = "OPENCODE_DISABLE_DEFAULT_PLUGINS"
    assert name not in dict(opencode(blocks("github_copilot/gpt-5")).launch.env)
    assert name not in dict(opencode(blocks()).launch.env)
    assert dict(opencode(blocks("openai/m", url=LOCAL)).launch.env)[name] == "1"


def test_model_of_a_known_provider_is_chosen_per_session(blocks: Make) -> None:
    given = opencode(blocks("gemini/gemini-2.5-pro"))
    assert [(c.option, c.value, c.required) for c in given.session.choices] == [
        ("model", "google/gemini-2.5-pro", True)
    ]
    assert "provider" not in config_of(given)
    assert given.launch == opencode(blocks("gemini/gemini-2.5-flash")).launch
    assert dict(given.launch.env)["GOOGLE_GENERATIVE_AI_API_KEY"] == "secret-of-gemini"


@pytest.mark.parametrize(
    ("model", "package", "address"),
    [
        ("openai/m", "@ai-sdk/openai-compatible", f"{LOCAL}/v1"),
        ("anthropic/m", "@ai-sdk/anthropic", f"{LOCAL}/v1"),
        ("gemini/m", "@ai-sdk/google", f"{LOCAL}/v1beta"),
        ("hosted_vllm/org/m", "@ai-sdk/openai-compatible", f"{LOCAL}/v1"),
    ],
)
def test_model_at_an_own_address_is_a_provider(
    blocks: Make, model: str, package: str, address: str
) -> None:
    given = opencode(blocks(model, url=LOCAL, max_output_tokens=99))
    config = config_of(given)
    name = model.partition("/")[2]
    provider = config["provider"]["persona"]
    assert config["model"] == config["small_model"] == f"persona/{name}"
    assert provider["npm"] == package
    assert provider["options"] == {"baseURL": address, "apiKey": "{env:PERSONA_MODEL_KEY}"}
    assert provider["models"][name]["limit"] == {"context": 0, "output": 99}
    assert given.session.choices == ()


def test_ollama_is_found_on_this_machine(blocks: Make) -> None:
    config = config_of(opencode(blocks("ollama/llama3.1")))
    options = config["provider"]["persona"]["options"]
    assert options["baseURL"] == "http://localhost:11434/v1"
    there = opencode(blocks("ollama/llama3.1", environ={"OLLAMA_HOST": "box:1"}))
    assert config_of(there)["provider"]["persona"]["options"]["baseURL"] == "http://box:1/v1"


def test_writing_and_running_is_asked_reading_is_not(blocks: Make) -> None:
    rules = config_of(opencode(blocks()))["permission"]
    assert next(iter(rules)) == "*"  # the last rule that fits counts
    assert rules["*"] == "ask"
    assert rules["read"]["*"] == rules["grep"] == "allow"
    assert not {"bash", "edit", "webfetch"} & rules.keys()
    assert rules == config_of(opencode(blocks(permissions="allow-reads")))["permission"]


def test_permissions_allow_or_deny_the_rest(blocks: Make) -> None:
    assert config_of(opencode(blocks(permissions="allow-all")))["permission"] == {"*": "allow"}
    denied = config_of(opencode(blocks(permissions="deny")))["permission"]
    assert denied["*"] == denied["external_directory"]["*"] == "deny"


def test_skills_may_be_read_where_they_are(blocks: Make, skill: Callable[..., Path]) -> None:
    folder = skill("sum")
    config = config_of(opencode(blocks(context={"skills_paths": [str(folder)]})))
    assert config["skills"] == {"paths": [str(folder)]}
    outside = config["permission"]["external_directory"]
    assert list(outside.items()) == [("*", "ask"), (f"{folder}/*", "allow")]


def test_settings_of_user_and_project_are_left_out(blocks: Make) -> None:
    env = dict(opencode(blocks(environ={"OPENCODE_CONFIG": "/mine.json"})).launch.env)
    assert "OPENCODE_CONFIG" not in env
    assert env["XDG_CONFIG_HOME"].startswith(HOME)
    assert env["OPENCODE_DISABLE_PROJECT_CONFIG"] == "1"
    assert env["OPENCODE_DISABLE_EXTERNAL_SKILLS"] == "1"
    assert "XDG_DATA_HOME" not in env  # logins lie there
    trusted = dict(opencode(blocks(trust_project=True)).launch.env)
    assert "OPENCODE_DISABLE_PROJECT_CONFIG" not in trusted


def test_kilo_is_given_the_same_by_its_own_names(blocks: Make) -> None:
    given = KILO.deliver(blocks("openai/m", url=LOCAL, prompt="Be brief."), ("/bin/kilo", "acp"))
    config = json.loads(dict(given.launch.files)["persona/kilo.json"])
    assert config["agent"] == {"code": {"prompt": "Be brief."}}
    env = dict(given.launch.env)
    assert env["KILO_CONFIG_DIR"] == f"{HOME}/persona"
    assert not [name for name in env if name.startswith("OPENCODE")]


def test_models_of_the_user_are_kept_without_one(
    blocks: Make, home: Path, write: Callable[..., None]
) -> None:
    write(
        home / ".config/opencode/opencode.jsonc",
        '{\n  // mine\n  "model": "own//m", /* two\n lines */\n'
        '  "provider": {"own": {"options": {"apiKey": "{env:OWN_KEY}",},},},\n'
        '  "mcp": {"leak": {}},\n  "instructions": ["LEAK.md"],\n}\n',
    )
    environ = {"OWN_KEY": "secret-of-own"}
    given = opencode(blocks(environ=environ))
    config = config_of(given)
    assert config["model"] == "own//m"
    assert config["provider"] == {"own": {"options": {"apiKey": "{env:OWN_KEY}"}}}
    assert not {"mcp", "instructions"} & config.keys()
    assert dict(given.launch.env)["OWN_KEY"] == "secret-of-own"
    chosen = opencode(blocks("own/other", environ=environ))
    assert "model" not in config_of(chosen)
    assert config_of(chosen)["provider"] == config["provider"]
    elsewhere = opencode(blocks("openai/m", url=LOCAL, environ=environ))
    assert list(config_of(elsewhere)["provider"]) == ["persona"]
    assert "OWN_KEY" not in dict(elsewhere.launch.env)
