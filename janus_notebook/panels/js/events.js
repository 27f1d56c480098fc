// The event stream: rows as they come, a filter, a pause, one event's JSON on demand.

const KEPT_ROWS = 2000; // by the model, for every view of it
const SHOWN_ROWS = 500; // in the page, for each view

/** What all views of one model share: the rows, and what was asked of the kernel. */
function makeStore(model) {
  const store = { rows: [], last: 0, dropped: 0, total: 0, missing: null, changed: new Set() };
  const waiting = new Map();
  let requests = 0;

  const take = (batch) => {
    const before = store.last;
    if (batch.skipped > 0) store.rows.push({ seq: batch.first, gap: batch.skipped });
    for (const row of batch.rows) if (row.seq > before) store.rows.push(row);
    if (store.rows.length > KEPT_ROWS) store.rows.splice(0, store.rows.length - KEPT_ROWS);
    store.last = Math.max(before, batch.last);
    store.dropped = batch.dropped;
    store.total = Math.max(store.total, batch.total);
  };
  const receive = (batch) => {
    if (!batch || batch.last === undefined || batch.last <= store.last) return;
    if (batch.first > store.last + 1) {
      // Something between was missed: ask for it, unless that was done already.
      if (store.missing === null) {
        store.missing = ++requests;
        model.send({ type: "rows", after: store.last, request: store.missing });
      }
      store.dropped = batch.dropped;
      store.total = batch.total;
    } else {
      take(batch);
    }
    for (const tell of store.changed) tell();
  };
  store.ask = (seq, reply) => {
    waiting.set(++requests, reply);
    model.send({ type: "json", seq, request: requests });
  };
  const onBatch = () => receive(model.get("batch"));
  const onMessage = (message) => {
    if (message?.type === "rows" && message.request === store.missing) {
      store.missing = null;
      receive(message.batch);
    } else if (message?.type === "json" && waiting.has(message.request)) {
      waiting.get(message.request)(message);
      waiting.delete(message.request);
    }
  };
  receive(model.get("initial"));
  onBatch();
  model.on("change:batch", onBatch);
  model.on("msg:custom", onMessage);
  store.close = () => {
    model.off("change:batch", onBatch);
    model.off("msg:custom", onMessage);
  };
  return store;
}

function rowNode(row, store, opened) {
  if (row.gap) return make("div", "janus-gap", `… ${row.gap.toLocaleString("en")} entries came too fast to be shown …`);
  const node = make("details", "janus-event");
  node.dataset.direction = row.direction;
  const line = node.appendChild(make("summary"));
  const cells = [
    ["janus-number", row.seq], ["janus-number", `${row.elapsed.toFixed(3)} s`],
    ["janus-direction", `${ARROWS[row.direction] ?? "?"} ${row.direction}`], ["janus-kind", row.kind],
    ["janus-handle", row.handle ?? ""], ["janus-what", row.summary],
  ];
  for (const [name, text] of cells) line.appendChild(make("span", name, String(text)));
  let asked = false;
  node.addEventListener("toggle", () => {
    if (!node.open) return;
    opened();
    if (asked) return;
    asked = true;
    const body = node.appendChild(make("pre", "janus-json", "waiting for the kernel…"));
    node.scrollIntoView({ block: "nearest" });
    store.ask(row.seq, (reply) => {
      put(body, reply.error ?? reply.text);
      if (reply.sdp) {
        node.appendChild(make("div", "janus-caption janus-sdp", "SDP"));
        node.appendChild(make("pre", "janus-json", reply.sdp));
      }
      node.scrollIntoView({ block: "nearest" });
    });
  });
  return node;
}

function matcher(text) {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  return (row) => {
    if (row.gap) return words.length === 0;
    const whole = `${row.seq} ${row.direction} ${row.kind} ${row.handle ?? ""} ${row.summary}`.toLowerCase();
    return words.every((word) => whole.includes(word));
  };
}

