"""Several processes that save to one file, and processes that die while they do."""

import random
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import pytest

from persona.loaders import Persona, TomlPersonaStore

SAVE_MANY = """
import sys
from persona.loaders import Persona, TomlPersonaStore
root, who, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
store = TomlPersonaStore(root)
for number in range(count):
    store.save_persona(Persona(f"p{who}-{number}", system_prompt=f"{who} and {number}"))
"""
SAVE_FOR_EVER = """
import itertools, sys
from persona.loaders import Persona, TomlPersonaStore
store = TomlPersonaStore(sys.argv[1])
for number in itertools.count():
    store.save_persona(Persona("busy", system_prompt="ab"[number % 2] * 300_000))
    if number == 1:
        print("ready", flush=True)
"""


@pytest.mark.parametrize(
    ("processes", "count"), [(4, 10), pytest.param(20, 50, marks=pytest.mark.slow)]
)
def test_processes_that_save_different_personas_lose_none(
    tmp_path: Path, processes: int, count: int
):
    path = tmp_path / "personas.toml"
    path.write_text("# ours\n[personas.first]\nsystem_prompt = 'x'\n")
    running = [
        subprocess.Popen(
            [sys.executable, "-c", SAVE_MANY, str(tmp_path), str(who), str(count)],
            stderr=subprocess.PIPE,
            text=True,
        )
        for who in range(processes)
    ]
    for process in running:
        _, errors = process.communicate(timeout=540)
        assert process.returncode == 0, errors
    found = tomllib.loads(path.read_text())["personas"]
    wanted = {f"p{w}-{n}": {"system_prompt": f"{w} and {n}"}
              for w in range(processes) for n in range(count)}  # fmt: skip
    assert found == {"first": {"system_prompt": "x"}, **wanted}
    assert path.read_text().startswith("# ours\n[personas.first]\nsystem_prompt = 'x'\n")


def test_killed_writer_leaves_the_old_or_the_new_file(tmp_path: Path):
    path = tmp_path / "personas.toml"
    path.write_text("# ours\n[personas.first]\nsystem_prompt = 'x'\n")
    for _ in range(12):
        with subprocess.Popen(
            [sys.executable, "-c", SAVE_FOR_EVER, str(tmp_path)], stdout=subprocess.PIPE
        ) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == b"ready\n"
            time.sleep(random.uniform(0, 0.03))
            process.kill()
        text = path.read_text()
        assert text.startswith("# ours\n[personas.first]\nsystem_prompt = 'x'\n")
        prompt = tomllib.loads(text)["personas"]["busy"]["system_prompt"]
        assert prompt in ("a" * 300_000, "b" * 300_000)
    TomlPersonaStore(tmp_path).save_persona(Persona("last", system_prompt="y"))
    assert {p.name for p in tmp_path.iterdir()} <= {"personas.toml", ".personas.toml.lock"}
    assert set(TomlPersonaStore(tmp_path).load_all()) == {"first", "busy", "last"}
