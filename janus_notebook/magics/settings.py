"""The settings of the magics, as ``%config JanusMagics`` shows and sets them."""

from __future__ import annotations

from traitlets import Bool, Enum, Float
from traitlets.config import Configurable

__all__ = ["MagicSettings"]


class MagicSettings(Configurable):
    """What ``%config JanusMagics`` lists."""

    nest_asyncio = Enum(
        ["auto", "always", "never"],
        default_value="auto",
        help="Whether cells may call asyncio.run(...): when one does (auto), always, or never.",
    ).tag(config=True)
    timeout = Float(
        default_value=None,
        allow_none=True,
        min=0.001,
        help="How many seconds a %janus line waits for an answer; None for the session's own timeout.",
    ).tag(config=True)
    recover = Enum(
        ["claim", "recreate", "none"],
        default_value=None,
        allow_none=True,
        help="What sessions of %janus connect do that lost their connection; None for the usual.",
    ).tag(config=True)
    traceback = Bool(
        False, help="Whether errors of %janus lines show the whole traceback, in place of one line."
    ).tag(config=True)
