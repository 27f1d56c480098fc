"""The media extra loads late, and its absence is one clear line."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = ("aiortc", "av", "numpy")


def run(code: str) -> str:
    done = subprocess.run(  # a fresh interpreter: this one has aiortc loaded
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.stderr == ""
    return done.stdout.strip()


def test_importing_the_package_loads_nothing_heavy() -> None:
    code = f"import sys, janus_notebook.media; print([name for name in {HEAVY!r} if name in sys.modules])"
    assert run(code) == "[]"


@pytest.mark.parametrize("missing", HEAVY)
@pytest.mark.parametrize("use", ["media.require_media('echo.publish()')", "media.Peer"])
def test_a_missing_extra_is_one_line(missing: str, use: str) -> None:
    code = f"""
import sys
sys.modules[{missing!r}] = None
from janus_notebook import media
from janus_notebook.errors import JanusMediaError
try:
    {use}
except JanusMediaError as error:
    print(error)
"""
    feature = "echo.publish()" if "publish" in use else "Peer"
    assert run(code) == f"{feature} needs the media extra: pip install 'janus-notebook[media]'."


def test_the_public_names_exist() -> None:
    from janus_notebook import media

    assert {name for name in media.__all__ if getattr(media, name, None) is None} == set()
    assert dir(media) == sorted(media.__all__)
    with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
        media.Nothing  # noqa: B018 (the access is the test)
