"""The configuration files of a local Janus: everything on loopback, nothing outside its folder.

The names and meanings are those of the sample files of Janus (``conf/*.jcfg.sample.in``).
"""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from janus_notebook.config import is_secret
from janus_notebook.errors import JanusOptionError
from janus_notebook.gateway.options import GatewayOptions
from janus_notebook.gateway.values import require_whole
from janus_notebook.protocol.libconfig import Category, Value, render

Settings = Mapping[str, Mapping[str, Category]]

LOOPBACK = "127.0.0.1"
TRANSPORTS = ("http", "pfunix", "websockets")  # the ones we configure; the others need a broker
LONGEST_SOCKET_PATH = 100  # sun_path holds 108 bytes on Linux, 104 on macOS

# The folders that Debian's configuration keeps recordings and packet captures out of.
PROTECTED = ["/bin", "/boot", "/dev", "/etc", "/initrd", "/lib", "/lib32", "/lib64"]
PROTECTED += ["/proc", "/sbin", "/sys", "/usr", "/var"]


@dataclass(frozen=True)
class Ports:
    """The four TCP ports of one server."""

    ws: int
    admin_ws: int
    http: int
    admin_http: int

    @classmethod
    def free(cls) -> Ports:
        """Return four ports of loopback that were free a moment ago."""
        with ExitStack() as stack:
            sockets = [stack.enter_context(socket.socket()) for _ in range(4)]
            for one in sockets:  # all are held until the last is bound, so all differ
                one.bind((LOOPBACK, 0))
            return cls(*(one.getsockname()[1] for one in sockets))


