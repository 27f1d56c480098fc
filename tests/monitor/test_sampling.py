"""Figures of media: rates over real time, one question a second, nothing lost when the Admin API fails."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import pytest

from janus_notebook.client.admin.admin import JanusAdmin
from janus_notebook.client.admin.handle_info import HandleInfo
from janus_notebook.client.plugin import JanusPlugin
from janus_notebook.client.session import JanusSession
from janus_notebook.errors import JanusError, JanusServerError
from janus_notebook.monitor import sampling
from janus_notebook.monitor.rates import Rates, Totals, of_janus
from janus_notebook.monitor.sampling import KEPT_POINTS, Series, watch
from tests.client.scripted import run, until


def stats(seconds: float, *, lost: int = 0) -> dict[str, Any]:
    """Our own counters after so many seconds: 100 kB and 100 packets a second each way."""
    media = {
        "kind": "video",
        "direction": "sendrecv",
        "codec": "VP8",
        "packets_in": round(100 * seconds) - lost,
        "bytes_in": None,
        "lost_in": lost,
        "jitter_in_secs": 0.02,
        "packets_out": round(100 * seconds),
        "bytes_out": round(100_000 * seconds),
        "lost_out": None,
        "rtt_secs": 0.05,
    }
    return {
        "transport": {"bytes_in": round(125_000 * seconds), "bytes_out": round(125_000 * seconds)},
        "media": {"0": media},
    }


def info(seconds: float, received: int, sent: int, *, lost: int = 0, rtt: int = 20) -> HandleInfo:
    """Janus's counters at a time of its own clock."""
    medium = {
        "type": "audio",
        "mid": "0",
        "direction": {"send": True, "recv": True},
        "codecs": {"codec": "opus"},
        "rtcp": {"main": {"rtt": rtt, "lost": lost, "jitter-local": 3}},
        "stats": {
            "in": {"packets": received, "bytes": 100 * received},
            "out": {"packets": sent, "bytes": 100 * sent},
        },
    }
    data = {
        "session_id": 1,
        "handle_id": 2,
        "current_time": round(seconds * 1e6),
        "webrtc": {"media": {"0": medium}},
    }
    return HandleInfo.read(data)


def test_rates_are_differences_over_the_time_that_passed() -> None:
    series = Series()
    series.take_ours(10.0, stats(10))
    series.close_second(10.0, ours=True)
    assert list(series.points) == [[10.0, None, None, None, None, 50.0]]
    series.take_ours(12.5, stats(12.5, lost=25))  # 2.5 s later: the machine was busy
    series.close_second(12.5, ours=True)
    assert series.points[-1] == [12.5, 1_000_000, 1_000_000, 0.1, None, 50.0]
    assert series.ours["0"].bps_out == 800_000
    assert series.ours["0"].bps_in is None  # aiortc does not count it by stream
    assert (series.source, series.total) == ("ours", 2)


def test_what_janus_received_is_what_we_sent() -> None:
    series = Series()
    for at, (seconds, received, sent, lost) in enumerate([(50.0, 100, 300, 0), (52.0, 200, 600, 25)]):
        series.take_janus(float(at), info(seconds, received, sent, lost=lost))
        series.close_second(float(at), ours=False)
    # 300 packets of 100 bytes in the 2 s of Janus's clock came to us, 100 went to it and 25 were lost.
    assert series.points[-1] == [1.0, 120_000, 40_000, 0.0, 0.2, 20.0]
    assert series.janus["0"].bps_in == 40_000
    assert series.source == "janus"


def test_counters_that_begin_anew_give_no_rate() -> None:
    before, after = (
        Totals(1.0, bytes_in=5000, packets_in=50, lost_in=3),
        Totals(2.0, bytes_in=10, packets_in=1),
    )
    rates = Rates.between(before, after)
    assert (rates.bps_in, rates.loss_in) == (None, None)
    assert Rates.between(after, after).bps_in is None  # no time has passed
    [first] = of_janus(0.0, info(5.0, 0, 0, rtt=0)).values()
    assert (first.rtt_ms, first.jitter_ms) == (None, None)  # before the first report


def test_the_layers_of_simulcast_are_added() -> None:
    layer = {"packets": 1, "bytes": 10}
    came = {"packets": 2, "bytes": 30, "video-simulcast-1": layer, "video-simulcast-2": layer}
    media = {"0": {"mid": "0", "stats": {"in": came}}}
    told = HandleInfo.read({"session_id": 1, "handle_id": 2, "webrtc": {"media": media}})
    assert (of_janus(0.0, told)["0"].bytes_in, of_janus(0.0, told)["0"].packets_in) == (50, 4)


