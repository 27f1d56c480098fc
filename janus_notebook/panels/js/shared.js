// In front of every panel's module: elements and texts. Text is only ever set as textContent.

const SYMBOLS = {
  new: "○", connecting: "◔", attached: "◇", negotiating: "◐", connected: "●", reconnecting: "◔", recovered: "●",
  listening: "○", receiving: "●", hungup: "■", lost: "▲", closed: "✕", detached: "✕",
  playing: "▶", waiting: "◔", paused: "❙❙", ended: "■", joined: "●", left: "■", kicked: "✕", destroyed: "✕",
};
const WORDS = { hungup: "hung up" };
const ARROWS = { request: "→", reply: "←", event: "⇐", local: "•", monitor: "⇠" };
const SILENT_AFTER_SECS = 4;

/** Make an element. */
function make(tag, className = "", text = "") {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text) node.textContent = text;
  return node;
}

/** Set a text only if it differs, so that selections and screen readers are left in peace. */
function put(node, text) {
  const shown = String(text ?? "");
  if (node.textContent === shown) return;
  const only = node.childNodes.length === 1 && node.firstChild.nodeType === Node.TEXT_NODE;
  if (only && shown) node.firstChild.data = shown; // cheaper than another node
  else node.textContent = shown;
}

const stateText = (state) => `${SYMBOLS[state] ?? "?"} ${WORDS[state] ?? state}`;

/** Bring an element's children to the number of items, and draw each. */
function fill(parent, items, create, draw) {
  while (parent.children.length > items.length) parent.lastElementChild.remove();
  items.forEach((item, index) => {
    const child = parent.children[index] ?? parent.appendChild(create());
    draw(child, item);
  });
}

/** A table with a caption that says so when it is empty; returns its update(rows of texts). */
function table(parent, caption, columns, numeric = []) {
  const box = parent.appendChild(make("section", "janus-section"));
  const title = box.appendChild(make("div", "janus-caption", caption));
  const none = box.appendChild(make("div", "janus-muted", "none"));
  const scroller = box.appendChild(make("div", "janus-scroll"));
  const node = scroller.appendChild(make("table", "janus-table"));
  title.id = `janus-${Math.random().toString(36).slice(2)}`;
  node.setAttribute("aria-labelledby", title.id);
  const head = node.createTHead().insertRow();
  columns.forEach((column, at) => {
    const cell = head.appendChild(make("th", numeric.includes(at) ? "janus-number" : "", column));
    Object.assign(cell, { scope: "col", title: COLUMN_MEANINGS[column] ?? "" });
  });
  const body = node.createTBody();
  const row = () => {
    const tr = make("tr");
    columns.forEach((_, at) => tr.appendChild(make("td", numeric.includes(at) ? "janus-number" : "")));
    return tr;
  };
  return (rows) => {
    none.hidden = rows.length > 0;
    node.hidden = rows.length === 0;
    fill(body, rows, row, (tr, texts) => {
      texts.forEach((text, at) => put(tr.children[at], text));
      tr.lastElementChild.title = tr.lastElementChild.textContent;
    });
  };
}

/** A list of facts; returns its update([[name, value, what it means], …]). Empty values are left out. */
function factList(parent) {
  const node = parent.appendChild(make("dl", "janus-facts"));
  const create = () => {
    const pair = make("div");
    pair.append(make("dt"), make("dd"));
    return pair;
  };
  return (facts) => {
    const known = facts.filter(([, value]) => value !== null && value !== undefined && value !== "");
    fill(node, known, create, (pair, [name, value, meaning = ""]) => {
      pair.title = meaning;
      put(pair.children[0], name);
      put(pair.children[1], value);
    });
  };
}

