"""What the practice gateway's core and its plugins know of each other."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

__all__ = ["Answer", "Done", "Later", "PracticeHandle", "PracticePlugin", "Refused"]


class PracticeHandle(Protocol):
    """A handle, as a plugin sees it. The core makes it; what it is given goes to the session's owner.

    Every method may be called at any time on the gateway's loop; once the handle is gone it does nothing.
    """

    @property
    def id(self) -> int: ...

    @property
    def session_id(self) -> int: ...

    @property
    def opaque_id(self) -> str | None: ...

    @property
    def full_trickle(self) -> bool:
        """Whether the gateway sends its candidates as ``trickle`` events, not in its SDP."""

    def event(
        self,
        data: Mapping[str, Any],
        *,
        transaction: str | None = None,
        jsep: Mapping[str, Any] | None = None,
    ) -> None:
        """Send ``event`` with `data` as its ``plugindata.data``."""

    def notify(self, kind: str, **fields: Any) -> None:
        """Send a core event: ``webrtcup``, ``media``, ``slowlink``, ``hangup`` or ``trickle``."""

    def detach(self) -> None:
        """End the handle: the plugin's `detached` is called, and ``detached`` goes out."""


@dataclass(frozen=True)
class Done:
    """A plugin's answer: a ``success`` at once from `PracticePlugin.message`, an ``event`` in `Later`."""

    data: Mapping[str, Any]
    jsep: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Later:
    """An ``ack`` now, then an ``event`` with the request's transaction.

    Args:
        result: what the event holds; or a coroutine that returns it, which the core runs once the
            ack is out, awaits, and cancels when the handle or the gateway ends; or None for no event.
        hint: the ack's ``hint``.
    """

    result: Done | Coroutine[Any, Any, Done] | None = None
    hint: str | None = None


@dataclass(frozen=True)
class Refused:
    """An ``error`` of the core, such as 465 for an SDP that cannot be parsed."""

    code: int
    reason: str


Answer = Done | Later | Refused


class PracticePlugin(ABC):
    """A plugin of the practice gateway; one instance for each gateway, with all its state.

    All methods are called on the gateway's loop, for one handle in the order of its requests.
    The core has checked a request's outer form: `body` is an object, and `jsep`, if there is one, has
    a text ``sdp`` and a ``type`` of ``offer`` or ``answer``. Whether the SDP parses is the plugin's affair.
    """

    package: ClassVar[str]
    name: ClassVar[str]
    description: ClassVar[str]
    author: ClassVar[str] = "janus_notebook"
    version: ClassVar[int] = 1
    version_string: ClassVar[str] = "practice"

    @abstractmethod
    def attached(self, handle: PracticeHandle) -> None:
        """A handle was made for this plugin."""

    @abstractmethod
    def message(
        self,
        handle: PracticeHandle,
        transaction: str,
        body: Mapping[str, Any],
        jsep: Mapping[str, Any] | None,
    ) -> Answer:
        """Answer a ``message``. An error of the plugin is a `Done` with ``error_code`` and ``error``."""

    @abstractmethod
    def trickle(self, handle: PracticeHandle, candidates: Sequence[Mapping[str, Any]]) -> None:
        """Take the client's candidates; ``{"completed": True}`` ends them. The core has sent the ack."""

    @abstractmethod
    def hangup(self, handle: PracticeHandle) -> bool:
        """End the PeerConnection, for the request ``hangup``; return whether there was one.

        If there was, the plugin has sent (or sends) ``hangup`` with the reason ``Janus API`` itself.
        """

    @abstractmethod
    def detached(self, handle: PracticeHandle) -> None:
        """The handle is gone: detached, or its session destroyed or timed out. Called once; sends nothing
        to this handle."""

    async def close(self) -> None:
        """End everything; the gateway stops. Every handle has been `detached` before. Idempotent."""
        return
