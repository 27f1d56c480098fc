"""What runs here: the versions that a bug report needs."""

from __future__ import annotations

import asyncio
import platform
import ssl
import sys
from importlib.metadata import PackageNotFoundError, version

__all__ = ["versions"]

PACKAGES = (
    "janus-notebook",
    "aiortc",
    "aioice",
    "av",
    "websockets",
    "httpx",
    "msgspec",
    "numpy",
    "pandas",
    "ipython",
    "ipykernel",
    "ipywidgets",
    "anywidget",
    "jupyterlab",
    "notebook",
    "voila",
    "nest-asyncio",
    "nest-asyncio2",
)


def versions() -> dict[str, str]:
    """The versions of Python, of the system, and of those packages that are installed."""
    found = {
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "system": platform.platform(),
        "machine": platform.machine(),
        "openssl": ssl.OPENSSL_VERSION,
        "loop": type(asyncio.get_running_loop()).__module__.partition(".")[0],
        "front end": "a Jupyter kernel" if "ipykernel" in sys.modules else "none",
    }
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue  # it is not installed, and not named
    return found
