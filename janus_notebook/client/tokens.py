"""Signed tokens, as a Janus with ``token_auth_secret`` takes them.

Source: "Token based authentication" of the Janus documentation. Its text speaks of a signed timestamp;
the server wants the whole of expiry, realm and plugins signed.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from collections.abc import Iterable

from janus_notebook.client.deadlines import check_seconds
from janus_notebook.client.plugin import full_plugin_name
from janus_notebook.errors import JanusOptionError

__all__ = ["signed_token"]

REALM = "janus"


def signed_token(
    secret: str, plugins: Iterable[str] = (), *, seconds: float = 3600.0, expires: float | None = None
) -> str:
    """Return a token that Janus accepts until it expires, made on this side, without asking it.

    ``EXPIRY,janus,PLUGIN,...:SIGNATURE``, where the signature is the HMAC-SHA1 of what precedes the
    colon, in base64. Janus checks it on every request: give a session a function, so that it gets a
    new one in time: ``token=lambda: signed_token(secret, ["echotest"])``.

    Args:
        secret: the server's ``token_auth_secret``.
        plugins: what the bearer may attach to, by package name or its last part. Without any a
            session can be made, but nothing attached (405).
        seconds: for how long it is valid, from now, by this machine's clock.
        expires: when it ends instead, in seconds since the Unix epoch.

    Raises:
        JanusOptionError: a value that can't be put into a token.
    """
    if not isinstance(secret, str) or not secret:
        raise JanusOptionError(
            "the secret of a signed token must be a text that is not empty",
            hint="It is token_auth_secret in the server's janus.jcfg.",
        )
    if isinstance(plugins, str):
        raise JanusOptionError(f"plugins must be a list of names, not {plugins!r}", hint=f"[{plugins!r}]")
    if expires is None:
        seconds = check_seconds("seconds", seconds)
    names = [full_plugin_name(name) for name in plugins]
    for name in names:
        if "," in name or ":" in name:
            raise JanusOptionError(f"{name!r} is not a plugin's name", hint="For example 'echotest'.")
    expiry = int(time.time() + seconds if expires is None else expires)
    text = ",".join([str(expiry), REALM, *names])
    digest = hmac.new(secret.encode(), text.encode(), hashlib.sha1).digest()
    return f"{text}:{base64.b64encode(digest).decode('ascii')}"
