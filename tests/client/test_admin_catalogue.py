"""The Admin API and the core as the catalogue has them: everything has its method, field or name in ours.

The catalogue is ``tests/plugins/catalogue.json``.
"""

from __future__ import annotations

import inspect
import json
import re
import typing
from pathlib import Path
from typing import Any

import msgspec
import pytest

import janus_notebook
from janus_notebook import JanusAdmin, JanusVersionError
from janus_notebook.client.admin import handle_info
from janus_notebook.client.admin.handle_info import HandleInfo
from janus_notebook.client.requests import requests_of
from janus_notebook.errors import SERVER_ERRORS
from janus_notebook.protocol.events import KINDS
from janus_notebook.protocol.router import REPLIES
from tests.client.admin_answers import SECRET, administered
from tests.client.scripted import run

CATALOGUE: dict[str, Any] = json.loads((Path(__file__).parents[1] / "plugins" / "catalogue.json").read_text())
ADMIN, CORE = CATALOGUE["admin"], CATALOGUE["core"]
METHODS: dict[str, Any] = {**requests_of(JanusAdmin)}

# Gone from newer servers, with the first version that no longer has them.
REMOVED = {"set_libnice_debug": "1.3.2"}

# What the requests of a session or handle need beside their own parameters.
IDS: dict[str, tuple[str, ...]] = {
    "set_session_timeout": ("session_id",),
    "list_handles": ("session_id",),
    "destroy_session": ("session_id",),
    **dict.fromkeys(
        (
            "detach_handle",
            "hangup_webrtc",
            "handle_info",
            "start_pcap",
            "start_text2pcap",
            "stop_pcap",
            "stop_text2pcap",
        ),
        ("session_id", "handle_id"),
    ),
}

TYPES = {"integer": int, "boolean": bool, "string": str, "object": dict, "array": list}
VALUES: dict[str, Any] = {
    "integer": 7,
    "boolean": False,
    "string": "janus.x.y",
    "object": {"request": "list"},
    "array": ["janus.plugin.echotest"],
}

# Answers without which a request's own would be refused as odd.
ANSWERS: dict[str, Any] = {
    "sessions": [1, 2],
    "handles": [3],
    "loops": [],
    "data": {"tokens": [], "plugins": []},
}


def test_there_is_a_method_for_each_request_and_no_other() -> None:
    assert METHODS.keys() == ADMIN["requests"].keys()
    assert len(METHODS) == 39


@pytest.mark.parametrize("name", ADMIN["requests"])
def test_a_request_has_its_parameters(name: str) -> None:
    method, facts = METHODS[name], ADMIN["requests"][name]
    assert method.__name__ == name
    assert method.request.removed == facts.get("removed_in", REMOVED.get(name, ""))
    parameters = inspect.signature(method).parameters
    deadline = "deadline" if name == "set_session_timeout" else "timeout"
    assert parameters.keys() == {"self", *facts["params"], *IDS.get(name, ()), "extra", deadline}
    documentation = inspect.getdoc(method) or ""
    assert documentation
    for parameter, about in facts["params"].items():
        required = parameters[parameter].default is inspect.Parameter.empty
        assert required == bool(about.get("required")), parameter
        assert re.search(rf"\b{parameter}(?:, \w+)*: ", documentation), f"{parameter} without a word"
    optional = [parameter for parameter in parameters.values() if parameter.default is not parameter.empty]
    assert all(parameter.kind is parameter.KEYWORD_ONLY for parameter in optional)


