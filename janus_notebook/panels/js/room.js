// The Room panel: who is in a VideoRoom, what they send, who came and went; and what one can do about it.

const KINDS = { audio: "♪", video: "▣", data: "✉" };
const MOVES = { joined: "→ joined", left: "← left", kicked: "✕ was thrown out", published: "▣ began to publish", unpublished: "□ stopped publishing", destroyed: "✕ the room was destroyed" };

function streamText(stream) {
  const muted = stream.muted ? ["muted by moderation"] : [];
  const words = [...stream.words, ...muted].join(", ");
  const name = [stream.type, stream.codec, stream.description].filter(Boolean).join(" ");
  return `${KINDS[stream.type] ?? "·"} ${name}${words ? ` (${words})` : ""}`;
}

/** One stream with its mute button; `who` gives the person it belongs to. */
function streamRow({ ask, bind }, who, secret, signal) {
  const node = make("li", "janus-stream");
  const text = node.appendChild(make("span"));
  const mute = node.appendChild(make("button", "janus-button janus-small"));
  mute.type = "button";
  bind(mute, "moderate");
  let stream = null;
  mute.addEventListener("click", () => {
    ask("moderate", { id: who().id, mid: stream.mid, mute: !stream.muted, secret: secret() });
  }, { signal });
  node.draw = (next) => {
    stream = next;
    put(text, streamText(stream));
    node.classList.toggle("janus-muted", stream.muted);
    put(mute, stream.muted ? "Unmute" : "Mute");
    mute.title = stream.muted
      ? "Let everybody in the room have this stream again. It needs the room's secret, if it has one"
      : "Let nobody in the room have this stream any more. It needs the room's secret, if it has one";
    mute.setAttribute("aria-label", `${mute.textContent} ${stream.type} of ${who().name}`);
  };
  return node;
}

function personCard(tools, question, secret, signal) {
  const card = make("li", "janus-person");
  let person = null;
  const picture = card.appendChild(make("img", "janus-still"));
  const head = card.appendChild(make("div", "janus-person-head"));
  const name = head.appendChild(make("strong"));
  const talks = head.appendChild(make("span", "janus-talks", "● talking"));
  const about = card.appendChild(make("div", "janus-muted"));
  const streams = card.appendChild(make("ul", "janus-streams"));
  const acts = card.appendChild(make("div", "janus-bar"));
  const receive = acts.appendChild(make("button", "janus-button"));
  receive.type = "button";
  const receiveOff = tools.bind(receive, "receive");
  receive.addEventListener("click", () => tools.ask("receive", { id: person.id, on: !person.received }), { signal });
  const kick = acts.appendChild(make("button", "janus-button", "Kick"));
  Object.assign(kick, { type: "button", title: "Throw this participant out of the room. It needs the room's secret, if it has one" });
  const kickOff = tools.bind(kick, "kick");
  kick.addEventListener("click", async () => {
    const { id, name: called } = person;
    if (await question(`Throw ${called} out of the room?`, "Kick", acts)) tools.ask("kick", { id, secret: secret() });
  }, { signal });
  card.draw = (next, still, inside) => {
    person = next;
    put(name, `${person.name}${person.me ? " (you)" : ""}`);
    talks.hidden = person.talking !== true;
    card.classList.toggle("janus-talking", person.talking === true);
    const since = person.since === null ? "here before you" : `since ${timeOfDay(person.since)}`;
    const does = person.dummy ? " · a placeholder" : person.publisher ? "" : " · publishes nothing";
    put(about, `id ${person.id} · ${since}${does}`);
    fill(streams, person.streams, () => streamRow(tools, () => person, secret, signal), (row, stream) => row.draw(stream));
    streams.hidden = person.streams.length === 0;
    picture.hidden = !still;
    if (still && picture.src !== still) picture.src = still;
    picture.alt = `The newest picture of ${person.name}`;
    put(receive, person.received ? "Stop receiving" : "Receive");
    receive.setAttribute("aria-label", `${receive.textContent}: ${person.name}`);
    receive.title = !person.publisher ? "This participant publishes nothing" : person.received ? "End this panel's subscription to this participant" : "Subscribe to this participant: this kernel receives the media, and a small picture shows here once a second";
    receiveOff(!person.publisher || !inside);
    kick.setAttribute("aria-label", `Kick ${person.name}`);
    kickOff(!inside);
    acts.hidden = person.me;
  };
  return card;
}

function headText(head) {
  if (head.state === "new") return "No room was joined yet: await room.join(room=…)";
  if (head.state !== "joined") return { left: "You are not in the room any more.", kicked: "You were thrown out.", destroyed: "The room was destroyed." }[head.state] ?? "";
  return `${head.count} ${head.count === 1 ? "participant" : "participants"}, ${head.publishing} publishing`;
}

export default {
  render({ model, el }) {
    const controller = new AbortController();
    const { signal } = controller;
    const root = el.appendChild(make("div", "janus-panel janus-room-panel"));
    const setHeader = header(root, model, signal);
    const bar = root.appendChild(make("div", "janus-bar"));
    const tools = controls(root, model, signal);
    const refreshOff = tools.button(bar, {
      action: "refresh", label: "Refresh", title: "Ask VideoRoom for the room's settings and who is in it. Who comes and goes shows by itself",
    });
    const label = bar.appendChild(make("label", "janus-muted", "Room secret "));
    const secret = label.appendChild(make("input", "janus-filter janus-secret"));
    Object.assign(secret, { type: "password", autocomplete: "off", title: "What it takes to mute and to kick, if the room has a secret. It is not shown, and not kept" });
    const asked = bar.appendChild(make("span", "janus-count janus-muted"));
    const setFacts = factList(root);
    const question = questions(signal);
    const section = root.appendChild(make("section", "janus-section"));
    section.appendChild(make("div", "janus-caption", "In the room"));
    const none = section.appendChild(make("div", "janus-muted", "nobody"));
    const people = section.appendChild(make("ul", "janus-people"));
    const setMoves = table(root, "Who came and went", ["when", "what", "who"]);

    const drawPeople = () => {
      const list = model.get("people");
      const stills = model.get("stills");
      const inside = model.get("head").state === "joined";
      none.hidden = list.length > 0;
      fill(people, list, () => personCard(tools, question, () => secret.value, signal), (card, person) => card.draw(person, stills[person.id], inside));
    };
    const draw = {
      head: (head) => {
        root.classList.toggle("janus-ended", !["new", "joined"].includes(head.state));
        const name = head.room === "" ? "VideoRoom" : `VideoRoom ${head.room}`;
        setHeader(head.description ? `${name} “${head.description}”` : name, "", head.state, headText(head));
        refreshOff(head.state !== "joined" || !head.handle);
        secret.placeholder = head.secret ? "known here" : "if the room has one";
        put(asked, head.asked === null ? "" : `settings as of ${timeOfDay(head.asked)}`);
        drawPeople();
      },
      facts: setFacts,
      people: drawPeople,
      stills: drawPeople,
      moves: (moves) => setMoves([...moves].reverse().map((move) => [timeOfDay(move.time), MOVES[move.what] ?? move.what, `${move.who}${move.me ? " (you)" : ""}`])),
    };
    for (const [name, show] of Object.entries(draw)) {
      listen(model, `change:${name}`, () => show(model.get(name)), signal);
      show(model.get(name));
    }
    return () => controller.abort();
  },
};
