"""An in-process gateway that speaks the Janus API, for machines without Janus and for tests.

::

    from janus_notebook.gateway.practice import Delay, Drop, PracticeGateway

    async with PracticeGateway(session_timeout=10) as gateway:
        gateway.misbehave(Delay("attach", 0.5), Drop("message", kind="event"))
        session = JanusSession(gateway.ws_url)
"""

from __future__ import annotations

from janus_notebook.gateway.practice.faults import (
    CloseAt,
    Delay,
    Drop,
    Duplicate,
    Fault,
    Flood,
    Garbage,
    HalfOpen,
    Huge,
    Misaddress,
    Nested,
    Reorder,
    Unknown,
    WrongTypes,
)
from janus_notebook.gateway.practice.gateway import PracticeGateway
from janus_notebook.gateway.practice.misbehaviour import FaultDone

__all__ = [
    "CloseAt",
    "Delay",
    "Drop",
    "Duplicate",
    "Fault",
    "FaultDone",
    "Flood",
    "Garbage",
    "HalfOpen",
    "Huge",
    "Misaddress",
    "Nested",
    "PracticeGateway",
    "Reorder",
    "Unknown",
    "WrongTypes",
]
