"""Changes of real files are noticed, with the system's notifications and without."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from persona.core import Catalog
from persona.loaders import MARKDOWN, TOML, PersonaWatcher

SOON = 2.0
"""Seconds within which a change must be told."""

ALONE = 0.6
"""Seconds within which a notification must have told it: no look is due before."""


class World:
    """A server's root with one chat folder, and what the watcher told."""

    def __init__(self, root: Path, **options: bool | float) -> None:
        self.root = root
        self.folder = root / "study" / "deep"
        self.folder.mkdir(parents=True)
        self.catalog = Catalog(loaders=[MARKDOWN, TOML], locations=[])
        self.told: list[frozenset[Path]] = []
        self._heard = threading.Condition()
        self.watcher = PersonaWatcher(self.catalog, root, self._tell, **options)

    def _tell(self, folders: frozenset[Path]) -> None:
        with self._heard:
            self.told.append(folders)
            self._heard.notify_all()

    def watch(self, *files: Path) -> None:
        """Watch the folder and wait until that is told."""
        before = len(self.told)
        self.watcher.watch({self.folder: files})
        self.wait(before)

    def wait(self, before: int, seconds: float = SOON) -> frozenset[Path]:
        """Wait until more was told than before."""
        with self._heard:
            assert self._heard.wait_for(lambda: len(self.told) > before, seconds), "nothing told"
            return self.told[-1]

    def after(self, change: Callable[[], object], seconds: float = SOON) -> None:
        """Make a change; it must be told in time, for the folder that is watched."""
        before = len(self.told)
        change()
        assert self.wait(before, seconds) == {self.folder}

    def quiet(self, change: Callable[[], object], seconds: float = 1.5) -> None:
        """Make a change that must not be told."""
        before = len(self.told)
        change()
        with self._heard:
            assert not self._heard.wait_for(lambda: len(self.told) > before, seconds)

    def wait_quiet(self) -> int:
        """Wait until nothing is told any more and return how often something was."""
        with self._heard:
            while self._heard.wait(1.5):
                pass
            return len(self.told)

    def personas(self, *parts: str) -> Path:
        """Return a folder of persona files, made if it is not there."""
        path = self.root.joinpath(*parts, ".jupyter", "personas")
        path.mkdir(parents=True, exist_ok=True)
        return path


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Callable[..., World]]:
    worlds: list[World] = []

    def new(**options: bool | float) -> World:
        worlds.append(World(tmp_path / f"root{len(worlds)}", **options))
        return worlds[-1]

    yield new
    for world in worlds:
        world.watcher.close()


@pytest.fixture(params=["notified", "looked"])
def world(make: Callable[..., World], request: pytest.FixtureRequest) -> World:
    """Watch once with notifications alone, once with looks alone."""
    if request.param == "looked":
        return make(notify=False, every=0.25)
    return make(every=30.0)


def persona(path: Path, prompt: str = "A") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"---\nmodel: a/b\n---\n{prompt}\n")
    return path


def test_file_that_is_edited_added_renamed_and_deleted_is_told(world: World) -> None:
    folder = world.personas("study")
    ada = persona(folder / "ada.persona.md")
    world.watch()
    world.after(lambda: persona(ada, "edited in place"))
    world.after(lambda: persona(folder / "bob.persona.md"))
    world.after(lambda: (folder / "bob.persona.md").rename(folder / "eve.persona.md"))
    world.after(lambda: ada.rename(world.folder / "ada.txt"))
    world.after((folder / "eve.persona.md").unlink)


def test_file_that_an_editor_puts_in_place_of_the_old_one_is_told(world: World) -> None:
    ada = persona(world.personas("study", "deep") / "ada.persona.md")
    world.watch()

    def save() -> None:
        draft = ada.with_name(".ada.persona.md.tmp")
        draft.write_text(ada.read_text().replace("A", "B"))
        os.utime(draft, ns=(ada.stat().st_mtime_ns,) * 2)  # some keep the times
        draft.replace(ada)

    world.after(save)
    world.after(save)


def test_folders_that_are_made_later_are_told(world: World) -> None:
    world.watch()
    world.after(lambda: persona(world.root / ".jupyter" / "personas" / "ada.persona.md"))
    world.after(lambda: persona(world.folder / ".jupyter" / "personas" / "ada.persona.md"))
    own = world.folder / ".jupyter" / "personas" / "bob"
    own.mkdir()
    world.after(lambda: persona(own / "persona.md"))
    world.after(lambda: persona(own / "persona.md", "edited"))


def test_tables_beside_the_folder_and_in_the_project_are_told(world: World) -> None:
    world.watch()
    for file in (
        world.root / "personas.toml",
        world.folder / "personas.toml",
        world.folder / ".jupyter" / "personas.toml",
    ):
        file.parent.mkdir(exist_ok=True)
        world.after(lambda file=file: file.write_text("[personas.a]\n"))
        world.after(lambda file=file: file.write_text("[personas.ab]\n"))
        world.after(file.unlink)


