// The handle panel: state ladder, WebRTC facts, media, last events, buttons.

const RECEIVES = { true: "✓ yes", false: "✕ no", null: "? unknown" };

const HAS_PEER_CONNECTION = ["negotiating", "connected"];

function rung() {
  const node = make("li", "janus-rung");
  node.append(make("span", "janus-rung-name"), make("span", "janus-muted"));
  return node;
}

function drawRung(node, step) {
  const mark = step.current ? "▸" : step.reached ? "✓" : "·";
  const times = step.round ? ` #${step.round}` : "";
  put(node.children[0], `${mark} ${WORDS[step.state] ?? step.state}${times}`);
  const how = step.state === "connected" ? "in" : "after";
  const took = step.after_secs === null ? "" : `${how} ${after(step.after_secs)}`;
  put(node.children[1], took || timeOfDay(step.time) || "–");
  node.dataset.state = step.state;
  node.classList.toggle("janus-reached", step.reached);
  if (step.current) node.setAttribute("aria-current", "step");
  else node.removeAttribute("aria-current");
}

function facts(webrtc) {
  return [
    ["ICE", webrtc.ice], ["DTLS", webrtc.dtls], ["Sending", webrtc.sending],
    ["Local", webrtc.local], ["Remote", webrtc.remote],
  ];
}

function mediaRow(row) {
  const frames = row.frames === null ? "–" : row.frames.toLocaleString("en") + (row.ended ? " (ended)" : "");
  return [row.mid, row.type || "–", RECEIVES[row.janus_receives], row.slowlinks, row.lost, frames, row.size ?? "–"];
}

function eventRow(row) {
  return [row.seq, `${row.elapsed.toFixed(3)} s`, `${ARROWS[row.direction] ?? "?"} ${row.direction}`, row.kind, row.summary];
}

export default {
  render({ model, el }) {
    const controller = new AbortController();
    const { signal } = controller;
    const root = el.appendChild(make("div", "janus-panel"));
    const setHeader = header(root, model, signal);
    const ladder = root.appendChild(make("ol", "janus-ladder"));
    ladder.setAttribute("aria-label", "Steps of the connection");
    const setFacts = factList(root);
    const media = ["mid", "type", "Janus receives", "slow links", "lost", "frames back", "size"];
    const setMedia = table(root, "Media", media, [3, 4, 5]);
    const setEvents = table(root, "Last events", ["#", "at", "direction", "kind", "what"], [0, 1]);
    root.lastElementChild.classList.add("janus-last-events");
    const bar = root.appendChild(make("div", "janus-bar"));
    const { button } = controls(root, model, signal);
    const hangUpOff = button(bar, {
      action: "hangup", label: "Hang up", title: "Close the PeerConnection; the handle stays attached",
    });
    const detachOff = button(bar, {
      action: "detach", label: "Detach", title: "Give the handle back to the server; this panel keeps its last state",
    });

    const draw = {
      head: (head) => {
        root.classList.toggle("janus-ended", head.state === "detached");
        setHeader(head.plugin, head.id, head.state, head.reason);
        hangUpOff(!HAS_PEER_CONNECTION.includes(head.state));
        detachOff(head.state === "detached" || head.state === "new");
      },
      ladder: (steps) => fill(ladder, steps, rung, drawRung),
      webrtc: (webrtc) => setFacts(facts(webrtc)),
      media: (rows) => setMedia(rows.map(mediaRow)),
      events: (rows) => setEvents(rows.map(eventRow)),
    };
    for (const [name, show] of Object.entries(draw)) {
      listen(model, `change:${name}`, () => show(model.get(name)), signal);
      show(model.get(name));
    }
    return () => controller.abort();
  },
};
