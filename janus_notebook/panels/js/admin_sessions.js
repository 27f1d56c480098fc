// The Admin panel's sessions and handles: a table, and beside a chosen row what is known of it and what can be done.

const SESSION_COLUMNS = ["handle", "plugin", "state", "what it does", "opaque id", "age", "in", "out"];
const NUMERIC_FROM = 5;
const COLUMN_TITLES = {
  age: "Since it was attached, by the server's clock", in: "What Janus receives from it", out: "What Janus sends to it",
};

/** 1234567 becomes "1.2 Mbit/s"; nothing is nothing. */
function bits(value) {
  if (value >= 1e6) return `${(value / 1e6).toFixed(1)} Mbit/s`;
  return value ? `${Math.round(value / 1000)} kbit/s` : "";
}

function sessionText(session) {
  const idle = session.idle === null ? "" : `idle ${session.idle.toFixed(1)} s${session.timeout > 0 ? ` of ${session.timeout} s` : ""}`;
  return [session.transport, plural(session.count, "handle"), idle].filter(Boolean).join(" · ");
}

function handleTexts(handle) {
  const age = handle.age === null ? "" : duration(handle.age);
  return [handle.plugin, stateText(handle.state), handle.does, handle.opaque_id, age, bits(handle.in), bits(handle.out)];
}

function matches(session, handle, words) {
  const whole = [session.id, session.transport, session.ours ? "this kernel" : "", ...(handle ? [handle.label, handle.id, ...handleTexts(handle)] : [])];
  const text = whole.join(" ").toLowerCase();
  return words.every((word) => text.includes(word));
}

/** The rows that a filter leaves: a session with those of its handles that fit, or all if the session itself does. */
function rowsFor(sessions, words) {
  return sessions.flatMap((session) => {
    const fits = matches(session, null, words);
    const handles = session.handles.filter((handle) => fits || matches(session, handle, words));
    return fits || handles.length ? [{ session }, ...handles.map((handle) => ({ session, handle }))] : [];
  });
}

function sessionTable(page, choose) {
  const scroller = page.appendChild(make("div", "janus-scroll janus-tall"));
  Object.assign(scroller, { tabIndex: 0 });
  scroller.setAttribute("role", "region");
  scroller.setAttribute("aria-label", "Sessions and handles");
  const node = scroller.appendChild(make("table", "janus-table janus-handles"));
  node.setAttribute("aria-label", "Sessions and handles");
  const head = node.createTHead().insertRow();
  SESSION_COLUMNS.forEach((column, at) => {
    const cell = head.appendChild(make("th", at >= NUMERIC_FROM ? "janus-number" : "", column));
    Object.assign(cell, { scope: "col", title: COLUMN_TITLES[column] ?? "" });
  });
  const body = node.createTBody();
  const row = () => {
    const tr = make("tr");
    tr.addEventListener("click", () => choose(tr.entry));
    return tr;
  };
  const shape = (tr, kind) => {
    if (tr.dataset.kind === kind) return;
    tr.dataset.kind = kind;
    tr.replaceChildren();
    const first = tr.appendChild(make("td"));
    const pick = first.appendChild(make("button", "janus-pick"));
    pick.type = "button";
    if (kind === "session") {
      first.colSpan = SESSION_COLUMNS.length;
      first.append(make("span", "janus-ours"), make("span", "janus-muted"));
    } else {
      for (let at = 1; at < SESSION_COLUMNS.length; at++) tr.appendChild(make("td", at >= NUMERIC_FROM ? "janus-number" : ""));
    }
  };
  const draw = (rows, chosen) => fill(body, rows, row, (tr, entry) => {
    const { session, handle } = entry;
    tr.entry = entry;
    shape(tr, handle ? "handle" : "session");
    const cell = tr.firstElementChild;
    const pick = cell.firstElementChild;
    put(pick, handle ? [handle.label, handle.id].filter(Boolean).join(" ") : `Session ${session.id}`);
    const on = chosen?.session === session.id && chosen.handle === (handle?.id ?? null);
    pick.setAttribute("aria-pressed", String(on));
    pick.title = handle ? "Show everything that Janus knows of this handle" : "Show what can be done with this session";
    tr.classList.toggle("janus-chosen", on);
    if (handle) handleTexts(handle).forEach((text, at) => put(tr.children[at + 1], text));
    else {
      put(cell.children[1], session.ours ? "★ of this kernel" : "");
      cell.children[1].hidden = !session.ours;
      put(cell.children[2], sessionText(session));
    }
  });
  return (rows, chosen) => {
    node.classList.toggle("janus-unnamed", !rows.some(({ handle }) => handle?.opaque_id));
    draw(rows, chosen);
  };
}

