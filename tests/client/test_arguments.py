"""Arguments that do not fit, and how the error helps."""

from __future__ import annotations

import pytest

from janus_notebook import JanusOptionError
from janus_notebook.client.arguments import check_choice, checked


def test_a_function_says_what_does_not_fit() -> None:
    @checked
    def play(path: str, speed: float = 1.0) -> str:
        """Play a file."""
        return f"{path} at {speed:g}"

    assert play("a", speed=2) == "a at 2"
    assert play.__doc__ == "Play a file."
    with pytest.raises(JanusOptionError, match=r"of play\(\) 'sped'\. Did you mean 'speed'"):
        play("a", sped=2)  # type: ignore[call-arg]
    with pytest.raises(JanusOptionError, match=r"play\(\): missing a required argument: 'path'"):
        play()  # type: ignore[call-arg]
    with pytest.raises(JanusOptionError, match=r"too many positional arguments\. It is play\(path: "):
        play("a", 1, 2)  # type: ignore[call-arg]


def test_a_value_that_is_none_of_those_known() -> None:
    check_choice("type", "rtp", ("rtp", "live"), None)
    check_choice("type", "new", ("rtp", "live"), {"type": "new"})
    with pytest.raises(JanusOptionError, match=r"unknown type 'rpt'\. Did you mean 'rtp'\?"):
        check_choice("type", "rpt", ("rtp", "live"), {"other": 1})
