"""What a diagnosis says: the one thing to fix, its exit code, its forms."""

from __future__ import annotations

import json

import pytest

from janus_notebook.doctor import Check, Diagnosis, Status
from janus_notebook.doctor.results import ALL_WELL
from janus_notebook.panels.doctor.static import doctor_snapshot


def check(name: str, status: Status, fix: str = "") -> Check:
    return Check(name, name.title(), status, f"{name} was seen", fix, 0.25 if status == "ok" else None)


def diagnosis(*checks: Check) -> Diagnosis:
    return Diagnosis("ws://host", list(checks))


def test_all_well() -> None:
    found = diagnosis(check("url", "ok"), check("tls", "skipped"))
    assert (found.exit_code, found.fault, found.fix) == (0, None, ALL_WELL)
    assert str(found).splitlines()[1:] == [
        "ok          0.25 s  Url                   url was seen",
        "skipped             Tls                   tls was seen",
        "",
        ALL_WELL,
    ]


def test_the_first_fault_is_the_one_to_fix_and_those_beside_the_way_come_last() -> None:
    found = diagnosis(
        check("admin", "failed", "Turn it on."),
        check("ice", "failed", "Open UDP."),
        check("dtls", "not tried"),
    )
    assert found.exit_code == 1
    assert found.fault == found.check("ice")
    assert found.fix == "Open UDP."
    assert found.verdict == "The one thing to fix (Ice): Open UDP."
    assert [fault.name for fault in found.faults] == ["ice", "admin"]


def test_what_could_not_be_tried_is_not_well() -> None:
    found = diagnosis(check("url", "ok"), check("ice", "not tried"))
    assert found.exit_code == 3
    assert found.fix == "No fault was found, but not everything was tried (Ice): ice was seen"


def test_a_warning_is_well_but_says_so() -> None:
    found = diagnosis(check("tls", "warning", "Renew it."))
    assert (found.exit_code, found.fix) == (0, "It works. To be improved: Renew it.")
    found.done = True
    assert doctor_snapshot(found)["verdict"] == {
        "state": "ok",
        "title": "It works",
        "text": "To be improved: Renew it.",
    }


def test_a_later_check_takes_the_place_of_an_earlier_one() -> None:
    found = diagnosis(check("camera", "not tried"), check("rtc", "ok"))
    found.add([check("camera", "failed", "Allow it."), check("more", "ok")])
    assert [one.name for one in found.checks] == ["camera", "rtc", "more"]
    assert found.fix == "Allow it."
    with pytest.raises(KeyError):
        found.check("nothing")


def test_plain_data_and_json() -> None:
    found = diagnosis(check("url", "ok"), check("port", "failed", "Start it."))
    data = found.to_dict()
    assert json.loads(found.to_json()) == data
    assert {key: data[key] for key in ("url", "exit_code", "fault", "fix")} == {
        "url": "ws://host",
        "exit_code": 1,
        "fault": "port",
        "fix": "Start it.",
    }
    assert data["checks"][1] == {
        "name": "port",
        "title": "Port",
        "status": "failed",
        "seen": "port was seen",
        "fix": "Start it.",
        "seconds": None,
    }
    assert "Start it." in repr(found)
