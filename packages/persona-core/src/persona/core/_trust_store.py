"""What a user has trusted, kept where no project can write."""

from __future__ import annotations

import json
import os
import stat
import sys
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from persona.core._errors import DefinitionError, PersonaError
from persona.core._local_code import read_local
from persona.core._locked import locked
from persona.core._paths import lies_in, real
from persona.core._replacing import replacing
from persona.core._trust_version import TrustVersion

_VERSIONS = 8
"""Versions of one persona that stay trusted, so that switching branches asks once for each."""


class TrustError(PersonaError):
    """Trust cannot be kept; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Approval:
    """What is trusted of one persona, or a whole project.

    Attributes:
        root: The project's folder.
        file: The definition's file; None for the whole project.
        slug: Short name; empty for the whole project.
        digests: The trusted versions, the newest last.
        texts: What was approved last, by name.
        hidden: Digests of the values that the texts leave out.
        at: When, in ISO 8601.
    """

    root: Path
    file: Path | None = None
    slug: str = ""
    digests: tuple[str, ...] = ()
    texts: Mapping[str, str] = field(default_factory=dict)
    hidden: Mapping[str, str] = field(default_factory=dict)
    at: str = ""


class TrustStore:
    """The user's decisions. Several processes may read and write one file.

    What cannot be read counts as empty, so that nothing is trusted; `problem` says why.

    Args:
        file: Where they are kept; by default ``personas/trust.json`` in the folder that
            ``jupyter --data-dir`` names.
    """

    def __init__(self, file: Path | None = None) -> None:
        self._given = file
        self._read: tuple[tuple[object, ...], dict[str, Any], str] | None = None

    @cached_property
    def file(self) -> Path:
        """Where they are kept."""
        if self._given is not None:
            return self._given
        from jupyter_core.paths import jupyter_data_dir

        return Path(jupyter_data_dir()) / "personas" / "trust.json"

    @property
    def problem(self) -> str:
        """Why nothing in the file counts; empty if all is well."""
        return self._load()[1]

    def problem_for(self, root: Path) -> str:
        """Return why no trust in a project can be kept or read; empty if it can."""
        store = real(self.file)
        if lies_in(store, real(root)) and not lies_in(_home(), real(root)):
            return f"Jupyter's data folder lies in the project itself, in {root}."
        return self.problem

    def trusts(self, version: TrustVersion) -> bool:
        """Whether this very version, or every project that has a say in it, is trusted."""
        if self.problem_for(version.root):
            return False
        data = self._load()[0]
        if version.homes <= {Path(root) for root in data["projects"]}:
            return True
        entry = data["versions"].get(version.key, {})
        return not version.problems and version.digest in entry.get("digests", ())

    def approval(self, version: TrustVersion) -> Approval | None:
        """Return what was trusted last of the same persona, for a look at what has changed."""
        if self.problem_for(version.root):
            return None
        return _approval(version.key, self._load()[0]["versions"].get(version.key))

    def approvals(self) -> list[Approval]:
        """Return everything that is trusted: whole projects, then versions."""
        data = self._load()[0]
        projects = [Approval(Path(root), at=str(at)) for root, at in data["projects"].items()]
        found = (_approval(key, entry) for key, entry in data["versions"].items())
        return [*projects, *(approval for approval in found if approval is not None)]

    def approve(self, versions: Iterable[TrustVersion]) -> None:
        """Trust these versions.

        Raises:
            TrustError: It cannot be kept, or a file of one cannot be checked.
        """
        every = list(versions)
        for version in every:
            if version.problems:
                found = version.problems[0]
                raise TrustError(
                    f"{version.name} cannot be trusted by version. {found.path}: {found.problem} "
                    "Trust the whole project, or take that file out."
                )

        def change(data: dict[str, Any]) -> None:
            for version in every:
                entry = data["versions"].pop(version.key, {})
                texts, hidden = version.told()
                known = [d for d in entry.get("digests", ()) if d != version.digest]
                data["versions"][version.key] = {
                    "digests": [*known, version.digest][-_VERSIONS:],
                    "texts": texts,
                    "hidden": hidden,
                    "at": _now(),
                }

        self._change([version.root for version in every], change)

    def trust_project(self, roots: Iterable[Path]) -> None:
        """Trust everything of these projects from now on.

        Raises:
            TrustError: It cannot be kept.
        """
        every = [Path(real(root)) for root in roots]

        def change(data: dict[str, Any]) -> None:
            data["projects"] |= {str(root): _now() for root in every}

        self._change(every, change)

    def revoke(self, fits: Callable[[Approval], bool]) -> list[Approval]:
        """Forget what fits, and return it.

        Raises:
            TrustError: The file cannot be written.
        """
        gone: list[Approval] = []

        def change(data: dict[str, Any]) -> None:
            for root in list(data["projects"]):
                if fits(found := Approval(Path(root))):
                    gone.append(found)
                    del data["projects"][root]
            for key, entry in list(data["versions"].items()):
                approval = _approval(key, entry)
                if approval is not None and fits(approval):
                    gone.append(approval)
                    del data["versions"][key]

        if self.approvals():
            self._change([], change)
        return gone

    def _load(self) -> tuple[dict[str, Any], str]:
        file = self.file
        try:
            found = file.stat()
            stamp: tuple[object, ...] = (file, found.st_mtime_ns, found.st_size, found.st_ino,
                                         found.st_mode, found.st_ctime_ns)  # fmt: skip
        except OSError:
            found, stamp = None, (file,)
        if self._read is None or self._read[0] != stamp:
            data, problem = _empty(), ""
            if found is not None:
                data, problem = _parsed(file, found)
            self._read = stamp, data, problem
        return self._read[1:]

    def _change(self, roots: Iterable[Path], change: Callable[[dict[str, Any]], None]) -> None:
        file = self.file
        for root in roots:
            problem = self.problem_for(root)
            if problem and not self.problem:  # a broken file is put right by a new one
                raise TrustError(f"Trust cannot be kept. {problem} Set JUPYTER_DATA_DIR.")
        try:
            file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with locked(file, mode=0o600) as path:
                self._read = None
                data, problem = self._load()
                data = json.loads(json.dumps(data))
                if problem:
                    with suppress(OSError):
                        path.replace(path.with_name(f"{path.name}.broken"))
                change(data)
                with replacing(path, mode=0o600) as stream:
                    stream.write(json.dumps(data, indent=1, ensure_ascii=False).encode())
                    stream.flush()
                    os.fsync(stream.fileno())
        except (OSError, DefinitionError) as exc:
            raise TrustError(f"Trust cannot be kept in {file}: {exc}") from exc
        self._read = None


def _empty() -> dict[str, Any]:
    return {"v": 1, "projects": {}, "versions": {}}


def _parsed(file: Path, found: os.stat_result) -> tuple[dict[str, Any], str]:
    """Return what a file says and why that does not count."""
    told = f"{file} does not count, so that nothing is trusted: "
    if not stat.S_ISREG(found.st_mode):
        return _empty(), f"{told}it is not an ordinary file."
    if sys.platform != "win32":
        if found.st_uid not in (os.getuid(), 0):
            return _empty(), f"{told}it belongs to somebody else."
        if found.st_mode & 0o022:
            return _empty(), f"{told}others may write to it."
    read = read_local(file)
    if read.problem:
        return _empty(), told + read.problem
    try:
        data = json.loads(file.read_bytes())
    except (OSError, ValueError, RecursionError):
        return _empty(), f"{told}it is not JSON."
    if not isinstance(data, dict) or data.get("v") != 1 or not _is_sound(data):
        return _empty(), f"{told}it is of an unknown form."
    return data, ""


def _is_sound(data: Mapping[str, Any]) -> bool:
    projects, versions = data.get("projects"), data.get("versions")
    if not isinstance(projects, dict) or not isinstance(versions, dict):
        return False
    for key, entry in versions.items():
        if not isinstance(entry, dict) or _approval(key, entry) is None:
            return False
    return True


def _approval(key: str, entry: Any) -> Approval | None:
    if not isinstance(entry, Mapping):
        return None
    try:
        root, file, slug = map(str, json.loads(key))
    except (ValueError, TypeError):
        return None
    digests, texts, hidden = entry.get("digests"), entry.get("texts"), entry.get("hidden")
    if not isinstance(digests, list) or not all(isinstance(d, str) for d in digests):
        return None
    if not isinstance(texts, dict) or not isinstance(hidden, dict):
        return None
    if not all(isinstance(v, str) for v in (*texts.values(), *hidden.values())):
        return None
    at = str(entry.get("at", ""))
    return Approval(Path(root), Path(file), slug, tuple(digests), texts, hidden, at)


def _home() -> str:
    """Return the user's home as the system knows it, whatever the environment says."""
    if sys.platform != "win32":
        import pwd

        with suppress(KeyError):  # a user id without a name, as in some containers
            return real(pwd.getpwuid(os.getuid()).pw_dir)
    return real(Path.home())


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
