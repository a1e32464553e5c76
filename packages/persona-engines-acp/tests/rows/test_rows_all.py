"""What holds for every row."""

import json
import tomllib
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from persona.core import McpServer
from persona.engines.acp import AgentRow, Blocks, Delivery
from persona.engines.acp import _engines as engines
from persona.engines.acp._rows import CLAUDE, CODEX, KIRO

Make = Callable[..., Blocks]
LOCAL = "http://127.0.0.1:9/v1"
FAR = "https://models.example.org/v1"
SPOKEN = {"claude-acp": "anthropic", "gemini-acp": "gemini"}
PER_SESSION = {"claude-acp", "codex-acp", "kiro-acp"}


def deliver(row: AgentRow, blocks: Blocks) -> Delivery:
    return row.deliver(blocks, ("/bin/agent", *row.args))


def model_of(row: AgentRow, name: str = "m-1") -> str:
    return f"{SPOKEN.get(row.id, 'openai')}/{name}"


def everything(delivery: Delivery) -> str:
    """All that the agent gets, as one text."""
    return json.dumps(
        [asdict(delivery.launch), asdict(delivery.session)], default=str, ensure_ascii=False
    )


def test_rows_are_the_entry_points_of_the_package() -> None:
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())
    declared = dict(project["project"]["entry-points"]["persona.engines"])
    del declared["acp"]
    for engine_id, target in declared.items():
        engine = getattr(engines, target.partition(":")[2])
        assert (engine.id, engine.row.id) == (engine_id, engine_id)


def test_row_says_how_to_get_and_log_in(row: AgentRow) -> None:
    assert row.commands and row.install and row.login and row.name


def test_equal_blocks_make_equal_launches(
    row: AgentRow, blocks: Make, skill: Callable[..., Path]
) -> None:
    given = {
        "url": LOCAL,
        "prompt": "Be brief.",
        "context": {"skills_paths": [str(skill("sum"))]},
        "env": {"A": "b"},
    }
    first, second = (deliver(row, blocks(model_of(row), **given)) for _ in range(2))
    assert first == second
    assert hash(first.launch) == hash(second.launch)


def test_prompt_is_delivered_once(row: AgentRow, blocks: Make) -> None:
    assert everything(deliver(row, blocks(prompt="  Count the whales.\n"))).count("whales") == 1
    assert "whales" not in everything(deliver(row, blocks()))


def test_prompt_keeps_the_process_where_the_session_takes_it(row: AgentRow, blocks: Make) -> None:
    one, other = (deliver(row, blocks(prompt=text)) for text in ("One.", "Other."))
    assert (one.launch == other.launch) == (row.id in PER_SESSION)
    assert one != other


def test_prompt_of_any_text_survives(row: AgentRow, blocks: Make) -> None:
    text = 'Say "ä😀" \\ {braces}\n\tand \x7f, $HOME, {env:KEY}'
    delivery = deliver(row, blocks(prompt=text))
    places = [text for _, text in delivery.launch.files]
    places += [json.loads(text).get("agent", {}) for text in places if text.startswith("{")]
    found = json.dumps([places, dict(delivery.session.extra), delivery.session.preamble])
    assert json.dumps(text)[1:-1] in found


def test_nothing_of_one_persona_is_given_to_another(
    row: AgentRow, blocks: Make, skill: Callable[..., Path]
) -> None:
    deliveries = {
        name: everything(
            deliver(
                row,
                blocks(
                    model_of(row, f"model-{name}"),
                    url=LOCAL,
                    prompt=f"I am {name}.",
                    context={"skills_paths": [str(skill(f"skill-{name}"))]},
                ),
            )
        )
        for name in ("walrus", "zebra")
    }
    assert "zebra" not in deliveries["walrus"]
    assert "walrus" not in deliveries["zebra"]


def test_secret_is_neither_shown_nor_written(row: AgentRow, blocks: Make) -> None:
    delivery = deliver(row, blocks(model_of(row), url=LOCAL, env={"TOKEN": "secret-of-mine"}))
    assert "secret-of" not in repr(delivery)
    assert "secret-of" not in repr(delivery.launch)
    assert "secret-of" not in json.dumps(delivery.launch.files)
    assert dict(delivery.launch.env)["TOKEN"] == "secret-of-mine"