/** The head of a panel: title, id, state with its clock; returns its update. */
function header(parent, model, signal) {
  hearing(model);
  keepKeys(parent, signal);
  const node = parent.appendChild(make("header", "janus-header"));
  const title = node.appendChild(make("span", "janus-title"));
  const id = node.appendChild(make("span", "janus-id"));
  const chip = node.appendChild(make("span", "janus-chip"));
  chip.setAttribute("role", "status");
  chip.setAttribute("aria-live", "polite");
  const clock = node.appendChild(make("span", "janus-clock"));
  clock.title = `How long it has been in this state. ${CLOCKS}`;
  const reason = parent.appendChild(make("div", "janus-reason"));
  let heard = performance.now();
  const tick = () => {
    const beat = model.get("beat");
    const silent = (performance.now() - heard) / 1000;
    const quiet = beat.alive && silent > SILENT_AFTER_SECS;
    node.classList.toggle("janus-silent", quiet);
    if (quiet) put(clock, `nothing heard for ${Math.floor(silent)} s – does the kernel run?`);
    else put(clock, beat.alive ? `for ${duration(beat.seconds)}` : "");
  };
  listen(model, "change:beat", () => { heard = performance.now(); tick(); }, signal);
  const timer = setInterval(tick, 1000);
  signal.addEventListener("abort", () => clearInterval(timer));
  tick();
  return (name, ident, state, why) => {
    put(title, name);
    put(id, ident);
    put(chip, stateText(state));
    chip.dataset.state = state;
    put(reason, why);
    reason.hidden = !why;
  };
}

/** Listen to a model for as long as the signal is not aborted. */
function listen(model, name, handler, signal) {
  model.on(name, handler);
  signal.addEventListener("abort", () => model.off(name, handler));
}

const QUEUED_AFTER_MS = 500;

/**
 * The panel's buttons and what became of the last click; call it where the notice is to stand. Returns
 * ask(action, arguments), button(parent, {action, label, title, args, sure}) whose state follows the kernel, and
 * bind(node, action) for other controls. `sure` may be a question with the answer as a promise.
 * What the kernel has not heard after half a second is queued: it runs a cell, and will hear of it then.
 */
function controls(root, model, signal) {
  hearing(model);
  const notice = root.appendChild(make("div", "janus-notice"));
  notice.setAttribute("role", "status");
  const mine = Math.random().toString(36).slice(2);
  const waiting = new Map();
  const buttons = [];
  let requests = 0;
  const show = () => {
    const { text = "", failed = false, busy = [] } = model.get("notice");
    const queued = [...waiting.values()].some((request) => request.late);
    put(notice, queued ? "Queued: the kernel is busy, and does this as soon as it is free." : text);
    notice.dataset.failed = failed && !queued;
    for (const { node, action, off } of buttons) {
      const asked = [...waiting.values()].some((request) => request.action === action);
      node.disabled = off; // not while it is done: that would take the focus from whoever works by keyboard
      node.setAttribute("aria-disabled", String(off || asked || busy.includes(action)));
    }
  };
  const ask = (action, args = {}) => {
    const request = `${mine}-${++requests}`;
    const entry = { action, late: false };
    entry.timer = setTimeout(() => { entry.late = true; show(); }, QUEUED_AFTER_MS);
    waiting.set(request, entry);
    model.send({ type: "do", action, arguments: args, request });
    show();
  };
  listen(model, "msg:custom", (message) => {
    if (message?.type !== "heard" || !waiting.has(message.request)) return;
    clearTimeout(waiting.get(message.request).timer);
    waiting.delete(message.request);
    show();
  }, signal);
  listen(model, "change:notice", show, signal);
  signal.addEventListener("abort", () => waiting.forEach(({ timer }) => clearTimeout(timer)));
  const bind = (node, action) => {
    const entry = { node, action, off: false };
    buttons.push(entry);
    node.addEventListener("click", (event) => {
      if (node.getAttribute("aria-disabled") === "true") { event.preventDefault(); event.stopImmediatePropagation(); }
    }, { signal, capture: true });
    show();
    return (off) => { entry.off = off; show(); };
  };
  const button = (parent, { action, label, title, args = () => ({}), sure = () => true }) => {
    const node = parent.appendChild(make("button", "janus-button", label));
    Object.assign(node, { type: "button", title });
    node.addEventListener("click", async () => { if (await sure()) ask(action, args()); }, { signal });
    return bind(node, action);
  };
  show();
  return { ask, bind, button, show };
}
