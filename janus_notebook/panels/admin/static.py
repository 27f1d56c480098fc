"""The static form of the Admin panel."""

from __future__ import annotations

from typing import Any

from janus_notebook.panels.static import Facts, Part, Rows, Title, state_text, time_text

__all__ = ["admin_parts", "bits_text", "setting_text"]


def admin_parts(snapshot: dict[str, Any]) -> list[Part]:
    """The parts of the Admin panel's static form."""
    head, tokens = snapshot["head"], snapshot["tokens"]
    parts: list[Part] = [Title(f"Janus Admin API {head['url']}", head["state"], head["failure"])]
    if head["taken"] is None:
        return [*parts, Facts([("", "Nothing was read yet.")])]
    facts = [(name, value) for name, value in snapshot["facts"]]
    parts.append(Facts([*facts, ("taken", time_text(head["taken"]))]))
    sessions = [_session_row(session) for session in snapshot["sessions"]]
    parts.append(Rows("Sessions", ("session", "whose", "transport", "handles", "idle"), sessions))
    handles = [
        _handle_row(session, handle) for session in snapshot["sessions"] for handle in session["handles"]
    ]
    columns = ["handle", "session", "plugin", "opaque id", "what it does", "state", "in", "out"]
    if not any(handle["opaque_id"] for session in snapshot["sessions"] for handle in session["handles"]):
        columns, handles = [*columns[:3], *columns[4:]], [row[:3] + row[4:] for row in handles]
    parts.append(
        Rows("Handles (in: what Janus receives from it, out: what it sends to it)", columns, handles)
    )
    parts += [_room_rows(room) for room in snapshot["rooms"]]
    settings = [[row["label"], setting_text(row)] for row in snapshot["settings"]]
    parts.append(Rows("Settings", ("setting", "value"), settings))
    if tokens["note"]:
        parts.append(Facts([("tokens", tokens["note"])]))
    else:
        rows = [
            [f"token {row['number']}", ", ".join(row["plugins"]), str(row["used"])] for row in tokens["rows"]
        ]
        parts.append(Rows("Tokens", ("token", "good for", "handles that use it"), rows))
    return parts


def _session_row(session: dict[str, Any]) -> list[str]:
    idle = "" if session["idle"] is None else f"{session['idle']:.1f} s"
    whose = "this kernel's" if session["ours"] else ""
    return [session["id"], whose, session["transport"], str(session["count"]), idle]


def _handle_row(session: dict[str, Any], handle: dict[str, Any]) -> list[str]:
    words = [handle["plugin"], handle["opaque_id"], handle["does"], state_text(handle["state"])]
    named = f"{handle['label']} {handle['id']}".strip()
    return [named, session["id"], *words, bits_text(handle["in"]), bits_text(handle["out"])]


def _room_rows(room: dict[str, Any]) -> Rows:
    """Who receives what from whom: a row for each link, and one for a publisher without any."""
    names = {node["key"]: node["name"] for node in (*room["publishers"], *room["subscribers"])}
    rows = []
    for node in room["publishers"]:
        links = [link for link in room["links"] if link["from"] == node["key"]]
        for link in links:
            paused = " (paused)" if link["still"] else ""
            rows.append([node["name"], ", ".join(link["streams"]), names[link["to"]] + paused])
        if not links:
            sends = ", ".join(f"{stream['type']} {stream['codec']}".strip() for stream in node["streams"])
            rows.append([node["name"], sends, "nobody"])
    rows += [[name, "nothing", ""] for name in room["others"]]
    description = f" “{room['description']}”" if room["description"] else ""
    return Rows(f"VideoRoom {room['room']}{description}", ("who", "sends", "to"), rows)


def setting_text(row: dict[str, Any]) -> str:
    """The value of a setting in words."""
    if row["kind"] == "switch":
        return "on" if row["value"] else "off"
    if row["kind"] == "level" and 0 <= row["value"] < len(row["choices"]):
        return str(row["choices"][row["value"]])
    return f"{row['value']} {row['unit']}".strip()


def bits_text(bits: int) -> str:
    """A bitrate for people; "" for none."""
    if bits >= 1_000_000:
        return f"{bits / 1_000_000:.1f} Mbit/s"
    return f"{bits / 1000:.0f} kbit/s" if bits else ""
