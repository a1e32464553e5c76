"""What the user of an agent has configured: the scripted LLM as the only provider, and a key."""

import json
from pathlib import Path

MODEL = "fake-1"
OTHER_MODEL = "fake-2"
KEY = "sk-scripted"


def make_home(name: str, home: Path, root_url: str) -> dict[str, str]:
    """Write what a user has configured into a new home.

    Args:
        name: The agent, as in `install.PACKAGES`.
        home: The home folder.
        root_url: `ScriptedLLM.root_url`.

    Returns:
        The variables that belong to it.
    """
    for path, text in provider_files(name, root_url).items():
        file = home / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return {**no_network(name), **provider_environment(name, root_url, home)}


def no_network(name: str) -> dict[str, str]:
    """Give the variables with which whatever asks another host is refused at once."""
    if name == "qwen":
        return {}  # It asks the proxy for this machine too.
    nobody, here = "http://127.0.0.1:9", "127.0.0.1,localhost"
    env = {"HTTP_PROXY": nobody, "HTTPS_PROXY": nobody, "NO_PROXY": here}
    return env | {key.lower(): value for key, value in env.items()}


def provider_environment(name: str, root_url: str, home: Path) -> dict[str, str]:
    """Give the variables that point an agent to the scripted LLM and keep it quiet."""
    url = f"{root_url}/v1"
    match name:
        case "opencode":
            return {
                "OPENCODE_DISABLE_AUTOUPDATE": "1",
                "OPENCODE_DISABLE_MODELS_FETCH": "1",
                "OPENCODE_DISABLE_LSP_DOWNLOAD": "1",
            }
        case "kilo":
            return {
                "KILO_DISABLE_AUTOUPDATE": "1",
                "KILO_DISABLE_MODELS_FETCH": "1",
            }
        case "claude":
            return {
                "ANTHROPIC_BASE_URL": root_url,
                "ANTHROPIC_API_KEY": KEY,
                "ANTHROPIC_MODEL": MODEL,
                "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
                "DISABLE_AUTOUPDATER": "1",
                "DISABLE_TELEMETRY": "1",
            }
        case "codex":
            return {"CODEX_HOME": str(home / ".codex"), "FAKE_API_KEY": KEY}
        case "gemini":
            return {
                "GEMINI_API_KEY": KEY,
                "GEMINI_MODEL": "gemini-2.5-flash",
                "GOOGLE_GEMINI_BASE_URL": root_url,
                "GEMINI_CLI_NO_RELAUNCH": "1",
            }
        case "qwen":
            return {"OPENAI_API_KEY": KEY, "OPENAI_BASE_URL": url, "OPENAI_MODEL": MODEL}
        case "copilot":
            return {
                "COPILOT_PROVIDER_BASE_URL": url,
                "COPILOT_PROVIDER_TYPE": "openai",
                "COPILOT_PROVIDER_API_KEY": KEY,
                "COPILOT_MODEL": MODEL,
                "COPILOT_OFFLINE": "true",
                "COPILOT_AUTO_UPDATE": "false",
            }
        case "goose":
            return {
                "GOOSE_PROVIDER": "openai",
                "GOOSE_MODEL": MODEL,
                "OPENAI_API_KEY": KEY,
                "OPENAI_HOST": root_url,
                "OPENAI_BASE_PATH": "v1/chat/completions",
                "GOOSE_DISABLE_KEYRING": "1",
                "GOOSE_TELEMETRY_ENABLED": "false",
            }
        case "vibe":
            return {"VIBE_HOME": str(home / ".vibe"), "FAKE_API_KEY": KEY}
    raise ValueError(f"There is no agent {name!r}.")


def provider_files(name: str, root_url: str) -> dict[str, str]:
    """Give the files in the home that do what no variable does: path and text."""
    url = f"{root_url}/v1"
    match name:
        case "opencode" | "kilo":
            return {f".config/{name}/{name}.json": json.dumps(_opencode(url))}
        case "codex":
            return {".codex/config.toml": CODEX.format(model=MODEL, url=url)}
        case "gemini":
            settings = {
                "security": {
                    "auth": {"selectedType": "gemini-api-key"},
                    "folderTrust": {"enabled": False},
                },
                "general": {"disableAutoUpdate": True},
                "privacy": {"usageStatisticsEnabled": False},
                "telemetry": {"enabled": False},
            }
            return {".gemini/settings.json": json.dumps(settings)}
        case "qwen":
            auth = {"auth": {"selectedType": "openai"}, "folderTrust": {"enabled": False}}
            settings = {"security": auth, "general": {"disableAutoUpdate": True}}
            return {".qwen/settings.json": json.dumps(settings)}
        case "vibe":
            return {".vibe/config.toml": VIBE.format(model=MODEL, url=url)}
    return {}


def _opencode(url: str) -> dict[str, object]:
    limit = {"context": 100_000, "output": 4096}
    models = {
        model: {"name": model, "tool_call": True, "limit": limit} for model in (MODEL, OTHER_MODEL)
    }
    provider = {
        "npm": "@ai-sdk/openai-compatible",
        "name": "Fake",
        "options": {"baseURL": url, "apiKey": KEY},
        "models": models,
    }
    return {
        "model": f"fake/{MODEL}",
        "small_model": f"fake/{MODEL}",
        "autoupdate": False,
        "share": "disabled",
        "provider": {"fake": provider},
    }


CODEX = """\
model = "{model}"
model_provider = "fake"
check_for_update_on_startup = false

[model_providers.fake]
name = "Fake"
base_url = "{url}"
env_key = "FAKE_API_KEY"
wire_api = "responses"
"""

VIBE = """\
active_model = "{model}"
enable_update_checks = false
enable_auto_update = false
enable_telemetry = false

[[providers]]
name = "fake"
api_base = "{url}"
api_key_env_var = "FAKE_API_KEY"
api_style = "openai"
backend = "generic"

[[models]]
name = "{model}"
provider = "fake"
alias = "{model}"
"""
