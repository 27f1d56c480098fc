"""The settings of the magics, as ``%config JanusMagics`` shows and sets them."""

from __future__ import annotations

from typing import Any, NoReturn

from traitlets import Bool, Enum, Float, TraitError
from traitlets.config import Configurable

from janus_notebook.errors import JanusOptionError

__all__ = ["MagicSettings"]


class SettingError(JanusOptionError, TraitError):
    """A setting was given a value that it can't have; in a cell one line."""


def _refuse(trait: Any, value: object) -> NoReturn:
    expected = trait.info().replace(" or None", ", or None")
    raise SettingError(f"JanusMagics.{trait.name} must be {expected}, not {value!r}")


class _Choice(Enum[Any]):
    def error(self, obj: Any, value: Any, error: Any = None, info: Any = None) -> NoReturn:
        _refuse(self, value)


class _Switch(Bool[Any, Any]):
    def error(self, obj: Any, value: Any, error: Any = None, info: Any = None) -> NoReturn:
        _refuse(self, value)


class _Seconds(Float[Any, Any]):
    info_text = "a number of seconds above 0"

    def validate(self, obj: Any, value: Any) -> Any:
        value = super().validate(obj, value)
        if value is not None and not 0 < value < float("inf"):
            self.error(obj, value)
        return value

    def error(self, obj: Any, value: Any, error: Any = None, info: Any = None) -> NoReturn:
        _refuse(self, value)


class MagicSettings(Configurable):
    """What ``%config JanusMagics`` lists."""

    nest_asyncio = _Choice(
        ["auto", "always", "never"],
        default_value="auto",
        help="Whether cells may call asyncio.run(...): when one does (auto), always, or never.",
    ).tag(config=True)
    timeout = _Seconds(
        default_value=None,
        allow_none=True,
        help="How many seconds a %janus line waits for an answer; None for the session's own timeout.",
    ).tag(config=True)
    recover = _Choice(
        ["claim", "recreate", "none"],
        default_value=None,
        allow_none=True,
        help="What sessions of %janus connect do that lost their connection; None for the usual.",
    ).tag(config=True)
    traceback = _Switch(
        False, help="Whether errors of %janus lines show the whole traceback, in place of one line."
    ).tag(config=True)
