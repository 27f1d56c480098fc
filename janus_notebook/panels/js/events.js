// The event stream: a virtual list of the log, filtered and searched, with one event's JSON beside it.

const COLUMNS = ["#", "at", "direction", "kind", "handle", "what"];
const number = (value) => value.toLocaleString("en");

function rowNode() {
  const node = make("div", "janus-event");
  for (const name of ["number", "number", "direction", "kind", "handle", "what"]) node.appendChild(make("span", `janus-${name}`));
  return node;
}

function drawRow(node, seq, row, gone, mark, labels) {
  const cells = [...node.children];
  node.classList.toggle("janus-blank", !row);
  node.dataset.direction = row?.direction ?? "";
  const handle = [labels.get(row?.handle), row?.handle].filter(Boolean).join(" ");
  node.title = row ? [timeOfDay(row.time), handle, row.summary].filter(Boolean).join("  ") : "";
  const texts = row
    ? [sinceStart(row.elapsed), `${ARROWS[row.direction] ?? "?"} ${row.direction}`, row.kind, handle, row.summary]
    : ["", "", "", "", gone ? "no longer in the log" : "…"];
  put(cells[0], seq);
  texts.forEach((text, at) => putMarked(cells[at + 1], text, row ? mark : ""));
}

function renderStream(store, model, el) {
  const controller = new AbortController();
  const { signal } = controller;
  const root = el.appendChild(make("div", "janus-panel janus-stream"));
  const setHeader = header(root, model, signal);
  let frame = 0;
  const schedule = () => { frame ||= requestAnimationFrame(draw); };
  const mine = Math.random().toString(36).slice(2);
  const shown = makeFinder(store, `${mine}-filter`, schedule);
  const hits = makeFinder(store, `${mine}-search`, schedule);
  let rows = { length: 0, at: () => 0 }; // the numbers in the list
  let found = rows; // the numbers that the search has found
  let [searched, cursor, paused, following, awaited] = ["", null, false, true, 0]; // the step to make when something is found
  let [frozen, left, floor] = [0, 0, 1]; // the newest number when it was paused, and when following ended; the oldest

  const filter = filterBar(root, model, signal, () => {
    shown.set(filter.query(), matcher(filter.query(), filter.labels));
    setSearch();
    schedule();
  });
  const bar = searchBar(root, signal, { typed: setSearch, step });
  const button = (label, title, run) => {
    const node = bar.node.appendChild(make("button", "janus-button", label));
    Object.assign(node, { type: "button", title });
    node.addEventListener("click", run, { signal });
    return node;
  };
  const followButton = button(
    "↓ Follow", "Keep the newest event in sight. Scrolling up, or choosing an event, ends it.", () => follow(!following),
  );
  followButton.classList.add("janus-calm");
  const pauseButton = button(
    "❚❚ Pause", "Stop the list where it is. Events are still logged; Resume shows them.", () => pause(!paused),
  );
  const saveBar = saveButtons(bar.node, store, signal, () => ({ query: filter.query(), upto: paused ? frozen : null }));
  const body = root.appendChild(make("div", "janus-body"));
  const side = body.appendChild(make("div", "janus-side"));
  const heading = side.appendChild(make("div", "janus-event janus-heading"));
  heading.setAttribute("aria-hidden", "true");
  COLUMNS.forEach((name, at) => {
    heading.appendChild(make("span", at < 2 ? "janus-number" : `janus-${name}`, name)).title = COLUMN_MEANINGS[name] ?? "";
  });
  const none = side.appendChild(make("div", "janus-none janus-muted"));
  const view = virtualList(side, signal, {
    label: "Events, oldest first", create: rowNode,
    cursor: () => (cursor === null ? -1 : exactly(rows, cursor)),
    draw: (node, index) => {
      const seq = rows.at(index);
      node.classList.toggle("janus-hit", searched !== "" && exactly(found, seq) >= 0);
      drawRow(node, seq, store.row(seq), store.gone.has(seq), searched, filter.labels);
    },
    move: (index, how) => go(rows.at(index), how === "End"),
    choose: () => open(),
    scrolled: (atEnd) => {
      if (atEnd === null && details.open() !== null) view.reveal(Math.max(0, exactly(rows, cursor)));
      if (atEnd === null) schedule(); // resized
      else if (atEnd !== following) follow(atEnd);
    },
  });
  const details = detailsPane(body, store, signal, () => {
    body.classList.remove("janus-open");
    view.node.focus({ preventScroll: true });
  });
  const status = root.appendChild(make("div", "janus-status janus-muted"));
  const counts = status.appendChild(make("span"));
  const notice = status.appendChild(make("span", "janus-queued"));
  notice.setAttribute("role", "status");

  function follow(on) {
    following = on;
    if (!on) left = paused ? frozen : store.last;
    followButton.setAttribute("aria-pressed", String(on));
    schedule();
  }
  function pause(on) {
    paused = on;
    frozen = store.last;
    store.hold(mine, on);
    put(pauseButton, on ? "▶ Resume" : "❚❚ Pause");
    pauseButton.setAttribute("aria-pressed", String(on));
    schedule();
  }
  function go(seq, atEnd = false) {
    cursor = seq;
    follow(atEnd);
    view.reveal(indexOf(rows, seq));
    if (details.open() !== null) open();
  }
  function open() {
    const row = cursor === null ? undefined : store.row(cursor);
    if (!row) return;
    follow(false);
    body.classList.add("janus-open");
    details.show(row, searched);
    view.reveal(Math.max(0, exactly(rows, cursor)));
  }
  function setSearch() {
    [searched, awaited] = [bar.text(), 0];
    const query = { ...filter.query(), search: searched };
    hits.set(query, matcher(query, filter.labels));
    schedule();
  }
  function step(by) {
    awaited = 0;
    cancelAnimationFrame(frame);
    draw(); // what was typed just now is looked for first
    awaited = found.length ? 0 : by;
    if (awaited) return;
    const from = cursor ?? rows.at(Math.min(view.top(), rows.length - 1));
    const at = by > 0 ? indexOf(found, from + (cursor === null ? 0 : 1)) : indexOf(found, from) - 1;
    go(found.at((at + found.length) % found.length));
  }
  function draw() {
    frame = 0;
    const { log } = store;
    const end = paused ? frozen : store.last;
    const before = rows.length ? rows.at(Math.min(view.top(), rows.length - 1)) : null;
    if (following && !paused) floor = log.oldest ?? 1;
    rows = shown.list(floor, end);
    found = searched ? hits.list(floor, end) : range(1, 0);
    view.refresh(rows.length, following ? Infinity : before === null ? 0 : indexOf(rows, before));
    if (details.open() === null && body.classList.contains("janus-open")) body.classList.remove("janus-open");
    const filtered = filter.query() !== null;
    none.hidden = rows.length > 0;
    put(none, filtered ? (shown.pending ? "Looking through the log…" : "No event fits the filter.") : "No events yet.");
    if (awaited && found.length) step(awaited);
    bar.show(searched && found, cursor === null ? -1 : exactly(found, cursor), hits.pending > 0 && !found.length);
    filter.show(filtered ? rows.length : null, shown.pending > 0 && !rows.length);
    put(counts, countText(log, filtered ? rows.length : null, paused ? store.last - frozen : 0, following || paused ? 0 : store.last - left, model));
    const here = shown.pending || (searched && hits.pending) ? ` Until then only the ${number(store.rows.size)} events that this page has are looked through.` : "";
    put(notice, store.late ? `Queued: the kernel is busy, and answers as soon as it is free.${here}` : "");
  }
  const drawHead = () => {
    const head = model.get("head");
    root.classList.toggle("janus-one-handle", head.one_handle);
    root.classList.toggle("janus-ended", head.state === "closed" || head.state === "lost");
    setHeader(head.title, "", head.state, "");
  };
  root.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && details.open() !== null) details.close();
    else if (event.key === "c" && (event.ctrlKey || event.metaKey) && event.target === view.node && !String(getSelection())) {
      const row = cursor === null ? undefined : store.row(cursor);
      if (row) copyText(lineOf(row), root);
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }, { signal });
  listen(model, "change:head", drawHead, signal);
  store.changed.add(schedule);
  signal.addEventListener("abort", () => {
    store.changed.delete(schedule);
    store.hold(mine, false);
    for (const finder of [shown, hits]) finder.close();
    cancelAnimationFrame(frame);
  });
  drawHead();
  shown.set(null, matcher(null));
  follow(true);
  pauseButton.setAttribute("aria-pressed", "false");
  draw();
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
