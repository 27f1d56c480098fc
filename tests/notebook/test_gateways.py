"""The summary of a local gateway."""

from __future__ import annotations

from janus_notebook.gateway import LocalGateway, PracticeGateway
from janus_notebook.notebook.connect import open_sessions
from janus_notebook.notebook.forms import form_of
from janus_notebook.notebook.gateways import NotebookGateway
from tests.client.scripted import run


def test_it_says_where_it_is_how_to_go_on_and_how_to_stop() -> None:
    assert open_sessions() == []

    async def shown() -> tuple[dict[str, str], list[str], str]:
        async with PracticeGateway(media=False, api_secret="planted-secret") as gateway:
            form = form_of(gateway)
            assert isinstance(form, NotebookGateway)
            urls = [gateway.ws_url, gateway.http_url, gateway.admin_url]
            return form._repr_mimebundle_(), urls, gateway.admin_secret

    bundle, urls, secret = run(shown())
    text = bundle["text/plain"]
    assert text.splitlines()[0] == "Practice gateway (not Janus) runs in this kernel"
    for said in (*urls, "%janus connect", "%janus stop", "echotest, textroom, videoroom"):
        assert said in text
        assert said in bundle["text/html"]
    for hidden in (secret, "planted-secret"):
        assert hidden not in str(bundle)


def test_one_that_does_not_run_says_how_to_start_it() -> None:
    text = form_of(LocalGateway(api_secret="planted-secret"))._repr_mimebundle_()["text/plain"]
    assert text.splitlines() == ["Janus: not running", "  State  stopped", "  Start  %janus serve"]
