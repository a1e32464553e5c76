"""Attachments: read as text, never from outside of the server's folder."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import nbformat
import pytest
from jupyterlab_chat.models import (
    AttachmentSelection,
    FileAttachment,
    NotebookAttachment,
    NotebookAttachmentCell,
)
from nbformat import v4

from persona.core import Attachment
from persona.core._attachments import MAX_TEXT, resolve_attachments

if TYPE_CHECKING:
    from conftest import RealChat


def resolve(root: Path, value: str) -> Attachment:
    (found,) = resolve_attachments(["x"], {"x": FileAttachment(value=value)}, root)
    return found


def test_text_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a.csv").write_text("x,y\nä,1\n")
    found = resolve(tmp_path, "data/a.csv")
    assert (found.name, found.mimetype, found.problem) == ("data/a.csv", "text/csv", "")
    assert found.read_text() == "x,y\nä,1\n"


def test_unknown_ids_are_passed_over(tmp_path: Path) -> None:
    assert resolve_attachments(["gone"], {}, tmp_path) == ()
    assert resolve_attachments(None, {}, tmp_path) == ()


@pytest.mark.parametrize("path", ["../secret", "/etc/hostname", "link", "dir/secret"])
def test_file_outside_of_the_root_is_refused(tmp_path: Path, path: str) -> None:
    root = tmp_path / "root"
    root.mkdir()
    (tmp_path / "secret").write_text("s3cret")
    (root / "link").symlink_to(tmp_path / "secret")
    (root / "dir").symlink_to(tmp_path)
    found = resolve(root, path)
    for read in (found.read_text, found.read_image):
        with pytest.raises(ValueError, match="outside of the server's folder"):
            read()


@pytest.mark.parametrize("path", ["nul\0", "circle/x"])
def test_path_that_is_none_is_a_problem_not_an_error(tmp_path: Path, path: str) -> None:
    (tmp_path / "circle").symlink_to(tmp_path / "circle")
    with pytest.raises(ValueError, match=r"not a path|cannot be read"):
        resolve(tmp_path, path).read_text()


def test_what_is_no_text_says_so(tmp_path: Path) -> None:
    (tmp_path / "binary").write_bytes(b"\x7fELF\0\0")
    (tmp_path / "latin").write_bytes("grün".encode("latin-1"))
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    for name, why in [
        ("binary", "binary is not a text file"),
        ("latin", "not UTF-8"),
        ("folder", "folder is not a file"),
        ("pipe", "pipe is not a file"),
        ("gone", "cannot be read: No such file"),
    ]:
        with pytest.raises(ValueError, match=why):
            resolve(tmp_path, name).read_text()


def test_long_text_is_cut_and_says_so(tmp_path: Path) -> None:
    (tmp_path / "long").write_text("é" * (5 * MAX_TEXT))
    text = resolve(tmp_path, "long").read_text()
    assert text == "é" * MAX_TEXT + "\n… (the rest is left out)"
    (tmp_path / "fits").write_text("é" * MAX_TEXT)
    assert resolve(tmp_path, "fits").read_text() == "é" * MAX_TEXT


def test_selection_is_taken_instead_of_the_file(chat: RealChat, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("one\ntwo\n")
    selection = AttachmentSelection(start=(0, 0), end=(0, 3), content="one")
    key = chat.model.set_attachment(FileAttachment(value="a.py", selection=selection))
    (found,) = resolve_attachments([key], chat.model.get_attachments(), tmp_path)
    assert found.read_text() == "one"


def test_image_is_read_up_to_a_limit(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"png")
    found = resolve(tmp_path, "a.png")
    assert found.is_image
    assert found.read_image() == b"png"
    with (tmp_path / "a.png").open("r+b") as file:
        file.truncate(9 * 1024 * 1024)
    with pytest.raises(ValueError, match="larger than 8 MiB"):
        found.read_image()


def notebook(path: Path) -> list[str]:
    code = v4.new_code_cell("1 + 1")
    code.outputs = [
        v4.new_output("stream", text="said\n"),
        v4.new_output("execute_result", data={"text/plain": "2"}),
        v4.new_output("display_data", data={"image/png": "AAAA"}),
        v4.new_output("error", ename="ValueError", evalue="no", traceback=["long"]),
    ]
    cells = [v4.new_markdown_cell("# Title"), code]
    nbformat.write(v4.new_notebook(cells=cells), path)
    return [cell.id for cell in cells]


def test_notebook_is_read_as_its_cells(tmp_path: Path) -> None:
    notebook(tmp_path / "a.ipynb")
    text = resolve(tmp_path, "a.ipynb").read_text()
    assert text.startswith("# Title\n\nCell 2:\n```python\n1 + 1\n```")
    for part in ("said", "\n2\n", "(image/png)", "ValueError: no"):
        assert part in text
    assert "AAAA" not in text
    assert "long" not in text


def test_chosen_cells_of_a_notebook_are_read(chat: RealChat, tmp_path: Path) -> None:
    first, _ = notebook(tmp_path / "a.ipynb")
    cell = NotebookAttachmentCell(id=first, input_type="markdown")
    key = chat.model.set_attachment(NotebookAttachment(value="a.ipynb", cells=[cell]))
    (found,) = resolve_attachments([key], chat.model.get_attachments(), tmp_path)
    assert found.read_text() == "# Title"


@pytest.mark.parametrize("text", ["", "{}", "not json", '{"nbformat": 4, "cells": 3}', "[]"])
def test_broken_notebook_says_so(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.ipynb").write_text(text)
    with pytest.raises(ValueError, match="not a notebook"):
        resolve(tmp_path, "a.ipynb").read_text()


def test_old_notebook_without_cell_ids_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.ipynb").write_text(
        '{"cells": [{"cell_type": "markdown", "metadata": {}, "source": ["a", "b"]}],'
        ' "metadata": {}, "nbformat": 4, "nbformat_minor": 4}'
    )
    assert resolve(tmp_path, "a.ipynb").read_text() == "ab"
