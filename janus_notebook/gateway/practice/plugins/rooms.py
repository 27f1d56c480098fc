"""What the rooms of VideoRoom and TextRoom have in common: ids, secrets, pins, allowed lists."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from janus_notebook.gateway.practice.plugins.parameters import Checker, RefusalError

__all__ = ["DEMO_ROOM", "Room", "Rooms"]

DEMO_ROOM = {"room": 1234, "description": "Demo Room", "secret": "adminpwd"}  # every Janus comes with it


@dataclass
class Room:
    """One room.

    Attributes:
        allowed: tokens of those who may come in, newest first.
        allowed_only: whether that list is looked at.
    """

    id: int
    description: str
    secret: str | None = field(default=None, repr=False)
    pin: str | None = field(default=None, repr=False)
    private: bool = False
    allowed: list[str] = field(default_factory=list, repr=False)
    allowed_only: bool = False


R = TypeVar("R", bound=Room)


@dataclass(frozen=True, kw_only=True)
class Rooms(Generic[R]):
    """A plugin's rooms, and the checks before anything is done with one.

    Args:
        checker: for parameters.
        no_such_room, room_exists, unauthorized: the plugin's codes for these.
    """

    checker: Checker
    no_such_room: int
    room_exists: int
    unauthorized: int
    rooms: dict[int, R] = field(default_factory=dict)

    def find(self, body: Mapping[str, Any], *, secret: bool = False) -> R:
        """Return the room that a request names.

        Raises:
            RefusalError: there is none; or, with `secret`, the room has one that is not in the request.
        """
        self.checker.check(body, {"room": "count!"})
        room = self.rooms.get(body["room"])
        if room is None:
            raise RefusalError(self.no_such_room, f"No such room ({body['room']})")
        if secret:
            self.match(body, "secret", room.secret)
        return room

    def match(self, body: Mapping[str, Any], name: str, expected: str | None) -> None:
        """Check the request's ``secret`` or ``pin``.

        Raises:
            RefusalError: it is missing or wrong.
        """
        if expected is None:
            return
        self.checker.check(body, {name: "string!"})
        if not secrets.compare_digest(body[name].encode(), expected.encode()):
            raise RefusalError(self.unauthorized, f"Unauthorized (wrong {name})")

    def admit(self, body: Mapping[str, Any], room: Room) -> None:
        """Check the pin and the token of somebody who wants to come in.

        Raises:
            RefusalError: not with these.
        """
        self.match(body, "pin", room.pin)
        if room.allowed_only and body.get("token") not in room.allowed:
            raise RefusalError(self.unauthorized, "Unauthorized (not in the allowed list)")

    def create(self, body: Mapping[str, Any], make: Callable[..., R]) -> R:
        """Make a room for a request whose parameters have been checked.

        Raises:
            RefusalError: the id is taken.
        """
        self.checker.texts(body, "allowed")
        self.checker.check(body, {"room": "count"})
        room_id = body.get("room", 0)
        if room_id in self.rooms:
            raise RefusalError(self.room_exists, f"Room {room_id} already exists")
        while room_id == 0 or room_id in self.rooms:
            room_id = secrets.randbelow(2**53)
        room = self.rooms[room_id] = make(
            id=room_id,
            description=body.get("description") or f"Room {room_id}",
            secret=body.get("secret"),
            pin=body.get("pin"),
            private=body.get("is_private", False),
            allowed=list(reversed(body.get("allowed", ()))),
            allowed_only="allowed" in body,
        )
        return room

    def edit(self, body: Mapping[str, Any], room: Room) -> None:
        """Change what every room has."""
        room.description = body.get("new_description") or room.description
        room.private = body.get("new_is_private", room.private)
        # An empty text removes a secret or pin.
        room.secret = body.get("new_secret", room.secret) or None
        room.pin = body.get("new_pin", room.pin) or None

    def change_allowed(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """Answer the request ``allowed``, without the plugin's own key.

        Raises:
            RefusalError: its parameters or its secret are wrong.
        """
        self.checker.check(body, {"secret": "string", "action": "string!", "allowed": "array"})
        action = body["action"]
        if action not in ("enable", "disable", "add", "remove"):
            raise RefusalError(self.checker.invalid, f"Unsupported action '{action}' (allowed)")
        room = self.find(body, secret=True)
        self.checker.texts(body, "allowed")
        tokens = body.get("allowed", ())
        if action in ("enable", "disable"):
            room.allowed_only = action == "enable"
        elif action == "add":
            room.allowed = [*(token for token in tokens if token not in room.allowed), *room.allowed]
        else:
            room.allowed = [token for token in room.allowed if token not in tokens]
        data: dict[str, Any] = {"room": room.id}
        if action != "disable":
            data["allowed"] = list(room.allowed)
        return data
