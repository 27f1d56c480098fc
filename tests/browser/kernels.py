"""Kernels of other versions of ipykernel, for the same checkout: the wheel alone, in front of the rest.

``python -m tests.browser.kernels`` installs them beforehand, for a run that has no network.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.browser.harness import Lab

FOLDER = Path(sys.prefix) / "share" / "janus-notebook-kernels"
VERSIONS = {"6.30": "ipykernel==6.30.*", "7.2": "ipykernel==7.2.*", "newest": "ipykernel"}


def installed(version: str) -> Path:
    """Return the folder of one of `VERSIONS`; installed there if it is not yet."""
    folder = FOLDER / version
    if not (folder / "ipykernel").is_dir():
        pip = (sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", f"--target={folder}")
        subprocess.run([*pip, VERSIONS[version]], check=True)
    return folder


def add_kernel(lab: Lab, version: str) -> str:
    """Let the lab have a kernel of this version, and return its name."""
    name = f"ipykernel-{version}"
    path = lab.home / "data" / "kernels" / name / "kernel.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    python_path = f"{installed(version)}:{lab.environment()['PYTHONPATH']}"
    specification = {
        "argv": [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"],
        "display_name": name,
        "language": "python",
        "env": {"PYTHONPATH": python_path},
    }
    path.write_text(json.dumps(specification))
    return name


if __name__ == "__main__":
    for each in VERSIONS:
        print(installed(each))
