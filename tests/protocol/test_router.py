"""The router: which reply ends which request, who owns an event, what a loss fails."""

from __future__ import annotations

from typing import Any

import pytest

from janus_notebook import (
    JanusConnectionError,
    JanusError,
    JanusPluginError,
    JanusServerError,
    JanusStateError,
)
from janus_notebook.protocol.router import (
    MAX_ABANDONED,
    Acknowledged,
    Effect,
    Failed,
    Ignored,
    Late,
    Occurred,
    Replied,
    Router,
)


def ack(transaction: str = "t") -> dict[str, Any]:
    return {"janus": "ack", "session_id": 1, "transaction": transaction}


def event(transaction: str | None = "t", **data: Any) -> dict[str, Any]:
    message: dict[str, Any] = {"janus": "event", "session_id": 1, "sender": 2}
    message["plugindata"] = {"plugin": "janus.plugin.echotest", "data": data}
    return message | ({"transaction": transaction} if transaction else {})


def waiting(verb: str = "message", transaction: str = "t") -> Router:
    router = Router()
    router.expect(transaction, verb, 1, 2)
    return router


def lost() -> JanusError:
    return JanusConnectionError("lost")


def kinds(effects: list[Effect]) -> list[str]:
    return [type(effect).__name__ for effect in effects]


# -- replies --------------------------------------------------------------------------------------


@pytest.mark.parametrize("verb", ["create", "attach", "message", "info", "ping", "anything"])
@pytest.mark.parametrize("kind", ["success", "event", "pong", "server_info", "new_kind"])
def test_a_final_reply_completes(verb: str, kind: str) -> None:
    router = waiting(verb)
    message = {"janus": kind, "transaction": "t"}
    assert router.feed(message) == [Replied("t", message)]
    assert len(router) == 0


def test_ack_then_event() -> None:
    router = waiting()
    assert router.feed(ack()) == [Acknowledged("t", ack())]
    assert "t" in router
    assert router.feed(event(result="ok")) == [Replied("t", event(result="ok"))]
    assert "t" not in router


def test_event_then_ack() -> None:
    router = waiting()
    assert router.feed(event()) == [Replied("t", event())]
    assert router.feed(ack()) == [Ignored(ack(), handle_id=2)]
    assert router.feed(ack()) == [Ignored(ack())]  # a second one


def test_the_memory_of_overtaken_acks_is_bounded() -> None:
    router = Router()
    for number in range(MAX_ABANDONED + 3):
        router.expect(str(number), "message", 1, 2)
        router.feed(event(str(number)))
    acks = [effect for number in (2, 3) for effect in router.feed(ack(str(number)))]
    assert [effect.handle_id for effect in acks if isinstance(effect, Ignored)] == [None, 2]


@pytest.mark.parametrize("verb", ["keepalive", "trickle", "KeepAlive", "TRICKLE"])
def test_an_ack_is_final_for_keepalive_and_trickle(verb: str) -> None:
    assert waiting(verb).feed(ack()) == [Replied("t", ack())]


def test_errors_of_the_core() -> None:
    message = {"janus": "error", "transaction": "t", "error": {"code": 458, "reason": "No such session"}}
    (effect,) = waiting().feed(message)
    assert isinstance(effect, Failed)
    assert isinstance(effect.error, JanusServerError)
    assert (effect.error.code, effect.error.name, effect.message) == (458, "SESSION_NOT_FOUND", message)


@pytest.mark.parametrize("detail", [None, [], "text", {}, {"code": "458"}, {"code": True, "reason": None}])
def test_odd_errors_still_fail(detail: Any) -> None:
    (effect,) = waiting().feed({"janus": "error", "transaction": "t", "error": detail})
    assert isinstance(effect, Failed)
    assert str(effect.error)


@pytest.mark.parametrize("kind", ["success", "event"])
@pytest.mark.parametrize("code", [413, 0, None, "413"])
def test_errors_of_the_plugin_by_their_key_not_their_code(kind: str, code: Any) -> None:
    message = event(error_code=code, error="Invalid value") | {"janus": kind}
    (effect,) = waiting().feed(message)
    assert isinstance(effect, Failed)
    assert isinstance(effect.error, JanusPluginError)
    assert effect.error.plugin == "janus.plugin.echotest"
    assert effect.error.name == ("INVALID_ELEMENT" if code == 413 else "UNKNOWN_CODE")


def test_a_duplicate_reply_is_ignored_and_a_duplicate_event_is_an_event() -> None:
    router = waiting()
    success = {"janus": "success", "transaction": "t"}
    assert kinds(router.feed(success)) == ["Replied"]
    assert router.feed(success) == [Ignored(success)]
    assert router.feed(event()) == [Occurred("event", 1, 2, event())]


@pytest.mark.parametrize("transaction", [None, 5, ["t"], {"t": 1}, "other", ""])
def test_what_carries_no_transaction_of_ours_is_an_event(transaction: Any) -> None:
    router = waiting()
    message = event(None) | {"transaction": transaction}
    assert kinds(router.feed(message)) == ["Occurred"]
    assert "t" in router


