"""What the fronts with connections have in common: they keep no books about sessions."""

from __future__ import annotations


class Unconcerned:
    """The part of a `Peer` that hears of sessions, for one that has no use for it."""

    def session_created(self, session_id: int) -> None:
        pass

    def session_over(self, session_id: int, *, timed_out: bool) -> None:
        pass

    def session_claimed(self, session_id: int) -> None:
        pass
