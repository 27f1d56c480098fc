// The handle panel: how the connection stands, its ladder, figures, media, controls, last events.

const RECEIVES = { true: "Janus receives it", false: "✕ Janus receives nothing", null: "" };
const SINCE = { true: "Janus has received it since ", false: "✕ Janus has received nothing since " };
const HAS_PEER_CONNECTION = ["negotiating", "connected"];
const MEDIA = ["mid", "media", "seen by", "receives", "sends", "lost", "jitter", "RTT"];

function lastSaid(row) {
  const { event_at: at, janus_receives: receives } = row;
  const said = at === null || receives === null ? RECEIVES[receives] : SINCE[receives] + timeOfDay(at);
  const size = row.size ? ` of ${row.size}` : "";
  return [
    row.source_ended ? "our source has ended" : said,
    row.slowlinks && `${row.slowlinks} slow link${row.slowlinks > 1 ? "s" : ""} (${row.lost} lost)`,
    row.frames !== null && `we decoded ${row.frames.toLocaleString("en")} frames${size}${row.ended ? " (ended)" : ""}`,
  ].filter(Boolean).join(" · ");
}

/** A line for each side that has figures; at least one. */
function mediaLines(row) {
  const what = [row.kind || "–", row.codec, row.direction].filter(Boolean).join(" · ");
  const figures = ({ receives, sends, loss, jitter, rtt }) => [receives, sends, loss, jitter, rtt];
  const lines = [["we", row.we], ["Janus", row.janus]].filter(([, seen]) => seen)
    .map(([who, seen]) => [who, ...figures(seen)]);
  if (!lines.length) lines.push(["–", "–", "–", "–", "–", "–"]);
  const said = lastSaid(row);
  const first = lines.length > 1 || !said ? what : `${what} – ${said}`;
  return lines.map((line, at) => (at ? ["", said, ...line] : [row.mid, first, ...line]));
}

function eventRow(row) {
  return [row.seq, sinceStart(row.elapsed), `${ARROWS[row.direction] ?? "?"} ${row.direction}`, row.kind, row.summary];
}

function renderHandle(store, model, el) {
  const controller = new AbortController();
  const { signal } = controller;
  const root = el.appendChild(make("div", "janus-panel"));
  const setHeader = header(root, model, signal);
  const setVerdict = verdictLine(root);
  const setLadder = stepLadder(root);
  const setPath = factList(root);
  const setFigures = charts(root, store, signal);
  const setMedia = table(root, "Media", MEDIA, [3, 4, 5, 6, 7]);
  root.lastElementChild.classList.add("janus-media");
  const place = root.appendChild(make("div"));
  const setEvents = table(root, "Last events", ["#", "at", "direction", "kind", "what"], [0, 1]);
  root.lastElementChild.classList.add("janus-last-events");
  const question = questions(signal);
  const bar = root.appendChild(make("div", "janus-bar"));
  const { ask, button } = controls(root, model, signal);
  const setGroups = forms(place, model, ask, question, signal);
  const streamOff = button(bar, { action: "stream", label: "All events", title: "Open or close the whole stream of this handle's events, below" });
  const streamButton = bar.lastElementChild;
  const roomOff = button(bar, { action: "room", label: "Room view", title: "Open or close the view of this room below: who is in it, what they send, the room's settings" });
  const roomButton = bar.lastElementChild;
  button(bar, { action: "bundle", label: "Support bundle", title: "Write a zip file for a bug report beside the notebook: states, SDPs, events, statistics, versions; secrets masked" });
  const hangUpOff = button(bar, { action: "hangup", label: "Hang up", title: "Close the PeerConnection; the handle stays attached" });
  const detachOff = button(bar, { action: "detach", label: "Detach", title: "Give the handle back to the server; this panel keeps its last state" });

  const draw = {
    head: (head) => {
      root.classList.toggle("janus-ended", head.state === "detached");
      setHeader(head.label || head.plugin, head.label ? `${head.plugin} ${head.id ?? ""}` : head.id, head.state, "");
      hangUpOff(!HAS_PEER_CONNECTION.includes(head.state));
      detachOff(head.state === "detached" || head.state === "new");
    },
    verdict: setVerdict,
    ladder: setLadder,
    path: (path) => setPath(Object.entries(path)),
    figures: setFigures,
    media: (rows) => setMedia(rows.flatMap(mediaLines)),
    groups: setGroups,
    events: (rows) => setEvents(rows.map(eventRow)),
    below: ({ stream, room }) => {
      streamOff(!stream.can);
      streamButton.setAttribute("aria-expanded", String(stream.open));
      roomOff(!room.can && !room.open);
      roomButton.hidden = !room.can && !room.open;
      roomButton.setAttribute("aria-expanded", String(room.open));
    },
  };
  for (const [name, show] of Object.entries(draw)) {
    listen(model, `change:${name}`, () => show(model.get(name)), signal);
    show(model.get(name));
  }
  const pointed = () => setFigures(model.get("figures"));
  store.changed.add(pointed);
  signal.addEventListener("abort", () => store.changed.delete(pointed));
  return () => controller.abort();
}

export default () => {
  let store;
  return {
    initialize({ model }) {
      store = pointStore(model);
      return () => store.close();
    },
    render: ({ model, el }) => renderHandle(store, model, el),
  };
};
