"""Every snippet of README and the documentation runs, in the order of its page, against the real Janus."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from typing import TYPE_CHECKING

import pytest

from janus_notebook.config import SETTINGS
from tests.docs.pages import PAGES, Snippet, fences, snippets, text_of

if TYPE_CHECKING:
    from pathlib import Path

    from janus_notebook import LocalGateway
    from tests.kernel.harness import Kernel

CELL_SECONDS = 60.0


class Reader:
    """Runs what a page shows, as somebody would who follows it."""

    def __init__(self, kernel: Kernel, gateway: LocalGateway, folder: Path) -> None:
        self.kernel = kernel
        self.folder = folder
        self.servers = {  # that a person has who reads it
            "ws://localhost:8188": gateway.ws_url,
            "http://localhost:8088/janus": gateway.http_url,
        }

    def run(self, snippet: Snippet) -> None:
        """Run it; an exception in it is one here, or fails the test."""
        code = snippet.code
        for url, ours in self.servers.items():
            code = code.replace(f'"{url}"', f'"{ours}"')
        match snippet.kind:
            case "cell":
                result = self.kernel.run(code, timeout=CELL_SECONDS)
                assert result.ok, f"{snippet}:\n{code}\n{result.traceback}\n{result.stderr}"
                assert "Not awaited:" not in result.stdout, f"{snippet}: {result.stdout}"
            case "program":
                exec(compile(code, str(snippet), "exec"), {"__name__": "__main__"})
            case "test":
                self.test(snippet, code)

    def test(self, snippet: Snippet, code: str) -> None:
        """Run it by a pytest of its own."""
        module = self.folder / "test_snippet.py"
        module.write_text(code)
        # Ours is loaded because it is installed; what others bring would only take time.
        without = [f"-pno:{plugin}" for plugin in ("cacheprovider", "hypothesispytest", "anyio", "timeout")]
        command = [sys.executable, "-m", "pytest", "-q", *without, f"--rootdir={self.folder}"]
        done = subprocess.run([*command, module], cwd=self.folder, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, f"{snippet}:\n{done.stdout}\n{done.stderr}"


@pytest.fixture
def reader(kernel: Kernel, gateway: LocalGateway, tmp_path: Path) -> Reader:
    return Reader(kernel, gateway, tmp_path)


@pytest.mark.live
@pytest.mark.kernel
@pytest.mark.parametrize("page", [page for page in PAGES if snippets(page)])
def test_every_snippet_of_a_page_runs(page: str, reader: Reader) -> None:
    for snippet in snippets(page):
        if snippet.not_run is None:
            reader.run(snippet)


@pytest.mark.live
@pytest.mark.kernel
def test_what_readme_shows_first_needs_no_janus(reader: Reader) -> None:
    readme = text_of("README.md")
    before = readme.count("\n", 0, readme.index("Where there is no `janus` program"))
    first = [snippet for snippet in snippets("README.md") if snippet.line < before]
    assert "%janus serve\n" in first[0].code
    for snippet in first:
        code = snippet.code.replace("%janus serve\n", "%janus serve --practice\n")
        reader.run(Snippet(snippet.page, snippet.line, code))


@pytest.mark.parametrize("page", PAGES)
def test_what_does_not_run_is_python_and_has_a_reason(page: str) -> None:
    for snippet in snippets(page):
        snippet.compile()
        assert snippet.not_run is None or len(snippet.not_run.split()) > 2, f"{snippet}: why?"


def test_few_do_not_run() -> None:
    found = [snippet for page in PAGES for snippet in snippets(page)]
    skipped = [str(snippet) for snippet in found if snippet.not_run is not None]
    assert len(found) > 80
    assert len(skipped) <= 6, skipped


def test_settings_that_are_shown_exist() -> None:
    shown = [code for page in PAGES for _, code in fences(page, "toml")]
    assert shown
    for code in shown:
        for name, value in tomllib.loads(code).items():
            SETTINGS[name].read(value)


@pytest.mark.live
@pytest.mark.kernel
@pytest.mark.parametrize(
    "code",
    ["await nobody", "%janus nonsense", "%janus attach echotest", "%load_ext nothing_there", "1 +"],
)
def test_a_cell_that_fails_is_seen(code: str, reader: Reader) -> None:
    with pytest.raises(AssertionError, match=r"page\.md:1"):
        reader.run(Snippet("page.md", 1, code))


@pytest.mark.live
@pytest.mark.kernel
def test_a_test_that_fails_is_seen(reader: Reader) -> None:
    with pytest.raises(AssertionError, match="1 failed"):
        reader.run(Snippet("page.md", 1, "def test_it(practice_gateway):\n    assert not practice_gateway\n"))
