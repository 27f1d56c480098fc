// The session panel: server, connection with its history, round trips, handles, counters, uncaught errors.

const COUNTERS = [
  ["requests", "requests", "Requests sent to Janus, keepalives too"],
  ["replies", "replies and acks", "Answers to requests; a request can get an ack first and its reply later, and both count"],
  ["events", "events", "Events that Janus sent by itself"],
  ["in_flight", "in flight", "Requests that wait for their answer"],
  ["errors", "errors", ""],
  ["dropped", "dropped", "Entries the log has let go, oldest first"],
];
const OPEN = ["connected", "recovered"];
const TRIPS = "From a request to the first answer of Janus's core: keepalives, pings, and the acks of requests. " +
  "They are taken from the log; nothing is sent for them, unless you press Ping.";

/** At most 2 decimals: 20, 1.67. */
function seconds(value) {
  return `${Number(value.toFixed(2))} s`;
}

function ms(value) {
  return `${value < 10 ? Number(value.toFixed(2)) : Math.round(value)} ms`;
}

function facts(head) {
  const timeout = head.timeout_secs === null ? "" : ` · session timeout ${seconds(head.timeout_secs)}`;
  const every = head.keepalive_secs === null ? "none needed" : `every ${seconds(head.keepalive_secs)}${timeout}`;
  const kept = head.kept_secs === 0 ? "the session is gone at once" : `the server keeps it for ${head.kept_secs} s`;
  return [
    ["Recording", head.recording, "This is no live session: a recording plays"],
    ["Server", [head.server, head.version].filter(Boolean).join(" ") || "not asked yet", "What it says of itself"],
    ["Address", head.url, "The URL that this session uses, without secrets"],
    ["Transport", head.transport, "How messages go to the server and back"],
    ["Keepalive", every, "How often the server is told that we are there; after the timeout it ends the session"],
    ["If lost", head.kept_secs === null ? null : kept, "What becomes of the session when its connection is lost (reclaim_session_timeout)"],
    ["Local IP", head.local_ip, "As Janus sees itself; its ICE candidates may name others, which a handle's panel shows"],
    ["Public IP", head.public_ip, "Set for 1:1 NAT: Janus puts it into its ICE candidates"],
    ["ICE", head.ice, "How the server does ICE; media must reach it over UDP, unless it does ICE over TCP"],
    ["Asks for", head.asks_for, "What the server wants to see before it does anything"],
    ["Plugins", head.plugins, "The plugins that this server has: session.attach(name)"],
    ["Since", timeOfDay(head.since), `When it came into this state. ${CLOCKS}`],
  ];
}

/** What the connection has been through. */
function changeRow(row) {
  const lasted = row.lasted_secs === null ? "now" : row.lasted_secs < 60 ? seconds(row.lasted_secs) : duration(row.lasted_secs);
  return [timeOfDay(row.time), stateText(row.state), lasted, row.reason];
}

/** Rows of one line, the whole text in the tooltip; a click, or Enter in the region, unfolds them. */
function unfolding(section, label, signal) {
  const scroller = section.querySelector(".janus-scroll");
  // It scrolls, and so must be within reach of the keyboard.
  Object.assign(scroller, { tabIndex: 0, role: "region", ariaLabel: label, title: "Click a row to see all of its text, or press Enter for all rows" });
  scroller.addEventListener("click", (event) => {
    if (!String(getSelection())) event.target.closest("tbody tr")?.classList.toggle("janus-whole");
  }, { signal });
  scroller.addEventListener("keydown", (event) => {
    if (event.key === "Enter") scroller.classList.toggle("janus-whole");
  }, { signal });
}