@pytest.mark.parametrize("kind", ["ack", "success", "pong", "server_info"])
def test_stray_replies_are_ignored(kind: str) -> None:
    assert kinds(waiting().feed({"janus": kind})) == ["Ignored"]


def test_an_error_without_transaction() -> None:
    stray = {"janus": "error", "session_id": 1, "error": {"code": 454, "reason": "?"}}
    router = waiting()
    assert kinds(router.feed(stray)) == ["Failed"]
    assert kinds(router.feed(stray)) == ["Occurred"]  # nobody left
    router.expect("a", "message", 1, 2)
    router.expect("b", "message", 1, 2)
    assert router.feed(stray) == [Occurred("error", 1, None, stray)]
    assert len(router) == 2
    assert kinds(router.feed(stray | {"transaction": "zzz"})) == ["Ignored"]


# -- given up -------------------------------------------------------------------------------------


def test_late_replies() -> None:
    router = waiting()
    router.abandon("t")
    assert len(router) == 0
    assert router.feed(ack()) == [Ignored(ack(), handle_id=2)]
    assert router.feed(event()) == [Late("t", event(), handle_id=2)]
    assert kinds(router.feed(event())) == ["Occurred"]


def test_a_late_ack_ends_a_keepalive() -> None:
    router = waiting("keepalive")
    router.abandon("t")
    assert kinds([*router.feed(ack()), *router.feed(ack())]) == ["Late", "Ignored"]


def test_the_memory_of_what_was_given_up_is_bounded() -> None:
    router = Router()
    forgotten = []
    for number in range(MAX_ABANDONED + 3):
        router.expect(str(number), "attach", 1)
        forgotten += router.abandon(str(number))
    assert forgotten == ["0", "1", "2"]
    assert len(router._abandoned) == MAX_ABANDONED
    assert kinds(router.feed(event("0"))) == ["Occurred"]
    assert kinds(router.feed(event("3"))) == ["Late"]
    assert router.abandon("unknown") == []


def test_a_transaction_used_again_belongs_to_the_new_request() -> None:
    router = waiting()
    router.abandon("t")
    router.expect("t", "message", 1, 2)
    assert kinds([*router.feed(event()), *router.feed(event())]) == ["Replied", "Occurred"]


# -- endings --------------------------------------------------------------------------------------


def several() -> Router:
    router = Router()
    for session_id in (1, 2):
        router.expect(f"{session_id}", "keepalive", session_id)
        for handle_id in (2, 3):
            router.expect(f"{session_id}/{handle_id}", "message", session_id, handle_id)
            router.expect(f"{session_id}/{handle_id}/detach", "detach", session_id, handle_id)
    router.expect("info", "info")
    return router


def failed(effects: list[Effect]) -> dict[str, JanusError]:
    return {effect.transaction: effect.error for effect in effects if isinstance(effect, Failed)}


def test_a_session_timeout_fails_what_the_session_has_pending() -> None:
    router = several()
    effects = router.feed({"janus": "timeout", "session_id": 1})
    assert kinds(effects[:1]) == ["Occurred"]
    errors = failed(effects)
    assert sorted(errors) == ["1", "1/2", "1/2/detach", "1/3", "1/3/detach"]
    assert len({id(error) for error in errors.values()}) == 5
    assert all(isinstance(e, JanusStateError) and "session 1 timed out" in str(e) for e in errors.values())
    assert len(router) == 6


def test_detached_fails_what_the_handle_has_pending_but_not_its_detach() -> None:
    router = several()
    effects = router.feed({"janus": "detached", "session_id": 2, "sender": 3})
    assert list(failed(effects)) == ["2/3"]
    assert router.pending_on(2, 3) == ["2/3/detach"]
    assert router.pending_on(1, 3) == ["1/3", "1/3/detach"]


@pytest.mark.parametrize(
    "message",
    [
        {"janus": "timeout"},
        {"janus": "detached", "session_id": 1},
        {"janus": "hangup", "session_id": 1, "sender": 2},
    ],
)
def test_what_fails_nothing(message: dict[str, Any]) -> None:
    router = several()
    assert kinds(router.feed(message)) == ["Occurred"]
    assert len(router) == 11


def test_the_end_of_the_connection_fails_everything_and_forgets_everything() -> None:
    router = several()
    router.abandon("1")
    effects = router.end(lost)
    assert len(failed(effects)) == 10
    assert len(router) == 0
    assert router._abandoned == {}
    assert router.end(lost) == []
    overtaken = waiting()
    overtaken.feed(event())
    assert overtaken.end(lost) == []
    assert overtaken.feed(ack()) == [Ignored(ack())]  # of nobody's handle any more


@pytest.mark.parametrize("value", [None, True, "1", 1.5, [1], {}])
def test_odd_ids_belong_to_nobody(value: Any) -> None:
    (effect,) = Router().feed({"janus": "event", "session_id": value, "sender": value})
    assert effect == Occurred("event", None, None, {"janus": "event", "session_id": value, "sender": value})
