"""The format of Janus's configuration files (libconfig), as far as they use it."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["Category", "Value", "render"]

Value = str | int | bool | list[str]
Category = Mapping[str, Value]


def render(categories: Mapping[str, Category]) -> str:
    """Return the text of a file in libconfig's format."""
    lines = []
    for category, values in categories.items():
        lines.append(f"{category}: {{")
        lines += [f"\t{key} = {_literal(value)}" for key, value in values.items()]
        lines.append("}")
    return "\n".join(lines) + "\n"


def _literal(value: Value) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, list):
        return "[" + ", ".join(_literal(item) for item in value) + "]"
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(c if c >= " " else f"\\x{ord(c):02x}" for c in escaped) + '"'
