// JSON as a folding tree, by mouse and by keyboard. It needs assets.style(…, "tree").
//
// const tree = jsonTree(parent, signal, { label: "What Janus said of the handle" }) puts an empty tree into
// `parent`; tree.show(value, { open: 3, mark: "ice" }) draws a value that JSON.parse gave, or parseJson(text),
// which keeps ids that are too long for a number. `open`: how many levels are unfolded at first; `mark`: a
// text to highlight, unfolding what holds it. Call show again with a newer value: what the user has folded or
// unfolded stays so, and the focus stays where it was. tree.fold(false) unfolds everything, tree.fold(true)
// folds it. Children are drawn when they are unfolded, long lists in parts of a hundred, a text of several lines
// line by line, an SDP by its media sections.

const TREE_PART = 100;
const TREE_ITEMS = 3000; // what "unfold everything" draws at most
const UNSEEN = /[\u007f-\u009f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]/g;

/** JSON.parse, but whole numbers beyond 2**53 become a BigInt where the browser can tell. */
function parseJson(text) {
  return JSON.parse(text, (_key, value, context) => {
    const inexact = typeof value === "number" && !Number.isSafeInteger(value);
    return inexact && /^-?\d+$/.test(context?.source ?? "") ? BigInt(context.source) : value;
  });
}

