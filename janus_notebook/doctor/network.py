"""The way to the server: the URL, the name, the port, TLS."""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
import stat
import time
from contextlib import suppress
from typing import Any
from urllib.parse import unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

from janus_notebook.client.connection import JanusConnection
from janus_notebook.client.transports import make_transport
from janus_notebook.config import mask_url
from janus_notebook.doctor import neighbours
from janus_notebook.doctor.case import DEFAULT_PORTS, Case
from janus_notebook.doctor.results import Finding, failed, ok, skipped, warning
from janus_notebook.errors import JanusOptionError

__all__ = ["name", "port", "tls", "url"]

EXPIRES_SOON_DAYS = 14
# OpenSSL's X509_V_ERR_* (x509_vfy.h).
NOT_YET_VALID, EXPIRED, SELF_SIGNED, SELF_SIGNED_CHAIN, NO_ISSUER, NO_FIRST_ISSUER = 9, 10, 18, 19, 20, 21
WRONG_NAMES = (62, 64)  # host name, IP address
TRUST = "or let this machine trust it (SSL_CERT_FILE names a file with the authority's certificate)"


async def url(case: Case) -> Finding:
    """Whether the URL can be used at all."""
    try:
        make_transport(case.url, {})
    except JanusOptionError as exc:
        return failed(exc.message, f"Correct the URL: {exc}")
    # The connection of all later steps; nothing is opened yet. A wrong option is the caller's, and raises.
    case.connection = JanusConnection(case.url, **case.options)
    case.opened.push_async_callback(case.connection.close)
    parts = urlsplit(case.url)
    case.scheme = parts.scheme
    if case.is_local:
        return ok(f"a Unix socket: {unquote(parts.path)}")
    case.host = parts.hostname or ""
    case.port = parts.port or DEFAULT_PORTS.get(case.scheme, 0)
    if case.options.get("proxy", True) is True:
        case.proxy = _proxy(case)
    default = "" if parts.port else " (none was given)"
    kind = {"ws": "WebSocket", "wss": "WebSocket over TLS", "http": "HTTP", "https": "HTTP over TLS"}
    return ok(f"{kind.get(case.scheme, case.scheme)}, host {case.host}, port {case.port}{default}")


def _proxy(case: Case) -> str:
    """The proxy of the environment for this host, or ""."""
    if proxy_bypass(f"{case.host}:{case.port}"):
        return ""
    proxies = getproxies()
    # A WebSocket goes through the proxies of HTTP, and before them through one for sockets.
    kinds = ["socks", "https", "http"] if case.is_websocket else [case.scheme, "all"]
    return next((proxies[kind] for kind in kinds if proxies.get(kind)), "")


async def name(case: Case) -> Finding:
    """Whether the host name resolves."""
    if case.is_local:
        return skipped("a Unix socket has none")
    if case.proxy:
        return skipped(f"left to the proxy {mask_url(case.proxy)}")
    try:
        async with asyncio.timeout(case.timeout):
            found = await asyncio.get_running_loop().getaddrinfo(
                case.host, case.port, type=socket.SOCK_STREAM
            )
    except TimeoutError:
        return failed(
            f"the name server gave no answer within {case.timeout:g} s",
            f"Check this machine's name server (DNS): it does not answer for {case.host!r}.",
        )
    except (OSError, UnicodeError) as exc:
        why = exc.strerror if isinstance(exc, OSError) else str(exc)
        if isinstance(exc, socket.gaierror) and exc.errno == socket.EAI_AGAIN:
            return failed(
                f"{case.host!r} can't be looked up: {why}",
                f"Check this machine's network and name server (DNS): it can't look up {case.host!r}.",
            )
        return failed(
            f"{case.host!r} can't be found: {why}",
            f"Correct the host name {case.host!r} in the URL: no name server knows it.",
        )
    return ok(", ".join(dict.fromkeys(str(entry[4][0]) for entry in found)))


async def port(case: Case) -> Finding:
    """Whether something accepts connections there."""
    if case.is_local:
        return _socket_file(case)
    if case.proxy:
        return skipped(f"left to the proxy {mask_url(case.proxy)}")
    try:
        async with asyncio.timeout(case.timeout):
            _, writer = await asyncio.open_connection(case.host, case.port)
    except TimeoutError:
        return failed(
            f"nothing came back from {case.place} within {case.timeout:g} s",
            f"Let TCP port {case.port} of {case.host} through the firewall between, or correct the URL: "
            f"whatever is sent to {case.place} gets no answer.",
        )
    except OSError as exc:
        return await _refused(case, exc)
    case.there = str(writer.get_extra_info("peername")[0])
    case.here = str(writer.get_extra_info("sockname")[0])
    await neighbours.shut(writer)
    return ok(f"{case.there} accepts connections at port {case.port}")


