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
