"""``%janus bundle`` in a real kernel, with the real Janus."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from tests.kernel.harness import Kernel

pytestmark = [pytest.mark.kernel, pytest.mark.live]


def test_a_bundle_by_magic_and_by_verb(tmp_path: Path) -> None:
    with Kernel() as kernel:
        kernel.run(f"%cd -q {tmp_path}").check()
        kernel.run("%load_ext janus_notebook").check()
        assert "there is no session" in kernel.run("%janus bundle").traceback
        kernel.run("%janus serve").check()
        kernel.run("%janus connect").check()
        kernel.run("%janus attach echotest --as echo").check()
        # By name of a handle, by file, and by the verb; the gateway's log goes in by itself.
        for cell in ("%janus bundle echo", "%janus bundle report", "await session.bundle('verb.zip')"):
            shown = kernel.run(cell).check().text or ""
            path = Path(shown.removeprefix("<Bundle ").partition(" (")[0])
            assert path.parent == tmp_path.resolve()
            with zipfile.ZipFile(path) as archive:
                names = {name.partition("/")[2] for name in archive.namelist()}
            assert names >= {"README.txt", "events.jsonl", "logs/janus.log"}
        session_id = kernel.value("session.id")
        there = sorted(path.name for path in tmp_path.iterdir())
        assert [name.startswith(f"janus-bundle-{session_id}-") for name in there] == [True, False, False]
        assert there[1:] == ["report.zip", "verb.zip"]
        refused = kernel.run("%janus bundle report.zip").traceback
        assert refused.startswith("JanusOptionError: ")
        assert "report.zip exists already. Choose another name, or pass overwrite=True" in refused
        kernel.run("%janus bundle report.zip --overwrite").check()
        kernel.run("%janus destroy session").check()
        assert kernel.value("session.bundle('closed.zip').result().path.name") == "closed.zip"
        kernel.run("%janus stop").check()
        with zipfile.ZipFile(tmp_path / "closed.zip") as archive:
            assert "closed/logs/janus.log" in archive.namelist()
