"""`connect`, and the notebook forms of sessions and handles."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from janus_notebook.bridge import Call, background
from janus_notebook.client.admin.admin import JanusAdmin
from janus_notebook.client.arguments import checked
from janus_notebook.client.plugin import JanusPlugin
from janus_notebook.client.session import JanusSession
from janus_notebook.config import read_settings
from janus_notebook.errors import JanusGatewayError, JanusOptionError
from janus_notebook.notebook.cameras import HasCamera
from janus_notebook.notebook.forms import Form, core_of, form_of, register
from janus_notebook.notebook.gateways import NotebookGateway
from janus_notebook.notebook.media import NotebookReader
from janus_notebook.notebook.names import label_handles
from janus_notebook.notebook.views import HandleView, NotebookTrack, SubscriberView, view_of_room
from janus_notebook.notebook.workspace import workspace
from janus_notebook.plugins import make_plugin

__all__ = [
    "NotebookEventLog",
    "NotebookHandle",
    "NotebookSession",
    "admin",
    "connect",
    "monitor",
    "open_sessions",
    "serve",
    "stop",
]


class NotebookSession(Form):
    """A session in a notebook: `JanusSession` with a `Call` for each coroutine, and a live panel."""

    @checked
    def attach(
        self, plugin: str | type[JanusPlugin] | JanusPlugin = "echotest", *, opaque_id: str | None = None
    ) -> Call[Any]:
        """Attach to a plugin and return the notebook form of the handle.

        Args:
            plugin: its name (``"echotest"`` or ``"janus.plugin.echotest"``), a class of ours, or an
                unattached handle.
            opaque_id: a text of yours that the server shows beside the handle.

        Raises:
            JanusServerError: the server has no such plugin; the text names those it has.
        """
        core = self._core

        async def work() -> Any:
            handle = _unattached(plugin, opaque_id)
            await core.attach_plugin(handle)
            return form_of(handle)

        return background().submit(work, name="attach")

    def __setattr__(self, name: str, value: Any) -> None:
        if name != "admin":
            super().__setattr__(name, value)
            return
        admin = core_of(value)
        if admin is not None and not isinstance(admin, JanusAdmin):
            raise JanusOptionError(
                f"session.admin is a JanusAdmin or None, not {type(value).__name__}",
                hint="session.admin = await admin('http://host:7088/admin', admin_secret='...')",
            )
        self._core.admin = admin

    def _ipython_display_(self) -> None:
        from janus_notebook.panels import show_session

        label_handles()
        show_session(self._core)


class NotebookHandle(HasCamera):
    """A handle in a notebook: `JanusPlugin` with a `Call` for each coroutine, and a live panel."""

    def _ipython_display_(self) -> None:
        from janus_notebook.panels import show_handle

        label_handles()
        show_handle(self._core)


class NotebookMediaHandle(HandleView, NotebookHandle):
    """The same of a handle whose media may be received here."""


class NotebookEventLog(Form):
    """A session's event log in a notebook, with a live panel."""

    def _ipython_display_(self) -> None:
        from janus_notebook.panels import show_log

        label_handles()
        show_log(self._core)


class NotebookAdmin(Form):
    """A server's Admin API in a notebook: `JanusAdmin` with a `Call` for each coroutine, and a live panel."""

    def _ipython_display_(self) -> None:
        from janus_notebook.panels import show_admin

        label_handles()
        show_admin(self._core, own_labels)


class NotebookRoomView(Form):
    """Who is in a VideoRoom, in a notebook: `RoomView` with a `Call` for each coroutine, and a live panel."""

    def _ipython_display_(self) -> None:
        from janus_notebook.panels import show_room

        label_handles()
        show_room(self._core)

    def __call__(self, *_args: Any, **_options: Any) -> None:
        view_of_room(self)


class NotebookRoomSubscriber(SubscriberView, Form):
    """A subscription in a notebook: `RoomSubscriber` with a `Call` for each coroutine; its panel is that of
    its handle."""

    def _ipython_display_(self) -> None:
        from janus_notebook.panels import show_handle

        label_handles()
        show_handle(self._core.handle)


