"""The text of Janus's configuration files."""

from __future__ import annotations

from janus_notebook.protocol.libconfig import Value, render


def test_every_kind_of_value() -> None:
    values: dict[str, Value] = {"a": 'x"y\\z\n\x00', "b": True, "c": False, "d": 60, "e": ["/bin", 'a"b']}
    assert render({"general": values, "admin": {}}) == (
        "general: {\n"
        '\ta = "x\\"y\\\\z\\x0a\\x00"\n'
        "\tb = true\n"
        "\tc = false\n"
        "\td = 60\n"
        '\te = ["/bin", "a\\"b"]\n'
        "}\n"
        "admin: {\n"
        "}\n"
    )