export default {
  render({ model, el }) {
    const controller = new AbortController();
    const { signal } = controller;
    const root = el.appendChild(make("div", "janus-panel"));
    const setHeader = header(root, model, signal);
    const badge = make("button", "janus-badge");
    badge.type = "button";
    root.querySelector(".janus-clock").before(badge);
    const setFacts = factList(root);
    const trips = root.appendChild(make("div", "janus-trips"));
    trips.title = TRIPS;
    trips.append(make("span", "", "Round trip"), make("strong"));
    const setSpark = sparkline(trips);
    const spread = trips.appendChild(make("span", "janus-muted"));

    const bar = root.appendChild(make("div", "janus-bar"));
    const question = questions(signal);
    const { ask, button } = controls(root, model, signal);
    const pingOff = button(bar, { action: "ping", label: "Ping", title: "Ask the server for a sign of life, and time its answer" });
    button(bar, {
      action: "bundle", label: "Support bundle",
      title: "Write all that is known of this session into a zip file beside the notebook, secrets masked, for a bug report",
    });
    const copy = bar.appendChild(make("button", "janus-button", "Copy id"));
    Object.assign(copy, { type: "button", title: "Copy the session's id to the clipboard" });
    copy.addEventListener("click", async () => {
      put(copy, await copyText(model.get("head").id ?? "", root) ? "Copied" : "The browser did not let us");
      setTimeout(() => put(copy, "Copy id"), 1500);
    }, { signal });
    const destroyOff = button(bar, {
      action: "destroy", label: "Destroy …", title: "End the session on the server, with all its handles; asks first",
      sure: () => {
        const count = model.get("handles").filter((row) => row.state !== "detached").length;
        const handles = count ? ` and its ${count === 1 ? "handle" : `${count} handles`}` : "";
        return question(`Destroy session ${model.get("head").id}${handles}?`, "Destroy", bar);
      },
    });

    const uncaught = root.appendChild(make("div"));
    const setErrors = table(uncaught, "Errors that no call could raise", ["at", "handle", "what"]);
    uncaught.firstElementChild.classList.add("janus-uncaught");
    uncaught.firstElementChild.tabIndex = -1;
    badge.addEventListener("click", () => {
      uncaught.scrollIntoView({ block: "nearest" });
      uncaught.firstElementChild.focus();
    }, { signal });
    const reveal = revealing(root, signal);
    const setHandles = handleTable(root, (handle) => { reveal(); ask("show", { handle }); }, signal);
    const tiles = root.appendChild(make("div", "janus-tiles"));
    const values = COUNTERS.map(([, label, hint]) => {
      const tile = tiles.appendChild(make("div", "janus-tile"));
      tile.title = hint;
      return [tile, tile.appendChild(make("span", "janus-value", "0")), tile.appendChild(make("span", "janus-muted", label))];
    });
    const setHistory = table(root, "Connection, newest first", ["at", "state", "for", "why"]);
    const changes = root.lastElementChild;
    changes.querySelector(".janus-scroll").classList.add("janus-changes");
    unfolding(uncaught, "Errors that no call could raise", signal);
    unfolding(changes, "States of the connection", signal);

    const handles = () => setHandles(model.get("handles"), model.get("shown"));
    const draw = {
      head: (head) => {
        root.classList.toggle("janus-ended", head.state === "closed" || head.state === "lost");
        setHeader("Janus session", head.id, head.state, head.reason);
        setFacts(facts(head));
        pingOff(head.recording !== null || !OPEN.includes(head.state));
        destroyOff(head.recording !== null || ["new", "closed"].includes(head.state));
        copy.disabled = head.id === null;
      },
      counters: (counters) => COUNTERS.forEach(([key], at) => {
        const [tile, value] = values[at];
        put(value, counters[key].toLocaleString("en"));
        if (key !== "errors") return;
        const raised = Math.max(counters.errors - counters.background, 0);
        tile.dataset.alarm = counters.errors > 0;
        tile.title = `Since the session began: ${raised} answered to a call, which raised them, and ${counters.background} that no call could raise; those are listed in this panel`;
      }),
      trips: (found) => {
        trips.hidden = !found.values_ms;
        if (trips.hidden) return;
        const count = found.values_ms.length;
        const text = `min ${ms(found.low_ms)} · median ${ms(found.median_ms)} · max ${ms(found.high_ms)} of the last ${count} answers`;
        put(trips.children[1], ms(found.last_ms));
        put(spread, count === 1 ? "" : text);
        setSpark(found.values_ms, `Round-trip times: ${count === 1 ? ms(found.last_ms) : text}`);
      },
      errors: ({ total, earlier, rows }) => {
        badge.hidden = uncaught.hidden = total === 0;
        put(badge, `▲ ${total} background ${total === 1 ? "error" : "errors"}`);
        badge.title = "Something failed that no call could raise: show what";
        setErrors(rows.map((row) => [timeOfDay(row.time), named(row.label, row.handle), row.times > 1 ? `${row.text} (${row.times} times)` : row.text]));
        put(uncaught.querySelector(".janus-caption"), `Errors that no call could raise, newest first${earlier ? `, and ${earlier} earlier` : ""}`);
      },
      handles,
      shown: handles,
      history: ({ rows, earlier }) => {
        setHistory(rows.map(changeRow));
        put(changes.querySelector(".janus-caption"), `Connection, newest first${earlier ? `, and ${earlier} earlier` : ""}`);
        changes.querySelectorAll("tbody tr").forEach((tr, at) => { tr.cells[1].dataset.state = rows[at].state; });
      },
    };
    for (const [name, show] of Object.entries(draw)) {
      listen(model, `change:${name}`, () => show(model.get(name)), signal);
      show(model.get(name));
    }
    return () => controller.abort();
  },
};
