"""How Sphinx builds the documentation.

    sphinx-build -c docs . build/docs       # from the repository's root; then open build/docs/index.html

The source folder is the repository itself, so that the pages, the tutorials in ``notebooks/``, CONTRIBUTING
and CHANGELOG link to each other by the same paths here and on a code host, and nothing is copied.
"""

from __future__ import annotations

from functools import cache
from importlib.metadata import metadata
from typing import TYPE_CHECKING, Any

from docutils import nodes
from msgspec import StructMeta
from pygments.lexers import get_lexer_by_name
from sphinx.util.nodes import make_refnode

from janus_notebook.notebook.forms import is_hidden

if TYPE_CHECKING:
    from sphinx.addnodes import pending_xref
    from sphinx.application import Sphinx
    from sphinx.domains.python import ObjectEntry
    from sphinx.environment import BuildEnvironment

about = metadata("janus-notebook")
project = about["Name"]
release = version = about["Version"]
project_copyright = f"the authors of {project}, MIT License"

extensions = [
    "myst_nb",  # the pages in Markdown, and the notebooks with their stored outputs
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx_copybutton",
]
root_doc = "docs/index"
include_patterns = ["docs/**", "notebooks/*.ipynb", "CONTRIBUTING.md", "CHANGELOG.md"]
exclude_patterns = [".*", "build"]

# -- pages and tutorials

myst_heading_anchors = 3
nb_execution_mode = "off"  # the tests run the tutorials, and store their outputs
nb_merge_streams = True

# -- the reference, from the docstrings

default_role = "py:obj"  # a docstring's `name` is a link where it can be, else code: see `resolve`
autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
autodoc_preserve_defaults = True
autodoc_default_options = {"members": True}
maximum_signature_line_length = 88
toc_object_entries_show_parents = "hide"
napoleon_google_docstring = True
napoleon_numpy_docstring = False
napoleon_use_param = napoleon_use_rtype = False  # types are in the signature, and "a, b: text" is allowed
napoleon_custom_sections = [("Attributes", "params_style"), ("Keys", "params_style")]
nitpicky = True
nitpick_ignore_regex = [
    # Other people's documentation: a look at it would need the network.
    (
        r"py:.*",
        r"(abc|_?asyncio|aiortc|av|collections|msgspec|np|numpy|os|pathlib|ssl|threading|traitlets|t)\..*",
    ),
    (r"py:class", r"(AudioFrame|MediaStreamTrack|NDArray|Path|RTCDataChannel|VideoFrame)"),
    # Types that nobody outside makes or needs to know: aliases, type variables, the gateway's own parts.
    (r"py:class", r"(.*\.)?(CaptureKind|Category|Id|Message|View|[A-Z]s?)"),
    (
        r"py:class",
        r"(.*\.)?(ConnectionUser|Delivery|FileTrack|Front|HandleFacts|HowToClose|PluginDetail|PracticePlugin)",
    ),
    (r"py:class", r"(.*\.)?_[A-Z]\w*"),
]
suppress_warnings = [
    "mystnb.unknown_mime_type",  # a stored ladder is there as Mermaid too; its picture is what is shown
    "ref.python",  # `type[...]` in a signature, where several events have an attribute `type`
]

# -- how it looks

html_theme = "furo"
html_title = f"{project} {version}"
html_static_path = ["static"]
html_css_files = ["pages.css"]
html_extra_path = ["front"]  # index.html, which leads to the root document
html_copy_source = False
html_show_sphinx = False
copybutton_exclude = ".linenos, .gp, .go"


def resolve(
    app: Sphinx, env: BuildEnvironment, node: pending_xref, content: nodes.TextElement
) -> nodes.Node | None:
    """Find what a name means that is not written in full, or leave it as code where it is no public name.

    Annotations hold names as a module has imported them, and docstrings put parameters in `backticks`.
    """
    if node.get("refdomain") != "py":
        return None
    target, is_type = node["reftarget"], node["reftype"] == "class"
    # A bare lower-case name is a parameter more often than somebody else's method.
    kinds = ("method", "property", "attribute") if is_type or target.islower() else ()
    found = {
        entry.node_id: (full, entry)
        for full, entry in _named(env).get(target.rpartition(".")[2], [])
        if entry.objtype not in kinds and (is_type or f".{full}".endswith(f".{target}"))
    }
    if len(found) == 1:
        [(full, entry)] = found.values()
        builder: Any = app.builder
        return make_refnode(builder, node["refdoc"], entry.docname, entry.node_id, content, full)
    return content if node["reftype"] == "obj" else None


@cache
def _named(env: BuildEnvironment) -> dict[str, list[tuple[str, ObjectEntry]]]:
    """All that the reference describes, by the last part of its name."""
    found: dict[str, list[tuple[str, ObjectEntry]]] = {}
    for full, entry in env.domains.python_domain.objects.items():
        found.setdefault(full.rpartition(".")[2], []).append((full, entry))
    return found


def skip(_app: Sphinx, _what: str, name: str, member: object, _skip: bool, _options: object) -> bool | None:
    """Leave out of a session, a handle and a log what their own parts alone call, as notebooks do."""
    module = getattr(member, "__module__", None) or ""
    of_core = module.startswith(("janus_notebook.client.", "janus_notebook.plugins."))
    return True if of_core and is_hidden(name, member) else None


def shorten(
    _app: Sphinx, what: str, _name: str, member: object, _options: object, _signature: str, _returns: str
) -> tuple[str, str] | None:
    """Leave out how answers and events are made: they are only read."""
    return ("", "") if what == "class" and isinstance(member, StructMeta) else None


def begin(_app: Sphinx, what: str, _name: str, _member: object, _options: object, lines: list[str]) -> None:
    """Keep napoleon from taking a property's sentence for its type, as far as the first colon."""
    if what in ("attribute", "property"):
        lines[:0] = ["..", ""]  # an empty comment


def setup(app: Sphinx) -> None:
    """Called by Sphinx."""
    app.add_lexer("python", type(get_lexer_by_name("ipython3")))  # for the magics in them
    app.connect("autodoc-process-signature", shorten)
    app.connect("autodoc-process-docstring", begin, priority=400)
    app.connect("autodoc-skip-member", skip)
    app.connect("missing-reference", resolve)
