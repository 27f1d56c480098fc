"""An empty environment that the wheel is installed into with the extra ``demo``, as a user would do it.

``python -m tests.release.environments`` makes it beforehand, for a run that has no network.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

__all__ = ["installed", "python_of"]

ROOT = Path(__file__).resolve().parents[2]
FOLDER = Path(sys.prefix) / "share" / "janus-notebook-clean"


def python_of(folder: Path) -> Path:
    """The interpreter of an environment."""
    return folder / "bin" / "python"


def installed() -> Path:
    """Return the interpreter of the environment, made if it is not there, or older than the package."""
    python, made = python_of(FOLDER), FOLDER / "made"
    sources = [ROOT / "pyproject.toml", *(ROOT / "janus_notebook").rglob("*.*")]
    newest = max(path.stat().st_mtime for path in sources if "__pycache__" not in path.parts)
    if not made.exists() or made.stat().st_mtime < newest:
        shutil.rmtree(FOLDER, ignore_errors=True)
        with tempfile.TemporaryDirectory(prefix="wheel-") as folder:
            build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", folder]
            subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
            [wheel] = Path(folder).glob("*.whl")
            venv.create(FOLDER, with_pip=True)
            subprocess.run([python, "-m", "pip", "install", "--quiet", f"{wheel}[demo]"], check=True)
        made.touch()
    return python


if __name__ == "__main__":
    print(installed())