class NotebookMonitor(Form):
    """A receiver for event handlers in a notebook: `Monitor` with a `Call` for each coroutine; its panel
    shows what the server tells."""

    def _ipython_display_(self) -> None:
        from janus_notebook.panels import show_log

        show_log(self._core.events)


register("client.session.JanusSession", NotebookSession)
register("client.plugin.JanusPlugin", NotebookHandle)
register("plugins.webrtc.WebRtcPlugin", NotebookMediaHandle)
register("plugins.videoroom.plugin.JanusVideoRoomPlugin", NotebookHandle)  # its `view` is who is in the room
register("client.log.EventLog", NotebookEventLog)
register("client.log.Subscription")
register("client.admin.admin.JanusAdmin", NotebookAdmin)
register("client.admin.capture.Capture")
register("monitor.monitor.Monitor", NotebookMonitor)
register("media.tracks.ReceivedTrack", NotebookTrack)
register("media.reading.Reader", NotebookReader)
register("media.recorder.MediaRecording")
register("plugins.audiobridge.view.AudioRoom")
register("plugins.videoroom.room.RoomView", NotebookRoomView)
register("plugins.videoroom.room.RoomChanges")
register("plugins.videoroom.subscriber.RoomSubscriber", NotebookRoomSubscriber)
register("gateway.local.LocalGateway", NotebookGateway)
register("gateway.practice.gateway.PracticeGateway", NotebookGateway)


def _unattached(plugin: str | type[JanusPlugin] | JanusPlugin, opaque_id: str | None) -> JanusPlugin:
    if isinstance(plugin, str):
        return make_plugin(plugin, opaque_id=opaque_id)
    if isinstance(plugin, type) and issubclass(plugin, JanusPlugin):
        return plugin(opaque_id=opaque_id)
    if isinstance(plugin, JanusPlugin):
        return plugin
    raise JanusOptionError(
        f"{plugin!r} is not a plugin", hint="Give its name, such as 'echotest', or a JanusPlugin class."
    )


def connect(url: str | None = None, **options: Any) -> Call[Any]:
    """Connect to a Janus server and return a `Call` for the created session.

    ``session = await connect()`` in a notebook; ``connect().result()`` blocks instead. The session
    lives on a background loop: it stays alive while a cell computes, and is destroyed with the kernel.

    Args:
        url: ``ws://host:8188`` or ``wss://host/janus``, ``http://host:8088/janus``, ``unix:///path`` or
            ``unix+dgram:///path``. None takes this kernel's local gateway
            (``%janus serve``), or else the ``url`` of the settings (``JANUS_URL``, or the settings file),
            with its ``api_secret`` and ``token`` where they are set; ``%janus config`` shows them.
        options: those of `JanusSession`: ``api_secret``, ``token``, ``timeout``, ``recover`` (how a lost
            session comes back), and its transport's.

    Raises:
        JanusOptionError: no server is known, or an option is wrong.
        JanusConnectionError, JanusServerError, JanusTimeoutError: see `JanusSession.create`.
    """

    async def work() -> Any:
        session = JanusSession(**_resolved(url, options))
        here = workspace()
        here.adopt(session)
        await session.create()
        # Beside it: a server that does not answer there must not hold up anybody.
        session.spawn(here.find_admins(), name="janus-find-admin")
        return form_of(session)

    workspace().listen()
    return background().submit(work, name="connect")


def _resolved(url: str | None, options: dict[str, Any]) -> dict[str, Any]:
    """The arguments of the session: given ones, then the local gateway's, then those of the settings."""
    here = workspace()
    gateway = here.gateway
    settings = read_settings()
    options = {**settings.session_options(), **options}
    if url is not None:
        return {"base_url": url, **options}
    if gateway is not None and gateway.running:
        return {"base_url": here.gateway_url, **here.gateway_options, **options}
    if settings.url is None:
        ended = f"the local gateway has ended ({here.gateway_exit}); " if here.gateway_exit else ""
        wrong = f"; but {settings.problems[0]}" if settings.problems else ""
        raise JanusOptionError(
            f"{ended}no server to connect to{wrong}",
            hint="Start one with %janus serve, or name one: connect('ws://host:8188').",
        )
    # These secrets belong to the server that was named with them, and go to no other.
    return {"base_url": settings.url, **settings.secrets_of("url"), **options}


