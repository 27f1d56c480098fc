"""One run of a practice gateway: its thread and loop, its server, its fronts, its folder."""

from __future__ import annotations

import asyncio
import atexit
import socket
import threading
from collections import deque
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, TypeVar

from janus_notebook.errors import JanusStateError
from janus_notebook.gateway.practice.admin import AdminServer
from janus_notebook.gateway.practice.folder import SocketFolder
from janus_notebook.gateway.practice.fronts import rest, unix, websocket
from janus_notebook.gateway.practice.fronts.http import HTTPConnection
from janus_notebook.gateway.practice.fronts.rest import AdminAPI, JanusAPI
from janus_notebook.gateway.practice.fronts.streams import Listener
from janus_notebook.gateway.practice.fronts.unix import UnixDatagram, UnixSeqPacket
from janus_notebook.gateway.practice.fronts.websocket import WebSocketConnection
from janus_notebook.gateway.practice.misbehaviour import Misbehaviour
from janus_notebook.gateway.practice.server import CHECK_INTERVAL, PracticeServer

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterable, Iterator

    from janus_notebook.gateway.options import GatewayOptions
    from janus_notebook.gateway.practice.plugin import PracticePlugin

T = TypeVar("T")
HowToClose: TypeAlias = Literal["cut", "reset", "goodbye"]

THREAD_NAME = "janus-notebook practice gateway"
ANSWER_SECONDS = 10.0  # for what another thread asks of the loop
REOPEN_SECONDS = 0.05  # between two tries to get a port back


