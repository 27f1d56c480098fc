"""The practice gateway as a server of the suite, with a stand-in for a plugin that it does not have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from janus_notebook.gateway.practice import PracticeGateway
from janus_notebook.gateway.practice.plugin import Answer, Done, Later, PracticeHandle, PracticePlugin
from janus_notebook.gateway.practice.plugins import standard_plugins

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class Sip(PracticePlugin):
    """As much of Janus's SIP as the suite asks for: a hangup that, without a call, is never answered."""

    package = "janus.plugin.sip"
    name = "SIP for the tests of the core"
    description = name

    def attached(self, handle: PracticeHandle) -> None:
        pass

    def message(
        self,
        handle: PracticeHandle,
        transaction: str,
        body: Mapping[str, Any],
        jsep: Mapping[str, Any] | None,
    ) -> Answer:
        match body.get("request"):
            case "hangup":
                return Later()
            case _:
                return Done({"sip": "event", "error_code": 441, "error": "Unknown request"})

    def trickle(self, handle: PracticeHandle, candidates: Sequence[Mapping[str, Any]]) -> None:
        pass

    def hangup(self, handle: PracticeHandle) -> bool:
        return False

    def detached(self, handle: PracticeHandle) -> None:
        pass


def practice_gateway(**options: Any) -> PracticeGateway:
    return PracticeGateway(plugins=lambda: (*standard_plugins(), Sip()), **options)