def test_key_of_a_provider_is_not_given_for_another(row: AgentRow, blocks: Make) -> None:
    values = {v for _, v in deliver(row, blocks(model_of(row), url=LOCAL)).launch.env}
    own = f"secret-of-{SPOKEN.get(row.id, 'openai')}"
    assert {v for v in values if v.startswith("secret-of")} <= {own}
    assert (own in values) == (row is not KIRO)


def test_key_is_not_sent_to_an_address_that_only_the_persona_names(
    row: AgentRow, blocks: Make
) -> None:
    given = deliver(row, blocks(model_of(row), url=FAR))
    assert "secret-of" not in everything(given)


def test_key_is_sent_to_an_address_that_the_environment_names(row: AgentRow, blocks: Make) -> None:
    provider = SPOKEN.get(row.id, "openai")
    variable = {"gemini": "GOOGLE_GEMINI_BASE_URL"}.get(provider, f"{provider.upper()}_BASE_URL")
    given = deliver(row, blocks(model_of(row), url=FAR, environ={variable: FAR + "/"}))
    sent = f"secret-of-{provider}" in dict(given.launch.env).values()
    assert sent == (row is not KIRO)  # it has models of its own only


def test_variables_of_the_server_stay_there(row: AgentRow, blocks: Make) -> None:
    given = deliver(row, blocks(environ={"JUPYTER_TOKEN": "t", "DATABASE_PASSWORD": "p"}))
    assert not {"JUPYTER_TOKEN", "DATABASE_PASSWORD"} & dict(given.launch.env).keys()


def test_env_of_the_options_wins(row: AgentRow, blocks: Make) -> None:
    names = dict(deliver(row, blocks(model_of(row), url=LOCAL)).launch.env)
    env = dict.fromkeys(names, "mine") or {"ANY": "mine"}
    assert dict(deliver(row, blocks(model_of(row), url=LOCAL, env=env)).launch.env) == env


def test_url_with_an_unset_variable_is_missing(row: AgentRow, blocks: Make) -> None:
    given = deliver(row, blocks(model_of(row), url="https://${GATEWAY}/v1"))
    told = "The environment variable GATEWAY is not set; model_url needs it."
    expected = [] if given.support.model == "ignored" else [told]
    assert [m.what for m in given.support.missing] == expected


def test_skills_are_linked_or_told(
    row: AgentRow, blocks: Make, skill: Callable[..., Path], tmp_path: Path
) -> None:
    skill("bake")
    skill("cook")
    alone = skill("alone", tmp_path / "elsewhere")
    paths = [str(tmp_path / "skills"), str(alone)]
    text = everything(deliver(row, blocks(context={"skills_paths": paths})))
    for name in ("bake", "cook"):
        assert str(tmp_path / "skills" / name) in text
    assert str(alone) in text


def test_delivering_has_no_effect(
    row: AgentRow, blocks: Make, skill: Callable[..., Path], tmp_path: Path
) -> None:
    path = str(skill("sum"))
    before = sorted(tmp_path.rglob("*"))
    deliver(row, blocks(model_of(row), url=LOCAL, prompt="x", context={"skills_paths": [path]}))
    assert sorted(tmp_path.rglob("*")) == before


def test_stdio_servers_are_left_to_the_session(row: AgentRow, blocks: Make) -> None:
    server = McpServer(name="alpha", command="run-alpha", env={"KEY": "secret-of-alpha"})
    text = everything(deliver(row, blocks(context={"mcp_servers": [server]})))
    assert ("run-alpha" in text) == (row is CODEX)  # which gives it more time to start
    assert "secret-of-alpha" not in text


def test_settings_of_the_user_are_not_linked(row: AgentRow, blocks: Make, home: Path) -> None:
    given = deliver(row, blocks())
    linked = {Path(target).name for _, target in given.launch.links if Path(target).exists()}
    logins = {
        "auth.json", "config.json", "google_accounts.json", "oauth_creds.json", "secrets.yaml",
        ".env",
    }  # fmt: skip
    assert linked <= logins


