"""Files and tool calls as people read them."""

from __future__ import annotations

import pytest

from persona.core import Diff, FilePosition
from persona.engines.acp._places import Places

HERE = Places("/home/ada/study")


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("/home/ada/study/src/a.py", "src/a.py"),
        ("/home/ada/study/./src/../a.py", "a.py"),
        ("/home/ada/study/../secret.txt", "/home/ada/study/../secret.txt"),
        ("/home/ada/study-2/a.py", "/home/ada/study-2/a.py"),
        ("/home/ada/study", "/home/ada/study"),
        ("src/a.py", "src/a.py"),
        ("/etc/passwd", "/etc/passwd"),
    ],
)
def test_path_is_said_from_the_folder_only_when_it_is_inside(path: str, shown: str) -> None:
    assert HERE.path(path) == shown


@pytest.mark.parametrize(
    ("title", "kind", "shown"),
    [
        # From the file system's root, from a repository's, as it is, its name alone.
        ("home/ada/study/src/a.py", "edit", "edit src/a.py"),
        ("study/src/a.py", "read", "read src/a.py"),
        ("/home/ada/study/src/a.py", "delete", "delete src/a.py"),
        ("a.py", "other", "src/a.py"),
        ("Edit `/home/ada/study/src/a.py`", "edit", "Edit `src/a.py`"),
        ("cat /home/ada/study/x /home/ada/study-2/x", "execute", "cat x /home/ada/study-2/x"),
        ("ls /mnt/home/ada/study/x", "execute", "ls /mnt/home/ada/study/x"),
        ("ls /home/ada/study/ /", "execute", "ls /home/ada/study/ /"),
        ("Write a poem", "edit", "Write a poem"),
        (None, "edit", "edit"),
        (" \n ", None, "a tool"),
    ],
)
def test_title_says_what_is_done_to_which_file(
    title: str | None, kind: str | None, shown: str
) -> None:
    call = {"title": title, "kind": kind, "locations": [{"path": "/home/ada/study/src/a.py"}]}
    assert HERE.title(call) == shown


def test_changes_and_places_are_said_from_the_folder() -> None:
    call = {
        "content": [
            {"type": "diff", "path": "/home/ada/study/a.py", "oldText": "x", "newText": "y"},
            {"type": "diff", "path": "/etc/hosts", "newText": "y"},
            {"type": "diff", "path": 7},
            "noise",
        ],
        "locations": [{"path": "/home/ada/study/a.py", "line": 3}, {"path": "/b", "line": True}],
    }
    assert HERE.diffs(call) == (Diff("a.py", "x", "y"), Diff("/etc/hosts", None, "y"))
    assert HERE.locations(call) == (FilePosition("a.py", 3), FilePosition("/b"))


def test_what_is_no_list_has_no_places() -> None:
    call = {"content": {"type": "diff"}, "locations": 3}
    assert HERE.diffs(call) == ()
    assert HERE.locations(call) == ()
