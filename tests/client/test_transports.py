"""What is refused of URLs and options before anything is opened, for every transport."""

from __future__ import annotations

import ssl
import subprocess
import sys
from dataclasses import FrozenInstanceError, fields
from typing import Any

import pytest

from janus_notebook import JanusOptionError, JanusSession
from janus_notebook.client.connection import JanusConnection
from janus_notebook.client.transports import make_transport
from janus_notebook.client.transports.http import HttpTransport
from janus_notebook.client.transports.unix import UnixDatagramTransport, UnixTransport
from janus_notebook.client.transports.websocket import WebSocketTransport

WS, HTTP, UNIX, DGRAM = "ws://host", "http://host/janus", "unix:///s", "unix+dgram:///s"
LONG = "/" + "x" * 107


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("ws://host:8188", WebSocketTransport),
        ("WSS://host", WebSocketTransport),
        ("http://host:8088/janus", HttpTransport),
        ("HTTPS://host/janus/", HttpTransport),
        ("http://[::1]:8088/janus?x=1", HttpTransport),
        ("unix:///run/janus.sock", UnixTransport),
        ("unix+dgram:///run/janus.sock", UnixDatagramTransport),
    ],
)
def test_the_scheme_chooses(url: str, kind: type[Any]) -> None:
    assert type(make_transport(url, {})) is kind


@pytest.mark.parametrize(
    ("url", "options", "text"),
    [
        ("http://", {}, "'http://' names no host. For example 'http://localhost:8088/janus'."),
        ("https:///janus", {}, "names no host"),
        ("http://user:s3cret@h\x7fst/", {}, r"'http://***@h\x7fst/' is not a URL"),
        (
            "unix://tmp/x.sock",
            {},
            "only two slashes, so 'tmp' would be a host. Write three: unix:///tmp/x.sock",
        ),
        ("unix+dgram://tmp/x", {}, "Write three: unix+dgram:///tmp/x"),
        ("unix:///", {}, "names no socket. For example 'unix:///run/janus.sock'."),
        ("unix:///a%00b", {}, "names no socket"),
        ("unix:///a?b=1", {}, "is more than a path. In a path write ? as %3F"),
        ("unix:///a#b", {}, "is more than a path"),
        (f"unix://{LONG}", {}, "has 108 bytes, and a Unix socket's has at most 107"),
        # -- options that do not belong to the transport
        (HTTP, {"ping_interval": 1}, "'ping_interval' is an option of ws:// and wss://, not of http://."),
        ("WS://host", {"maxev": 5}, "'maxev' is an option of http:// and https://, not of ws://."),
        (HTTP, {"max_ev": 5}, "Did you mean 'maxev'?"),
        (UNIX, {"local_path": "/x"}, "'local_path' is an option of unix+dgram://, not of unix://."),
        (DGRAM, {"local_pth": "/x"}, "Did you mean 'local_path'?"),
        # -- values
        (WS, {"ssl": False}, "ssl must be an ssl.SSLContext or None, not False. None verifies the server's"),
        (HTTP, {"ssl": True}, "ssl must be an ssl.SSLContext or None, not True"),
        (WS, {"open_timeout": 0}, "open_timeout must be seconds above 0, and finite, not 0"),
        (WS, {"open_timeout": None}, "not None. For example open_timeout=10."),
        (WS, {"close_timeout": -1}, "close_timeout must be seconds above 0"),
        (WS, {"ping_interval": "20"}, "ping_interval must be seconds above 0, and finite, or None for never"),
        (WS, {"ping_timeout": float("nan")}, "not nan"),
        (WS, {"max_size": 0}, "max_size must be a whole number of at least 1, or None for no limit, not 0"),
        (WS, {"max_size": 1.5}, "not 1.5"),
        (WS, {"headers": "X: y"}, "headers must be a dict of names and values, not str"),
        (WS, {"headers": {"X Y": "z"}}, "'X Y' is not the name of an HTTP header"),
        (WS, {"headers": {7: "z"}}, "7 is not the name of an HTTP header"),
        (HTTP, {"headers": {"X": "s3cret\r\nY: z"}}, "the header 'X' must be a string on one line"),
        (HTTP, {"headers": {"X": 1}}, "the header 'X' must be a string on one line"),
        (WS, {"origin": 7}, "the header 'Origin' must be a string"),
        (WS, {"proxy": False}, "proxy must be a URL, True for the one of the environment, or None for none"),
        (WS, {"proxy": "user:s3cret@proxy"}, "proxy must be a URL"),
        (HTTP, {"proxy": "http://[s3cret"}, "proxy must be a URL"),
        (WS, {"subprotocol": ""}, "subprotocol must be the name of one, not ''"),
        (HTTP, {"open_timeout": True}, "open_timeout must be seconds"),
        (HTTP, {"request_timeout": 0}, "request_timeout must be seconds"),
        (HTTP, {"poll_timeout": float("inf")}, "poll_timeout must be seconds"),
        (HTTP, {"maxev": 0}, "maxev must be a whole number of at least 1, not 0. For example maxev=10."),
        (HTTP, {"maxev": True}, "maxev must be a whole number"),
        (HTTP, {"max_size": -1}, "max_size must be a whole number"),
        (UNIX, {"open_timeout": 0}, "open_timeout must be seconds"),
        (UNIX, {"max_size": None}, "max_size must be a whole number of at least 1, not None"),
        (DGRAM, {"max_size": 0}, "max_size must be a whole number"),
        (DGRAM, {"local_path": "relative"}, "local_path must be an absolute path or None, not 'relative'"),
        (DGRAM, {"local_path": LONG}, "has 108 bytes"),
    ],
)
def test_refused_before_anything_is_opened(url: str, options: dict[str, Any], text: str) -> None:
    with pytest.raises(JanusOptionError) as caught:
        JanusSession(url, **options)
    assert text in str(caught.value)
    assert "s3cret" not in f"{caught.value}{caught.value.__cause__!r}"


