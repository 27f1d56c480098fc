"""No secret in any output, and what the environment says."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

import pytest

from janus_notebook.config import SECRET_KEYS, mask, mask_url

# A copy on purpose: a name that is taken out of the package must be taken out here as well.
NAMES = [
    "admin_key",
    "admin_secret",
    "allowed",
    "api_secret",
    "apisecret",
    "auth_token",
    "authorization",
    "backend_pwd",
    "credential",
    "crypto",
    "ha1_secret",
    "new_pin",
    "new_secret",
    "password",
    "pin",
    "proxy_authorization",
    "pwd",
    "room_pin",
    "rtsp_pwd",
    "rtspauth",
    "secret",
    "srtp_crypto",
    "srtpcrypto",
    "token",
    "token_auth_secret",
    "turn_pwd",
    "turn_rest_api_key",
]


def test_the_names() -> None:
    assert sorted(SECRET_KEYS) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_every_secret_at_every_depth_in_every_spelling(name: str) -> None:
    for key in (name, name.upper(), name.replace("_", "-")):
        value = {"a": [{key: "s3cret"}, ({"b": {key: ["s3cret", {"c": "s3cret"}]}},)], key: 1234}
        masked = mask(value)
        assert "s3cret" not in repr(masked)
        assert masked[key] == "***"
        assert masked["a"][0] == {key: "***"}
        assert value[key] == 1234
        assert "s3cret" in repr(value)


def test_keys_in_an_sdp_and_passwords_in_a_url() -> None:
    sdp = "m=audio 9 RTP/SAVP 0\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:s3cret|2^20|1:4\r\na=mid:0\r\n"
    value = {"jsep": {"type": "offer", "sdp": sdp}, "media": [{"url": "rtsp://me:s3cret@camera/live"}]}
    masked = mask(value)
    assert "s3cret" not in repr(masked)
    assert masked["jsep"]["sdp"] == sdp.replace("s3cret", "***")
    assert masked["media"][0]["url"] == "rtsp://***@camera/live"
    assert "s3cret" in repr(value)
    plain = {"sdp": "v=0\r\na=mid:0", "url": "rtsp://camera/live"}
    assert mask(plain) is plain


def test_what_is_no_secret_stays_the_same_object() -> None:
    value = {"a": [1, {"b": (None, "token")}], "pinned": True, "tokens": 5}
    assert mask(value) is value
    part = {"secret": "x", "list": (list_ := [1])}
    assert mask(part)["list"] is list_


@pytest.mark.parametrize("flag", [True, False, None])
def test_flags_under_a_secrets_name_stay(flag: bool | None) -> None:
    assert mask({"api_secret": flag, "pin": {"required": flag}}) == {
        "api_secret": flag,
        "pin": {"required": flag},
    }


@pytest.mark.parametrize("value", [5, "text", None, [], {}, [["x"]], {"a": {}}, {5: {"pin": 1}}])
def test_odd_values(value: Any) -> None:
    expected = {5: {"pin": "***"}} if value == {5: {"pin": 1}} else value
    assert mask(value) == expected


def test_other_mappings() -> None:
    assert mask(MappingProxyType({"a": MappingProxyType({"pin": 1})})) == {"a": {"pin": "***"}}


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("ws://host:8188", "ws://host:8188"),
        ("ws://host/janus?room=1", "ws://host/janus?room=1"),
        ("wss://user:s3cret@host:1/p", "wss://***@host:1/p"),
        ("wss://s3cret@host", "wss://***@host"),
        ("ws://host/?token=s3cret&a=b", "ws://host/?token=***&a=b"),
        ("ws://host/?Api-Secret=s3cret", "ws://host/?Api-Secret=***"),
        ("ws://u:s3@cret@host", "ws://***@host"),
        ("ws://u:s3/cret@host", "ws://***@host"),
        ("ws://u:s3cret@[bad", "ws://***@[bad"),
        ("ws://[bad?token=s3cret", "ws://[bad"),
        ("host:8188", "host:8188"),
        ("", ""),
    ],
)
def test_mask_url(url: str, shown: str) -> None:
    assert mask_url(url) == shown
