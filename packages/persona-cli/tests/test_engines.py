from __future__ import annotations

import json

from persona.cli import main


def test_engines_tells_package_state_and_support(engines, capsys):
    assert main(["engines", "--json"]) == 0
    found = {entry["id"]: entry for entry in json.loads(capsys.readouterr().out)}
    assert found["puppet"]["distribution"] == "cli-test-engines"
    assert found["puppet"]["state"] == "ready"
    assert found["puppet"]["support"]["system_prompt"] == "requested"
    assert found["wrecked"]["state"] == "broken"
    assert "cli_no_module" in found["wrecked"]["detail"]


def test_engines_prints_a_table_with_what_is_wrong_below(engines, capsys):
    assert main(["engines"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["ENGINE", "PACKAGE", "STATE", "HONOURS"]
    assert any(line.split()[-4:] == ["ready", "model,", "prompt", "(asked)"] for line in lines)
    assert any(line.startswith("wrecked: ") for line in lines)


NEEDY = """
from persona.core import EngineSupport, PersonaEngine
from pydantic import BaseModel

class Needy(PersonaEngine):
    id = "needy"

    class options_model(BaseModel):
        command: str
        depth: int = 1

    async def reply(self, turn):
        yield ""

    def support(self):
        return EngineSupport(model="requested" if not self.bound else "ignored")
"""


def test_engine_that_needs_options_is_ready_and_says_which(engines, capsys):
    (engines / "cli_needy_engine.py").write_text(NEEDY)
    points = engines / "cli_test_engines-1.0.dist-info" / "entry_points.txt"
    points.write_text(points.read_text() + "needy = cli_needy_engine:Needy\n")
    assert main(["engines", "--json"]) == 0
    found = {entry["id"]: entry for entry in json.loads(capsys.readouterr().out)}
    assert (found["needy"]["state"], found["needy"]["detail"]) == (
        "ready",
        "needs options.command.",
    )
    assert found["needy"]["support"]["model"] == "requested"
    assert main(["engines"]) == 0
    assert "needy: needs options.command." in capsys.readouterr().out.splitlines()
