"""`diagnose`: the steps in their order, each with its time, and what is not tried because of another."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, NamedTuple

from janus_notebook.client.deadlines import check_seconds
from janus_notebook.client.plugin import full_plugin_name
from janus_notebook.doctor import echo, network, server
from janus_notebook.doctor.case import Case
from janus_notebook.doctor.results import Check, Diagnosis, Finding, failed, not_tried, skipped
from janus_notebook.errors import JanusError, JanusOptionError

__all__ = ["STEPS", "Step", "diagnose"]

# A step has its own deadlines; this ends one that has missed them.
GRACE_SECONDS = 5.0


class Step(NamedTuple):
    """A step of the examination.

    Attributes:
        name, title: as in `Check`.
        run: does it.
        needs: the steps without which it can't be tried.
    """

    name: str
    title: str
    run: Callable[[Case], Awaitable[Finding]]
    needs: tuple[str, ...] = ()


STEPS = (
    Step("url", "URL", network.url),
    Step("name", "Host name", network.name, ("url",)),
    Step("port", "Port", network.port, ("name",)),
    Step("tls", "TLS", network.tls, ("port",)),
    Step("answer", "Answer", server.answer, ("tls",)),
    Step("janus", "Is it Janus", server.janus, ("answer",)),
    Step("secret", "Secret and token", server.secret, ("janus",)),
    Step("plugins", "Plugins", server.plugins, ("janus",)),
    Step("admin", "Admin API", server.admin),
    Step("candidates", "ICE addresses", echo.candidates, ("secret",)),
    Step("ice", "UDP both ways (ICE)", echo.ice, ("candidates",)),
    Step("dtls", "Encryption (DTLS)", echo.dtls, ("ice",)),
    Step("sent", "Media to Janus", echo.sent, ("dtls",)),
    Step("echoed", "Media from Janus", echo.echoed, ("sent",)),
)
# Where an option of the transport or an ICE server turns out to be wrong; elsewhere it is the server's doing.
TAKES_ARGUMENTS = frozenset({"url", "candidates"})
MEDIA_STEPS = frozenset({"candidates", "ice", "dtls", "sent", "echoed"})


async def diagnose(
    url: str,
    *,
    api_secret: str | None = None,
    token: str | None = None,
    admin_url: str | None = None,
    admin_secret: str | None = None,
    plugins: Iterable[str] = (),
    media: bool = True,
    ice_servers: Iterable[Mapping[str, Any]] = (),
    timeout: float = 10.0,
    on_check: Callable[[Check], None] | None = None,
    **options: Any,
) -> Diagnosis:
    """Find out what stands between this machine and working media with a server.

    Whatever it opens, a session, a handle, sockets, is closed when it returns, also when it is cancelled.
    A server that fails is a result; only wrong arguments other than `url` raise.

    Args:
        url: as for `JanusSession`.
        api_secret, token: what the server asks for.
        admin_url, admin_secret: its Admin API; without a URL that step is skipped.
        plugins: names of plugins that it must have; EchoTest too, if `media`.
        media: whether a short EchoTest shows that media flows. It sends a test picture and a tone.
        ice_servers: STUN and TURN servers for that, as `JanusEchoTestPlugin.publish` takes them.
        timeout: seconds for each step.
        on_check: called with each `Check` as its step ends, on the loop.
        options: those of the transport, such as ``ssl``.

    Raises:
        JanusOptionError: an argument is wrong.
    """
    if not isinstance(url, str):
        raise JanusOptionError(f"url must be a text, not {url!r}", hint="For example 'ws://localhost:8188'.")
    case = Case(
        url=url.strip(),
        api_secret=api_secret,
        token=token,
        admin_url=admin_url,
        admin_secret=admin_secret,
        plugins=[full_plugin_name(name) for name in plugins],
        media=media,
        ice_servers=list(ice_servers),
        timeout=check_seconds("timeout", timeout),
        options=options,
    )
    diagnosis = Diagnosis(case.shown_url)
    stopped: dict[str, str] = {}
    async with case.opened:
        for step in STEPS:
            began = asyncio.get_running_loop().time()
            case.loading = 0.0
            finding = await _found(step, case, stopped)
            tried = finding.status not in ("not tried", "skipped")
            seconds = asyncio.get_running_loop().time() - began - case.loading if tried else None
            check = Check(
                step.name,
                step.title,
                finding.status,
                case.tidy(finding.seen),
                case.tidy(finding.fix),
                None if seconds is None else round(seconds, 3),
            )
            diagnosis.add([check])
            if on_check is not None:
                on_check(check)
    diagnosis.done = True
    return diagnosis


async def _found(step: Step, case: Case, stopped: dict[str, str]) -> Finding:
    """Do a step, unless it can't be; `stopped` has what failed, for those to come."""
    if step.name in MEDIA_STEPS and not case.media:
        return skipped("no media was asked for")
    culprit = next((stopped[need] for need in step.needs if need in stopped), None)
    if culprit is not None:
        stopped[step.name] = culprit
        return not_tried(f"because of: {culprit}")
    try:
        async with asyncio.timeout(case.timeout + GRACE_SECONDS):
            finding = await step.run(case)
    except JanusError as exc:
        if isinstance(exc, JanusOptionError) and step.name in TAKES_ARGUMENTS and case.peer is None:
            raise
        finding = failed(exc.message, exc.hint or f"{exc.message}.")
    except TimeoutError:
        finding = failed(
            f"not done within {case.timeout:g} s", f"Find out why {case.shown_url} hangs at this step."
        )
    if (finding.status == "failed" and finding.stops) or finding.status == "not tried":
        stopped[step.name] = step.title
    return finding
