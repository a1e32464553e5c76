"""What was written here is told from what came with a file."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from persona.jupyter._seal import Seal


def test_seal_fits_what_it_was_made_of_and_nothing_else(tmp_path: Path) -> None:
    seal = Seal(tmp_path)
    made = seal.of("ada", {"engine": "x"})
    assert Seal(tmp_path).fits("ada", {"engine": "x"}, made)
    assert not seal.fits("eve", {"engine": "x"}, made)
    assert not seal.fits("ada", {"engine": "y"}, made)
    assert not seal.fits("ada", {"engine": "x"}, "")
    assert not seal.fits("ada", {"engine": "x"}, "ä\ud800")
    assert not Seal(tmp_path / "other").fits("ada", {"engine": "x"}, made)


def test_key_is_for_its_user_alone(tmp_path: Path) -> None:
    Seal(tmp_path / "deep" / "down").of("ada", {})
    (file,) = (tmp_path / "deep" / "down").iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert len(file.read_bytes()) == 32


def test_key_that_was_cut_off_is_made_anew(tmp_path: Path) -> None:
    (tmp_path / "chat.key").write_bytes(b"short")
    seal = Seal(tmp_path)
    assert seal.fits("ada", {}, seal.of("ada", {}))
    assert len((tmp_path / "chat.key").read_bytes()) == 32


def test_several_servers_that_start_at_once_use_one_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        made = set(pool.map(lambda _: Seal(tmp_path).of("ada", {"a": 1}), range(32)))
    assert len(made) == 1


def test_without_a_folder_the_key_lasts_as_long_as_the_server(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    seal = Seal(tmp_path / "file" / "below")
    assert seal.fits("ada", {}, seal.of("ada", {}))