function renderStream(store, model, el) {
  const controller = new AbortController();
  const { signal } = controller;
  const root = el.appendChild(make("div", "janus-panel"));
  const setHeader = header(root, model, signal);
  const bar = root.appendChild(make("div", "janus-bar"));
  const filter = bar.appendChild(make("input", "janus-filter"));
  Object.assign(filter, { type: "search", placeholder: "Filter, for example: media or trickle" });
  filter.setAttribute("aria-label", "Filter the events");
  const pause = bar.appendChild(make("button", "janus-button", "Pause"));
  const newest = bar.appendChild(make("button", "janus-button", "↓ Newest"));
  const count = bar.appendChild(make("span", "janus-count janus-muted"));
  const list = root.appendChild(make("div", "janus-list"));
  Object.assign(list, { tabIndex: 0 });
  list.setAttribute("role", "region");
  list.setAttribute("aria-label", "Events, newest last");
  let matches = matcher("");
  let paused = false;
  let following = true;
  let frozen = 0; // the newest number when it was paused
  let drawn = 0; // the newest number that was looked at
  let top = 0;
  let frame = 0;

  const follow = (on) => {
    following = on;
    newest.hidden = on;
    if (on) list.scrollTop = list.scrollHeight;
    top = list.scrollTop;
  };
  const draw = () => {
    frame = 0;
    const end = paused ? frozen : store.last;
    const rows = store.rows.filter((row) => row.seq > drawn && row.seq <= end && matches(row)).slice(-SHOWN_ROWS);
    drawn = end;
    if (rows.length) {
      const page = document.createDocumentFragment();
      for (const row of rows) page.appendChild(rowNode(row, store, () => follow(false)));
      list.appendChild(page);
      while (list.children.length > SHOWN_ROWS) list.firstElementChild.remove();
      follow(following);
    }
    const fresh = paused ? ` · ${store.last - frozen} new while paused` : "";
    put(count, `${list.querySelectorAll("details").length} shown of ${store.total} · ${store.dropped} dropped${fresh}`);
    list.classList.toggle("janus-empty", list.children.length === 0);
  };
  const redraw = () => { list.replaceChildren(); drawn = 0; draw(); };
  const schedule = () => { frame ||= requestAnimationFrame(draw); };

  filter.addEventListener("input", () => { matches = matcher(filter.value); redraw(); }, { signal });
  pause.addEventListener("click", () => {
    paused = !paused;
    frozen = store.last;
    put(pause, paused ? "Resume" : "Pause");
    pause.setAttribute("aria-pressed", String(paused));
    draw();
  }, { signal });
  newest.addEventListener("click", () => follow(true), { signal });
  list.addEventListener("scroll", () => {
    // Only the user scrolls upwards; rows that come in between do not end the following.
    if (list.scrollTop < top - 2) follow(false);
    else if (list.scrollHeight - list.scrollTop - list.clientHeight < 8 && !following) follow(true);
    top = list.scrollTop;
  }, { signal });
  const drawHead = () => {
    const head = model.get("head");
    root.classList.toggle("janus-one-handle", head.one_handle);
    root.classList.toggle("janus-ended", head.state === "closed" || head.state === "lost");
    setHeader(head.title, "", head.state, "");
  };
  listen(model, "change:head", drawHead, signal);
  store.changed.add(schedule);
  // A narrower panel has less room for the same rows: what was the newest must stay in sight.
  const resized = new ResizeObserver(() => follow(following));
  resized.observe(list);
  signal.addEventListener("abort", () => {
    store.changed.delete(schedule);
    cancelAnimationFrame(frame);
    resized.disconnect();
  });
  drawHead();
  follow(true);
  redraw();
  return () => controller.abort();
}

export default () => {
  let store;
  return {
    initialize({ model }) {
      store = makeStore(model);
      return () => store.close();
    },
    render: ({ model, el }) => renderStream(store, model, el),
  };
};