def serve(*, practice: bool | None = None, monitor: bool | str | None = None, **options: Any) -> Call[Any]:
    """Start a Janus for this kernel, on loopback and free ports; see `LocalGateway`.

    Where ``janus`` is not installed it is a practice gateway (`PracticeGateway`), which says of itself
    that it is not Janus. Returns the one that runs already, if there is one. It ends with the kernel.

    Args:
        practice: True for a practice gateway in any case, False for the real Janus or an error.
        monitor: whether it tells a monitor of this kernel everything (see `monitor`), which is started if
            there is none; ``"sampleevh"`` or ``"wsevh"`` says by which of Janus's event handlers. None: it
            does if there is a monitor.
        options: those of `LocalGateway` or `PracticeGateway`, such as ``session_timeout``.

    Raises:
        JanusGatewayError: ``janus`` is wanted and not installed (says how to get it), or does not start.
    """

    async def work() -> Any:
        return form_of(await workspace().serve(practice=practice, monitor=monitor, **options))

    return background().submit(work, name="serve")


def monitor(**options: Any) -> Call[Any]:
    """Listen for what a Janus tells its event handlers, and return a `Call` for the `Monitor`.

    A local gateway that is served from now on tells it everything by itself; for another server
    ``monitor.configuration()`` is the text for its configuration. It listens until the kernel ends.

    Args:
        options: those of `Monitor`, such as ``host`` and ``port``. Without any, the one that there is.

    Raises:
        JanusConnectionError: it can't listen there.
        JanusOptionError: an option that it does not have, or it runs with others.
    """

    async def work() -> Any:
        return form_of(await workspace().watch(**options))

    return background().submit(work, name="monitor")


def admin(url: str | None = None, *, admin_secret: str | None = None, **options: Any) -> Call[Any]:
    """Connect to a server's Admin API and return a `Call` for the `JanusAdmin`.

    ``janus = await admin()`` in a notebook, then ``await janus.sessions()``. It is closed with the kernel.
    What was asked for before and is still open is given again.

    Args:
        url: ``http://host:7088/admin``, ``ws://host:7188`` or ``unix:///path``. None takes this kernel's
            local gateway with its secret, or else the ``admin_url`` of the settings (``JANUS_ADMIN_URL``,
            or the settings file), with its ``admin_secret`` where it is set.
        admin_secret: the secret of the server's configuration.
        options: those of `JanusAdmin`: ``timeout``, and its transport's.

    Raises:
        JanusOptionError: no server is known, or an option is wrong.
        JanusConnectionError: see `JanusAdmin.open`.
    """
    secret = {} if admin_secret is None else {"admin_secret": admin_secret}

    async def work() -> Any:
        here = workspace()
        opened = await here.admins.open(url, {**secret, **options}, here.gateway)
        await here.find_admins()
        return form_of(opened)

    workspace().listen()
    return background().submit(work, name="admin")


def stop() -> Call[None]:
    """Stop this kernel's local gateway; its sessions are destroyed first.

    Raises:
        JanusGatewayError: there is none.
    """

    async def work() -> None:
        if workspace().gateway is None:
            raise JanusGatewayError("no local gateway runs in this kernel")
        await workspace().stop()

    return background().submit(work, name="stop")


def own_labels() -> dict[int, Mapping[int, str]]:
    """What the handles of this kernel's open sessions are called, by the ids of session and handle."""
    return {session.id: session.events.labels for session in workspace().sessions if session.id is not None}


def open_sessions() -> list[Any]:
    """The notebook forms of the sessions that are open in this kernel, oldest first."""
    return [form_of(session) for session in workspace().sessions if session.state != "closed"]