def test_folder_that_is_deleted_and_made_again_is_told(world: World) -> None:
    ada = persona(world.personas("study") / "ada.persona.md")
    world.watch()
    for _ in range(2):
        world.after(lambda: shutil.rmtree(ada.parent.parent))
        world.after(lambda: persona(ada))
        world.after(lambda: persona(ada, "edited"))


def test_folder_that_is_replaced_at_once_is_told(world: World) -> None:
    ada = persona(world.personas("study") / "ada.persona.md")
    other = persona(world.root / "other" / "ada.persona.md", "other")
    world.watch()

    def swap() -> None:
        shutil.rmtree(ada.parent)
        other.parent.rename(ada.parent)

    world.after(swap)
    world.after(lambda: persona(ada, "edited after that"))


def test_folder_behind_a_link_is_told(world: World, tmp_path: Path) -> None:
    shared, other = tmp_path / "shared", tmp_path / "other"
    ada = persona(shared / "ada.persona.md")
    persona(other / "ada.persona.md", "other")
    link = world.root / ".jupyter" / "personas"
    link.parent.mkdir()
    link.symlink_to(shared)
    world.watch()
    world.after(lambda: persona(ada, "edited"))
    world.after(lambda: persona(shared / "bob" / "persona.md"))
    world.after(lambda: persona(shared / "bob" / "persona.md", "edited"))

    def point() -> None:
        link.unlink()
        link.symlink_to(other)

    world.after(point)
    world.after(lambda: persona(other / "ada.persona.md", "edited"))


def test_file_that_a_definition_uses_is_told(world: World) -> None:
    folder = world.personas("study")
    persona(folder / "ada.persona.md")
    picture = folder / "ada.svg"
    world.watch(picture)
    world.after(lambda: picture.write_text("<svg/>"))
    world.after(lambda: picture.write_text("<svg> </svg>"))
    world.after(picture.unlink)


def test_notification_makes_the_look_come_at_once(make: Callable[..., World]) -> None:
    world = make()
    ada = persona(world.personas("study") / "ada.persona.md")
    world.watch()
    times = []
    for number in range(5):
        began = time.monotonic()
        world.after(lambda n=number: persona(ada, "x" * n))
        times.append(time.monotonic() - began)
    assert sorted(times)[2] < ALONE


def test_change_that_notifications_miss_is_told(make: Callable[..., World]) -> None:
    world = make()
    ada = persona(world.root / "elsewhere" / "ada.persona.md")
    (world.personas("study") / "ada.persona.md").symlink_to(ada)
    world.watch()
    world.after(lambda: persona(ada, "the file behind the link is watched by nobody"))


@pytest.mark.skipif(os.name == "nt", reason="needs inotify")
def test_system_that_gives_no_watches_is_looked_at(
    make: Callable[..., World], tmp_path: Path
) -> None:
    import resource

    world = make()
    ada = persona(world.personas("study") / "ada.persona.md")
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    used = os.open(tmp_path, os.O_RDONLY)
    os.close(used)
    resource.setrlimit(resource.RLIMIT_NOFILE, (used + 1, before[1]))  # one: for the look
    try:
        world.watch()
        world.after(lambda: persona(ada, "edited"))
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
    world.after(lambda: persona(ada, "and still"))


def test_checkout_of_a_thousand_files_is_told_once_or_twice(make: Callable[..., World]) -> None:
    world = make()
    folder = world.personas("study")
    for number in range(1_000):
        persona(folder / f"p{number}.persona.md", "on main")

    def git(*arguments: str) -> None:
        subprocess.run(
            ["git", "-c", "user.name=a", "-c", "user.email=a@b", *arguments],
            cwd=world.root,
            check=True,
            capture_output=True,
            env={**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull},
        )

    git("init", "-q", "-b", "main")
    git("add", "-A")
    git("commit", "-q", "-m", "one")
    git("checkout", "-q", "-b", "other")
    for number in range(1_000):
        persona(folder / f"p{number}.persona.md", "on the other branch")
    git("commit", "-q", "-a", "-m", "two")
    world.watch()

    before = len(world.told)
    git("checkout", "-q", "main")
    world.wait(before)
    view = world.catalog.view(world.folder, world.root)
    assert len(view.personas) == 1_000
    assert world.wait_quiet() - before <= 2
    assert world.catalog.view(world.folder, world.root).personas["p7"].context.system_prompt == (
        "on main"
    )


