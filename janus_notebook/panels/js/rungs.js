// The ladder of a connection, and the one line above it that says how it stands.

const MARKS = { done: "✓", now: "▸", slow: "!", failed: "✕", waiting: "·", none: "–", unknown: "?", over: "■" };
const STATUS = {
  done: "done", now: "under way", slow: "takes long", failed: "failed", waiting: "not yet",
  none: "not part of it", unknown: "not known", over: "over",
};
const MEANS = {
  signalling: "The handle is attached to its plugin, over the session's connection",
  offer: "Offer and answer (SDP) have gone both ways",
  gathering: "Both sides have told their addresses (ICE candidates)",
  pair: "A pair of addresses was found between which packets pass (ICE)",
  dtls: "Keys were exchanged over that pair (DTLS); Janus then says webrtcup",
  to_janus: "Janus receives what is sent to it",
  from_janus: "What Janus sends arrives",
  data: "The data channel that messages go over",
};

/** The line; returns its update. */
function verdictLine(parent) {
  const node = parent.appendChild(make("div", "janus-verdict"));
  node.setAttribute("role", "status");
  const said = node.appendChild(make("div"));
  const title = said.appendChild(make("strong"));
  const text = said.appendChild(make("span"));
  const advice = node.appendChild(make("div", "janus-advice"));
  return (verdict) => {
    node.dataset.level = verdict.level;
    put(title, /[.…]$/.test(verdict.title) ? verdict.title : `${verdict.title}.`);
    put(text, verdict.text ? ` ${verdict.text}` : "");
    put(advice, verdict.advice ? `${verdict.level === "calm" ? "" : "Try: "}${verdict.advice}` : "");
    advice.hidden = !verdict.advice;
  };
}

function makeRung() {
  const node = make("li", "janus-step");
  node.append(make("span", "janus-step-name"), make("span", "janus-step-time"), make("span", "janus-step-note"));
  return node;
}

function stepTime({ status, secs }) {
  if (secs === null) return STATUS[status];
  return status === "now" || status === "slow" ? `for ${secs} s` : after(secs);
}

function drawRung(node, step) {
  const [name, took, note] = node.children;
  put(name, `${MARKS[step.status]} ${step.title}`);
  put(took, stepTime(step));
  put(note, step.note);
  node.dataset.status = step.status;
  node.title = `${MEANS[step.name]}: ${STATUS[step.status]}${step.note ? ` (${step.note})` : ""}`;
  if (["now", "slow", "failed"].includes(step.status)) node.setAttribute("aria-current", "step");
  else node.removeAttribute("aria-current");
}

/** The ladder; returns its update. */
function stepLadder(parent) {
  const node = parent.appendChild(make("ol", "janus-steps"));
  node.setAttribute("aria-label", "Steps of the connection");
  return (steps) => fill(node, steps, makeRung, drawRung);
}
