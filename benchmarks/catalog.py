"""Opening a chat that sees a thousand definitions."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from jupyterlab_chat.websocket_model import WsChatModel

from benchmarks.chats import chat_content
from benchmarks.files import write_definitions
from benchmarks.measure import Cost, Measure, cost_of, median
from persona.core import BasePersona, Catalog, CatalogView, PersonaEngine

COUNT = 1_000
FASTER = 10.0
AGAINST_BARE = 3.0


def measure(*, full: bool) -> Iterator[Measure]:
    """Yield what the first and the second opening of a chat cost."""
    first: list[float] = []
    second: list[float] = []
    bare: list[float] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        personas = write_definitions(folder, COUNT)
        _open(Catalog(locations=()), folder)  # imports, and the caches of the disk
        for _ in range(7 if full else 3):
            catalog = Catalog(locations=())
            first.append(_seconds(cost_of(lambda c=catalog: _open(c, folder))))
            again = [_seconds(cost_of(lambda c=catalog: _open(c, folder))) for _ in range(9)]
            second.append(median(again))
            bare.append(median([_seconds(cost_of(lambda: _look(personas))) for _ in range(9)]))
        view = catalog.view(folder)
        if len(view.personas) != COUNT or catalog.reads != COUNT:
            raise RuntimeError(f"{len(view.personas)} personas from {catalog.reads} reads: {view}")
        yield Measure(
            "catalog",
            f"second opening of a chat that sees {COUNT:,} definitions, faster than the first",
            median(first) / median(second),
            "x",
            FASTER,
            "min",
            {"first, ms": median(first) * 1e3, "second, ms": median(second) * 1e3},
        )
        yield Measure(
            "catalog",
            "second opening against a bare scandir and stat of the files",
            median(second) / median(bare),
            "x",
            AGAINST_BARE,
            detail={"bare, ms": median(bare) * 1e3},
        )
        yield from _chats(folder, catalog)


def _open(catalog: Catalog, folder: Path) -> CatalogView:
    """Do what the opening of a chat does with a catalog."""
    view = catalog.view(folder)
    _ = view.diagnostics
    return view


def _look(folder: Path) -> list[tuple[str, int, int]]:
    with os.scandir(folder) as entries:
        stats = [(entry.name, entry.stat()) for entry in entries]
    return [(name, stat.st_mtime_ns, stat.st_size) for name, stat in stats]


def _seconds(cost: Cost) -> float:
    return cost.cpu


class _Server:
    """What `PersonaService` asks of a server: its settings."""

    def __init__(self, root: Path) -> None:
        self.chats: dict[str, WsChatModel] = {}
        self.settings = {"server_root_dir": str(root), "chat_manager": self.chats}
        self.web_app = self


def _chats(folder: Path, catalog: Catalog) -> Iterator[Measure]:
    """Open real chats with their managers and count what was made for them."""
    from persona.jupyter._service import PersonaService

    before = _instances()
    modules = set(sys.modules)
    server = _Server(folder)
    service = PersonaService(serverapp=server, catalog=catalog)

    async def open_chats(count: int) -> float:
        content = chat_content(0)
        content["messages"] = []
        for number in range(count):
            (folder / f"{number}.chat").write_text(json.dumps(content), encoding="utf-8")
            server.chats[str(number)] = WsChatModel(f"{number}.chat", folder)
            server.chats[str(number)].load_from_file()
        begun = time.perf_counter()
        for chat_id in server.chats:
            manager = service.attach(chat_id)
            if manager is None:
                raise RuntimeError("The chat was not found.")
            await manager.ready()
        return (time.perf_counter() - begun) / count

    with asyncio.Runner() as runner:
        each = runner.run(open_chats(20))
        made = _instances() - before
        engines = {n for n in set(sys.modules) - modules if n.startswith("persona.engines.")}
        runner.run(service.close())
    yield Measure(
        "catalog",
        f"personas, engines and engine modules made when 20 chats see {COUNT:,} definitions",
        made + len(engines),
        "",
        0,
        detail={"ms a chat": each * 1e3},
    )


def _instances() -> int:
    return sum(isinstance(thing, BasePersona | PersonaEngine) for thing in gc.get_objects())