def test_burst_of_saves_is_told_few_times_and_the_last_one_is_seen(
    make: Callable[..., World],
) -> None:
    world = make()
    ada = persona(world.personas("study") / "ada.persona.md")
    world.watch()
    before = len(world.told)
    began = time.monotonic()
    for number in range(100):
        persona(ada, f"save {number}")
        time.sleep(0.01)
    lasted = time.monotonic() - began
    assert 1 <= world.wait_quiet() - before <= 2 + lasted
    assert world.catalog.view(world.folder, world.root).personas["ada"].context.system_prompt == (
        "save 99"
    )


def test_file_in_the_middle_of_a_save_is_not_told(make: Callable[..., World]) -> None:
    world = make(settle=0.4)
    ada = persona(world.personas("study") / "ada.persona.md", "good")
    seen: list[str | None] = []

    def look(_folders: frozenset[Path]) -> None:
        found = world.catalog.view(world.folder, world.root).personas.get("ada")
        seen.append(found.context.system_prompt if found else None)

    watcher = PersonaWatcher(world.catalog, world.root, look, settle=0.4)
    try:
        watcher.watch({world.folder: ()})
        _until(lambda: seen == ["good"])
        ada.write_text("")  # what an editor that writes in place leaves for a moment
        time.sleep(0.2)
        persona(ada, "better")
        _until(lambda: seen[-1] == "better")
    finally:
        watcher.close()
    assert seen == ["good", "better"]


def test_only_folders_that_see_the_file_are_told(make: Callable[..., World]) -> None:
    world = make()
    other = world.root / "other"
    other.mkdir()
    before = len(world.told)
    world.watcher.watch({world.folder: (), other: ()})
    assert world.wait(before) == {world.folder, other}
    persona(world.personas("study") / "ada.persona.md")
    assert world.wait(before + 1) == {world.folder}
    persona(world.personas() / "ada.persona.md")
    assert world.wait(before + 2) == {world.folder, other}


def test_other_files_are_not_told(world: World) -> None:
    folder = world.personas("study")
    persona(folder / "ada.persona.md")
    (folder / "notes.md").write_text("no persona")
    world.watch()

    def work() -> None:
        for number in range(20):
            (world.folder / f"data{number}.csv").write_text("1")
            (folder / f".swap{number}").write_text("1")
        (folder / "notes.md").write_text("edited")
        (world.root / "node_modules" / "deep").mkdir(parents=True)
        os.utime(folder)

    world.quiet(work)


def test_changes_are_told_while_other_files_change_without_end(
    make: Callable[..., World],
) -> None:
    world = make()
    ada = persona(world.root / "elsewhere" / "ada.persona.md")
    (world.personas("study") / "ada.persona.md").symlink_to(ada)
    (world.folder / "data").mkdir()
    world.watch()
    ended = threading.Event()

    def work() -> None:
        number = 0
        while not ended.wait(0.02):
            number += 1
            (world.folder / "log").write_text(str(number))

    worker = threading.Thread(target=work)
    worker.start()
    try:
        world.after(lambda: persona(ada, "edited"))
    finally:
        ended.set()
        worker.join()


def test_nothing_below_the_folders_is_watched(make: Callable[..., World]) -> None:
    from persona.loaders._watch_places import Watched, outlook

    world = make()
    folder = world.personas("study")
    (folder / "ada" / "skills" / "deep").mkdir(parents=True)
    (world.root / "node_modules").mkdir()
    places = frozenset(world.catalog.places(world.folder, world.root))
    seen = outlook([Watched(places, frozenset())])
    assert seen.folders == {
        str(path) for path in (world.root, folder.parent.parent, folder.parent, folder,
                               folder / "ada", world.folder)
    }  # fmt: skip


def test_thread_ends_with_the_last_folder_and_with_close(make: Callable[..., World]) -> None:
    world = make()
    assert _threads() == []
    world.watch()
    assert len(_threads()) == 1
    world.watcher.watch({})
    _until(lambda: _threads() == [])
    world.watch()
    assert len(_threads()) == 1
    began = time.monotonic()
    world.watcher.close()
    assert _threads() == []
    assert time.monotonic() - began < 1.0
    world.watcher.close()
    world.quiet(lambda: persona(world.personas("study") / "ada.persona.md"))


def test_thread_ends_also_when_it_is_closed_at_once(make: Callable[..., World]) -> None:
    world = make()
    for _ in range(50):
        world.watcher.watch({world.folder: ()})
        world.watcher.close()
    assert _threads() == []


def test_module_is_light_until_something_is_watched() -> None:
    import sys

    code = (
        "import sys\nfrom persona.loaders import PersonaWatcher\n"
        "print([m for m in ('watchfiles', 'anyio', 'yaml') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def _threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "persona-watcher"]


def _until(found: Callable[[], bool], seconds: float = 5.0) -> None:
    deadline = time.monotonic() + seconds
    while not found():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.01)
