"""The folder of a practice gateway's sockets: whose it is, and who removes it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from janus_notebook.gateway import PracticeGateway
from janus_notebook.gateway.practice import folder
from janus_notebook.gateway.practice.folder import PREFIX, SocketFolder, lock, remove_leftovers

if TYPE_CHECKING:
    from collections.abc import Iterator

SCRIPT = """
import time
from janus_notebook import PracticeGateway
with PracticeGateway() as gateway:
    print(gateway.unix_url, flush=True)
    time.sleep(60)
"""


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where temporary files go meanwhile; with a path short enough for sockets."""
    with tempfile.TemporaryDirectory(prefix="gw-") as place:
        monkeypatch.setattr(tempfile, "tempdir", place)
        monkeypatch.setattr(folder, "SHORT_PLACE", place)
        yield Path(place)


@pytest.mark.parametrize("by", [signal.SIGTERM, signal.SIGKILL])
def test_the_next_start_removes_what_a_killed_process_left(place: Path, by: signal.Signals) -> None:
    environment = os.environ | {"TMPDIR": str(place), "PYTHONPATH": str(Path.cwd())}
    with subprocess.Popen(
        [sys.executable, "-c", SCRIPT], stdout=subprocess.PIPE, text=True, env=environment
    ) as process:
        try:
            assert process.stdout is not None
            theirs = Path(process.stdout.readline().strip().removeprefix("unix://")).parent
            assert theirs.name.startswith(f"{PREFIX}{process.pid}-")
            with PracticeGateway():
                assert (theirs / "janus.sock").exists()  # the owner lives
        finally:
            process.send_signal(by)
    assert list(place.iterdir()) == [theirs]
    with PracticeGateway() as gateway:
        assert [f"unix://{path}/janus.sock" for path in place.iterdir()] == [gateway.unix_url]
    assert list(place.iterdir()) == []


def test_nothing_but_left_folders_of_this_user_is_removed(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = f"{PREFIX}1-abcdefgh"
    with tempfile.TemporaryDirectory() as elsewhere:
        (Path(elsewhere) / "kept").touch()
        (place / f"{PREFIX}2-abcdefgh").symlink_to(elsewhere)
        (place / f"{PREFIX}3-abcdefgh").touch()
        (place / f"{PREFIX}abcdefgh").mkdir()
        (place / name).mkdir()
        (place / name / "janus.sock").touch()
        before = set(place.iterdir())
        with monkeypatch.context() as other_user:
            other_user.setattr(os, "getuid", lambda: -1)
            remove_leftovers()
        assert set(place.iterdir()) == before
        remove_leftovers()
        assert set(place.iterdir()) == before - {place / name}
        assert (Path(elsewhere) / "kept").exists()


def test_a_folder_is_locked_by_one_and_closed_once(place: Path) -> None:
    mine = SocketFolder()
    assert lock(mine.path) is None
    remove_leftovers()
    assert mine.path.stat().st_mode & 0o777 == 0o700
    mine.close()
    mine.close()
    assert list(place.iterdir()) == []
    assert lock(mine.path) is None


def test_without_locks_there_is_a_folder_all_the_same(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folder, "lock", lambda _path: None)
    mine = SocketFolder()
    assert list(place.iterdir()) == [mine.path]
    mine.close()
    assert list(place.iterdir()) == []


def test_a_path_too_long_for_sockets_is_not_used(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    long = place / ("x" * 100)
    long.mkdir()
    short = place / "s"
    short.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(long))
    monkeypatch.setattr(folder, "SHORT_PLACE", str(short))
    mine = SocketFolder()
    assert mine.path.parent == short
    mine.close()
    assert [*long.iterdir(), *short.iterdir()] == []