/** A text as it can be shown: what is invisible, or would turn the text around it, is escaped. */
function visible(text) {
  const inner = JSON.stringify(text).slice(1, -1).replaceAll('\\"', '"').replaceAll("\\\\", "\\");
  return inner.replace(UNSEEN, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** Set an element's text with every occurrence of `needle` (lower case) marked. */
function putMarked(node, text, needle) {
  const lower = text.toLowerCase();
  if (node.childElementCount) node.replaceChildren();
  if (!needle || lower.length !== text.length || !lower.includes(needle)) return put(node, text);
  const pieces = [];
  let from = 0;
  for (let at = lower.indexOf(needle); at >= 0; at = lower.indexOf(needle, from)) {
    pieces.push(text.slice(from, at), make("mark", "janus-mark", text.slice(at, at + needle.length)));
    from = at + needle.length;
  }
  return node.replaceChildren(...pieces, text.slice(from));
}

/** What is no value of its own: a line or a section of a text, a part of a list. `pairs`: [key, child] pairs. */
class Fold {
  constructor(label, pairs = null) {
    [this.label, this.pairs] = [label, pairs];
  }
}

function linesOf(text) {
  const lines = text.replace(/\r?\n$/, "").split(/\r?\n/);
  const leaf = (line, at) => [at, new Fold(visible(line))];
  const starts = lines.flatMap((line, at) => (line.startsWith("m=") ? [at] : []));
  if (!lines[0].startsWith("v=0") || !starts.length) return lines.map(leaf);
  const sections = starts.map((start, at) => {
    const inside = lines.slice(start + 1, starts[at + 1] ?? lines.length);
    return [start, new Fold(visible(lines[start]), inside.map(leaf))];
  });
  return [[0, new Fold("session", lines.slice(0, starts[0]).map(leaf))], ...sections];
}

/** The children as [key, value] pairs; null for what has none. */
function childrenOf(value) {
  if (value instanceof Fold) return value.pairs;
  if (typeof value === "string") return /\n./.test(value) ? linesOf(value) : null;
  if (value === null || typeof value !== "object") return null;
  const pairs = Array.isArray(value) ? value.map((item, at) => [String(at), item]) : Object.entries(value);
  if (pairs.length <= 2 * TREE_PART) return pairs;
  const parts = [];
  for (let at = 0; at < pairs.length; at += TREE_PART) {
    const some = pairs.slice(at, at + TREE_PART);
    parts.push([`part ${at}`, new Fold(`${visible(some[0][0])} … ${visible(some.at(-1)[0])}`, some)]);
  }
  return parts;
}

function previewOf(value, children) {
  if (value instanceof Fold) return value.label;
  if (typeof value === "string" && children) return `text, ${value.trimEnd().split("\n").length} lines`;
  if (typeof value === "string") return `"${visible(value)}"`;
  if (value === null || typeof value !== "object") return String(value);
  const [count, one] = Array.isArray(value) ? [value.length, "item"] : [Object.keys(value).length, "field"];
  return children ? `${count} ${one}${count === 1 ? "" : "s"}` : one === "item" ? "[ ]" : "{ }";
}

function holds(value, needle) {
  if (value instanceof Fold) {
    return value.label.toLowerCase().includes(needle) || (value.pairs ?? []).some((pair) => holds(pair[1], needle));
  }
  const text = JSON.stringify(value, (_key, part) => (typeof part === "bigint" ? String(part) : part));
  return (text ?? "").toLowerCase().includes(needle);
}

function jsonTree(parent, signal, { label }) {
  const root = parent.appendChild(make("div", "janus-tree"));
  root.setAttribute("role", "tree");
  root.setAttribute("aria-label", label);
  const nodes = new WeakMap(); // element: what it shows
  const decided = new Map(); // path: whether the user, or fold(), wants it open
  let options = { open: 2, mark: "" };
  let [shown, budget] = [null, TREE_ITEMS];

  const isOpen = ({ path, level, value }) => {
    if (options.mark && holds(value, options.mark)) return decided.get(path) !== false;
    return decided.get(path) ?? level < options.open;
  };
  const items = (pairs, level, path) => pairs.flatMap(([key, value]) => {
    const pairsOfIt = childrenOf(value);
    const children = pairsOfIt?.length ? pairsOfIt : null;
    const entry = { path: `${path}/${key}`, level, value, children };
    const item = make("div", "janus-tree-item");
    nodes.set(item, entry);
    item.setAttribute("role", "treeitem");
    item.setAttribute("aria-level", level + 1);
    item.style.setProperty("--level", level);
    item.tabIndex = -1;
    const named = !(value instanceof Fold);
    item.appendChild(make("span", "janus-tree-sign")).setAttribute("aria-hidden", "true");
    if (named) putMarked(item.appendChild(make("span", "janus-tree-key")), visible(String(key)), options.mark);
    if (named) item.appendChild(make("span", "janus-tree-colon", ": "));
    const text = item.appendChild(make("span", "janus-tree-value"));
    text.dataset.type = !named ? "line" : children ? "group" : value === null ? "null" : typeof value;
    putMarked(text, previewOf(value, children), options.mark);
    const open = children !== null && budget > 0 && isOpen(entry);
    budget -= 1;
    sign(item, entry, open);
    return open ? [item, ...items(children, level + 1, entry.path)] : [item];
  });
  const sign = (item, entry, open) => {
    if (!entry.children) return;
    put(item.firstElementChild, open ? "▾" : "▸");
    item.setAttribute("aria-expanded", String(open));
  };
  const toggle = (item, open) => {
    const entry = nodes.get(item);
    if (!entry.children || (item.getAttribute("aria-expanded") === "true") === open) return;
    decided.set(entry.path, open);
    sign(item, entry, open);
    budget = TREE_ITEMS;
    if (open) return item.after(...items(entry.children, entry.level + 1, entry.path));
    while (nodes.get(item.nextElementSibling)?.level > entry.level) item.nextElementSibling.remove();
  };
  const enter = (item) => {
    if (!item) return;
    root.querySelector('[tabindex="0"]')?.setAttribute("tabindex", "-1");
    item.tabIndex = 0;
    item.focus();
  };
  const draw = () => {
    const held = root.contains(document.activeElement) ? nodes.get(document.activeElement)?.path : undefined;
    budget = TREE_ITEMS;
    const pairs = childrenOf(shown) ?? [["", new Fold(previewOf(shown, null))]];
    root.replaceChildren(...items(pairs, 0, ""));
    const first = options.mark && root.querySelector(".janus-mark")?.closest(".janus-tree-item");
    root.scrollTop = first ? first.offsetTop - root.clientHeight / 3 : root.scrollTop;
    if (root.firstElementChild) root.firstElementChild.tabIndex = 0;
    if (held !== undefined) enter([...root.children].find((item) => nodes.get(item).path === held) ?? root.firstElementChild);
  };
  const above = (item) => {
    let found = item;
    while (found && nodes.get(found).level >= nodes.get(item).level) found = found.previousElementSibling;
    return found;
  };
  const keys = {
    ArrowDown: (item) => enter(item.nextElementSibling),
    ArrowUp: (item) => enter(item.previousElementSibling),
    ArrowRight: (item, open) => (open ? enter(item.nextElementSibling) : toggle(item, true)),
    ArrowLeft: (item, open) => (open ? toggle(item, false) : enter(above(item))),
    Home: () => enter(root.firstElementChild),
    End: () => enter(root.lastElementChild),
    Enter: (item, open) => toggle(item, !open),
    " ": (item, open) => toggle(item, !open),
  };
  root.addEventListener("keydown", (event) => {
    const item = event.target.closest(".janus-tree-item");
    if (event.ctrlKey || event.metaKey || event.altKey || !keys[event.key]) return;
    keys[event.key](item, item.getAttribute("aria-expanded") === "true");
    event.preventDefault();
    event.stopPropagation();
  }, { signal });
  root.addEventListener("click", (event) => {
    const item = event.target.closest(".janus-tree-item");
    if (!item || String(getSelection())) return; // a text was selected
    toggle(item, item.getAttribute("aria-expanded") !== "true");
    enter(item);
  }, { signal });
  return {
    node: root,
    show(value, wanted = {}) {
      options = { ...options, ...wanted, mark: (wanted.mark ?? "").toLowerCase() };
      shown = value;
      draw();
    },
    fold(closed) {
      decided.clear();
      options = { ...options, open: closed ? 0 : Infinity };
      draw();
    },
  };
}
