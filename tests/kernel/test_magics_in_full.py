"""What ``%janus`` and ``%%janus`` do with requests, recordings, names and settings, in a real kernel."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from janus_notebook.client.recording import read
from janus_notebook.gateway import LocalGateway
from tests.kernel.harness import Kernel, Result

pytestmark = [pytest.mark.kernel, pytest.mark.live]

ROOM = 567124


@pytest.fixture(scope="module")
def kernel(gateway: LocalGateway, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    with Kernel(env={"JANUS_URL": gateway.ws_url}, cwd=tmp_path_factory.mktemp("notebook")) as kernel:
        kernel.run("%load_ext janus_notebook").check()
        kernel.run("%janus connect;\n%janus attach echotest --as echo;").check()
        kernel.run("%janus attach videoroom --as room --timeout 5;").check()
        yield kernel
        kernel.run("await session.destroy()").check()


def shown(result: Result) -> str:
    assert result.check().text is not None
    return str(result.text)


def test_a_request_in_a_line_and_in_a_cell(kernel: Kernel) -> None:
    assert shown(kernel.run("%janus request echo configure audio=true video=False")).startswith(
        "<EchoAnswered "
    )
    text = f'%janus request room create room={ROOM} description="my room" secret=s3cret -o made'
    assert "s3cret" not in shown(kernel.run(text))
    assert kernel.value("type(made).__name__, made['room']") == ("RoomCreated", ROOM)
    # A variable is taken as it is; data may be a list; a text of digits is a text.
    kernel.run(f"allowed, number = ['one', 'two'], {ROOM}").check()
    kernel.run(
        "%janus request room allowed room=$number action=add secret=s3cret allowed=$allowed --as both"
    ).check()
    assert kernel.value("set(both['allowed'])") == {"one", "two"}
    more = '%janus request room allowed room={number} action=add secret=s3cret allowed=["3"]'
    assert "room, character 1" in kernel.run(more).traceback  # {number} is data here, and a set at that
    kernel.run(f"{more.replace('{number}', '$number')} -o three").check()
    assert kernel.value("set(three['allowed'])") == {"one", "two", "3"}
    cell = f"%%janus room --as there --timeout 3\n{{'request': 'exists', 'room': {ROOM}, }}"
    assert shown(kernel.run(cell)).startswith("<RoomExists ")
    assert kernel.value("there['exists']") is True
    kernel.run(f'x = %janus request room {{"request": "exists", "room": {ROOM}}}').check()
    assert kernel.value("x['exists']") is True
    raw = kernel.run(f"%janus request room exists room={ROOM} nonsense=1 --raw").check()
    assert "'exists': True" in shown(raw)
    kernel.run(f"%janus request room destroy room={ROOM} secret=s3cret;").check()
    # In a function: its own variables; nothing is shown behind a semicolon.
    kernel.run(
        "def ask(which, key):\n    handle_id = which.id\n"
        "    answer = %janus request $handle_id exists room=$key\n    return answer['exists']"
    ).check()
    assert kernel.value("ask(room, number)") is False
    assert kernel.run("%janus request echo configure video=true;").check().displays == []


def test_messages_facts_and_tables(kernel: Kernel) -> None:
    assert shown(kernel.run('%janus send {"janus": "ping"} -o answer')).startswith("{'janus': 'pong'")
    assert kernel.value("answer['janus']") == "pong"
    kernel.run("%janus send keepalive").check()
    facts = shown(kernel.run("facts = %janus info\nfacts"))
    assert facts.startswith("what ")
    assert "echotest" in facts
    assert "***" not in facts
    assert kernel.value("facts['janus']") == "server_info"
    handles = shown(kernel.run("%janus handles --session session"))
    assert [line.split()[:2] for line in handles.splitlines()[1:]] == [
        ["echo", "echotest"],
        ["room", "videoroom"],
    ]
    assert "message" in shown(kernel.run("%janus ladder echo"))
    kernel.run("%janus events room -o seen").check()
    assert kernel.value("{event.handle_id for event in seen} == {room.id}")
    panel = kernel.run("%janus panel echo").check()
    assert "janus.plugin.echotest" in panel.displays[0]["text/plain"]
    assert kernel.run("%janus panel echo --close").check().stdout == ""
    assert kernel.run("%janus panel echo --close").check().stdout == "No panel of echo is open.\n"


def test_the_timeout_of_all_lines(kernel: Kernel) -> None:
    kernel.run("%config JanusMagics.timeout = 7").check()
    rows = {row[0]: row for row in kernel.value("get_ipython().run_line_magic('janus', 'config').rows")}
    assert rows["timeout"][1:3] == ("7.0", "%config JanusMagics.timeout, for %janus lines")
    kernel.run("%janus connect --as patient;").check()
    assert kernel.value("patient.timeout") == 7.0
    kernel.run("%janus destroy patient\n%config JanusMagics.timeout = None").check()


def test_recordings(kernel: Kernel, tmp_path: Path) -> None:
    file, live = tmp_path / "call.jsonl", tmp_path / "live.jsonl"
    said = kernel.run(f"%janus record {file}").check().stdout
    assert said == f"{len(read(file).entries)} entries are in {file}\n"
    said = kernel.run(f"%janus record {live} --live").check().stdout
    assert "goes on until %janus record --stop" in said
    assert "is being recorded already" in kernel.run(f"%janus record {live} --live --overwrite").traceback
    kernel.run("%janus request echo configure bitrate=123456;").check()
    # It can be read while it grows: its lines are whole.
    growing = read(live)
    assert growing.header.session is None
    assert any(event.raw.get("body") == {"bitrate": 123456} for event in growing.entries)
    said = kernel.run("%janus record --stop").check().stdout
    whole = read(live)
    assert said == f"{len(whole.entries)} entries are in {live}\n"
    assert [event.seq for event in whole.entries] == list(range(1, len(whole.entries) + 1))
    assert whole.header.session is not None
    assert whole.header.log.total >= len(whole.entries)
    kernel.run(f"%janus replay {live} --speed inf --as again;").check()
    kernel.run("await again.finished()").check()
    assert kernel.value("again.state, len(again.events)") == ("connected", len(whole.entries))
    assert "message" in shown(kernel.run("%janus ladder again"))
    # The end of the session ends it as well.
    kernel.run("%janus connect --as short;").check()
    kernel.run(f"%janus record {live} --live --overwrite --session short").check()
    kernel.run("%janus destroy short").check()
    kernel.wait_until("__import__('janus_notebook.notebook.recordings', fromlist=['_']).running() == []")
    last = read(live)
    assert last.header.session is not None
    assert last.header.session.state == "closed"
    assert "is closed" in kernel.run(f"%janus record {tmp_path}/x.jsonl --live --session short").traceback
    assert shown(kernel.run("%janus ladder short"))  # what has ended can be looked at


def test_a_subscription_is_called_by_its_variable(kernel: Kernel) -> None:
    kernel.run(
        "meeting = await session.attach('videoroom')\n"
        "await meeting.join(room=1234, display='me')\n"
        "await meeting.publish(audio=None)\n"
        "viewer = await meeting.subscriber()\n"
        "await viewer.set([meeting.view.id])"
    ).check()
    assert "viewer" in shown(kernel.run("%janus handles"))
    assert "join" in shown(kernel.run("%janus ladder viewer"))
    kernel.run("%janus detach viewer").check()
    kernel.run("await meeting.detach()").check()


def test_settings_and_where_they_came_from(gateway: LocalGateway, tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text(f'url = "{gateway.ws_url}"\ntoken = "planted-token"\ntimeout = 4\ntimeuot = 3\n')
    env = {"JANUS_CONFIG": str(file), "JANUS_RECOVER": "recreate", "JANUS_API_SECRET": "planted-secret"}
    with Kernel(env=env) as kernel:
        problem = kernel.run("%load_ext janus_notebook").check().stderr
        assert problem.splitlines() == [
            f"Settings: file {file} line 4: unknown setting 'timeuot'. Did you mean 'timeout'?"
        ]
        result = kernel.run("%janus config --as table").check()
        rows = {row[0]: row for row in kernel.value("table.rows")}
        assert rows["url"][1:3] == (gateway.ws_url, f"file {file} line 1")
        assert rows["token"][1:3] == ("***", f"file {file} line 2")
        assert rows["api_secret"][1:3] == ("***", "environment JANUS_API_SECRET")
        assert rows["timeout"][1:3] == ("4 s", f"file {file} line 3")
        assert rows["recover"][1:3] == ("recreate", "environment JANUS_RECOVER")
        assert rows["binary"][2] == "default"
        assert "timeuot" in rows["wrong"][3]
        assert "planted" not in json.dumps(result.outputs)
        kernel.run("%janus connect;").check()
        assert kernel.value("session.timeout") == 4.0
        assert "planted" not in json.dumps(kernel.run("%janus events --last 20").check().outputs)
        example = kernel.run("%janus config --example").check().stdout
        assert example.splitlines()[0] == f"# {file}"
        # The example is a file that can be used, with all of its lines in force.
        file.write_text("\n".join(line.removeprefix("# ") for line in example.splitlines()[2:]))
        rows = {row[0]: row for row in kernel.value("get_ipython().run_line_magic('janus', 'config').rows")}
        assert "wrong" not in rows
        assert rows["binary"][1:3] == ("/opt/janus/bin/janus", f"file {file} line 8")


def test_help(kernel: Kernel) -> None:
    overview = kernel.run("%janus help").check().stdout
    assert "More\n" not in overview  # each command has its group
    assert max(map(len, overview.splitlines())) <= 110
    for line in ("%janus --help", "%janus -h", "%janus ?"):
        assert kernel.run(line).check().stdout == overview
    assert (
        kernel.run("%janus attach --help").check().stdout == kernel.run("%janus help attach").check().stdout
    )