@pytest.mark.parametrize(
    ("url", "meant"),
    [
        ("ws:/127.0.0.1:1", "ws://127.0.0.1:1"),
        ("ws:127.0.0.1:1", "ws://127.0.0.1:1"),
        ("WS:/host", "ws://host"),
        ("wss//host", "wss://host"),
        ("http:/host/janus", "http://host/janus"),
        ("https//host/janus", "https://host/janus"),
        ("unix:/tmp/x.sock", "unix:///tmp/x.sock"),
        ("unix:tmp/x.sock", "unix:///tmp/x.sock"),
        ("unix//tmp/x.sock", "unix:///tmp/x.sock"),
        ("unix+dgram:/tmp/x.sock", "unix+dgram:///tmp/x.sock"),
        ("/tmp/x.sock", "unix:///tmp/x.sock"),
        ("localhost:8188", "ws://localhost:8188"),
        (" localhost:8188\n", "ws://localhost:8188"),
        ("ws:8188", "ws://ws:8188"),
        ("//host:8188", "ws://host:8188"),
        ("://host", "ws://host"),
        ("host?next=http://x", "ws://host?next=http://x"),
        ("user:s3cret@host/x", "ws://***@host/x"),
        ("wss:/user:s3cret@host", "wss://***@host"),
        ("user:s3/cret@host", "ws://***@host"),
        ("ws:/host?token=s3cret", "ws://host?token=***"),
    ],
)
def test_a_url_without_a_scheme_that_it_may_mean(url: str, meant: str) -> None:
    with pytest.raises(JanusOptionError, match="has no scheme") as caught:
        make_transport(url, {})
    assert caught.value.hint.startswith(f"Did you mean {meant!r}? Known: http://, https://, unix://, ")
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "hint"),
    [
        ("sw://host:8188", "Did you mean 'ws://host:8188'?"),
        ("wsss://host", "Did you mean 'wss://host'?"),
        ("HTPP://user:s3cret@host/janus", "Did you mean 'http://***@host/janus'?"),
        ("unix+stream:///tmp/x.sock", "Known: http://, "),
        ("ftp://host", "Known: http://, "),
    ],
)
def test_an_unknown_scheme_and_what_it_may_mean(url: str, hint: str) -> None:
    with pytest.raises(JanusOptionError, match="has an unknown scheme") as caught:
        make_transport(url, {})
    if hint.startswith("Did"):
        hint += " Known: http://, https://, unix://, unix+dgram://, ws://, wss://."
    assert caught.value.hint.startswith(hint)
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize("url", ["ws://127.0.0.1:", "https://[::1]:/janus"])
def test_a_port_that_is_empty(url: str) -> None:
    """A variable that was not set, most likely; port 80 is not what was meant."""
    with pytest.raises(JanusOptionError, match=r"names no port after its colon\. For example"):
        make_transport(url, {})


