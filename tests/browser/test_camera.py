"""`camera()` in JupyterLab, in a Chromium with a fake camera: what is seen, how it ends, and what is told."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.admin import admin, handles, sessions
from tests.browser.accessibility import unreachable, violations
from tests.browser.harness import Lab, jupyter_lab
from tests.browser.notebooks import write
from tests.gateways import running_gateway

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Locator

    from janus_notebook import LocalGateway
    from tests.browser.harness import Notebook, Page, Theme

pytestmark = [pytest.mark.browser, pytest.mark.live, pytest.mark.timeout(300)]

OPTIONS = [
    "--use-fake-device-for-media-stream",
    "--autoplay-policy=no-user-gesture-required",
    # Candidates carry addresses: a name under .local would have to be resolved by multicast.
    "--disable-features=WebRtcHideLocalIpsWithMdns",
]
PATIENCE = 60.0
STATED_SECONDS = 15.0  # after which a page that is gone is hung up at the latest
HUNG_UP_SECONDS = STATED_SECONDS + 15.0  # on a busy machine

COUNT = """() => {
    const Real = window.RTCPeerConnection;
    window.made = [];
    window.RTCPeerConnection = class extends Real {
        constructor(...options) { super(...options); window.made.push(this); }
    };
}"""
# What a video shows: decoded pictures so far, size, mean colour, and how much of it differs from before.
LOOK = """(video) => {
    const canvas = new OffscreenCanvas(64, 48);
    const pen = canvas.getContext("2d");
    pen.drawImage(video, 0, 0, 64, 48);
    const { data } = pen.getImageData(0, 0, 64, 48);
    const mean = [0, 1, 2].map((at) => {
        let sum = 0;
        for (let from = at; from < data.length; from += 4) sum += data[from];
        return sum / (data.length / 4);
    });
    let moved = 0;
    const before = video.before ?? data;
    for (let at = 0; at < data.length; at += 4) moved += Math.abs(data[at] - before[at]) > 40
        || Math.abs(data[at + 1] - before[at + 1]) > 40;
    video.before = data;
    return { frames: video.getVideoPlaybackQuality().totalVideoFrames, width: video.videoWidth, mean, moved };
}"""


@pytest.fixture(scope="module")
def gateway() -> Iterator[LocalGateway]:
    with running_gateway() as gateway:
        yield gateway


@pytest.fixture(scope="module")
def lab(gateway: LocalGateway, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with jupyter_lab(tmp_path_factory.mktemp("notebooks"), browser_options=OPTIONS) as lab:
        yield lab


def opened(lab: Lab, page: Page, gateway: LocalGateway, plugin: str, *, allowed: bool = True) -> Notebook:
    """A notebook with a session and a handle, `it`."""
    expect.set_options(timeout=PATIENCE * 1000)
    if allowed:
        page.tab.context.grant_permissions(["camera", "microphone"])
    name = write(
        lab.folder / f"{plugin}-{allowed}.ipynb",
        f"%load_ext janus_notebook\nimport time\nimport numpy as np\n"
        f"session = await connect({gateway.ws_url!r})\nit = await session.attach({plugin!r})",
    )
    notebook = page.open(name)
    notebook.run_cell(0, 60)
    page.tab.evaluate(COUNT)
    return notebook


def flowing(gateway: LocalGateway) -> int:
    """How many handles of the server have a PeerConnection."""
    return sum(
        "webrtc" in admin(gateway, "handle_info", session_id=session, handle_id=handle)["info"]
        for session in sessions(gateway)
        for handle in handles(gateway, session)
    )


def hung_up(gateway: LocalGateway, page: Page | None = None) -> None:
    """Wait until the server has no PeerConnection any more."""
    deadline = time.monotonic() + HUNG_UP_SECONDS
    while flowing(gateway):
        assert time.monotonic() < deadline, "it was not hung up"
        if page is None:
            time.sleep(0.1)  # there is no page whose events could be waited for
        else:
            page.tab.wait_for_timeout(100)


def plays(page: Page, video: Locator, colour: int | None = 1) -> None:
    """Wait until a video shows moving pictures in which one colour (of red, green, blue) stands out."""
    deadline, seen = time.monotonic() + PATIENCE, None
    while True:
        if video.count():
            seen = video.evaluate(LOOK)
            others = [value for at, value in enumerate(seen["mean"]) if at != colour]
            coloured = colour is None or seen["mean"][colour] > max(others) + 40
            if seen["frames"] > 5 and seen["moved"] > 20 and coloured:
                return
        shown = page.locator(".janus-camera").all_inner_texts()
        assert time.monotonic() < deadline, f"no moving pictures: {seen}, {shown}"
        page.tab.wait_for_timeout(50)


def received(panel: Locator) -> Locator:
    """The video that came from Janus. What goes there is shown earlier, and looks the same."""
    return panel.locator(".janus-screen:not(.janus-mine) video").first


def text_of(notebook: Notebook, code: str) -> str:
    return notebook.output_text(notebook.add_and_run(code, 60)).strip()


def test_the_echo_plays_in_two_views_while_a_cell_sleeps(lab: Lab, gateway: LocalGateway) -> None:
    with lab.page(height=1300) as page:
        notebook = opened(lab, page, gateway, "echotest")
        first = notebook.output(notebook.add_and_run("camera = it.camera(audio=True)\ncamera"))
        plays(page, received(first))
        shown = notebook.add_and_run("camera")
        second = notebook.output(shown)
        plays(page, received(second))
        assert page.tab.evaluate("window.made.length") == 1
        assert flowing(gateway) == 1

        # It goes on while the kernel sleeps, until there is a file.
        expect(first.locator(".janus-line")).to_contain_text("round trip")
        before = received(first).evaluate(LOOK)
        notebook.add_and_run("import pathlib\ngo, until = pathlib.Path('go'), time.monotonic() + 60")
        notebook.start_cell(
            notebook.add("while not go.exists() and time.monotonic() < until: time.sleep(0.2)")
        )
        page.tab.wait_for_timeout(10_000)  # as long as the cell is to sleep
        after = received(first).evaluate(LOOK)
        assert after["frames"] > before["frames"] + 20
        plays(page, received(first))
        (lab.folder / "go").touch()
        notebook.finish(60)

        # What the kernel gets of it: pictures, and the facts of a peer connection.
        said = text_of(
            notebook,
            "await camera.ready()\nfar, near = await camera.snapshot(), await camera.snapshot(local=True)\n"
            "stats = await it.stats()\n"
            "green = [int(np.median(each[..., 1]) > 100) for each in (far, near)]\n"
            "print(far.dtype, far.shape[2], near.shape, green)\n"
            "print(it.webrtc['dtls'], sorted(track['kind'] for track in it.webrtc['tracks']))\n"
            "print(stats['media']['0']['bytes_in'] > 0, stats['transport']['bytes_out'] > 0)",
        )
        assert said.splitlines() == [
            "uint8 3 (480, 640, 3) [1, 1]",
            "connected ['audio', 'video']",
            "True True",
        ]
        handle = notebook.output(notebook.add_and_run("it", 60))
        expect(handle.locator(".janus-verdict")).to_contain_text("Connected in")
        expect(handle.locator(".janus-step[data-status=done]")).to_have_count(7)
        looks: list[tuple[Theme, int]] = [("light", 1400), ("dark", 700)]
        for theme, width in looks:
            page.set_theme(theme)
            page.tab.set_viewport_size({"width": width, "height": 1300})
            page.screenshot(f"camera-{theme}-{width}", first)
            assert first.locator(".janus-panel").evaluate("node => node.scrollWidth - node.clientWidth") <= 1

        # The controls are the page's own; all have a title.
        for control in first.locator("button:visible, select:visible").all():
            label = control.locator("xpath=ancestor::label")
            assert control.get_attribute("title") or label.get_attribute("title")
        first.get_by_role("button", name="Mute microphone").click()
        expect(second.get_by_role("button", name="Unmute")).to_have_attribute("aria-pressed", "true")
        first.get_by_role("button", name="Stop camera").click()
        expect(second.locator(".janus-mine")).to_contain_text("camera is off")
        first.get_by_role("button", name="Start camera").focus()
        page.tab.keyboard.press("Enter")
        plays(page, second.locator(".janus-mine video"))

        # A view that goes leaves the other one alone.
        notebook.panel.evaluate("(panel, at) => panel.content.model.sharedModel.deleteCell(at)", shown)
        plays(page, received(first))
        assert flowing(gateway) == 1
        first.get_by_role("button", name="Hang up").click()
        expect(first.locator(".janus-verdict")).to_contain_text("you hung up")
        hung_up(gateway, page)
        first.get_by_role("button", name="Start again").click()
        plays(page, received(first))
        assert page.tab.evaluate("window.made.length") == 2
    hung_up(gateway)  # the page is closed
    with lab.page() as page:
        again = page._open("echotest-True.ipynb", kernel=True)  # its kernel has gone on
        again.wait_idle()
        ended = again.output(again.add_and_run("camera"))
        # It said so itself, or Janus did, or nothing more was heard of it.
        expect(ended.locator(".janus-verdict")).to_have_text(re.compile(r"Ended: .*\bpage\b"))
        expect(ended.get_by_role("button", name="Start again")).to_be_visible()
        again.shutdown_kernel()


def test_a_denied_camera_and_a_restarted_kernel(lab: Lab, gateway: LocalGateway) -> None:
    with lab.page(height=1100) as page:
        notebook = opened(lab, page, gateway, "echotest", allowed=False)
        panel = notebook.output(notebook.add_and_run("camera = it.camera()\ncamera"))
        verdict = panel.locator(".janus-verdict")
        expect(verdict).to_contain_text("The browser denies the camera")
        page.screenshot("camera-denied", panel)
        assert violations(page.tab) == []
        assert unreachable(page.tab, panel) == []
        raised = text_of(
            notebook,
            "from janus_notebook import JanusMediaError\n"
            "try: await camera.ready()\nexcept JanusMediaError as error: print(error)",
        )
        assert raised.lower() == verdict.inner_text().lower()
        assert raised in text_of(
            notebook, "print([e.reason for e in session.events if e.kind == 'browser'][-1])"
        )
        sent = text_of(notebook, "[e.raw['janus'] for e in session.events if e.raw.get('jsep')]")
        assert sent.endswith("[]")  # nothing was said to Janus
        assert flowing(gateway) == 0

        page.tab.context.grant_permissions(["camera", "microphone"])
        panel.get_by_role("button", name="Start again").click()
        plays(page, received(panel))
        track = "window.made[0].getSenders().find(({track}) => track)?.track.readyState ?? 'none'"
        assert page.tab.evaluate(track) == "live"
        assert flowing(gateway) == 1
        page.tab.evaluate("window.sent = window.made[0].getSenders().map(({track}) => track)")
        notebook.restart_kernel()
        hung_up(gateway, page)
        expect(verdict).to_contain_text("The kernel was restarted", timeout=60_000)
        assert page.tab.evaluate("window.sent.every((track) => !track || track.readyState === 'ended')")
        notebook.shutdown_kernel()
        page.tab.wait_for_timeout(100)
        # ipywidgets says so of each widget that it had.
        page.console_errors[:] = [text for text in page.console_errors if "Cannot send" not in text]


def test_a_room_with_the_kernel_both_ways(lab: Lab, gateway: LocalGateway) -> None:
    with lab.page(height=1300) as page:
        notebook = opened(lab, page, gateway, "videoroom")
        notebook.add_and_run(
            "kernel = it\nawait kernel.create(room=77)\nawait kernel.join(room=77, display='the kernel')\n"
            "def red():\n    shade = 0\n    while True:\n        shade = (shade + 40) % 200\n"
            "        frame = np.zeros((240, 320, 3), np.uint8)\n        frame[..., 0] = 255\n"
            "        frame[shade:shade + 40, :, 1:] = 255\n        time.sleep(0.1)\n        yield frame\n"
            "await kernel.publish(red(), audio=None)\n"
            "here = await session.attach('videoroom')\nthere = await session.attach('videoroom')",
            60,
        )
        publisher = notebook.output(
            notebook.add_and_run(
                "sends = here.camera(room=77, display='the browser', simulcast=True, source='test')\nsends"
            )
        )
        viewer = notebook.output(
            notebook.add_and_run("sees = there.camera(room=77, feeds=[kernel.view.id])\nsees")
        )
        plays(page, received(viewer), colour=0)
        expect(viewer.locator("figcaption").first).to_contain_text("the kernel · mid 0")
        expect(publisher.locator(".janus-mine")).to_contain_text("You (test picture)")
        said = text_of(
            notebook,
            "from janus_notebook.media import bars_match, read_counter\n"
            "await sends.ready()\nawait sees.ready()\n"
            "feed = next(p for p in kernel.view.publishers if p.display == 'the browser')\n"
            "subscriber = await kernel.subscriber()\nawait subscriber.set([feed])\n"
            "track = subscriber.track(feed, 'video')\ncounters, good = set(), False\n"
            "until = time.monotonic() + 30\n"
            "while time.monotonic() < until and not (good and len(counters) > 4):\n"
            "    frame = await track.snapshot()\n    good = bars_match(frame)\n"
            "    if good: counters.add(read_counter(frame))\n"
            "red = np.median((await sees.snapshot()).reshape(-1, 3), axis=0)\n"
            "print(good, len(counters) > 4, feed.streams[0].simulcast, red[0] > 180)",
        )
        assert said == "True True True True"
        page.screenshot("camera-room", viewer)
        notebook.shutdown_kernel()
