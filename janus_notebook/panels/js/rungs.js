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

// From when until when a time of the ladder counts.
const TIMES = {
  signalling: ["the request to attach", "its reply"],
  offer: ["the offer", "the answer"],
  gathering: ["the offer", "the last address of both sides; it goes on beside the answer and ICE"],
  pair: ["the answer", "a pair of addresses that works"],
  dtls: ["that pair (or from the answer, if ICE is not ours)", "Janus says that media can flow"],
  to_janus: ["when media can flow", "Janus has received something of each kind"],
  from_janus: ["when media can flow", "the first frames"],
  data: ["when the connection is up", "the first message"],
};
const CONNECTED = "From the offer until Janus says that media can flow: offer / answer, then ICE pair, then DTLS";

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
    title.title = verdict.level === "good" ? CONNECTED : "";
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

function timeTitle({ name, status, secs }) {
  if (secs === null) return "";
  const [begin, end] = TIMES[name];
  return `From ${begin} until ${status === "now" || status === "slow" ? "now" : end}`;
}

function drawRung(node, step) {
  const [name, took, note] = node.children;
  put(name, `${MARKS[step.status]} ${step.title}`);
  put(took, stepTime(step));
  put(note, step.note);
  const counts = timeTitle(step);
  if (counts) took.title = counts;
  else took.removeAttribute("title");
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