@pytest.mark.parametrize("name", ADMIN["requests"])
def test_what_is_sent(name: str) -> None:
    """All parameters go out under their names, with the secret, and with nothing else."""
    params = {key: VALUES[about["type"]] for key, about in ADMIN["requests"][name]["params"].items()}
    ids = dict.fromkeys(IDS.get(name, ()), 11)
    free = name in ("info", "ping")

    async def main() -> None:
        async with administered() as (server, admin):
            server.fields = {**ANSWERS}
            await getattr(admin, name)(**ids, **params, extra={"x_new": 1})
            sent = dict(server.received[-1])
            del sent["transaction"]
            secret = {} if free else {"admin_secret": SECRET}
            assert sent == {"janus": name, **ids, **params, "x_new": 1, **secret}
            # Optional ones that are not given do not go out.
            needed = {
                key: value
                for key, value in params.items()
                if ADMIN["requests"][name]["params"][key].get("required")
            }
            await getattr(admin, name)(**ids, **needed)
            sent = dict(server.received[-1])
            assert sent.keys() == {"janus", "transaction", *ids, *needed, *secret}

    run(main())


def test_a_request_that_newer_servers_have_not() -> None:
    async def main() -> None:
        async with administered("1.3.2") as (server, admin):
            with pytest.raises(JanusVersionError) as caught:
                await admin.set_libnice_debug(True)
            assert str(caught.value) == (
                "the Admin API has no request 'set_libnice_debug' from Janus 1.3.2 on; this server is 1.3.2. "
                "Nothing takes its place."
            )
            assert server.verbs() == ["info"]
        async with administered("1.3.1") as (server, admin):
            server.fields = {"libnice_debug": True}
            assert (await admin.set_libnice_debug(True)).value is True

    run(main())


def fields_of(kind: Any) -> dict[str, Any]:
    return {field.encode_name: field.type for field in msgspec.structs.fields(struct_in(kind))}


def struct_in(kind: Any) -> Any:
    """The struct that a field's type is about: itself, or within ``X | None`` and ``dict[str, X]``."""
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return kind
    found = [struct_in(part) for part in typing.get_args(kind)]
    return next((struct for struct in found if struct is not None), None)


def check(kind: Any, wanted: list[str]) -> None:
    """Every field of the catalogue's notation, such as ``stats{in,out}``, has one of ours."""
    fields = fields_of(kind)
    for entry in wanted:
        first = re.match(r"[^{?\[]+", entry)
        assert first is not None
        for name in first[0].split("|"):
            assert name in fields, f"{kind} has no {name!r}"
            nested = re.search(r"\{([^}]*)\}", entry)
            for key in filter(None, nested[1].split(",") if nested else ()):
                assert key == "..." or key in fields_of(fields[name]), f"{name} has no {key!r}"


def test_handle_info_has_a_field_for_everything() -> None:
    wanted = ADMIN["handle_info_fields"]
    check(HandleInfo, wanted["top"])
    check(handle_info.Flags, wanted["flags"])
    webrtc = wanted["webrtc"]
    assert fields_of(handle_info.WebRtc).keys() == webrtc.keys()
    check(handle_info.Ice, webrtc["ice"])
    check(handle_info.Dtls, webrtc["dtls"])
    check(handle_info.DtlsPackets, ["packets", "bytes"])
    check(handle_info.Bwe, webrtc["bwe"])
    check(handle_info.Media, webrtc["media"]["fields"])
    check(handle_info.Rtcp, webrtc["media"]["rtcp"])
    check(handle_info.Traffic, webrtc["media"]["stats"])


@pytest.mark.parametrize("name", CORE["requests"])
def test_the_cores_requests_are_sent_by_us(name: str) -> None:
    folder = Path(janus_notebook.__file__).parent / "client"
    assert any(f'"janus": "{name}"' in path.read_text() for path in folder.rglob("*.py"))


@pytest.mark.parametrize("name", CORE["events"])
def test_the_cores_messages_are_known(name: str) -> None:
    # A poll's keepalive says only that nothing has happened; the HTTP transport takes it.
    assert name in KINDS | REPLIES | {"keepalive"}


def test_the_cores_errors_have_names() -> None:
    assert {str(code): name for code, (name, _) in SERVER_ERRORS.items()} == CORE["errors"]
