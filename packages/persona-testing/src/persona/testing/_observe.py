"""What an engine class does when it is imported, made and asked for its support.

Seen from a fresh process: in the test's own everything may be imported already.
"""

from __future__ import annotations

import inspect
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from persona.core import PersonaEngine

HEAVY = frozenset(
    {
        "acp", "aiohttp", "anthropic", "google.genai", "jupyter_server", "jupyterlab_chat",
        "langchain", "litellm", "mcp", "numpy", "openai", "pandas", "pycrdt", "tornado", "torch",
        "transformers",
    }
)  # fmt: skip
"""Packages that cost more to import than a listing of personas may take."""

_CODE = """
import importlib, importlib.util, json, sys, time
module, qualname, path, heavy = json.loads(sys.argv[1])
import persona.core
persona.core.PersonaEngine, persona.core.EngineSupport, persona.core.ReplyWriter
done, stage = {}, "import"
ACTS = {"subprocess.Popen", "os.system", "os.fork", "os.posix_spawn", "os.exec", "os.spawn",
        "socket.connect", "socket.getaddrinfo", "socket.bind"}
def watch(event, args):
    if event in ACTS:
        done.setdefault(stage, []).append(event + " " + repr(args)[:200])
sys.addaudithook(watch)
def loaded():
    return sorted(name for name in heavy if name in sys.modules)
report = {}
try:
    try:
        found = importlib.import_module(module)
    except ImportError:
        if not path:
            raise
        spec = importlib.util.spec_from_file_location(module, path)
        found = sys.modules[module] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(found)
    report["import"] = loaded()
    cls = found
    for part in qualname.split("."):
        cls = getattr(cls, part)
    stage = "init"
    engine = cls()
    report["init"] = loaded()
    stage = "support"
    begun = time.perf_counter()
    engine.support()
    report["seconds"] = time.perf_counter() - begun
    report["support"] = loaded()
except BaseException as exc:  # boundary: a plugin's import; what it raises is the report
    report["error"] = f"{stage}: {type(exc).__name__}: {exc}"
print("\\n" + json.dumps([report, done]))
"""


@dataclass(frozen=True)
class Observation:
    """What was seen.

    Attributes:
        error: What it raised and when, or an empty string.
        imports: Heavy packages that were loaded after each stage.
        acts: Processes started and addresses used in each stage.
        support_seconds: How long `support` took.
    """

    error: str
    imports: dict[str, list[str]]
    acts: dict[str, list[str]]
    support_seconds: float


@cache
def observe(cls: type[PersonaEngine]) -> Observation:
    """Import, make and ask ``cls`` in a fresh process. Blocking; done once a class."""
    task = [cls.__module__, cls.__qualname__, inspect.getsourcefile(cls), sorted(HEAVY)]
    done = subprocess.run(
        [sys.executable, "-c", _CODE, json.dumps(task)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)},
    )
    try:
        report, acts = json.loads(done.stdout.strip().splitlines()[-1])
    except (IndexError, ValueError):
        return Observation(done.stderr.strip() or "the process ended early", {}, {}, 0.0)
    imports = {stage: report.get(stage, []) for stage in ("import", "init", "support")}
    return Observation(report.get("error", ""), imports, acts, report.get("seconds", 0.0))


def children() -> set[int]:
    """Return the ids of this process's children, where the system tells (Linux)."""
    found: set[int] = set()
    for file in Path("/proc/self/task").glob("*/children"):
        try:
            found.update(map(int, file.read_text().split()))
        except OSError:  # a thread that has ended meanwhile
            continue
    return found
