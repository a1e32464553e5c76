"""Several processes that save Markdown files, and processes that die while they do."""

import random
import subprocess
import sys
import time
from pathlib import Path

from persona.loaders import MarkdownPersonaStore, load_markdown

SAVE_MANY = """
import sys
from persona.loaders import MarkdownPersonaStore
folder, who, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
store = MarkdownPersonaStore(folder)
store.load_definitions()
for number in range(count):
    store.set_values("shared", {f"options.p{who}-{number}": number})
"""
SAVE_FOR_EVER = """
import itertools, sys
from persona.loaders import MarkdownPersonaStore
import pytest

pytestmark = pytest.mark.slow  # the same whatever Python it is
store = MarkdownPersonaStore(sys.argv[1])
for number in itertools.count():
    store.set_values("busy", {"prompt": "ab"[number % 2] * 300_000})
    if number == 1:
        print("ready", flush=True)
"""


def test_processes_that_save_to_one_file_lose_nothing(tmp_path: Path):
    file = tmp_path / "personas" / "shared.persona.md"
    file.parent.mkdir()
    file.write_text("---\n# ours\nengine: x\n---\nBody\n")
    running = [
        subprocess.Popen(
            [sys.executable, "-c", SAVE_MANY, str(file.parent), str(who), "12"],
            stderr=subprocess.PIPE,
            text=True,
        )
        for who in range(8)
    ]
    for process in running:
        _, errors = process.communicate(timeout=300)
        assert process.returncode == 0, errors
    (shared,) = load_markdown(file).definitions
    assert shared.options == {f"p{who}-{n}": n for who in range(8) for n in range(12)}
    assert file.read_text().startswith("---\n# ours\nengine: x\n")
    assert file.read_text().endswith("---\nBody\n")


def test_killed_writer_leaves_the_old_or_the_new_file(tmp_path: Path):
    folder = tmp_path / "personas"
    folder.mkdir()
    file = folder / "busy.persona.md"
    file.write_text("---\n# ours\nengine: x\n---\nfirst\n")
    for _ in range(12):
        with subprocess.Popen(
            [sys.executable, "-c", SAVE_FOR_EVER, str(folder)], stdout=subprocess.PIPE
        ) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == b"ready\n"
            time.sleep(random.uniform(0, 0.03))
            process.kill()
        text = file.read_text()
        assert text in [f"---\n# ours\nengine: x\n---\n{c * 300_000}\n" for c in "ab"]
    MarkdownPersonaStore(folder).set_values("busy", {"prompt": "last"})
    assert {path.name for path in folder.iterdir()} == {"busy.persona.md"}