async def _refused(case: Case, exc: OSError) -> Finding:
    """Nothing listens there; say where a Janus does, if one has its usual port on that host."""
    seen = f"no connection to {case.place}: {neighbours.why(exc)}"
    other = await neighbours.usual_janus(case.host, case.timeout)
    if other is not None:
        return failed(seen, f"Use {other}: a Janus answers there, and nothing at port {case.port}.")
    missing = "" if urlsplit(case.url).port else " (the URL names none)"
    usual = {"ws": "8188", "wss": "8989", "http": "8088", "https": "8089"}.get(case.scheme, "8188")
    return failed(
        seen,
        f"Correct the port {case.port}{missing} in the URL, or start Janus with its "
        f"{'WebSocket' if case.is_websocket else 'HTTP'} transport there ({usual} is the usual port of "
        f"{case.scheme}://): nothing listens at {case.place}.",
    )


def _socket_file(case: Case) -> Finding:
    path = unquote(urlsplit(case.url).path)
    try:
        is_socket = stat.S_ISSOCK(os.stat(path).st_mode)
    except OSError as exc:
        return failed(
            f"{path}: {exc.strerror}",
            f"Correct the path {path!r}, or start Janus with its Unix socket transport there "
            "(janus.transport.pfunix.jcfg).",
        )
    if not is_socket:
        return failed(f"{path} is not a socket", f"Correct the path {path!r}: it is not a socket.")
    return ok(f"{path} is a socket")


async def tls(case: Case) -> Finding:
    """Whether TLS works, and the certificate is trusted, in time and for this name."""
    if not case.is_tls:
        return skipped("not used by this URL")
    if case.proxy:
        return skipped(f"left to the proxy {mask_url(case.proxy)}")
    given = case.options.get("ssl")
    context = given if given is not None else await asyncio.to_thread(ssl.create_default_context)
    try:
        certificate, version = await _handshake(case, context)
    except ssl.SSLCertVerificationError as exc:
        return failed(f"the certificate is not trusted: {exc.verify_message}", await _distrust(case, exc))
    except TimeoutError:
        return failed(
            f"the TLS handshake was not done within {case.timeout:g} s",
            f"Find out what listens at {case.place}: it takes connections, but does not speak TLS; "
            f"is it a {case.scheme[:-1]}:// port?",
        )
    except (ssl.SSLError, OSError) as exc:
        reason = exc.reason if isinstance(exc, ssl.SSLError) else neighbours.why(exc)
        other = await neighbours.janus_at(case.host, case.port, case.timeout, path=case.path)
        use = other or f"{case.scheme[:-1]}://{case.place}{case.path}"
        return failed(f"no TLS at {case.place}: {reason}", f"Use {use}: port {case.port} does not speak TLS.")
    days = _days_left(certificate)
    if days is not None and days < EXPIRES_SOON_DAYS:
        return warning(
            f"{version}; the certificate expires in {days:.0f} days",
            f"Renew the certificate of {case.host}: it expires in {days:.0f} days.",
        )
    return ok(
        f"{version}; {'the certificate is trusted' if certificate else 'the certificate is not checked'}"
    )


async def _handshake(case: Case, context: ssl.SSLContext) -> tuple[dict[str, Any], str]:
    """Shake hands; return the certificate, empty if it is not checked, and TLS's version."""
    async with asyncio.timeout(case.timeout):
        _, writer = await asyncio.open_connection(case.host, case.port, ssl=context)
    certificate: dict[str, Any] = writer.get_extra_info("peercert") or {}
    version = str(writer.get_extra_info("ssl_object").version())
    await neighbours.shut(writer)
    return certificate, version


async def _distrust(case: Case, exc: ssl.SSLCertVerificationError) -> str:
    """What to do about a certificate."""
    code, whose = exc.verify_code, f"the certificate of {case.place}"
    if code == EXPIRED:
        return f"Renew {whose}: it has expired."
    if code == NOT_YET_VALID:
        return f"Check the clocks of this machine and of {case.host}: {whose} is not valid yet."
    if code in (SELF_SIGNED, SELF_SIGNED_CHAIN):
        return f"Give {case.host} a certificate of a known authority, {TRUST}: {whose} is self-signed."
    if code in (NO_ISSUER, NO_FIRST_ISSUER):
        return (
            f"Let {case.host} send its whole certificate chain, {TRUST}: "
            f"whoever issued {whose} is not known here."
        )
    if code in WRONG_NAMES:
        names = await _names_of(case)
        shown = f" ({', '.join(names)})" if names else ""
        return f"Use a name of the certificate{shown} in the URL, or a certificate for {case.host!r}."
    return f"Replace {whose}: {exc.verify_message}."


async def _names_of(case: Case) -> list[str]:
    """The names that a certificate is for, when it is trusted but for its name."""
    given = case.options.get("ssl")
    if given is not None:
        return []  # a context of the user's is not changed
    context = await asyncio.to_thread(ssl.create_default_context)
    context.check_hostname = False
    with suppress(OSError):  # ssl.SSLError and TimeoutError are, too
        certificate, _ = await _handshake(case, context)
        return [value for _, value in certificate.get("subjectAltName", ())]
    return []


def _days_left(certificate: dict[str, Any]) -> float | None:
    end = certificate.get("notAfter")
    return None if end is None else (ssl.cert_time_to_seconds(end) - time.time()) / 86400