@pytest.mark.parametrize("url", [f" {WS}\n", f"\t{HTTP} ", f" {UNIX} "])
def test_white_space_around_a_url_is_no_part_of_it(url: str) -> None:
    assert make_transport(url, {}).url == url.strip()


def test_an_option_of_the_session_given_to_a_connection() -> None:
    with pytest.raises(JanusOptionError, match=r"'api_secret' is an option of JanusSession, not of its"):
        JanusConnection(WS, api_secret="s3cret")


@pytest.mark.parametrize(("url", "scheme"), [(WS, "wss"), (HTTP, "https")])
def test_a_tls_context_without_tls_is_refused(url: str, scheme: str) -> None:
    """The caller believes to be protected, and is not."""
    with pytest.raises(JanusOptionError, match=rf"does not use TLS\. Write {scheme}://"):
        JanusSession(url, ssl=ssl.create_default_context())
    JanusSession(url.replace(scheme[:-1], scheme, 1), ssl=ssl.create_default_context())


@pytest.mark.parametrize(
    ("url", "options"),
    [
        (
            WS,
            {
                "max_size": None,
                "ping_interval": None,
                "ping_timeout": None,
                "origin": "https://x",
                "proxy": None,
            },
        ),
        (HTTP, {"maxev": 1, "max_size": None, "headers": {"X-Y": "a b"}, "proxy": "http://u:p@proxy:3128"}),
        (UNIX, {"open_timeout": 0.5, "max_size": 10}),
        (DGRAM, {"local_path": "/tmp/x.sock"}),
    ],
)
def test_accepted(url: str, options: dict[str, Any]) -> None:
    transport = make_transport(url, options)
    for name, value in options.items():
        assert getattr(transport.options, name) == value
    assert "a b" not in repr(transport.options)


@pytest.mark.parametrize("scheme", ["ws", "http", "unix"])
def test_a_transport_loads_its_own_library_only(scheme: str) -> None:
    code = (
        "import sys; from janus_notebook.client.transports import make_transport;"
        "print([name for name in ('httpx', 'websockets') if name in sys.modules]);"
        f"make_transport('{scheme}:///x' if '{scheme}' == 'unix' else '{scheme}://host', {{}});"
        "print([name for name in ('httpx', 'websockets') if name in sys.modules])"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = {"ws": ["websockets"], "http": ["httpx"], "unix": []}[scheme]
    assert ran.stdout.splitlines() == ["[]", str(loaded)]


@pytest.mark.parametrize(
    ("url", "kind"), [("ws://u:s3/cret@localhost", type(None)), ("ws://host:x", ValueError)]
)
def test_what_the_parser_says_is_chained_where_it_holds_no_password(url: str, kind: type) -> None:
    with pytest.raises(JanusOptionError, match="is not a URL") as caught:
        make_transport(url, {})
    assert type(caught.value.__cause__) is kind
    assert caught.value.__suppress_context__


@pytest.mark.parametrize("url", [WS, HTTP, UNIX])
def test_options_that_were_checked_stay_as_they_are(url: str) -> None:
    options = make_transport(url, {}).options
    with pytest.raises(FrozenInstanceError):
        setattr(options, fields(options)[0].name, None)
