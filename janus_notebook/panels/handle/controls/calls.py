"""The controls of plugins that make calls: VideoCall, SIP, NoSIP."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from janus_notebook.panels.handle.controls.base import (
    BITRATE,
    Button,
    Context,
    Controls,
    Field,
    Group,
    cap_text,
    flag,
    kilobits,
    text,
)

if TYPE_CHECKING:
    from janus_notebook.plugins.nosip import JanusNoSipPlugin
    from janus_notebook.plugins.sip import JanusSipPlugin
    from janus_notebook.plugins.videocall import JanusVideoCallPlugin

__all__ = ["CONTROLS"]


# -- VideoCall ---------------------------------------------------------------------------------------


def _videocall(plugin: JanusVideoCallPlugin, context: Context) -> list[Group]:
    if not plugin.username:
        register = Button(
            "register",
            "Register",
            "Take a name by which others can call this handle: register(username=…)",
            fields=(Field("username", "User name", "Unique on this server"),),
        )
        return [Group("Call", "Without a name nobody can call you.", (register,))]
    note = f"You are {plugin.username}."
    if plugin.caller:
        note = f"{plugin.caller} calls."
    elif plugin.partner:
        note = f"In a call with {plugin.partner}."
    in_call = bool(plugin.partner)
    return [
        Group(
            "Call",
            note,
            (
                Button(
                    "call",
                    "Call",
                    "Call somebody with a test pattern and a tone: call(username=…)",
                    fields=(Field("username", "Whom", "The name that the other has registered"),),
                    off="there is a call already" if in_call or plugin.caller else "",
                ),
                Button(
                    "accept",
                    "Accept",
                    "Take the call with a test pattern and a tone: accept()",
                    off="" if plugin.caller else "nobody calls",
                ),
                Button(
                    "hang_up_call",
                    "Hang up the call",
                    "End the call, give it up, or decline one that rings: hangup_call()",
                    off="" if in_call or plugin.caller else "there is no call",
                ),
                Button(
                    "audio",
                    "Send audio",
                    "Whether your audio reaches the other side: set(audio=…)",
                    "toggle",
                    context.settings.get("audio", True),
                ),
                Button(
                    "video",
                    "Send video",
                    "Whether your video reaches the other side: set(video=…)",
                    "toggle",
                    context.settings.get("video", True),
                ),
                Button(
                    "bitrate",
                    "Cap bitrate",
                    "Ask your sender for no more than this, in a call; it need not obey: set(bitrate=…)",
                    fields=(BITRATE,),
                ),
            ),
        )
    ]


async def _register(plugin: JanusVideoCallPlugin, arguments: Mapping[str, Any], _context: Context) -> str:
    name = text(arguments, "username")
    await plugin.register(username=name)
    return f"registered as {name}"


async def _call(plugin: JanusVideoCallPlugin, arguments: Mapping[str, Any], _context: Context) -> str:
    name = text(arguments, "username")
    await plugin.call(username=name)
    return f"in a call with {name}"


async def _set_audio(plugin: JanusVideoCallPlugin, arguments: Mapping[str, Any], _context: Context) -> str:
    on = flag(arguments)
    await plugin.set(audio=on)
    return f"your audio is {'' if on else 'not '}sent"


async def _set_video(plugin: JanusVideoCallPlugin, arguments: Mapping[str, Any], _context: Context) -> str:
    on = flag(arguments)
    await plugin.set(video=on)
    return f"your video is {'' if on else 'not '}sent"


async def _set_bitrate(plugin: JanusVideoCallPlugin, arguments: Mapping[str, Any], _context: Context) -> str:
    bits = kilobits(arguments)
    await plugin.set(bitrate=bits)
    return cap_text(bits)


# -- SIP and NoSIP -----------------------------------------------------------------------------------


def _sip(plugin: JanusSipPlugin, _context: Context) -> list[Group]:
    rings = plugin.incoming is not None
    calls = "" if plugin.call_id is not None and not rings else "there is no call"
    account = plugin.registration
    note = f"Account {account.username}." if account is not None else "No account: register(username=…)."
    return [
        Group(
            "Call",
            ("A call rings here. " if rings else "") + note,
            (
                Button(
                    "accept",
                    "Accept",
                    "Take the call with a test tone: accept()",
                    off="" if rings else "nobody calls",
                ),
                Button(
                    "decline",
                    "Decline",
                    "Refuse the call that rings: decline()",
                    off="" if rings else "nobody calls",
                ),
                Button("hang_up_call", "Hang up the call", "End the call: hangup_call()", off=calls),
                Button("hold", "Hold", "Put the call on hold: hold()", off=calls),
                Button("unhold", "Resume", "Take it up again: unhold()", off=calls),
                Button(
                    "dtmf",
                    "Send digit",
                    "Send one DTMF digit in an INFO: dtmf_info(digit=…)",
                    fields=(Field("digit", "Digit", "0 to 9, *, #, A to D"),),
                    off=calls,
                ),
            ),
        )
    ]


def _nosip(plugin: JanusNoSipPlugin, _context: Context) -> list[Group]:
    idle = "" if plugin.state in ("negotiating", "connected") else "there is no call"
    end = Button("hang_up_call", "Hang up the call", "End the call: hangup_call()", off=idle)
    return [Group("Call", "", (end,))]


async def _decline(plugin: JanusSipPlugin, _arguments: Mapping[str, Any], _context: Context) -> str:
    await plugin.decline()
    return "declined"


async def _hold(plugin: JanusSipPlugin, _arguments: Mapping[str, Any], _context: Context) -> str:
    await plugin.hold()
    return "the call is on hold"


async def _unhold(plugin: JanusSipPlugin, _arguments: Mapping[str, Any], _context: Context) -> str:
    await plugin.unhold()
    return "the call goes on"


async def _dtmf(plugin: JanusSipPlugin, arguments: Mapping[str, Any], _context: Context) -> str:
    digit = text(arguments, "digit")
    await plugin.dtmf_info(digit=digit)
    return f"{digit} was sent"


async def _accept(
    plugin: JanusVideoCallPlugin | JanusSipPlugin, _arguments: Mapping[str, Any], _context: Context
) -> str:
    await plugin.accept()
    return "the call is taken"


async def _hang_up_call(
    plugin: JanusVideoCallPlugin | JanusSipPlugin | JanusNoSipPlugin,
    _arguments: Mapping[str, Any],
    _context: Context,
) -> str:
    await plugin.hangup_call()
    return "the call is over"


_ACCEPT = ("accept the call", _accept)
_HANG_UP = ("hang up the call", _hang_up_call)

CONTROLS = {
    "janus.plugin.videocall": Controls(
        _videocall,
        {
            "register": ("register", _register),
            "call": ("call", _call),
            "accept": _ACCEPT,
            "hang_up_call": _HANG_UP,
            "audio": ("switch the audio", _set_audio),
            "video": ("switch the video", _set_video),
            "bitrate": ("cap the bitrate", _set_bitrate),
        },
    ),
    "janus.plugin.sip": Controls(
        _sip,
        {
            "accept": _ACCEPT,
            "decline": ("decline", _decline),
            "hang_up_call": _HANG_UP,
            "hold": ("hold the call", _hold),
            "unhold": ("take the call up again", _unhold),
            "dtmf": ("send the digit", _dtmf),
        },
    ),
    "janus.plugin.nosip": Controls(_nosip, {"hang_up_call": _HANG_UP}),
}
