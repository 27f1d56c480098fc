"""Files as sources: read by FFmpeg, paced by the clock, picture and sound in step, again and again."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from aiortc.mediastreams import MediaStreamError

from janus_notebook.errors import JanusMediaError, JanusOptionError
from janus_notebook.media import Camera, MediaFile, Microphone
from janus_notebook.media.file_reading import FileTrack
from janus_notebook.media.sending import Sending
from tests.ffmpeg import COMMAND
from tests.media.pairs import until

if TYPE_CHECKING:
    from pathlib import Path

SECONDS = 0.6


def film(path: Path, *, sound: bool = True, seconds: float = SECONDS) -> Path:
    """Half of it black and silent, half of it white and loud."""
    half = seconds / 2
    picture = f"color=black:s=160x120:r=25:d={half}[b];color=white:s=160x120:r=25:d={half}[w];[b][w]concat"
    noise = (
        f"aevalsrc=0:d={half}:s=16000[q];aevalsrc=0.5*sin(2000*t):d={half}:s=16000[l];[q][l]concat=v=0:a=1"
    )
    inputs = ["-f", "lavfi", "-i", picture] + (["-f", "lavfi", "-i", noise] if sound else [])
    subprocess.run([*COMMAND, *inputs, "-c:v", "libx264", "-preset", "ultrafast", str(path)], check=True)
    return path


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return film(tmp_path_factory.mktemp("films") / "clip.mp4")


async def all_of(track: Any) -> list[tuple[float, float]]:
    """Its frames as time and level."""
    found = []
    try:
        while True:
            frame = await track.recv()
            level = np.abs(frame.to_ndarray().astype(float)).max() if track.kind == "audio" else None
            found.append((float(frame.time), level if level is not None else luma(frame)))
    except MediaStreamError:
        return found


def luma(frame: Any) -> float:
    return float(frame.to_ndarray(format="gray").mean())


def turned(found: list[tuple[float, float]], threshold: float) -> float:
    """When it first was above a level."""
    return next(at for at, level in found if level > threshold)


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is left out because this machine is slow."""
    monkeypatch.setattr(FileTrack, "_is_past", lambda _self, _late: False)


@pytest.mark.usefixtures("patient")
def test_picture_and_sound_are_in_step_and_in_time(clip: Path) -> None:
    async def main() -> None:
        file = MediaFile(clip)
        video, audio = file.track("video"), file.track("audio")
        await asyncio.gather(video.prepare(), audio.prepare())
        loop = asyncio.get_running_loop()
        began = loop.time()
        pictures, sounds = await asyncio.gather(all_of(video), all_of(audio))
        assert loop.time() - began >= SECONDS - 0.1  # at its own pace, not at once
        assert turned(pictures, 128) == pytest.approx(SECONDS / 2, abs=0.05)
        assert turned(sounds, 3000) == pytest.approx(SECONDS / 2, abs=0.05)
        assert [at for at, _ in sounds] == sorted({at for at, _ in sounds})
        assert (video.error, audio.error, video.readyState) == (None, None, "ended")

    asyncio.run(main())


@pytest.mark.usefixtures("patient")
def test_a_loop_goes_on_with_its_times(clip: Path) -> None:
    async def main() -> None:
        track = MediaFile(clip, loop=True).track("video")
        await track.prepare()
        levels: list[tuple[float, float]] = []
        while len(levels) < 2 or levels[-1][0] < 1.6 * SECONDS:
            frame: Any = await track.recv()
            levels.append((float(frame.time), luma(frame)))
        track.stop()
        times = [at for at, _ in levels]
        assert times == sorted(set(times))
        white = [at for at, level in levels if level > 128]
        again = [at for at in white if at > SECONDS]
        assert min(white) == pytest.approx(SECONDS / 2, abs=0.06)
        assert any(SECONDS / 2 < at < 1.5 * SECONDS for at, level in levels if level < 128)
        assert max(again) > 1.5 * SECONDS

    asyncio.run(main())


