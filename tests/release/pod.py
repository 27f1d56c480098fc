"""Measure a pod of the image in a folder: how soon the first tutorial has run, and in how much memory.

Called by ``tests/release/image``, in a network of its own.
"""

from __future__ import annotations

import subprocess
import sys
import time
import urllib.request
from pathlib import Path

PORT = 8888
TUTORIAL = "notebooks/01-first-session.ipynb"
LAB, CHECK = "JupyterLab", "the check itself"
KINDS = {"ipykernel_launcher": "kernel", "jupyterlab": LAB, "binder/check.py": CHECK}
PATH = "PATH=/srv/venv/bin:/usr/bin:/bin:/usr/sbin:/sbin"


def pod(root: Path, *command: str) -> list[str]:
    """The command, as the pod's user in its image, below ``binder/start``."""
    user = ["setpriv", "--reuid=1000", "--regid=1000", "--clear-groups"]
    inside = ["sh", "-c", 'cd && exec ./binder/start "$@"', "sh", *command]
    return ["chroot", str(root), "env", "-i", PATH, "HOME=/home/jovyan", *user, *inside]


def answers() -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{PORT}/api/status", timeout=1):
            return True
    except OSError:
        return False


def memory(root: Path) -> dict[str, float]:
    """Resident megabytes of the processes of the image, by what they are."""
    found: dict[str, float] = {}
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if (process / "root").resolve() != root:
                continue
            words = (process / "cmdline").read_bytes().decode().split("\0")
            pages = int((process / "statm").read_text().split()[1])
        except (OSError, ValueError):
            continue  # it has just ended
        name = next((kind for word, kind in KINDS.items() if word in words), Path(words[0]).name)
        found[name] = found.get(name, 0) + pages * 4096 / 1e6
    return found


def demo(found: dict[str, float]) -> float:
    """The part of it that a tutorial needs: its kernel, Janus, and what looks after it."""
    return sum(found.values()) - found.get(LAB, 0) - found.get(CHECK, 0)


def main(root: Path) -> int:
    began = time.monotonic()
    lab = ["python", "-m", "jupyterlab", "--no-browser", "--ip=0.0.0.0", f"--port={PORT}"]
    server = subprocess.Popen(pod(root, *lab, "--IdentityProvider.token="), stderr=subprocess.DEVNULL)
    while not answers():
        assert server.poll() is None, "the server has ended"
        time.sleep(0.1)
    print(f"JupyterLab answers after {time.monotonic() - began:.1f} s")
    check = subprocess.Popen(pod(root, "python", "binder/check.py", TUTORIAL))
    most: dict[str, float] = {}
    while check.poll() is None:
        now = memory(root)
        most = max(most, now, key=demo)
        time.sleep(0.2)
    print(f"the tutorial has run {time.monotonic() - began:.1f} s after the start")
    print(
        "resident MB, when kernel and Janus had most: " + ", ".join(f"{k} {v:.0f}" for k, v in most.items())
    )
    print(f"without JupyterLab and the check: {demo(most):.0f} MB")
    server.terminate()
    server.wait()
    return check.returncode


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
