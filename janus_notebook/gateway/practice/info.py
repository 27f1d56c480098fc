"""What ``info`` says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from janus_notebook.gateway.practice.server import PracticeServer
    from janus_notebook.gateway.practice.wire import Message

NAME = "janus-notebook practice gateway"
AUTHOR = "janus_notebook"
VERSION, VERSION_STRING = 1102, "1.1.2-practice"  # the Janus whose behaviour it follows


def server_info(server: PracticeServer, transaction: str) -> Message:
    """The ``server_info``: the members of Janus's that matter here."""
    options = server.options
    return {
        "janus": "server_info",
        "transaction": transaction,
        "name": NAME,
        "version": VERSION,
        "version_string": VERSION_STRING,
        "author": AUTHOR,
        "data_channels": True,
        "accepting-new-sessions": server.accepting,
        "session-timeout": server.session_timeout,
        "reclaim-session-timeout": options.reclaim_session_timeout,
        "candidates-timeout": 45,
        "server-name": NAME,
        "local-ip": "127.0.0.1",
        "ipv6": False,
        "ice-lite": False,
        "ice-tcp": False,
        "full-trickle": options.full_trickle,
        "mdns-enabled": False,
        "api_secret": server.authority.uses_secret,
        "auth_token": server.authority.uses_tokens,
        "event_handlers": False,
        "opaqueid_in_api": False,
        "dependencies": {},
        "transports": {package: _description(package, NAME) for package in server.transports},
        "events": {},
        "loggers": {},
        "plugins": {
            package: {
                "name": plugin.name,
                "author": plugin.author,
                "description": plugin.description,
                "version_string": plugin.version_string,
                "version": plugin.version,
            }
            for package, plugin in server.plugins.items()
        },
    }


def _description(package: str, name: str) -> dict[str, Any]:
    text = f"{package} of the {name}"
    return {
        "name": text,
        "author": AUTHOR,
        "description": text,
        "version_string": VERSION_STRING,
        "version": 1,
    }
