"""Every request, parameter and event of the catalogue has its method, parameter and type in ours.

``catalogue.json`` holds the facts: the names in Janus 1.0.0 to 1.4.2, since when, and until when.
"""

from __future__ import annotations

import inspect
import json
import typing
from pathlib import Path
from typing import Any

import pytest

from janus_notebook.plugins import known_plugins, plugin_class
from janus_notebook.plugins.requests import Request, requests_of
from janus_notebook.protocol.plugin_codes import PLUGIN_ERRORS
from janus_notebook.protocol.plugin_events import PluginDetail, detail_of

CATALOGUE: dict[str, Any] = json.loads((Path(__file__).parent / "catalogue.json").read_text())["plugins"]

# Driven by the generic handle: what they know depends on a script, or they were removed.
GENERIC = {"janus.plugin.lua", "janus.plugin.duktape", "janus.plugin.voicemail"}
TYPED = sorted(CATALOGUE.keys() - GENERIC)

OLDEST = "1.0.0"
INSTALLED = (1, 1, 2)

# Where the catalogue describes an event rather than naming it: our names of it.
EVENT_NAMES: dict[tuple[str, str], tuple[str, ...]] = {
    ("echotest", "result:ok"): ("ok",),
    ("echotest", "result:done"): ("done",),
    ("echotest", "result object slow_link"): ("slow_link",),
    ("echotest", "layer change"): ("layer",),
    ("audiobridge", "participant update"): ("participant",),
    ("streaming", "layer change"): ("layer",),
    ("videoroom", "display change"): ("display",),
    ("videoroom", "layer change"): ("layer",),
    ("sip", "hangup"): ("hangup_call",),
    ("videocall", "hangup"): ("hangup_call",),
    ("textroom", "error"): ("error_message",),
}

# Parameters that the catalogue has and we leave out on purpose, with the reason.
LEFT_OUT: dict[tuple[str, str, str], str] = {
    ("videoroom", "publish", "audio"): "our source, which can be positional; with `jsep` the flag",
    ("videoroom", "publish", "video"): "our source, which can be positional; with `jsep` the flag",
    ("videoroom", "publish", "audio_level_averge"): "misspelt in Janus's check, and never read",
    ("videoroom", "joinandconfigure", "audio_level_averge"): "misspelt: it reads audio_level_average",
    ("videoroom", "configure", "streams.audio_level_averge"): "misspelt in Janus's check, and never read",
    ("sip", "transfer", "call_id"): "checked by Janus 1.1.2, and never read: it means `replace`",
}


def numbers(version: str | None) -> tuple[int, ...]:
    return tuple(map(int, (version or OLDEST).split(".")))


def short(plugin: str) -> str:
    return plugin.rpartition(".")[2]


def is_past(facts: dict[str, Any]) -> bool:
    """Whether it was gone before the oldest server that we know."""
    return bool(facts.get("removed_in")) and numbers(facts["removed_in"]) <= INSTALLED


def wanted(plugin: str) -> list[tuple[str, dict[str, Any]]]:
    return list(CATALOGUE[plugin]["requests"].items())


def test_the_nine_plugins_have_classes() -> None:
    assert sorted(known_plugins()) == TYPED


REQUESTS = [
    pytest.param(plugin, name, facts, id=f"{short(plugin)}-{name or 'configure'}")
    for plugin in TYPED
    for name, facts in wanted(plugin)
]


def method_of(plugin: str, name: str) -> tuple[Any, Request]:
    cls = plugin_class(plugin)
    methods = requests_of(cls)
    method = methods.get(name or "configure")  # EchoTest's only request has no name
    assert method is not None, f"{cls.__name__} has no method for {name!r}"
    return method, method.request  # type: ignore[attr-defined]


@pytest.mark.parametrize(("plugin", "name", "facts"), REQUESTS)
def test_a_request_has_its_method(plugin: str, name: str, facts: dict[str, Any]) -> None:
    method, about = method_of(plugin, name)
    assert numbers(about.since) == numbers(facts.get("since")), "since"
    parameters = inspect.signature(method).parameters
    assert {"extra", "timeout"} <= parameters.keys()
    assert inspect.getdoc(method)
    hints = typing.get_type_hints(method)
    for name_at_janus, about_it in facts["params"].items():
        parameter = name_at_janus.replace("-", "_")  # in Python's spelling
        if is_past(about_it):
            assert parameter not in parameters, f"{parameter} is gone since {about_it['removed_in']}"
            continue
        if (short(plugin), name, parameter) in LEFT_OUT:
            continue
        assert parameter in parameters, f"{name}() has no parameter {parameter!r}"
        kind = parameters[parameter].kind
        assert kind is inspect.Parameter.KEYWORD_ONLY, f"{parameter} is not keyword-only"
        check_version(about, parameter, about_it, facts)
        for key, about_key in about_it.get("items", {}).items():
            if not is_past(about_key) and (short(plugin), name, f"{parameter}.{key}") not in LEFT_OUT:
                assert key in keys_of(hints[parameter]), f"the objects in {parameter} have no {key!r}"
                check_version(about, f"{parameter}.{key}", about_key, facts)
    assert (method.__doc__ and "Args:" in method.__doc__) or len(parameters) <= 4, "parameters without a word"


def check_version(about: Request, parameter: str, about_it: dict[str, Any], facts: dict[str, Any]) -> None:
    since = max(numbers(about_it.get("since")), numbers(facts.get("since")))
    if since > max(numbers(about.since), numbers(OLDEST)):
        assert numbers(about.newer.get(parameter)) == since, f"{parameter} is there since {since}"
    else:
        assert parameter not in about.newer
    if "removed_in" in about_it:
        assert about.gone.get(parameter) == about_it["removed_in"], f"{parameter} was removed"
    else:
        assert parameter not in about.gone


def keys_of(hint: Any) -> set[str]:
    if typing.is_typeddict(hint):
        return set(typing.get_type_hints(hint))
    return set().union(*map(keys_of, typing.get_args(hint)))


@pytest.mark.parametrize("plugin", TYPED)
def test_no_request_of_ours_is_unknown(plugin: str) -> None:
    known = {name or "configure" for name, _ in wanted(plugin)}
    assert requests_of(plugin_class(plugin)).keys() <= known


EVENTS = [
    pytest.param(plugin, name, id=f"{short(plugin)}-{name}")
    for plugin in TYPED
    for name in CATALOGUE[plugin]["events"]
    if not name.startswith("(")
]


@pytest.mark.parametrize(("plugin", "name"), EVENTS)
def test_an_event_has_its_type(plugin: str, name: str) -> None:
    cls = plugin_class(plugin)
    ours: dict[str, type[PluginDetail]] = {detail.name: detail for detail in getattr(cls, "details", ())}
    names = EVENT_NAMES.get((short(plugin), name), tuple(part.strip() for part in name.split(" / ")))
    for wanted_name in names:
        assert wanted_name in ours, f"{cls.__name__} has no event {wanted_name!r}"
        assert ours[wanted_name].__doc__


@pytest.mark.parametrize("plugin", TYPED)
def test_an_event_that_we_do_not_know_keeps_its_data(plugin: str) -> None:
    plugin_class(plugin)
    strange = {"strange": [1, {"a": None}]}
    assert detail_of(plugin, strange) == PluginDetail(data=strange)


@pytest.mark.parametrize("plugin", CATALOGUE)
def test_the_plugins_errors_have_names(plugin: str) -> None:
    codes = {str(code): name for code, name in PLUGIN_ERRORS.get(plugin, {}).items()}
    assert CATALOGUE[plugin]["errors"].items() <= codes.items()
