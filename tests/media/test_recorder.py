"""Recordings: what ffprobe says of them, in step, with the right end, however they end."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from contextlib import asynccontextmanager
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from av import AudioFrame, VideoFrame

from janus_notebook.errors import JanusMediaError, JanusOptionError
from janus_notebook.media import ReceivedTrack, TestPattern
from janus_notebook.media import recorder as module
from janus_notebook.media.recorder import MediaRecording, record
from janus_notebook.media.writing import fitted
from tests.media.test_tracks import Fed

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

FPS, RATE = 25, 48_000
PATTERN = TestPattern(160, 120)


def probe(path: Path) -> dict[str, Any]:
    """What ffprobe finds: duration, and of each kind codec and number of frames."""
    told = subprocess.run(
        [
            "ffprobe",
            "-v",
            "error",
            "-count_packets",
            "-show_streams",
            "-show_format",
            "-of",
            "json",
            str(path),
        ],
        capture_output=True,
        check=True,
    )
    assert told.stderr == b""
    found = json.loads(told.stdout)
    streams = {each["codec_type"]: each for each in found["streams"]}
    return {"seconds": float(found["format"]["duration"]), **streams}


class Studio:
    """Two tracks, whose frames come exactly on time by a clock of our own: no waiting, no jitter."""

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.start = self.loop.time()
        self.now = 0.0
        self.video, self.audio = (ReceivedTrack(Fed(kind), kind[0]) for kind in ("video", "audio"))

    def frame(self, index: int) -> VideoFrame:
        bright = int(index / FPS) % 2
        frame = VideoFrame.from_ndarray(np.full((120, 160, 3), 235 * bright, np.uint8), format="rgb24")
        frame.pts, frame.time_base = index * 90_000 // FPS, Fraction(1, 90_000)
        return frame

    def sound(self, index: int) -> AudioFrame:
        """20 ms, loud in every second second."""
        time = np.arange(index * 960, (index + 1) * 960) / RATE
        wave = np.sin(2 * np.pi * 440 * time) * 0.4 * (int(index / 50) % 2)
        mono = np.round(wave * 32767).astype(np.int16)
        frame = AudioFrame.from_ndarray(np.repeat(mono, 2).reshape(1, -1), format="s16", layout="stereo")
        frame.sample_rate, frame.pts, frame.time_base = RATE, index * 960, Fraction(1, RATE)
        return frame

    def give(self, track: ReceivedTrack, frame: Any) -> None:
        track.frames_received += 1
        track.lag = self.start
        for reader in tuple(track._readers):
            reader.offer(frame, track.frames_received, 0.0)

    async def play(self, begin: float, end: float, *, video: bool = True, audio: bool = True) -> None:
        """Give what is of this time; the writer gets its turns."""
        step = 0.02
        for index in range(round(begin / step), round(end / step)):
            if audio:
                self.give(self.audio, self.sound(index))
            if video and index % 2 == 0:
                self.give(self.video, self.frame(index // 2))
            if index % 10 == 9:
                await asyncio.sleep(0.005)

    async def written(self, recording: MediaRecording) -> None:
        async with asyncio.timeout(20):
            while recording._waiting.qsize():  # noqa: ASYNC110 (nobody announces it)
                await asyncio.sleep(0.01)


@asynccontextmanager
async def studio(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Studio]:
    monkeypatch.setattr(module, "MOST_PICTURES", 10**6)  # the clock here is faster than any encoder
    monkeypatch.setattr(module, "MOST_SOUNDS", 10**6)
    made = Studio()
    try:
        yield made
    finally:
        await made.video.close()
        await made.audio.close()


async def recorded(made: Studio, path: Path, *tracks: ReceivedTrack) -> MediaRecording:
    recording = await record(tracks or (made.video, made.audio), path)
    recording._began = made.start
    return recording


@pytest.mark.parametrize(
    ("suffix", "video", "audio"),
    [
        (".mp4", "h264", "aac"),
        (".mkv", "h264", "opus"),
        (".webm", "vp8", "opus"),
        (".wav", None, "pcm_s16le"),
    ],
)
def test_every_suffix(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str, video: str | None, audio: str
) -> None:
    path = tmp_path / f"call{suffix}"

    async def main() -> None:
        async with studio(monkeypatch) as made:
            async with await recorded(made, path) as recording:
                await made.play(0, 2)
                assert "recording;" in repr(recording)
            assert (recording.state, recording.reason, recording.dropped) == ("finished", "stop()", 0)
            assert recording.frames == {"video": 50 if video else 0, "audio": 100}
            assert recording.seconds == pytest.approx(2, abs=0.05)
            assert recording.bytes == path.stat().st_size
            assert str(path) in repr(recording)

    asyncio.run(main())
    found = probe(path)
    assert found["seconds"] == pytest.approx(2, abs=0.1)
    assert found["audio"]["codec_name"] == audio
    if video is not None:
        assert (found["video"]["codec_name"], int(found["video"]["nb_read_packets"])) == (video, 50)
    assert ("video" in found) is (video is not None)


def turns(path: Path) -> tuple[list[float], list[float]]:
    """When the picture turns bright or dark, and the sound loud or still."""
    import av

    found: dict[str, list[float]] = {"video": [], "audio": []}
    before: dict[str, bool] = {}
    with av.open(str(path)) as container:
        frames: Any = container.decode()
        for frame in frames:
            if isinstance(frame, VideoFrame):
                kind, level = "video", frame.to_ndarray(format="gray").mean() > 128
            else:
                kind, level = "audio", np.abs(frame.to_ndarray()).max() > 0.1
            if before.setdefault(kind, bool(level)) != bool(level):
                before[kind] = bool(level)
                found[kind].append(frame.time or 0.0)
    return found["video"], found["audio"]


def test_picture_and_sound_stay_in_step_over_holes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "call.mkv"

    async def main() -> None:
        async with studio(monkeypatch) as made:
            recording = await recorded(made, path)
            await made.play(0, 1.5)
            await made.play(1.5, 2.5, audio=False)  # the sound is lost, and comes back
            await made.play(2.5, 4.2)
            await made.play(4.2, 4.8, video=False)
            await made.play(4.8, 5.5)
            await recording.stop()
            await recording.stop()

    asyncio.run(main())
    pictures, sounds = turns(path)
    assert probe(path)["seconds"] == pytest.approx(5.5, abs=0.1)
    assert pictures == pytest.approx([1, 2, 3, 4, 5], abs=0.05)
    # Loud from 1 to 2 and 3 to 4 and from 5 on, but silent while it was lost.
    assert sounds == pytest.approx([1, 1.5, 3, 4, 5], abs=0.05)


def test_a_size_that_changes_is_fitted_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tall = VideoFrame.from_ndarray(np.full((200, 100, 3), 255, np.uint8), format="rgb24")
    picture = fitted(tall, 160, 120).to_ndarray(format="rgb24")
    assert picture.shape == (120, 160, 3)
    assert picture[60, 80].min() > 240
    assert picture[60, 5].max() < 16
    path = tmp_path / "call.mp4"

    async def main() -> None:
        async with studio(monkeypatch) as made:
            recording = await recorded(made, path, made.video)
            await made.play(0, 0.4, audio=False)
            for index in range(10, 20):
                frame = PATTERN.draw(index).reformat(width=322, height=242)
                frame.pts, frame.time_base = index * 3600, Fraction(1, 90_000)
                made.give(made.video, frame)
            await recording.stop()
            assert recording.frames == {"video": 20}

    asyncio.run(main())
    found = probe(path)
    assert (found["video"]["width"], found["video"]["height"]) == (160, 120)
    assert found["seconds"] == pytest.approx(0.8, abs=0.05)


def test_it_ends_with_its_tracks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "call.mp4"

    async def main() -> None:
        async with studio(monkeypatch) as made:
            recording = await recorded(made, path)
            await made.play(0, 1)
            await made.written(recording)
            made.video.end("the peer connection was closed")
            assert recording.state == "recording"
            await made.play(1, 1.5, video=False)
            made.audio.end("the peer connection was closed")
            await made.audio.close()  # which waits for the file
            assert recording.state == "finished"
            assert recording.reason == "no more to record: the peer connection was closed"
            assert await recording.wait() is recording
            with pytest.raises(JanusMediaError, match="has ended"):
                await made.audio.record(tmp_path / "more.wav")

    asyncio.run(main())
    assert probe(path)["seconds"] == pytest.approx(1.5, abs=0.1)


def test_where_it_cannot_write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    there = tmp_path / "there.mp4"
    there.write_text("precious")

    async def main() -> None:
        async with studio(monkeypatch) as made:
            for track, path, text in (
                (
                    made.video,
                    tmp_path / "call.avi",
                    r"no suffix of a recording\. Known: \.mp4, \.mkv, \.webm, \.wav",
                ),
                (made.video, tmp_path / "call", "no suffix"),
                (made.video, there, r"exists\. Give another name, or overwrite=True"),
                (made.video, tmp_path / "no" / "call.mp4", "cannot be written: No such file or directory"),
                (made.video, tmp_path / "call.wav", "holds sound only, and no audio is received"),
                (made.video, 5, "a path is a text"),
            ):
                with pytest.raises(JanusOptionError, match=text):
                    await track.record(path)  # type: ignore[arg-type]
            assert there.read_text() == "precious"
            recording = await made.video.record(there, overwrite=True)
            with pytest.raises(JanusMediaError, match=r"nothing was recorded .* no frame came"):
                await recording.stop()
            assert (recording.state, there.exists()) == ("failed", False)

    asyncio.run(main())


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_disk_is_told_once_and_the_call_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "call.mkv"
    path.symlink_to("/dev/full")
    told: list[Any] = []

    async def main() -> None:
        async with studio(monkeypatch) as made:
            made.video.on_failure = told.append
            recording = await made.video.record(path, overwrite=True)
            recording._began = made.start
            await made.play(0, 5)
            with pytest.raises(JanusMediaError, match="could not be written any further: No space left"):
                await recording.stop()
            await asyncio.sleep(0)
            assert told == [recording.error]
            assert (made.video.ended, recording.state) == (None, "failed")

    asyncio.run(main())


SCRIPT = """
import asyncio, sys
from pathlib import Path
from tests.media.test_recorder import Studio, module, record
module.MOST_PICTURES = module.MOST_SOUNDS = 10**6  # as in `studio`
async def main():
    made = Studio()
    recording = await record([made.video, made.audio], sys.argv[1])
    recording._began = made.start
    await made.play(0, 3)
    await made.written(recording)
    print("ready", flush=True)
    {end}
asyncio.run(main())
"""


@pytest.mark.parametrize(
    "end",
    [
        "return",
        pytest.param("raise KeyboardInterrupt", marks=pytest.mark.nightly),
        pytest.param("await asyncio.sleep(60)", marks=pytest.mark.nightly),
    ],
)
def test_the_file_is_whole_when_the_process_ends(tmp_path: Path, end: str) -> None:
    path = tmp_path / "call.mp4"
    with subprocess.Popen(
        [sys.executable, "-c", SCRIPT.format(end=end), str(path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        if "sleep" in end:
            process.send_signal(signal.SIGKILL)  # nothing can be done then; what is written can be read
        process.wait(30)
    found = probe(path)
    assert found["seconds"] == pytest.approx(3, abs=0.1 if "sleep" not in end else 2.1)
