// The session panel: server, address, state, counters, handles.

const COUNTERS = [
  ["requests", "requests"], ["replies", "replies"], ["events", "events"],
  ["in_flight", "in flight"], ["errors", "errors"], ["dropped", "dropped"],
];
const HINTS = {
  in_flight: "Requests that wait for their answer",
  errors: "Error entries among those the log still holds",
  dropped: "Entries the log has let go, oldest first",
};

function facts(head) {
  const server = [head.server, head.version].filter(Boolean).join(" ");
  const timeout = head.timeout_secs === null ? "" : ` · session timeout ${head.timeout_secs} s`;
  const interval = head.keepalive_secs;
  return [
    ["Server", server || "not asked yet"],
    ["Address", head.url],
    ["Transport", head.transport],
    ["Keepalive", interval === null ? "none needed" : `every ${Number(interval.toFixed(1))} s${timeout}`],
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
      if (HINTS[key]) tile.title = HINTS[key];
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
