"""What the server says: that it is Janus, which one, that it lets us in, what it has."""

from __future__ import annotations

import asyncio

from websockets.exceptions import InvalidStatus

from janus_notebook.client.admin.admin import JanusAdmin
from janus_notebook.client.session import JanusSession
from janus_notebook.config import mask_url
from janus_notebook.doctor import neighbours
from janus_notebook.doctor.case import ECHOTEST, Case
from janus_notebook.doctor.results import Finding, failed, ok, skipped, warning
from janus_notebook.errors import (
    JanusConnectionError,
    JanusError,
    JanusOptionError,
    JanusServerError,
    JanusTimeoutError,
)

__all__ = ["admin", "answer", "janus", "plugins", "secret"]

UNAUTHORIZED = 403
DRAINING = 472
# Before it, one media section of each kind at most, and other events.
MULTISTREAM = 1000
GATEWAY_TROUBLE = range(502, 505)


async def answer(case: Case) -> Finding:
    """Whether the server opens a WebSocket with Janus's subprotocol, or answers over HTTP as Janus does."""
    assert case.connection is not None
    try:
        async with asyncio.timeout(case.timeout):
            await case.connection.open()
    except TimeoutError:
        return failed(
            f"no answer from {case.shown_url} within {case.timeout:g} s",
            f"Find out what listens at {case.place}: it takes connections, but gives no answer.",
        )
    except JanusConnectionError as exc:
        return failed(exc.message, await _not_janus(case, exc))
    if case.is_websocket:
        return ok("a WebSocket with the subprotocol 'janus-protocol'")
    return ok("the Unix socket is open" if case.is_local else "an HTTP server that answers as Janus does")


async def _not_janus(case: Case, exc: JanusConnectionError) -> str:
    """What to do when what answers is not what the URL says."""
    if case.is_local:
        return f"Start Janus with its Unix socket transport, or correct the URL: {exc.message}."
    if case.proxy:
        return (
            f"Name {case.host} in the variable NO_PROXY, if the proxy {mask_url(case.proxy)} is not meant "
            "for it; else correct the URL."
        )
    is_admin, other = await asyncio.gather(
        neighbours.is_admin_port(case.host, case.port, case.timeout),
        neighbours.janus_at(case.host, case.port, case.timeout, path=case.path),
    )
    if is_admin:
        return (
            f"Use the port of the Janus API (8188 for ws://, 8088 for http:// by default): {case.port} is "
            "that of the Admin API."
        )
    if other is not None and other != case.url:
        return f"Use {other}: that is how the Janus at port {case.port} is reached."
    status = exc.__cause__.response.status_code if isinstance(exc.__cause__, InvalidStatus) else None
    if status in GATEWAY_TROUBLE:
        return (
            f"Start Janus behind the web server at {case.place}, or correct where that passes "
            f"{case.path or '/'} on to: it answers HTTP {status}."
        )
    if status is not None:
        return (
            f"Give the port of Janus's WebSocket transport (8188 by default) in place of {case.port}, or let "
            f"the web server there pass WebSockets on to Janus: it is a plain HTTP server (HTTP {status})."
        )
    if case.is_websocket and "subprotocol" in str(exc):
        return (
            f"Give the URL of Janus's own WebSocket (port 8188 by default), or let the proxy pass on the "
            f"header Sec-WebSocket-Protocol: the server at {case.place} does not speak the subprotocol "
            "'janus-protocol'."
        )
    kind = "WebSocket" if case.is_websocket else "HTTP"
    return f"Correct the port {case.port} or the path in the URL: what answers there is not Janus's {kind}."


async def janus(case: Case) -> Finding:
    """Whether it is Janus, which one, and whether it takes new sessions."""
    assert case.connection is not None
    try:
        said = await case.connection.info(case.timeout)
    except JanusTimeoutError:
        return failed(
            f"no answer to 'info' within {case.timeout:g} s",
            f"Restart the Janus at {case.shown_url}, or see why it hangs: it says nothing.",
        )
    except JanusError as exc:
        return failed(
            str(exc),
            f"Correct the URL {case.shown_url!r}: what answers there does not speak the Janus API.",
        )
    if said.get("janus") != "server_info":
        return failed(
            f"'info' was answered with {said.get('janus')!r}",
            f"Correct the URL {case.shown_url!r}: what answers there does not speak the Janus API.",
        )
    label = f" {name!r}" if (name := said.get("server-name")) else ""
    version = said.get("version_string", "of unknown version")
    seen = f"{said.get('name', 'Janus')} {version}{label}"
    if said.get("accepting-new-sessions") is False:
        return failed(
            f"{seen}, which takes no new sessions",
            "Let the server take sessions again (accept_new_sessions of its Admin API), or use another one.",
        )
    number = said.get("version")
    # Version 0 says nothing: other gateways have numbers of their own.
    if isinstance(number, int) and 0 < number < MULTISTREAM and "Janus" in str(said.get("name")):
        return warning(seen, f"Update Janus {version} to 1.x: it has one audio and one video stream at most.")
    timeout = said.get("session-timeout")
    return ok(seen + (f", session timeout {timeout} s" if timeout is not None else ""))


