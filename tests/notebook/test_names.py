"""What panels and diagrams call a handle: its variable in the notebook."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

from janus_notebook import Replay
from janus_notebook.client.log import EventLog
from janus_notebook.notebook.forms import form_of
from janus_notebook.notebook.names import label_handles, names_in
from tests.client.scripted import run
from tests.panels.conftest import event, make_handle, make_session

if TYPE_CHECKING:
    from pathlib import Path


def test_a_handle_is_called_by_its_oldest_variable() -> None:
    session = make_session()
    alice, bob = make_handle(session, 1), make_handle(session, 2)
    forms = {"_": form_of(alice), "alice": form_of(alice), "bob": bob, "each": form_of(bob), "n": 3}
    assert names_in(forms)[id(alice)] == "alice"
    label_handles(forms)
    assert (alice.label, bob.label) == ("alice", "bob")
    assert session.events.labels == {1: "alice", 2: "bob"}


def test_a_name_goes_with_its_variable_and_stays_with_what_has_ended() -> None:
    session = make_session()
    alice, bob = make_handle(session, 1), make_handle(session, 2)
    label_handles({"alice": alice, "bob": bob})
    bob.end("detached here")
    label_handles({"carol": alice})
    assert (alice.label, bob.label) == ("carol", "bob")
    label_handles({})
    assert (alice.label, bob.label) == ("", "bob")
    assert session.events.labels == {2: "bob"}


def test_a_label_that_somebody_set_is_theirs() -> None:
    session = make_session()
    handle = make_handle(session, 1)
    handle.label = "The teacher"
    for variables in ({"echo": handle}, {}):
        label_handles(variables)
        assert handle.label == "The teacher"


def test_a_handle_that_is_attached_again_keeps_its_name() -> None:
    session = make_session()
    handle = make_handle(session, 1)
    label_handles({"echo": handle})
    handle.end("lost")
    handle.begin(session, 9, {})
    assert session.events.labels == {1: "echo", 9: "echo"}


def test_names_in_diagrams_and_recordings(tmp_path: Path) -> None:
    session = make_session()
    handles = [make_handle(session, handle_id) for handle_id in (1, 2, 3)]
    for handle in handles:
        event(session, "webrtcup", handle.id)
    label_handles({"alice": handles[0], "echotest": handles[1]})
    expected = ("Client", "alice (echotest)", "echotest 2", "echotest 3")
    assert session.events.ladder().participants == expected
    path = session.events.save(tmp_path / "call.jsonl")
    assert EventLog.load(path).ladder().participants == expected

    async def played() -> list[str]:
        replay = Replay.open(path, speed=inf)
        replay.play()
        await replay.finished()
        assert replay.events.ladder().participants == expected
        return [handle.label for handle in replay.handles]

    assert run(played()) == ["alice", "echotest", ""]