@dataclass(frozen=True, kw_only=True)
class Configuration(GatewayOptions):
    """What one server is started with, and the files that say so.

    Attributes:
        log_level: 0 (nothing) to 7 (everything).
        settings: more for the files, by the name of a file without ``.jcfg``, category and key, such as
            ``{"janus.plugin.videoroom": {"general": {"string_ids": True}}}``.

    Raises:
        JanusOptionError: a value that Janus does not take.
    """

    log_level: int = 4
    settings: Settings = field(default_factory=dict, repr=False)  # it may hold secrets

    def __post_init__(self) -> None:
        super().__post_init__()
        require_whole("log_level", self.log_level, 0, 7)
        for file, categories in self.settings.items():
            if not all(isinstance(values, Mapping) for values in [categories, *categories.values()]):
                raise JanusOptionError(
                    f"settings[{file!r}] must be a dict of categories, each a dict",
                    hint='For example {"janus.plugin.videoroom": {"general": {"string_ids": True}}}.',
                )

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must never be shown."""
        found = [
            value
            for categories in self.settings.values()
            for values in categories.values()
            for key, value in values.items()
            if is_secret(key) and isinstance(value, str) and value
        ]
        return (*super().secrets, *found)

    def write(self, folder: Path, *, ports: Ports, admin_secret: str, name: str, binary: str) -> Path:
        """Write every file into `folder`, readable by this user alone; return the main one."""
        (folder / "recordings").mkdir()
        (folder / "none").mkdir()
        scripts = {
            "lua": find_script(binary, "lua/echotest.lua"),
            "duktape": find_script(binary, "duktape/echotest.js"),
        }
        files = self._core(folder, admin_secret, name, [key for key, path in scripts.items() if path is None])
        files |= _transports(folder, ports, self.unix_type) | _plugins(folder)
        for plugin, script in scripts.items():
            if script is not None:
                files[f"janus.plugin.{plugin}"] = {
                    "general": {"path": str(script.parent), "script": str(script)},
                }
        for file, more in self.settings.items():
            categories = files.setdefault(file, {})
            for category, values in more.items():
                categories[category] = {**categories.get(category, {}), **values}
        for file, categories in files.items():
            descriptor = os.open(folder / f"{file}.jcfg", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with open(descriptor, "w", encoding="utf-8") as stream:
                stream.write(render(categories))
        return folder / "janus.jcfg"

    def _core(
        self, folder: Path, admin_secret: str, name: str, without: list[str]
    ) -> dict[str, dict[str, Category]]:
        # The folders of plugins and transports are not named: the binary knows where its own are.
        general: dict[str, Value] = {
            "configs_folder": str(folder),
            "loggers_folder": str(folder / "none"),
            "server_name": name,
            "interface": LOOPBACK,  # for the SDP's c= line only; not looked for outside, nor missed offline
            "admin_secret": admin_secret,
            "session_timeout": self.session_timeout,
            "reclaim_session_timeout": self.reclaim_session_timeout,
            "debug_level": self.log_level,
            "debug_colors": False,
            "protected_folders": PROTECTED,
        }
        if self.api_secret is not None:
            general["api_secret"] = self.api_secret
        if self.token_auth:
            general["token_auth"] = True
            if self.token_auth_secret is not None:
                general["token_auth_secret"] = self.token_auth_secret
        core: dict[str, Category] = {
            "general": general,
            # No STUN: host candidates are enough on one machine, and nothing is asked outside it.
            "nat": {"full_trickle": self.full_trickle, "nice_debug": False, "ice_ignore_list": "vmnet"},
            "transports": {"disable": "libjanus_rabbitmq.so,libjanus_mqtt.so,libjanus_nanomsg.so"},
            "events": {"broadcast": False},
        }
        if without:
            core["plugins"] = {"disable": ",".join(f"libjanus_{plugin}.so" for plugin in without)}
        return {"janus": core}


def _transports(folder: Path, ports: Ports, unix_type: str) -> dict[str, dict[str, Category]]:
    return {
        "janus.transport.websockets": {
            "general": {"ws": True, "ws_port": ports.ws, "ws_ip": LOOPBACK, "wss": False},
            "admin": {"admin_ws": True, "admin_ws_port": ports.admin_ws, "admin_ws_ip": LOOPBACK},
        },
        "janus.transport.http": {
            "general": {"base_path": "/janus", "http": True, "port": ports.http, "ip": LOOPBACK},
            "admin": {
                "admin_base_path": "/admin",
                "admin_http": True,
                "admin_port": ports.admin_http,
                "admin_ip": LOOPBACK,
            },
        },
        "janus.transport.pfunix": {
            "general": {"enabled": True, "path": str(folder / "janus.sock"), "type": unix_type},
            "admin": {
                "admin_enabled": True,
                "admin_path": str(folder / "admin.sock"),
                "admin_type": "SOCK_SEQPACKET",
            },
        },
    }


def _plugins(folder: Path) -> dict[str, dict[str, Category]]:
    # The demo rooms, and their secret, are the ones that every Janus comes with.
    room: Category = {"description": "Demo Room", "secret": "adminpwd"}
    video_room = {**room, "publishers": 6, "bitrate": 128000, "fir_freq": 10, "record": False}
    audio_room = {**room, "sampling_rate": 16000, "record": False}
    recordings = str(folder / "recordings")
    # A plugin with nothing to set gets an empty file: without one Janus logs an error.
    return {
        "janus.plugin.echotest": {"general": {}},
        "janus.plugin.streaming": {"general": {}},
        "janus.plugin.videocall": {"general": {}},
        "janus.plugin.videoroom": {"general": {}, "room-1234": video_room},
        "janus.plugin.audiobridge": {"general": {"local_ip": LOOPBACK}, "room-1234": audio_room},
        "janus.plugin.textroom": {"general": {}, "room-1234": room},
        "janus.plugin.recordplay": {"general": {"path": recordings}},
        "janus.plugin.voicemail": {"general": {"path": recordings, "base": "/voicemail"}},
        "janus.plugin.nosip": {"general": {"local_ip": LOOPBACK}},
        "janus.plugin.sip": {"general": {"local_ip": LOOPBACK, "behind_nat": False}},
    }


def find_script(binary: str, name: str) -> Path | None:
    """Return the sample script `name` that was installed with `binary`, or None."""
    prefixes = [Path(binary).resolve().parent.parent, Path("/usr"), Path("/usr/local"), Path("/opt/janus")]
    paths = (prefix / "share" / "janus" / name for prefix in prefixes)
    return next((path for path in paths if path.is_file()), None)