class Life:
    """From start to stop. Every public method may be called from any other thread than its own.

    Attributes:
        started: done when the gateway answers, or could not be started.
        ended: done when nothing is left but the thread, which is about to end; holds what went wrong.
        ending: whether it was told to end.
        log: its last lines, for people.
    """

    def __init__(self, options: GatewayOptions, make_plugins: Callable[[], Iterable[PracticePlugin]]) -> None:
        self.options = options
        self.started: Future[None] = Future()
        self.ended: Future[BaseException | None] = Future()
        for future in (self.started, self.ended):
            future.set_running_or_notify_cancel()  # who stops waiting must not cancel it for the others
        self.log: deque[str] = deque(maxlen=1000)
        self.faults = Misbehaviour(self.say)
        self.server: PracticeServer
        self.admin: AdminServer
        self.ws: Listener[WebSocketConnection]
        self.http: Listener[HTTPConnection]
        self.admin_http: Listener[HTTPConnection]
        self.unix: UnixSeqPacket | None = None
        self.dgram: UnixDatagram | None = None
        self._make_plugins = make_plugins
        self._folder: SocketFolder | None = None
        self._reopening: asyncio.Task[None] | None = None
        self._loop: asyncio.AbstractEventLoop
        self._told_to_end: asyncio.Event | None = None
        self.ending = False
        self._awakening: list[threading.Event] = []
        self.thread = threading.Thread(target=self._run, name=THREAD_NAME, daemon=True)

    def say(self, line: str) -> None:
        self.log.append(f"[{datetime.now().astimezone():%H:%M:%S.%f}] {line}")

    # -- from other threads -------------------------------------------------------------------

    @property
    def running(self) -> bool:
        started = self.started.done() and self.started.exception() is None
        return started and not self.ended.done() and self.thread.is_alive()

    def ask(self, work: Callable[[], T]) -> T:
        """Run `work` on the loop's thread; return what it returns."""
        if threading.current_thread() is self.thread:  # a fault or a plugin asks
            return work()

        async def wrapped() -> T:
            return work()

        return self.ask_async(wrapped())

    def ask_async(self, work: Coroutine[Any, Any, T]) -> T:
        try:
            future = asyncio.run_coroutine_threadsafe(work, self._loop)
        except RuntimeError as exc:  # the loop is closed
            work.close()
            raise JanusStateError("the practice gateway has just ended") from exc
        return future.result(ANSWER_SECONDS)

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Keep the thread from everything."""
        asleep = threading.Event()
        wake = threading.Event()

        def sleep() -> None:
            asleep.set()
            wake.wait()

        self._awakening.append(wake)
        try:
            self._loop.call_soon_threadsafe(sleep)
            asleep.wait(ANSWER_SECONDS)
            yield
        finally:
            wake.set()
            self._awakening.remove(wake)

    def begin(self) -> None:
        self.thread.start()
        atexit.register(self.end)

    def end(self) -> None:
        """Make sure that it is over, thread and all; it takes milliseconds. Idempotent."""
        if self.thread.is_alive():
            self.tell_to_end()
            self.thread.join()
        atexit.unregister(self.end)

    def tell_to_end(self) -> None:
        """Begin the end; `ended` tells when it is over. Idempotent."""
        self.ending = True
        for wake in list(self._awakening):
            wake.set()
        if self._told_to_end is not None:
            with suppress(RuntimeError):  # the loop is closed: it is over
                self._loop.call_soon_threadsafe(self._told_to_end.set)

    # -- on its own thread --------------------------------------------------------------------

    def _run(self) -> None:
        error: BaseException | None = None
        try:
            asyncio.run(self._live())
        except BaseException as exc:  # noqa: BLE001 (it is handed to whoever waits)
            error = exc
        if not self.started.done():
            self.started.set_exception(error or RuntimeError("ended before it had started"))
        self.ended.set_result(error)

    async def _live(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._loop.set_exception_handler(self._on_unseen_error)
        self._told_to_end = told = asyncio.Event()
        try:
            await self._open()
            self.say("started")
            self.started.set_result(None)
            while not told.is_set() and not self.ending:
                with suppress(TimeoutError):
                    async with asyncio.timeout(CHECK_INTERVAL):
                        await told.wait()
                self.server.check_sessions()
        finally:
            await self._close()
            self.say("stopped")

    async def _open(self) -> None:
        packages = [websocket.PACKAGE, rest.PACKAGE]
        self.server = server = PracticeServer(self.options, self._make_plugins(), log=self.say)
        self.admin = AdminServer(server)
        api, admin_api = JanusAPI(server, self.faults), AdminAPI(self.admin)
        self.ws = Listener(lambda: WebSocketConnection(server, self.faults))
        self.http = Listener(lambda: HTTPConnection(api))
        self.admin_http = Listener(lambda: HTTPConnection(admin_api))
        for listener in (self.ws, self.http, self.admin_http):
            await listener.open()
        if hasattr(socket, "AF_UNIX"):
            self._folder = SocketFolder()
            path = self._folder.path
            self.unix = self._open_unix(UnixSeqPacket(path / "janus.sock", server, self.faults))
            self.dgram = self._open_unix(UnixDatagram(path / "dgram.sock", server, self.faults))
            if self.unix is not None or self.dgram is not None:
                packages.append(unix.PACKAGE)
        server.transports = tuple(packages)

    def _open_unix(self, front: U) -> U | None:
        try:
            front.open()
        except (OSError, NotImplementedError) as exc:  # not every system has these sockets
            self.say(f"no {type(front).__name__} front: {exc}")
            return None
        return front

    async def _close(self) -> None:
        if self._reopening is not None:
            self._reopening.cancel()
            await asyncio.gather(self._reopening, return_exceptions=True)
        self.shut()
        await self.faults.close()
        if hasattr(self, "server"):
            await self.server.close()
        for listener in self._listeners():
            await listener.close()
        for front in self._unix_fronts():
            front.close()
        if self._folder is not None:
            self._folder.close()

    def _listeners(self) -> list[Listener[Any]]:
        names = ("ws", "http", "admin_http")
        return [getattr(self, name) for name in names if hasattr(self, name)]

    def _unix_fronts(self) -> list[UnixSeqPacket | UnixDatagram]:
        return [front for front in (self.unix, self.dgram) if front is not None]

    def _on_unseen_error(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        self.say(f"{context.get('message')}: {context.get('exception')!r}")
        loop.default_exception_handler(context)

    # -- what other threads ask for -----------------------------------------------------------

    def shut(self) -> None:
        """Refuse new connections; the Admin API goes on."""
        for listener in self._listeners():
            if listener is not getattr(self, "admin_http", None):
                listener.shut()
        for front in self._unix_fronts():
            front.shut()

    async def reopen(self) -> None:
        """Accept connections again, at the same places. Raises OSError."""
        await self.ws.open()
        await self.http.open()
        for front in self._unix_fronts():
            front.open()
        self.say("accepts connections")

    def refuse(self, seconds: float | None) -> None:
        """Refuse new connections, for good or for some time."""
        self.shut()
        self.say("refuses connections")
        if self._reopening is not None:
            self._reopening.cancel()
            self._reopening = None
        if seconds is not None:
            self._reopening = self._loop.create_task(self._reopen_after(seconds))

    async def _reopen_after(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
        while True:
            try:
                await self.reopen()
            except OSError as exc:  # another program has taken a port
                self.say(f"cannot accept connections yet: {exc}")
                await asyncio.sleep(REOPEN_SECONDS)
            else:
                return

    def end_connections(self, how: HowToClose) -> None:
        if how == "goodbye":
            for connection in list(self.ws.connections):
                connection.say_goodbye()
        else:
            self.ws.end_connections(reset=how == "reset")
        self.http.end_connections(reset=how == "reset")
        for front in self._unix_fronts():
            front.end_connections()
        self.say("closed every connection")

    def time_out(self) -> None:
        for session in list(self.server.sessions.values()):
            self.server.expire(session)


U = TypeVar("U", UnixSeqPacket, UnixDatagram)