async def secret(case: Case) -> Finding:
    """Whether it lets us in: with a session of our own."""
    case.session = JanusSession(
        connection=case.connection,
        api_secret=case.api_secret,
        token=case.token,
        timeout=case.timeout,
        recover=None,
    )
    case.opened.push_async_callback(case.session.destroy)
    wants = {"api_secret": bool(case.server.get("api_secret")), "token": bool(case.server.get("auth_token"))}
    given = {"api_secret": case.api_secret is not None, "token": case.token is not None}
    try:
        await case.session.create()
    except JanusServerError as exc:
        if exc.code == DRAINING:
            return failed(str(exc), "Use another server, or wait: this one takes no new sessions.")
        if exc.code != UNAUTHORIZED:
            raise
        return failed(f"no session: {exc.message}", _which_secret(wants, given))
    needed = [name for name, wanted in wants.items() if wanted and given[name]]
    surplus = [name for name, wanted in wants.items() if given[name] and not wanted]
    if surplus:
        return ok(f"a session was made; the server does not ask for {' or '.join(surplus)}")
    with_what = f" with {' and '.join(needed)}" if needed else "; no secret is asked for"
    return ok(f"a session was made{with_what}")


def _which_secret(wants: dict[str, bool], given: dict[str, bool]) -> str:
    ways = {
        "api_secret": "the server's api_secret (api_secret=, --api-secret or JANUS_API_SECRET)",
        "token": "a token that the server knows (token=, --token or JANUS_TOKEN)",
    }
    missing = [ways[name] for name, wanted in wants.items() if wanted and not given[name]]
    if missing:
        return f"Give {' and '.join(missing)}: it asks for that, and none was given."
    wrong = [ways[name] for name, wanted in wants.items() if wanted or given[name]]
    return f"Correct {' or '.join(wrong) or 'the secrets'}: the server refuses what was given."


async def plugins(case: Case) -> Finding:
    """Whether it has the plugins that are wanted."""
    offered = case.server.get("plugins")
    names = sorted(offered) if isinstance(offered, dict) else []
    wanted = list(dict.fromkeys([*case.plugins, *([ECHOTEST] if case.media else [])]))
    missing = [name for name in wanted if name not in names]
    short = ", ".join(name.removeprefix("janus.plugin.") for name in names) or "none"
    if not missing:
        return ok(f"{len(names)}: {short}")
    if missing == [ECHOTEST] and ECHOTEST not in case.plugins:
        return failed(
            f"no {ECHOTEST}; it has: {short}",
            f"Install and enable {ECHOTEST} on the server, or leave out the media test (--no-media): "
            "it shows whether media flows.",
            stops=False,
        )
    return failed(
        f"no {', '.join(missing)}; it has: {short}",
        f"Install and enable {', '.join(missing)} on the server (its janus.jcfg may name it under "
        "plugins: disable), or correct the name.",
        stops=False,
    )


async def admin(case: Case) -> Finding:
    """Whether the Admin API is on, and takes the secret."""
    if case.admin_url is None:
        return skipped("none is known (admin_url=, --admin-url or JANUS_ADMIN_URL)")
    where = mask_url(case.admin_url)
    try:
        case.admin = JanusAdmin(case.admin_url, admin_secret=case.admin_secret, timeout=case.timeout)
    except JanusOptionError as exc:
        return failed(exc.message, f"Correct the URL of the Admin API: {exc}")
    case.opened.push_async_callback(case.admin.close)
    try:
        await case.admin.open()
        status = await case.admin.get_status()
    except JanusServerError as exc:
        case.admin = None
        if exc.code == UNAUTHORIZED:
            return failed(
                f"{where}: {exc.message}",
                "Give the admin_secret of the server's janus.jcfg (--admin-secret or JANUS_ADMIN_SECRET): "
                f"the Admin API {'refuses this one' if case.admin_secret else 'asks for it'}.",
            )
        return failed(
            f"{where}: {exc.message}",
            f"Correct the URL of the Admin API (such as http://host:7088/admin): {where} is not it.",
        )
    except JanusConnectionError as exc:
        case.admin = None
        return failed(
            exc.message,
            "Turn the Admin API on (admin_http = true in janus.transport.http.jcfg, or admin_ws in "
            f"janus.transport.websockets.jcfg), or correct its URL {where!r}: it does not answer there.",
        )
    return ok(f"{where} takes the secret; log level {status.log_level}")
