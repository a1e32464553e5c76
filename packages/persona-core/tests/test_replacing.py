"""A file gets new content as a whole."""

import errno
import os
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from persona.core import replacing

modes = pytest.mark.skipif(sys.platform == "win32", reason="no permission bits")


@pytest.fixture
def umask() -> Iterator[int]:
    before = os.umask(0o027)
    yield 0o027
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_old_content_stands_there_until_the_end(tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    file.write_text("old")
    with replacing(file) as stream:
        stream.write(b"new\n")
        stream.flush()
        assert file.read_text() == "old"
    assert file.read_bytes() == b"new\n"
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize("existed", [True, False])
def test_break_leaves_all_as_it_was(tmp_path: Path, existed: bool) -> None:
    file = tmp_path / "a.txt"
    if existed:
        file.write_text("old")
    with pytest.raises(KeyboardInterrupt), replacing(file) as stream:
        stream.write(b"half")
        raise KeyboardInterrupt
    assert [path.read_text() for path in tmp_path.iterdir()] == ["old"] * existed


def test_two_writers_at_once_do_not_meet(tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    with replacing(file) as one, replacing(file) as other:
        one.write(b"one")
        other.write(b"other")
    assert file.read_text() == "one"  # the last to end
    assert list(tmp_path.iterdir()) == [file]


def test_draft_of_a_killed_writer_is_taken_over(tmp_path: Path) -> None:
    file, draft = tmp_path / "a.txt", tmp_path / ".a.txt.tmp"
    draft.write_text("a longer text that was broken off")
    with replacing(file, draft=draft) as stream:
        assert draft.exists()
        stream.write(b"new")
    assert file.read_text() == "new"
    assert not draft.exists()


@modes
def test_new_file_has_the_usual_mode(tmp_path: Path, umask: int) -> None:
    with replacing(tmp_path / "a.txt"):
        pass
    assert mode(tmp_path / "a.txt") == 0o666 & ~umask


@modes
@pytest.mark.parametrize("kept", [0o600, 0o664, 0o755])
def test_mode_stays_and_the_draft_is_never_wider(tmp_path: Path, umask: int, kept: int) -> None:
    file, draft = tmp_path / "a.txt", tmp_path / "draft"
    file.touch()
    file.chmod(kept)
    with replacing(file, draft=draft):
        assert mode(draft) | kept == kept
    assert mode(file) == kept


@modes
def test_given_mode_counts_from_the_start(tmp_path: Path) -> None:
    file, draft = tmp_path / "a.txt", tmp_path / "draft"
    file.touch(0o644)
    with replacing(file, mode=0o600, draft=draft):
        assert mode(draft) == 0o600
    assert mode(file) == 0o600


def test_full_disk_is_told_with_the_file(tmp_path: Path) -> None:
    path = tmp_path / "personas.toml"
    with pytest.raises(OSError, match="personas.toml"), replacing(path):
        raise OSError(errno.ENOSPC, "No space left on device")
    assert not list(tmp_path.iterdir())
