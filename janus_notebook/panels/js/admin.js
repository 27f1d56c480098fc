// The Admin panel: when it was read, and pages for sessions, rooms, settings, tokens and the server.

const CHOICES = [[0, "off"], [1, "every second"], [5, "every 5 s"], [30, "every 30 s"]];
const LEFT_AFTER_MS = 10000;

/** Returns request(message), a promise of the kernel's reply to this view. */
function requests(model, signal) {
  const mine = `view-${Math.random().toString(36).slice(2)}`;
  const waiting = new Map();
  let count = 0;
  listen(model, "msg:custom", (message) => {
    waiting.get(message?.request)?.(message);
    waiting.delete(message?.request);
  }, signal);
  return (message) => new Promise((resolve) => {
    const request = `${mine}-${++count}`;
    waiting.set(request, resolve);
    model.send({ ...message, request });
  });
}

function refreshBar(root, model, signal) {
  const bar = root.appendChild(make("div", "janus-bar"));
  const when = make("span", "janus-count janus-muted");
  when.title = CLOCKS;
  const failure = root.appendChild(make("div", "janus-failure"));
  failure.setAttribute("role", "status");
  const tools = controls(root, model, signal);
  tools.button(bar, { action: "refresh", label: "Refresh", title: "Ask the server once, now" });
  const label = bar.appendChild(make("label", "janus-muted", "Refresh automatically "));
  const every = label.appendChild(make("select", "janus-filter janus-every"));
  every.title = "Ask the server again and again: each time so long after the last answer. Off: only when you say so";
  fill(every, CHOICES, () => make("option"), (option, [seconds, text]) => { option.value = seconds; put(option, text); });
  every.addEventListener("change", () => tools.ask("interval", { seconds: Number(every.value) }), { signal });
  bar.appendChild(when);
  const update = (head) => {
    every.value = head.interval;
    const taken = head.taken === null ? "not read yet" : `as of ${timeOfDay(head.taken)}, read in ${after(head.took)}`;
    put(when, head.reading ? `${taken} · reading…` : taken);
    const still = head.taken === null ? "" : ` What you see is from ${timeOfDay(head.taken)}.`;
    put(failure, head.failure && `The refresh of ${timeOfDay(head.failed)} failed: ${head.failure.replace(/\.?$/, ".")}${still}`);
  };
  return { tools, update };
}

function roomsPage(page, signal) {
  page.appendChild(make("p", "janus-muted janus-note", "Publishers on the left, who receives them on the right. Thick lines carry video, thin ones sound or data only, dashed ones are paused. ★: of this kernel."));
  const none = page.appendChild(make("div", "janus-muted", "Nobody is in a VideoRoom."));
  const list = page.appendChild(make("div"));
  return (rooms) => {
    none.hidden = rooms.length > 0;
    fill(list, rooms, () => {
      const box = make("div");
      const controller = new AbortController();
      signal.addEventListener("abort", () => controller.abort());
      box.update = graph(box, controller.signal);
      return box;
    }, (box, room) => box.update(room));
  };
}

function renderAdmin(model, el) {
  const controller = new AbortController();
  const { signal } = controller;
  const root = el.appendChild(make("div", "janus-panel janus-admin"));
  const setHeader = header(root, model, signal);
  const { tools, update } = refreshBar(root, model, signal);
  const question = questions(signal);
  const shared = { controls: tools, question, request: requests(model, signal), signal };
  const add = tabs(root, "What the server tells");
  const sessions = add("Sessions", "Everybody's sessions and handles on this server");
  const rooms = add("Rooms", "Who is connected to whom in the VideoRooms");
  const settings = add("Settings", "What can be changed while the server runs");
  const tokens = add("Tokens", "The tokens that the server knows");
  const server = add("Server", "Who the server is, and its modules");
  const setSessions = sessionsPage(sessions.page, shared);
  const setRooms = roomsPage(rooms.page, signal);
  const setSettings = settingsPage(settings.page, shared);
  const setTokens = tokensPage(tokens.page, shared);
  const setFacts = factList(server.page);

  const drawSessions = () => {
    const list = model.get("sessions");
    sessions.label(`Sessions (${list.length})`);
    setSessions(list, model.get("head").number);
  };
  const draw = {
    head: (head) => {
      root.classList.toggle("janus-ended", head.state === "closed");
      setHeader("Janus Admin API", head.url, head.state, "");
      update(head);
      drawSessions();
    },
    sessions: drawSessions,
    rooms: (list) => { rooms.label(`Rooms (${list.length})`); setRooms(list); },
    settings: setSettings,
    tokens: (found) => { tokens.label(found.note ? "Tokens" : `Tokens (${found.rows.length})`); setTokens(found); },
    facts: setFacts,
  };
  for (const [name, show] of Object.entries(draw)) {
    listen(model, `change:${name}`, () => show(model.get(name)), signal);
    show(model.get(name));
  }
  // A notice that comes after a change of a setting that failed: the control shows what is, not what was wanted.
  listen(model, "change:notice", () => {
    if (!model.get("notice").failed) return;
    setSettings(model.get("settings"));
    setTokens(model.get("tokens"));
  }, signal);
  return () => controller.abort();
}

export default () => {
  let views = 0;
  let leaving = 0;
  return {
    initialize: () => () => clearTimeout(leaving),
    render({ model, el }) {
      views += 1;
      clearTimeout(leaving);
      const close = renderAdmin(model, el);
      return () => {
        close();
        views -= 1;
        if (views) return;
        // Nobody looks at it here any more. Not at once: a cell that is run again shows it anew.
        leaving = setTimeout(() => {
          if (model.get("head").interval) model.send({ type: "do", action: "interval", arguments: { seconds: 0 } });
        }, LEFT_AFTER_MS);
      };
    },
  };
};