def test_one_file_for_both_kinds_is_read_once_and_a_silent_film_has_no_sound(
    clip: Path, tmp_path: Path
) -> None:
    silent = film(tmp_path / "silent.mp4", sound=False, seconds=0.2)

    async def main() -> None:
        for audio in ("auto", str(clip)):
            sending = Sending(lambda _: None, lambda: None)
            await sending.choose(video=str(clip), audio=audio)
            tracks: dict[str, Any] = dict(sending._chosen)
            assert tracks["video"]._reading is tracks["audio"]._reading
            sending.stop()
        sending = Sending(lambda _: None, lambda: None)
        await sending.choose(video=str(silent), audio="auto")
        assert set(sending._chosen) == {"video"}
        sending.stop()
        sending = Sending(lambda _: None, lambda: None)
        with pytest.raises(JanusOptionError, match="has no audio"):
            await sending.choose(video=str(silent), audio=str(silent))
        await sending.choose(video=np.zeros((120, 160, 3), np.uint8), audio="auto")
        assert type(sending._chosen["audio"]).__name__ == "Tone"
        sending.stop()

    asyncio.run(main())


def test_what_cannot_be_opened_says_why(tmp_path: Path, clip: Path) -> None:
    text = tmp_path / "text.mp4"
    text.write_text("this is no film" * 100)
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(clip.read_bytes()[:400])
    cases: tuple[tuple[MediaFile, type[Exception], str], ...] = (
        (MediaFile(tmp_path / "none.mp4"), JanusOptionError, "there is no file"),
        (MediaFile(text), JanusMediaError, "text.mp4' cannot be opened: Invalid data"),
        (MediaFile(cut), JanusMediaError, "cut.mp4'"),
        (
            MediaFile("http://user:secret@127.0.0.1:9/x.mp4"),
            JanusMediaError,
            "'http://127.0.0.1:9/x.mp4' cannot",
        ),
    )

    async def main() -> None:
        for file, error, said in cases:
            with pytest.raises(error) as caught:
                await file.track("video").prepare()
            assert said in str(caught.value)
            assert "secret" not in str(caught.value)
        with pytest.raises(JanusOptionError, match="loop=True is for files"):
            MediaFile("rtsp://x/y", loop=True)

    asyncio.run(main())


def test_a_file_that_breaks_off_ends_with_a_reason(tmp_path: Path) -> None:
    whole = film(tmp_path / "whole.mkv", seconds=2.0)
    whole.write_bytes(whole.read_bytes()[: whole.stat().st_size * 2 // 3])

    async def main() -> None:
        track = MediaFile(whole).track("video")
        await track.prepare()
        assert 0 < len(await all_of(track)) < 50
        assert track.readyState == "ended"

    asyncio.run(main())


def test_devices_by_system(monkeypatch: pytest.MonkeyPatch) -> None:
    for system, camera, microphone in (
        ("linux", "/dev/video1", "hw:1"),
        ("darwin", "1:none", "none:1"),
    ):
        monkeypatch.setattr(sys, "platform", system)
        assert (Camera(1).url, Microphone(1).url) == (camera, microphone)
    monkeypatch.setattr(sys, "platform", "win32")
    assert Camera("Integrated Camera", size=(640, 480), fps=30).url == "video=Integrated Camera"
    assert repr(Camera("Integrated Camera")) == "Camera('Integrated Camera')"


def test_no_camera_says_whose(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "linux")

    async def main() -> None:
        with pytest.raises(JanusMediaError) as caught:
            await Camera(77).track("video").prepare()
        assert "there is no camera /dev/video77 on the kernel's machine" in str(caught.value)
        assert "handle.camera() uses the browser's" in str(caught.value)
        with pytest.raises(JanusMediaError, match=r"(without nothing|microphone)"):
            await Microphone("there is none", format="nothing").track("audio").prepare()

    asyncio.run(main())


def test_a_live_source_gives_its_newest(tmp_path: Path) -> None:
    async def main() -> None:
        file = MediaFile("testsrc=size=160x120:rate=25:duration=1", format="lavfi", live=True)
        track = file.track("video")
        await track.prepare()
        await until(lambda: track._over)
        assert [at for at, _ in await all_of(track)] == [pytest.approx(0.96, abs=0.01)]

    asyncio.run(main())
