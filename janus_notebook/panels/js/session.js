// The session panel: server, address, state, counters, handles.

const COUNTERS = [
  ["requests", "requests"], ["replies", "replies and acks"], ["events", "events"],
  ["in_flight", "in flight"], ["errors", "errors"], ["dropped", "dropped"],
];
const HINTS = {
  requests: "Requests sent to Janus, keepalives too",
  replies: "Answers to requests; a request can get an ack first and its reply later, and both count",
  events: "Events that Janus sent by itself",
  in_flight: "Requests that wait for their answer",
  errors: "Errors since the session began: answered by Janus, or met here",
  dropped: "Entries the log has let go, oldest first",
};

/** At most 2 decimals: 20, 1.67. */
function seconds(value) {
  return `${Number(value.toFixed(2))} s`;
}

function facts(head) {
  const server = [head.server, head.version].filter(Boolean).join(" ");
  const timeout = head.timeout_secs === null ? "" : ` · session timeout ${seconds(head.timeout_secs)}`;
  const interval = head.keepalive_secs;
  const recording = head.recording === null ? [] : [["Recording", head.recording]];
  return [
    ...recording,
    ["Server", server || "not asked yet"],
    ["Address", head.url],
    ["Transport", head.transport],
    ["Keepalive", interval === null ? "none needed" : `every ${seconds(interval)}${timeout}`],
    ["Since", timeOfDay(head.since)],
  ];
}

export default {
  render({ model, el }) {
    const controller = new AbortController();
    const { signal } = controller;
    const root = el.appendChild(make("div", "janus-panel"));
    const setHeader = header(root, model, signal);
    const setFacts = factList(root);
    const tiles = root.appendChild(make("div", "janus-tiles"));
    const values = COUNTERS.map(([key, label]) => {
      const tile = tiles.appendChild(make("div", "janus-tile"));
      const value = tile.appendChild(make("span", "janus-value", "0"));
      tile.appendChild(make("span", "janus-muted", label));
      tile.title = HINTS[key];
      return value;
    });
    const setHandles = table(root, "Handles", ["id", "plugin", "state"]);

    const drawHead = () => {
      const head = model.get("head");
      root.classList.toggle("janus-ended", head.state === "closed" || head.state === "lost");
      setHeader("Janus session", head.id, head.state, head.reason);
      setFacts(facts(head));
    };
    const drawCounters = () => {
      const counters = model.get("counters");
      COUNTERS.forEach(([key], at) => {
        put(values[at], counters[key].toLocaleString("en"));
        values[at].parentElement.dataset.alarm = key === "errors" && counters[key] > 0;
      });
    };
    const drawHandles = () => {
      setHandles(model.get("handles").map((handle) => [handle.id, handle.plugin, stateText(handle.state)]));
    };
    listen(model, "change:head", drawHead, signal);
    listen(model, "change:counters", drawCounters, signal);
    listen(model, "change:handles", drawHandles, signal);
    drawHead();
    drawCounters();
    drawHandles();
    return () => controller.abort();
  },
};
