"""Notice changes of persona files while chats are open.

Two ways at once. The system's notifications (through ``watchfiles``) tell within a
fraction of a second. A look at the files' times every second finds what they miss:
network folders, mounts of virtual machines, files behind links, a used-up number of
watches. Only the look decides whether something changed; notifications only make it
come earlier. So nobody has to guess whether they can be relied on, and the look costs
some microseconds a file.

Folders are watched without what lies below them: a server's root may be a home folder.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Collection, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from persona.loaders._watch_places import Looks, Outlook, Watched, look_at, outlook

if TYPE_CHECKING:
    from persona.core import Catalog

EVERY = 1.0
"""Seconds between two looks that nothing has called for."""

SETTLE = 0.15
"""Seconds for which the files must stay as they are before a change is told."""

LONGEST = 1.0
"""Seconds after which a change is told even if the files go on changing."""

_STEP = 100
_BURST = 400
"""Milliseconds that notifications are collected: without further ones, and at most."""

_SHARE = 2
"""Looks that take long (slow network folders) come later: at most a third of the time."""

_log = logging.getLogger(__name__)

Changed = Callable[[frozenset[Path]], None]


class PersonaWatcher:
    """Call back when the persona files that some folders see have changed.

    One instance serves a whole server. It has one thread, and none while there is
    nothing to watch. A change is told once the files have settled: not in the middle
    of a save or a ``git checkout``, and once for all files that changed together.

    Args:
        catalog: Knows where the files lie.
        root: The server's root folder.
        changed: Called in the watcher's thread with the folders that may see something
            else now; also with each folder that is new. Must return soon and not raise.
        every: Seconds between two looks that no notification has called for.
        settle: Seconds for which files must stay as they are before a change is told.
        notify: Whether to use the system's notifications; if not, only looks find changes.
    """

    def __init__(
        self,
        catalog: Catalog,
        root: Path,
        changed: Changed,
        *,
        every: float = EVERY,
        settle: float = SETTLE,
        notify: bool = True,
    ) -> None:
        self._catalog = catalog
        self._root = root
        self._settings = _Settings(changed, every, settle, notify)
        self._folders: dict[Path, frozenset[Path]] = {}
        self._round: _Round | None = None

    def watch(self, folders: Mapping[Path, Collection[Path]]) -> None:
        """Watch for these folders from now on; none ends the thread.

        Called when a chat opens or closes, and after definitions were read. Never waits.

        Args:
            folders: For each folder the further files that its definitions use, such as
                avatars.
        """
        wanted = {folder: frozenset(files) for folder, files in folders.items()}
        if wanted == self._folders:
            return
        self._folders = wanted
        if not wanted:
            self._end()
            return
        watched = {
            folder: Watched(frozenset(self._catalog.places(folder, self._root)), files)
            for folder, files in wanted.items()
        }
        if self._round is not None:
            self._round.want(watched)
            return
        self._round = _Round(self._catalog, self._settings)
        self._round.want(watched)
        self._round.start()

    def close(self) -> None:
        """End and wait for the thread, a fraction of a second. May be repeated."""
        self._folders = {}
        ended = self._end()
        if ended is not None:
            ended.join()

    def _end(self) -> _Round | None:
        ended, self._round = self._round, None
        if ended is not None:
            ended.end()
        return ended


@dataclass(frozen=True, slots=True)
class _Settings:
    changed: Changed
    every: float
    settle: float
    notify: bool


class _Round(threading.Thread):
    """The thread, from the first folder that is watched to the last."""

    def __init__(self, catalog: Catalog, settings: _Settings) -> None:
        super().__init__(name="persona-watcher", daemon=True)
        self._catalog = catalog
        self._settings = settings
        self._ended = threading.Event()
        self._called = threading.Event()
        self._wanted: Mapping[Path, Watched] = {}
        self._told: Mapping[Path, Watched] = {}
        self._known: Looks = {}
        self._notify = settings.notify
        self._pause = settings.every

    def want(self, watched: Mapping[Path, Watched]) -> None:
        """Watch for these from now on; from any thread."""
        self._wanted = watched
        self._called.set()

    def end(self) -> None:
        """End soon; from any thread."""
        self._ended.set()
        self._called.set()

    def run(self) -> None:
        """Look whenever there is a reason to, until there is nothing to watch."""
        while True:
            self._called.clear()
            if self._ended.is_set():
                return
            try:
                if self._notify:
                    self._listen(outlook(self._wanted.values()))
                    continue
            except FileNotFoundError:  # a folder went just now: look, and try again
                _log.debug("A folder of persona files went while it was looked for")
            except (OSError, RuntimeError) as exc:  # too many watches, or none at all
                self._notify = False
                _log.info("Changes of persona files are found by looking only: %s", exc)
            self._look()
            self._called.wait(self._pause)

    def _listen(self, seen: Outlook) -> None:
        """Look when something happens or it is time, until other folders are to be watched."""
        from watchfiles import watch

        notifications = watch(
            *sorted(seen.folders),
            watch_filter=None,
            debounce=_BURST,
            step=_STEP,
            stop_event=self._called,
            rust_timeout=_STEP,
            yield_on_timeout=True,
            raise_interrupt=False,
            force_polling=False,
            recursive=False,
            ignore_permission_denied=True,
        )
        due = 0.0  # the first look comes when the notifications are on: nothing slips through
        with closing(notifications):
            for happened in notifications:
                paths = {path for _, path in happened}
                matters = any(map(seen.matters, paths))
                if not matters and time.monotonic() < due:
                    continue
                changed = self._look()
                due = time.monotonic() + self._pause
                if any(map(seen.is_lost, paths)):
                    return
                if (matters or changed) and outlook(self._wanted.values()) != seen:
                    return

    def _look(self) -> bool:
        """Tell what changed, once it has settled; return whether anything did."""
        wanted = self._wanted
        began = time.monotonic()
        found = look_at(self._catalog, wanted.values())
        self._pause = max(self._settings.every, _SHARE * (time.monotonic() - began))
        while self._changed(wanted, found):
            if self._ended.wait(self._settings.settle):
                return False
            again = look_at(self._catalog, wanted.values())
            settled, found = again == found, again
            if settled or time.monotonic() - began > LONGEST:
                break
        changed = self._changed(wanted, found)
        self._known, self._told = found, wanted
        if changed:
            self._settings.changed(changed)
        return bool(changed)

    def _changed(self, wanted: Mapping[Path, Watched], found: Looks) -> frozenset[Path]:
        """Return the folders that are new or have a place that looks different."""
        return frozenset(
            folder
            for folder, watched in wanted.items()
            if self._told.get(folder) != watched
            or any(found[place] != self._known.get(place) for place in watched.all)
        )