def test_points_are_bounded_numbered_and_have_gaps() -> None:
    series = Series()
    series.close_second(0.0, ours=False)
    assert series.total == 0  # nothing to say
    for second in range(KEPT_POINTS + 10):
        series.take_ours(float(second), stats(second))
        series.close_second(float(second), ours=True)
    assert (len(series.points), series.total) == (KEPT_POINTS, KEPT_POINTS + 10)
    assert [point[0] for point in series.since(series.total - 2)] == [308.0, 309.0]
    assert len(series.since(0)) == KEPT_POINTS
    assert series.since(series.total) == []
    for _ in range(3):
        series.close_second(400.0, ours=False)
    assert (series.points[-1], series.total) == ([400.0, *[None] * 5], KEPT_POINTS + 11)  # one gap
    assert series.ours == {}


def test_what_janus_said_long_ago_does_not_count() -> None:
    series = Series()
    series.take_janus(0.0, info(50.0, 1, 1))
    known = []
    for at in (9.0, 11.0):
        series.close_second(at, ours=False)
        known.append((series.info is not None, len(series.janus), series.source))
    assert known == [(True, 1, "janus"), (False, 0, "")]


class FakeAdmin:
    """Answers, or fails with `error`; writes down who was asked for."""

    def __init__(self) -> None:
        self.state = "connected"
        self.error: JanusError | None = None
        self.asked: list[int] = []

    async def handle_info(self, session_id: int, handle_id: int, *, timeout: float) -> HandleInfo:
        assert session_id == 1
        assert timeout == sampling.DEADLINE_SECONDS
        self.asked.append(handle_id)
        if self.error is not None:
            raise self.error
        return info(len(self.asked), 10, 10)


def opened(admin: FakeAdmin | None, *handle_ids: int) -> tuple[JanusSession, list[JanusPlugin]]:
    session = JanusSession(base_url="ws://127.0.0.1:1")
    session._set_state("connecting")
    session.id = 1
    session._set_state("connected")
    session.admin = cast(JanusAdmin | None, admin)
    handles = []
    for handle_id in handle_ids:
        handle = JanusPlugin("echotest")
        handle.begin(session, handle_id, {})
        handles.append(handle)
    return session, handles


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sampling, "PERIOD_SECONDS", 0.02)


def sampling_tasks() -> list[str]:
    names = (task.get_name() for task in asyncio.all_tasks() if not task.done())
    return [name for name in names if "figures" in name]


def test_the_handles_of_a_session_take_turns() -> None:
    async def main() -> None:
        admin = FakeAdmin()
        session, handles = opened(admin, 2, 3, 4)
        watches = [watch(session, handle) for handle in handles]
        again = watch(session, handles[0])
        assert again.series is watches[0].series
        assert len(sampling_tasks()) == 2
        await until(lambda: len(admin.asked) >= 9)
        assert sorted(admin.asked[:3]) == sorted(admin.asked[3:6]) == [2, 3, 4]
        assert all(each.series.info is not None for each in watches)
        for each in watches:
            each.close()
            each.close()
        assert len(sampling_tasks()) == 2
        again.close()
        await until(lambda: not sampling_tasks())

    run(main())


def test_a_failing_admin_api_is_told_and_asked_less_often(monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        admin = FakeAdmin()
        session, [handle] = opened(admin, 2)
        looked = watch(session, handle)
        await until(lambda: looked.series.info is not None)
        admin.error = JanusServerError(403, "Unauthorized request (wrong or missing secret/token)")
        await until(lambda: "Unauthorized" in looked.series.error)
        assert looked.series.info is None
        sampler = sampling._samplers[session]
        await until(lambda: sampler._pause >= 8 * sampling.PERIOD_SECONDS)
        admin.error = None
        await until(lambda: looked.series.error == "")
        assert sampler._pause == sampling.PERIOD_SECONDS
        admin.state = "closed"
        await until(lambda: looked.series.info is None)
        assert looked.series.error == ""
        looked.close()
        await until(lambda: not sampling_tasks())

    run(main())


def test_it_ends_with_the_session_and_goes_on_with_it() -> None:
    async def main() -> None:
        session, [handle] = opened(None, 2)
        looked = watch(session, handle)
        session._end("lost", "cut")
        await until(lambda: not sampling_tasks())
        looked.renew()
        await until(lambda: not sampling_tasks())
        session._set_state("connected")
        looked.renew()
        assert len(sampling_tasks()) == 2
        looked.close()
        await until(lambda: not sampling_tasks())

    run(main())
