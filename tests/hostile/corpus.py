"""Hostile text, what it would do if it were taken for more than text, and where it is put.

`CORPUS` holds one text for each category, always the same; `texts` makes more. Each carries `MARK`, so that a
test can see that it was shown at all, and `BAIT`, the name of the element, attribute or global that would be
there if it had worked.
"""

from __future__ import annotations

from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any, Final

import pytest
from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

MARK: Final = "Mallory"
BAIT: Final = "janusbait"
MEGABYTE: Final = 1_000_000

_RUN = f"window.{BAIT}=1"

CORPUS: Final[dict[str, str]] = {
    "elements": f"{MARK}<img src=x onerror='{_RUN}'><svg/onload={_RUN}><iframe src=x></iframe><{BAIT}>",
    "script": f"{MARK}</script></style></textarea></title><script>{_RUN};document.title='{BAIT}'</script>",
    "attributes": f'{MARK}" onmouseover="{_RUN}" data-{BAIT}=1 x=\'><b id={BAIT}>\' style="position:fixed',
    "entities": f"{MARK}&lt;img src=x onerror={_RUN}&gt;&#60;{BAIT}&#62;&ltscript&gt{_RUN}&#x3c;",
    "links": f"{MARK}[x](javascript:{_RUN}) ![x](x'onerror='{_RUN}) data:text/html,<{BAIT}>",
    "templates": f"{MARK}{{{{7*7}}}} ${{{_RUN}}} `+{_RUN}+` {{0.__class__}} %s%n %(x)s {{{{constructor()}}}}",
    "terminal": f"{MARK}\x1b[31;5m\x1b[2J\x1b]0;{BAIT}\x07\x1b]8;;http://{BAIT}\x1b\\\x1b]52;c;eA==\x07\x9b31m",
    "overtyping": f"{MARK} ok\rspoofed: all is well\x08\x08\x7f\x0b\x0c\x85\nTraceback:\n\t{BAIT}",
    "bidirectional": f"{MARK}\u202egnp.exe\u202c \u2066x\u2069\u2067\u2068 \u200e\u200f\u061c\u202a\u202d",
    "invisible": f"{MARK}\ufeff\u2028\u2029\u200b\u2060\x00\x00x\u0301\u0301\u0301\U000e0041 👩‍👩‍👧 שלום ‫",
    "surrogates": f"{MARK}\ud800 \udfff\udc00\ud83d \udc80",
    "diagram": (
        f"{MARK}\n    participant {BAIT}\n%%{{init: {{'securityLevel': 'loose'}}}}%%; click p0 href "
        f'"javascript:{_RUN}"; link p0: x @ javascript:{_RUN}; end #59; #quot; $$\\href{{{_RUN}}}{{x}}$$ '
    ),
    "statements": f"end\nNote over p0: {MARK}; create participant {BAIT}; box red {BAIT}; ->>p0: {BAIT}",
    "spreadsheet": f'=HYPERLINK("http://{BAIT}","{MARK}")+cmd|\' /C calc\'!A0\t@SUM(1)\n-1+1',
    "json": f'{MARK}"}},"{BAIT}":{{"a":"\\u0000\\ud800\\\\"}}]]]}}}}\' \\',
    "paths": f"../../../{MARK}/../{BAIT}\\..\\CON:$Data;rm -rf $HOME && `{BAIT}` | x > /dev/null\x00.jsonl",
    "python": f"{MARK}\\N{{BULLET}}\\x1b[31m %c%r {{self}} __import__('os').system('{BAIT}') \"\"\" '''",
    "long": MARK + "x" * MEGABYTE,
    "long words": f"{MARK} <b>&\x1b\u202e\x00" * (MEGABYTE // 14),
    "slashes": f"{MARK} http://[" + "//" * (MEGABYTE // 2),
    "quotes": f"{MARK}" + '"pin" : ' * (MEGABYTE // 8),
    "escapes": f"{MARK}" + "\x00" * MEGABYTE,
    "spaces": f"{MARK}" + " \t\n" * (MEGABYTE // 3),
}
"""By category."""

# A megabyte takes its time: by day one of them.
_BY_NIGHT = ("long", "slashes", "quotes", "escapes", "spaces")
NAMES: Final = [
    pytest.param(name, marks=pytest.mark.nightly) if name in _BY_NIGHT else name for name in CORPUS
]
"""The categories, for a test that is run with each."""

_BY_DAY = ("elements", "attributes", "terminal", "bidirectional", "surrogates", "paths", "long words")
FEW: Final = [name if name in _BY_DAY else pytest.param(name, marks=pytest.mark.nightly) for name in CORPUS]
"""The same for a test that takes its time: by day those that differ most."""

# Pieces from which texts are made that nobody thought of.
_PIECES = st.one_of(
    st.text(max_size=20),
    st.sampled_from([piece for text in CORPUS.values() if len(text) < 1_000 for piece in text.split(" ")]),
    st.sampled_from(list("<>&\"'`;#%:=$\\{}[]|\n\r\t\x00\x1b\x9b\u202e\u2028\ud800\udc00")),
)
texts: st.SearchStrategy[str] = st.lists(_PIECES, min_size=1, max_size=12).map("".join)

# -- where it is put ---------------------------------------------------------------------------------

# What says what a message is: with another word there it would be another message, or none.
KINDS: Final = {
    *("janus", "plugin", "transaction", "audiobridge", "echotest", "recordplay", "sip", "streaming"),
    *("textroom", "videocall", "videoroom", "event", "type", "subtype"),
}


def poisoned(message: Any, text: str, kept: Collection[str] = KINDS) -> Any:
    """`message` with `text` in place of each string in it, but for the values of the keys that are `kept`."""
    match message:
        case dict():
            return {
                key: item if key in kept and isinstance(item, str) else poisoned(item, text, kept)
                for key, item in message.items()
            }
        case list():
            return [poisoned(item, text, kept) for item in message]
        case str():
            return text
    return message


def fields(message: Any, path: str = "") -> Iterator[str]:
    """Where `poisoned` puts text, for counting."""
    match message:
        case dict():
            for key, item in message.items():
                if not (key in KINDS and isinstance(item, str)):
                    yield from fields(item, f"{path}.{key}" if path else key)
        case list():
            for item in message:
                yield from fields(item, f"{path}[]")
        case str():
            yield path


def encodable(text: str) -> str:
    """`text` as it arrives in JSON or UTF-8: neither can carry a lone surrogate."""
    return text.encode("utf-8", "replace").decode()


# -- what must not come out ----------------------------------------------------------------------------

FORBIDDEN: Final = frozenset(
    map(
        chr,
        {
            *range(0x09),
            *range(0x0B, 0x20),
            *range(0x7F, 0xA0),
            *(0x061C, 0x200E, 0x200F, 0xFEFF),
            *range(0x2028, 0x202F),
            *range(0x2066, 0x2070),
        },
    )
)


def check_text(shown: str, limit: int, *, lines: bool = True) -> None:
    """Fail unless a text can be shown: not too long, and nothing in it acts upon a terminal or the line."""
    shown.encode()  # no lone surrogate
    found = FORBIDDEN & set(shown)
    assert not found, f"{''.join(sorted(found))!a} in {shown[:300]!a}"
    assert lines or not {"\n", "\t"} & set(shown), f"more than a line: {shown[:300]!a}"
    assert len(shown) <= limit, f"{len(shown):,} characters, more than {limit:,}: {shown[:100]!a}"


def check_values(shown: Any, limit: int, where: str = "") -> None:
    """`check_text` for every text in plain data."""
    match shown:
        case str():
            try:
                check_text(shown, limit)
            except AssertionError as exc:
                raise AssertionError(f"{where}: {exc}") from None
        case dict():
            for key, item in shown.items():
                check_text(str(key), limit)
                check_values(item, limit, f"{where}.{key}")
        case list() | tuple():
            for index, item in enumerate(shown):
                check_values(item, limit, f"{where}[{index}]")


class Page(HTMLParser):
    """The elements, attributes and texts of HTML.

    Attributes:
        tags, attributes: their names.
        values: of the attributes.
        text: all of it.
        open: elements without an end.
    """

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.values: list[str] = []
        self.text = ""
        self.open: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.open.append(tag)
        self.attributes |= {name for name, _ in attrs}
        self.values += [value or "" for _, value in attrs]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


TAGS: Final = {
    "div",
    "span",
    "strong",
    "em",
    "b",
    "p",
    "ul",
    "li",
    "ol",
    "code",
    "pre",
    "details",
    "summary",
} | {*("table", "thead", "tbody", "tr", "th", "td", "style")}
ATTRIBUTES: Final = {"style", "class", "scope", "colspan", "title", "aria-label", "role", "border", "scoped"}


def check_html(shown: str, limit: int) -> Page:
    """Fail unless HTML is made of our own elements only, and can be shown."""
    check_text(shown, limit)
    page = Page(shown)
    assert page.open == []
    assert page.tags <= TAGS, page.tags - TAGS
    assert page.attributes <= ATTRIBUTES, page.attributes - ATTRIBUTES
    assert not any(BAIT in value or MARK in value for value in page.values)
    return page


def check_bundle(bundle: Mapping[str, str], limit: int) -> None:
    """What IPython would send for one object, form by form."""
    for kind, shown in bundle.items():
        (check_html if kind == "text/html" else check_text)(shown, limit)
