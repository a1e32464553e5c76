"""``jupyter persona demo``: a ready workspace, and JupyterLab open on its chat."""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from argparse import Namespace
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

from persona.cli._demo_files import CHAT, PERSONAS, Layout, lay_out
from persona.cli._demo_model import FoundModel, find_model
from persona.cli._errors import FAILURE, OK, CliError
from persona.cli._place import find_place, shown_path
from persona.cli._trust import judge_of
from persona.core import EngineRegistry

_NEEDED = {
    "jupyterlab": "jupyterlab",
    "jupyterlab_chat": "jupyterlab-chat",
    "persona.jupyter": "persona-jupyter",
}
_START_SECONDS = 120.0


def run(args: Namespace) -> int:
    """Lay the workspace out and, unless told otherwise, become JupyterLab."""
    folder: Path = args.dir
    if folder.exists() and not folder.is_dir():
        raise CliError(f"{folder} is a file; name a folder for the demo.")
    missing = [] if args.prepare_only else _missing()
    if missing:
        raise CliError(
            f"The demo needs {' and '.join(missing)}, which this Python ({sys.executable})"
            " does not have. Install what is missing and run this again."
        )
    model = find_model()
    layout = lay_out(folder, model)
    _trust(folder, layout)
    _report(folder, layout, model)
    if args.prepare_only:
        return OK
    return _start(lab_arguments(folder.resolve(), args.port, args.no_browser) + args.extra)


def lab_arguments(folder: Path, port: int | None, no_browser: bool) -> list[str]:
    """Return the arguments that JupyterLab is started with."""
    arguments = [
        f"--ServerApp.root_dir={folder}",
        f"--LabApp.default_url=/lab/tree/{CHAT}",
        # The tabs of other work are not restored into the demo, nor the demo's into that.
        f"--LabApp.workspaces_dir={folder / '.jupyter' / 'lab' / 'workspaces'}",
        # Persona files lie in `.jupyter`: they can be opened with File > Open from Path.
        "--ContentsManager.allow_hidden=True",
        "--PersonaManager.default_persona=guide",
        # Nothing here waits for the network.
        "--LabApp.extension_manager=readonly",
        "--Application.log_level=WARN",
    ]
    if port is not None:
        arguments += [f"--ServerApp.port={port}", "--ServerApp.port_retries=0"]
    if no_browser:
        arguments.append("--no-browser")
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        arguments.append("--allow-root")
    return arguments


def _trust(folder: Path, layout: Layout) -> None:
    """Trust the demo's own personas, but none that somebody has changed."""
    place = find_place(folder, folder)
    kept = {(folder / name).resolve() for name in layout.kept}
    judge = judge_of(place)
    for slug in PERSONAS:
        definition = place.view().personas.get(slug)
        found = judge.look(definition, place.folder) if definition is not None else None
        if found is None or found.version.problems:
            continue
        if kept.isdisjoint({found.version.file, *(f.path.resolve() for f in found.version.files)}):
            judge.store.approve([found.version])


def _missing() -> list[str]:
    # A folder without code counts as missing: a namespace package has no origin.
    found = {name: find_spec(name) for name in _NEEDED}
    missing = [_NEEDED[name] for name, spec in found.items() if spec is None or not spec.origin]
    if "litellm" not in EngineRegistry().entries:
        missing.append("persona-engine-litellm")
    return missing


def _report(folder: Path, layout: Layout, model: FoundModel | None) -> None:
    shown = shown_path(folder.resolve())
    if layout.made:
        print(f"Made {len(layout.made)} files in {shown}.")
    else:
        print(f"The workspace {shown} is there already.")
    if layout.updated:
        print(f"Updated: {', '.join(layout.updated)}.")
    if layout.kept:
        print(f"Kept as you changed them: {', '.join(layout.kept)}.")
    if model is None:
        print("No language model found (no key in the environment, no Ollama): replies are canned.")
    else:
        print(f"Model for new personas: {model.model_id} ({model.why}).")


def _start(arguments: Sequence[str]) -> int:
    from jupyterlab.labapp import LabApp  # type: ignore[import-untyped]

    # The page asks for news and updates unless a plugin is off, and no option does that.
    own = str(Path(__file__).parent / "lab")
    paths = [own, *filter(None, [os.environ.get("JUPYTER_CONFIG_PATH")])]
    os.environ["JUPYTER_CONFIG_PATH"] = os.pathsep.join(paths)
    print("Starting JupyterLab …", flush=True)
    begun = time.time()
    threading.Thread(target=_print_address, args=(begun,), daemon=True).start()
    try:
        LabApp.launch_instance(list(arguments))
    except SystemExit as exc:  # a port in use, a wrong option: JupyterLab has said it
        return exc.code if isinstance(exc.code, int) else FAILURE if exc.code else OK
    return OK


def _print_address(begun: float) -> None:
    """Wait for the file in which the server notes its address, and print that."""
    from jupyter_core.paths import jupyter_runtime_dir

    note = Path(jupyter_runtime_dir()) / f"jpserver-{os.getpid()}.json"
    while time.time() < begun + _START_SECONDS:
        time.sleep(0.1)
        try:
            if note.stat().st_mtime < begun - 1:
                continue  # left over by another process that had this number
            info = json.loads(note.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue
        print(f"\nJupyterLab is ready at\n\n    {address(info)}\n\nCtrl-C ends it.\n", flush=True)
        return


def address(info: dict[str, object]) -> str:
    """Return the address of the demo's chat for a server's own note about itself."""
    token = str(info.get("token") or "")
    query = f"?token={quote(token)}" if token else ""
    return f"{str(info['url']).rstrip('/')}/lab/tree/{CHAT}{query}"
