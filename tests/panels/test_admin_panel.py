"""The Admin panel: what it reads and when, what it shows, what its controls ask for."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from janus_notebook import JanusConnectionError, JanusError, JanusServerError
from janus_notebook.panels import assets
from janus_notebook.panels.admin import reading
from janus_notebook.panels.admin.panel import MODULES, AdminPanel
from janus_notebook.panels.admin.reading import Watch, read
from janus_notebook.panels.admin.rooms import rooms_snapshot
from janus_notebook.panels.admin.settings import SETTINGS
from janus_notebook.panels.panel import Panel
from janus_notebook.panels.static import html, plain
from tests.client.scripted import run
from tests.panels.admins import TOKEN, ScriptedAdmin, handle, publishing, receiving
from tests.panels.conftest import FrontEnd, until

if TYPE_CHECKING:
    from pathlib import Path

    from janus_notebook.bridge import BackgroundLoop
    from janus_notebook.panels.board import Board

HOSTILE = "<img src=x onerror=alert(1)>\x1b[31m\u202e\ud800\x00" + "A" * 100_000


@pytest.fixture
def admin(loop: BackgroundLoop) -> ScriptedAdmin:
    made = loop.run_sync(ScriptedAdmin)
    made.put(
        publishing(10, 1, "Ada", "audio", "video"),
        publishing(11, 2, "Grace", session_id=2),
        receiving(20, (1, "audio"), (1, "video"), session_id=2, private_id=902, token=TOKEN),
        handle(30, 2, "echotest", opaque_id="mine", token=TOKEN, sdps={"local": "v=0\r\nm=audio 9\r\n"}),
    )
    return made


@pytest.fixture
def panel(board: Board, admin: ScriptedAdmin, loop: BackgroundLoop) -> AdminPanel:
    made = board.panel(AdminPanel, admin, own_labels=lambda: {2: {30: "echo", 20: "viewer"}})
    loop.submit(made.watch.refresh, name="first").result(5)
    return made


class Page:
    """What a page does with the panel, and what it got."""

    def __init__(self, panel: Panel[Any], front_end: FrontEnd) -> None:
        self.panel = panel
        self._front_end = front_end
        self._comm = front_end.open[panel.drawing.model_id]
        self._count = 0

    def replies(self) -> list[dict[str, Any]]:
        return [m["content"] for m in self._front_end.messages(self.panel.drawing) if m["method"] == "custom"]

    def ask(self, **message: Any) -> dict[str, Any]:
        """Ask for something and return the reply."""
        self._count += 1
        request = f"page-{self._count}"
        self._comm.ask({**message, "request": request})

        def found() -> list[dict[str, Any]]:
            return [reply for reply in self.replies() if reply.get("request") == request]

        until(found)
        return found()[0]

    def do(self, action: str, **arguments: Any) -> str:
        """Do something and return what is said of it."""
        self.ask(type="do", action=action, arguments=arguments)
        until(lambda: not self.panel.actions.notice["busy"])
        return str(self.panel.actions.notice["text"])


@pytest.fixture
def page(panel: AdminPanel, front_end: FrontEnd) -> Page:
    return Page(panel, front_end)


# -- what it reads, and when ---------------------------------------------------------------------


def test_it_asks_only_when_it_is_told_to(page: Page, admin: ScriptedAdmin, panel: AdminPanel) -> None:
    once = len(admin.asked)
    assert admin.requests("list_sessions") == [{}]
    assert page.do("refresh") == ""
    assert len(admin.asked) == 2 * once
    assert page.do("interval", seconds=1) == "refreshes every 1 s"
    assert panel.alive
    until(lambda: len(admin.requests("list_sessions")) >= 4)  # at once, and again
    assert page.do("interval", seconds=0) == "refreshes only when asked"
    assert panel.watch._task is None
    assert "one of (0, 1, 5, 30) s, not 2" in page.do("interval", seconds=2)
    assert "not True" in page.do("interval", seconds=True)


def test_closing_it_ends_the_refresh(
    page: Page, panel: AdminPanel, board: Board, admin: ScriptedAdmin
) -> None:
    page.do("interval", seconds=5)
    task = panel.watch._task
    assert task is not None
    panel.close()
    until(task.done)
    assert panel.watch.interval == 0
    panel.close()
    assert board.panel(AdminPanel, admin) is not panel
    assert board.panel(AdminPanel, admin) is board.panel(AdminPanel, admin)


def test_between_two_readings_it_is_heard(panel: AdminPanel, front_end: FrontEnd) -> None:
    """Else its page says that the kernel is silent."""
    panel.refresh_every(30)
    until(lambda: panel.watch.number == 2, 30)

    def beats() -> set[float]:
        sent = front_end.updates(panel.drawing)
        return {state["beat"]["seconds"] for state in sent if "beat" in state and state["beat"]["alive"]}

    before = beats()
    until(lambda: len(beats() - before) >= 2, 30)
    with pytest.raises(JanusError, match=r"one of .* not 7"):
        panel.refresh_every(7)
    panel.refresh_every(0)


def test_a_failure_leaves_what_was_seen(
    page: Page, panel: AdminPanel, admin: ScriptedAdmin, monkeypatch: pytest.MonkeyPatch, loop: BackgroundLoop
) -> None:
    until(lambda: panel.drawing.head["number"] == 1)
    taken, sessions = panel.drawing.head["taken"], panel.drawing.sessions
    admin.failure = JanusConnectionError("no\x1b one is there", hint="Start it.")
    page.do("refresh")
    until(lambda: panel.drawing.head["failure"])
    assert panel.drawing.head["failure"] == "no\\x1b one is there. Start it."
    assert panel.drawing.head["failed"] >= taken
    assert (panel.drawing.head["taken"], panel.drawing.sessions) == (taken, sessions)
    assert "no\\x1b one is there" in plain(panel.parts(panel.taken()))
    admin.failure = None
    monkeypatch.setattr(reading, "DEADLINE_SECONDS", 0.05)
    loop.run_sync(admin.gate.clear)
    page.do("refresh")
    until(lambda: panel.drawing.head["failure"] == "not everything was answered within 0.05 s")
    loop.run_sync(admin.gate.set)
    monkeypatch.undo()
    page.do("refresh")
    until(lambda: panel.drawing.head["failure"] == "")
    assert panel.drawing.head["number"] == 2


def test_a_watch_whose_server_is_gone_or_closed_ends() -> None:
    async def main() -> None:
        changes: list[int] = []
        errors: list[JanusError] = []
        gone = Watch(lambda: None, lambda: changes.append(1), errors.append)
        assert not await gone.refresh()
        gone.every(1)
        assert gone._task is not None
        await gone._task
        assert gone.interval == 0
        admin = ScriptedAdmin()
        closed = Watch(lambda: admin, lambda: None, errors.append)
        await admin.close()
        closed.every(1)
        assert closed._task is not None
        await closed._task
        assert (closed.interval, admin.asked, errors) == (0, [], [])

    run(main())


def test_tokens_are_asked_for_only_where_they_are_stored() -> None:
    async def main() -> None:
        admin = ScriptedAdmin()
        admin.status["token_auth"] = False
        assert (await read(admin)).tokens is None
        assert admin.requests("list_tokens") == admin.requests("message_plugin") == []

        async def refused(*_: Any, **__: Any) -> Any:
            raise JanusServerError(490, "Stored-Token based authentication disabled")

        admin.status["token_auth"] = True
        admin.list_tokens = refused  # type: ignore[method-assign]  # only this request fails
        assert (await read(admin)).tokens is None
        admin.list_tokens = lambda **_: refuse(403)  # type: ignore[method-assign]  # likewise
        with pytest.raises(JanusServerError, match="403"):
            await read(admin)

    async def refuse(code: int) -> Any:
        raise JanusServerError(code, "no")

    run(main())


# -- what it shows -------------------------------------------------------------------------------


def test_the_sessions_own_ones_first(panel: AdminPanel) -> None:
    until(lambda: panel.drawing.sessions)
    first, second = panel.drawing.sessions
    assert (first["id"], first["ours"], second["id"], second["ours"]) == ("2", True, "1", False)
    assert (first["count"], first["transport"], first["idle"], first["timeout"]) == (3, "websockets", 2.0, 60)
    told = [(one["id"], one["plugin"], one["opaque_id"], one["does"]) for one in first["handles"]]
    assert told == [
        ("11", "videoroom", "", "is in room 77 “Grace”"),
        ("20", "videoroom", "", "receives 1 feed in room 77"),
        ("30", "echotest", "mine", ""),
    ]
    assert second["handles"][0]["does"] == "publishes in room 77 “Ada”"
    (room,) = panel.drawing.rooms
    assert (room["room"], room["description"], room["others"]) == ("77", "Physics", [])
    (ada,) = room["publishers"]
    assert (ada["name"], ada["ours"], [s["type"] for s in ada["streams"]]) == (
        "Ada",
        False,
        ["audio", "video"],
    )
    (grace,) = room["subscribers"]  # known by the private_id of her subscription
    assert (grace["name"], grace["ours"], grace["paused"]) == ("Grace", True, False)
    assert room["links"] == [
        {"from": ada["key"], "to": grace["key"], "streams": ["audio", "video"], "video": True, "still": False}
    ]


def test_rooms_with_what_is_odd_in_them() -> None:
    async def main() -> list[dict[str, Any]]:
        admin = ScriptedAdmin()
        shared = {"mid": "0", "type": "data", "source_ids": [1, 2], "active": True}
        admin.put(
            publishing(1, 1, "Ada", "audio"),
            publishing(2, 2, "", "video"),
            publishing(3, 3, "Quiet"),
            receiving(4, (1, "audio"), (9, "video"), opaque_id="a bot", paused=True),
            handle(5, type="subscriber", room=77, streams=[shared, None, {"active": False, "feed_id": 1}]),
            handle(6, type="publisher", room="other", id="x", streams="nonsense"),
            handle(7, type="subscriber", room=77, streams=[{"feed_id": 1, "type": "video", "send": False}]),
            handle(8),
            handle(9, type="publisher", room=77, id=9, display="Nobody knows"),
        )
        return rooms_snapshot(await read(admin), {})

    seven, other = run(main())
    assert (other["room"], other["others"], other["links"]) == ("other", ["participant x"], [])
    names = {node["key"]: node["name"] for node in [*seven["publishers"], *seven["subscribers"]]}
    assert [names[one["from"]] + " → " + names[one["to"]] for one in seven["links"]] == [
        "Ada → a bot",
        "? → a bot",  # of another server, or gone: only its name is known
        "Ada → handle 5",
        "participant 2 → handle 5",
        "Ada → handle 7",
    ]
    assert [link["still"] for link in seven["links"]] == [True, True, False, False, True]
    assert seven["others"] == ["Quiet", "Nobody knows"]


def test_hostile_texts_and_secrets(page: Page, panel: AdminPanel, admin: ScriptedAdmin) -> None:
    admin.put(
        publishing(10, 1, HOSTILE, "audio"),
        receiving(20, (5, "video"), opaque_id=HOSTILE, token=TOKEN),
        handle(30, 1, HOSTILE, opaque_id=HOSTILE, sdps={"local": HOSTILE + "\r\n"}),
    )
    admin.server_info["server-name"] = HOSTILE
    page.do("refresh")
    until(lambda: panel.drawing.head["number"] == 2)
    state = json.dumps(panel.live(), ensure_ascii=False)
    parts = panel.parts(panel.taken())
    details = page.ask(type="handle", session="1", handle="30")["text"]
    for text in (state, plain(parts), html(parts)):
        assert not {"\x1b", "\u202e", "\ud800", "\x00"} & set(text)
        assert "hunter2" not in text
        assert len(text) < 20_000
    assert "<img" not in html(parts)
    assert len(details) < 150_000
    details.encode("ascii")  # the rest are escapes of JSON, which the tree shows as such
    assert json.loads(details)["opaque_id"].startswith("<img src=x")


def test_details_of_a_handle(page: Page) -> None:
    told = json.loads(page.ask(type="handle", session="2", handle="30")["text"])
    assert (told["plugin"], told["token"], told["opaque_id"]) == ("janus.plugin.echotest", "***", "mine")
    assert told["sdps"]["local"].startswith("v=0\r\n")
    order = list(told)
    assert order[:4] == ["session_id", "handle_id", "plugin", "opaque_id"]
    assert order[-3:] == ["session_last_activity", "created", "current_time"]
    assert page.ask(type="handle", session="2", handle="31")["gone"] is True


def test_addresses_and_a_column_that_nobody_fills(
    page: Page, panel: AdminPanel, admin: ScriptedAdmin
) -> None:
    assert "opaque id" in plain(panel.parts(panel.taken()))
    admin.handles_of = {}
    admin.put(handle(30, 2, "echotest"))
    admin.server_info |= {"local-ip": "127.0.0.1", "public-ip": "192.0.2.1"}
    page.do("refresh")
    until(lambda: panel.drawing.head["number"] == 2)
    facts = dict(panel.drawing.facts)
    assert facts["Local IP"] == "127.0.0.1 (as Janus sees itself; its ICE candidates may name others)"
    assert facts["Public IP"] == "192.0.2.1"
    text = plain(panel.parts(panel.taken()))
    assert "opaque id" not in text
    assert "  echo 30  2  echotest  " in re.sub(r" {2,}", "  ", text)


def test_the_static_form_of_each_part(panel: AdminPanel) -> None:
    text = plain(panel.parts(panel.taken()))
    for piece in (
        "Janus Admin API http://***@127.0.0.1:1/admin",
        "this kernel's",
        "VideoRoom 77 “Physics”",
        "Ada  audio, video  Grace",
        "4 – information",
        "token 1  echotest, videoroom  2",
    ):
        assert piece in text, piece
    unread = AdminPanel.__dict__["parts"](
        panel, panel.taken() | {"head": panel.taken()["head"] | {"taken": None}}
    )
    assert "Nothing was read yet." in plain(unread)


# -- what its controls do ------------------------------------------------------------------------


@pytest.mark.parametrize("setting", [s for s in SETTINGS if s.kind != "fact"], ids=lambda s: s.name)
def test_each_setting_has_its_request(page: Page, admin: ScriptedAdmin, setting: Any) -> None:
    value = False if setting.kind == "switch" else 5
    word = "off" if setting.kind == "switch" else f"5 {setting.unit}".strip()
    if setting.name == "libnice_debug":
        admin.server_info["version_string"] = "1.1.2"
    assert page.do("set", name=setting.name, value=value) == f"{setting.label}: {word} now"
    request = setting.name if setting.name == "accept_new_sessions" else f"set_{setting.name}"
    (asked,) = admin.requests(request)
    assert [*asked.values()] == [value]


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("log_level", 8, "from 0 to 7"),
        ("log_level", -1, "a whole number"),
        ("session_timeout", True, "a whole number"),
        ("session_timeout", "60", "a whole number"),
        ("session_timeout", 2**40, "a whole number"),
        ("log_colors", 1, "on or off"),
        ("candidates_timeout", 3, "no setting"),
        ("no such", 3, "no setting"),
        (None, None, "no setting"),
    ],
)
def test_odd_values_are_refused(page: Page, admin: ScriptedAdmin, name: Any, value: Any, why: str) -> None:
    before = len(admin.asked)
    assert why in page.do("set", name=name, value=value).replace("unknown setting", "no setting")
    assert len(admin.asked) == before


def test_handles_and_sessions_are_ended(page: Page, admin: ScriptedAdmin) -> None:
    assert page.do("hangup", session="2", handle="30") == "the PeerConnection of handle 30 is closed"
    assert page.do("detach", session="2", handle="30") == "handle 30 is detached"
    assert "its owner was not told" in page.do("destroy", session="2")
    assert admin.requests("hangup_webrtc") == [{"session_id": 2, "handle_id": 30}]
    assert admin.requests("detach_handle") == [{"session_id": 2, "handle_id": 30}]
    assert admin.requests("destroy_session") == [{"session_id": 2}]
    assert "the id of a session is expected, not 2" in page.do("destroy", session=2)
    assert len(admin.requests("get_status")) == 4  # the first time, and after each change


def test_tokens_come_by_number(
    page: Page, panel: AdminPanel, admin: ScriptedAdmin, front_end: FrontEnd
) -> None:
    until(lambda: panel.drawing.tokens["rows"])
    assert panel.drawing.tokens["rows"] == [{"number": 1, "plugins": ["echotest", "videoroom"], "used": 2}]
    assert (
        page.do("token_plugin", number=1, plugin="echotest", allow=False)
        == "token 1 is good for videoroom now"
    )
    assert "echotest, videoroom" in page.do("token_plugin", number=1, plugin="echotest", allow=True)
    assert "made at random" in page.do("token_add", token="", plugins=["videoroom"])
    assert page.do("token_add", token="given", plugins=["echotest"]) == "token 3 is good for echotest"
    assert "at least" in page.do("token_add", token="x", plugins=[])
    random = page.ask(type="token", number=2)["token"]
    assert len(random) >= 32
    assert random in admin.stored
    assert page.ask(type="token", number=9)["token"] is None
    assert page.do("token_remove", number=2) == "token 2 is removed"
    assert random not in admin.stored
    assert "there is no token 9 here" in page.do("token_remove", number=9)
    until(lambda: [row["number"] for row in panel.drawing.tokens["rows"]] == [1, 3])
    # Nothing but the answer to the one who asked for it has ever had a token in it.
    sent = [data for _, _, data in front_end.sent if "token" not in str(data.get("content", {}).get("type"))]
    assert not any(secret in json.dumps(sent) for secret in (TOKEN, random, "given"))


# -- its module ----------------------------------------------------------------------------------


def script(tmp_path: Path, text: str) -> Any:
    path = tmp_path / "admin.mjs"
    module = assets.module("admin", *MODULES).replace("export default", "const exported =")
    path.write_text(f"{module}\n{text}", encoding="utf-8")
    done = subprocess.run(["node", path], check=True, timeout=30, capture_output=True, text=True)
    return json.loads(done.stdout)


def test_its_modules_never_set_html() -> None:
    text = assets.module("admin", *MODULES).replace("http://www.w3.org/2000/svg", "")  # a name, no address
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|https?:", text)


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
def test_rows_and_questions(tmp_path: Path) -> None:
    result = script(
        tmp_path,
        """
        const node = (key, name, streams = []) => ({ key, name, streams });
        const room = {
          publishers: [node("p0", "a", [{ type: "video", codec: "vp8" }]), node("p1", "b")],
          subscribers: [node("s0", "x"), node("s1", "y")],
          links: [
            { from: "p1", to: "s0", streams: ["audio"] },
            { from: "p0", to: "s1", streams: ["video"], still: true },
          ],
          others: ["z"],
        };
        const none = { does: "", opaque_id: "", age: null, in: 0, out: 0 };
        const sessions = [{ id: "1", ours: true, transport: "ws", handles: [
          { ...none, id: "10", plugin: "videoroom", state: "connected", age: 5, in: 2e6, out: 900 },
          { ...none, id: "11", plugin: "echotest", state: "attached" },
        ] }];
        const found = (words) => rowsFor(sessions, words).map(({ handle }) => handle?.id ?? "session");
        const asks = (when, now, value) => hurts({ when, value: now }, value);
        console.log(JSON.stringify([
          ordered(room).map(({ key }) => key), rowsOf(room),
          [found([]), found(["kernel"]), found(["echo"]), found(["video", "mbit"]), found(["nothing"])],
          [asks("on", false, true), asks("off", false, true), asks("less", 60, 5), asks("less", 60, 0)],
          [asks("much", 4, 7), asks("much", 7, 6), asks("", 1, 2)],
          fit("abcdef", 24, 8), bits(1500000), bits(1500), bits(0),
        ]));
        """,
    )
    assert result == [
        ["s1", "s0"],
        [["a", "video", "y (paused)"], ["b", "audio", "x"], ["z", "nothing", "receives nothing either"]],
        [["session", "10", "11"], ["session", "10", "11"], ["session", "11"], ["session", "10"], []],
        [True, False, True, False],
        [True, False, False],
        "ab…",
        "1.5 Mbit/s",
        "2 kbit/s",
        "",
    ]