@pytest.mark.parametrize(
    ("agent", "ignored"),
    [
        ("claude-acp", {"temperature", "top_p"}),
        ("codex-acp", {"temperature", "top_p", "max_output_tokens"}),
        ("copilot-acp", {"temperature", "top_p"}),
        ("gemini-acp", set()),
        ("goose-acp", {"top_p"}),
        ("kilo-acp", set()),
        ("kiro-acp", {"temperature", "top_p", "max_output_tokens"}),
        ("mistral-vibe-acp", {"top_p", "max_output_tokens"}),
        ("opencode-acp", set()),
        ("qwen-acp", set()),
    ],
)
def test_support_names_what_of_the_model_has_no_effect(
    agent: str, ignored: set[str], blocks: Make, rows: dict[str, AgentRow]
) -> None:
    row = rows[agent]
    given = blocks(model_of(row), url=LOCAL, temperature=0.25, top_p=0.75, max_output_tokens=1234)
    delivery = deliver(row, given)
    assert set(delivery.support.ignored) == {f"model.{name}" for name in ignored}
    text = everything(delivery)
    values = {"temperature": "0.25", "top_p": "0.75", "max_output_tokens": "1234"}
    for name, value in values.items():
        assert (value in text) == (name not in ignored), name


def test_permissions_that_ask_choose_a_mode_that_asks(rows: dict[str, AgentRow]) -> None:
    modes: dict[str, Any] = {name: row.modes.get("ask") for name, row in rows.items()}
    assert modes == {
        "claude-acp": "default",
        "codex-acp": "read-only",
        "copilot-acp": None,
        "gemini-acp": "default",
        "goose-acp": "approve",
        "kilo-acp": None,
        "kiro-acp": None,
        "mistral-vibe-acp": "ask",
        "opencode-acp": None,
        "qwen-acp": "default",
    }


def test_model_of_another_make_is_ignored_by_agents_of_one(blocks: Make) -> None:
    assert deliver(CLAUDE, blocks("groq/llama")).support.model == "ignored"
    assert "llama" not in everything(deliver(CLAUDE, blocks("groq/llama")))
    assert deliver(CODEX, blocks("unheard/of")).support.model == "ignored"


def test_key_that_the_persona_names_goes_to_its_address(row: AgentRow, blocks: Make) -> None:
    options = {"api_key": "${MINE}", "environ": {"MINE": "secret-of-mine"}}
    given = deliver(row, blocks(model_of(row), url=FAR, **options))
    values = {v for v in dict(given.launch.env).values() if v.startswith("secret-of")}
    assert values == (set() if row is KIRO else {"secret-of-mine"})
    assert "secret-of" not in repr(given)


def test_key_that_is_not_set_is_missing(row: AgentRow, blocks: Make) -> None:
    given = deliver(row, blocks(model_of(row), api_key="${MINE}"))
    told = "The environment variable MINE is not set; options.api_key needs it."
    assert [m.what for m in given.support.missing] == ([] if row is KIRO else [told])


def test_key_that_the_persona_names_takes_the_place_of_the_usual_one(
    rows: dict[str, AgentRow], blocks: Make
) -> None:
    options = {"api_key": "${MINE}", "environ": {"MINE": "secret-of-mine"}}
    for agent, model, variable in (
        ("claude-acp", "anthropic/m", "ANTHROPIC_API_KEY"),
        ("codex-acp", "openai/m", "PERSONA_MODEL_KEY"),
        ("gemini-acp", "gemini/m", "GEMINI_API_KEY"),
        ("goose-acp", "groq/m", "OPENAI_API_KEY"),
        ("opencode-acp", "groq/m", "GROQ_API_KEY"),
        ("qwen-acp", "openai/m", "OPENAI_API_KEY"),
    ):
        env = dict(deliver(rows[agent], blocks(model, **options)).launch.env)
        assert env[variable] == "secret-of-mine", agent