/** The page; returns its update(sessions, number of the reading). */
function sessionsPage(page, { controls: { button }, question, request, signal }) {
  const bar = page.appendChild(make("div", "janus-bar"));
  const filter = bar.appendChild(make("input", "janus-filter"));
  Object.assign(filter, { type: "search", placeholder: "Filter", title: "Show only rows that hold all these words: an id, a plugin, a state, a name" });
  filter.setAttribute("aria-label", "Filter the sessions and handles");
  const count = bar.appendChild(make("span", "janus-count janus-muted"));
  let sessions = [];
  let chosen = null; // {session, handle}, ids; the handle is null for the session itself
  const setRows = sessionTable(page, (entry) => choose(entry));
  const none = page.appendChild(make("div", "janus-muted"));

  const detail = page.appendChild(make("section", "janus-detail"));
  detail.hidden = true;
  const title = detail.appendChild(make("h4", "janus-caption"));
  const gone = detail.appendChild(make("div", "janus-failure"));
  const acts = detail.appendChild(make("div", "janus-bar"));
  const sure = (text, yes) => () => question(text(), yes, acts);
  const args = () => chosen;
  const hangUpOff = button(acts, {
    action: "hangup", label: "Hang up", args, title: "Close the handle's PeerConnection; the handle stays. Its owner hears of it",
    sure: sure(() => `Close the PeerConnection of handle ${chosen.handle}? Its owner loses sound and picture.`, "Hang up"),
  });
  const detachOff = button(acts, {
    action: "detach", label: "Detach", args, title: "Take the handle from its owner, who hears of it",
    sure: sure(() => `Detach handle ${chosen.handle}? Its owner can use it no more.`, "Detach"),
  });
  const close = acts.appendChild(make("button", "janus-button", "Close details"));
  Object.assign(close, { type: "button", title: "Hide this; nothing changes on the server" });
  const destroyOff = button(acts, {
    action: "destroy", label: "Destroy session", args, title: "End the session with all its handles. Its owner is not told",
    sure: sure(() => `Destroy session ${chosen.session} with all its handles? Its owner is not told.`, "Destroy session"),
  });
  acts.lastElementChild.classList.add("janus-danger", "janus-apart");
  const waiting = detail.appendChild(make("div", "janus-muted", "waiting for the kernel…"));
  const treeBox = detail.appendChild(make("div", "janus-tree-box"));
  const tree = jsonTree(treeBox, signal, { label: "What Janus knows of the handle" });

  const draw = () => {
    const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
    const rows = rowsFor(sessions, words);
    setRows(rows, chosen);
    const all = sessions.reduce((sum, session) => sum + session.count, 0);
    const shown = rows.filter(({ handle }) => handle).length;
    put(count, `${plural(sessions.length, "session")} · ${shown === all ? "" : `${shown} of `}${plural(all, "handle")}`);
    put(none, rows.length ? "" : sessions.length ? "No session or handle holds these words." : "Nobody has a session on this server.");
  };
  const drawDetail = async (anew) => {
    detail.hidden = chosen === null;
    if (chosen === null) return;
    const { session, handle } = chosen;
    const there = sessions.find(({ id }) => id === session);
    const found = handle === null ? there : there?.handles.find(({ id }) => id === handle);
    const connected = handle !== null && ["negotiating", "connected"].includes(found?.state);
    put(title, handle === null ? `Session ${session}` : `Handle ${handle} of session ${session}`);
    put(gone, found ? "" : "It is not there any more; this is what was known of it.");
    hangUpOff(!connected);
    detachOff(handle === null || !found);
    destroyOff(!there);
    for (const node of [...acts.children].slice(0, 2)) node.hidden = handle === null; // those of a handle
    treeBox.hidden = handle === null || (anew && !found);
    waiting.hidden = !anew || handle === null || !found;
    if (anew) treeBox.style.visibility = "hidden";
    if (handle === null || !found) return;
    const reply = await request({ type: "handle", session, handle });
    if (chosen?.session !== session || chosen.handle !== handle || reply.gone) return;
    waiting.hidden = true;
    treeBox.style.visibility = "";
    tree.show(parseJson(reply.text), { open: 0 });
  };
  const choose = (entry) => {
    chosen = entry && { session: entry.session.id, handle: entry.handle?.id ?? null };
    draw();
    drawDetail(true);
    if (entry) detail.scrollIntoView({ block: "nearest" });
  };
  filter.addEventListener("input", draw, { signal });
  close.addEventListener("click", () => choose(null), { signal });
  let drawn = -1;
  return (next, number) => {
    sessions = next;
    draw();
    if (number !== drawn) drawDetail(false);
    drawn = number;
  };
}
