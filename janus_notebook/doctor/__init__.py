"""The doctor: what stands between this machine and working media with a given server, step by step.

``await diagnose("ws://localhost:8188")`` returns a `Diagnosis`, a `Check` for each step, and ends with the
one thing to fix. Knows nothing of Jupyter; ``python -m janus_notebook doctor URL`` is the same in a shell.
"""

from __future__ import annotations

from janus_notebook.doctor.examination import diagnose
from janus_notebook.doctor.results import Check, Diagnosis, Status

__all__ = ["Check", "Diagnosis", "Status", "diagnose"]
