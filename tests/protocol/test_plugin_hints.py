"""What to do about the errors of plugins: by name, and for some by what the reason says."""

from __future__ import annotations

import pytest

from janus_notebook.protocol.plugin_codes import PLUGIN_HINTS, SPECIAL_HINTS, SpecialHint, plugin_error_hint


@pytest.mark.parametrize("special", SPECIAL_HINTS)
def test_a_hint_of_one_plugin_for_one_reason(special: SpecialHint) -> None:
    plugin, name, words, hint = special
    assert plugin_error_hint(plugin, name, f"Well: {words}.") == hint
    assert plugin_error_hint(plugin, name, "something else") == PLUGIN_HINTS.get(name, "")
    assert plugin_error_hint("janus.plugin.mine", name, words) == PLUGIN_HINTS.get(name, "")


def test_an_unknown_name() -> None:
    assert plugin_error_hint("janus.plugin.sip", "NO_SUCH_NAME", "x") == ""
