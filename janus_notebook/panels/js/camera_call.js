// What all views of one widget share in this page: the media, the peer connection, and the talk with the kernel.

const BEAT_MS = 1000;
const UNHEARD_MS = 1500;
const KERNEL_SILENT_MS = 30000;
const UNSEEN_MS = 3000;
const SOON_MS = 10000;

/** Make it; it lives until close(). on(listener) hears of every change, and returns what ends that. */
function makeCall(model) {
  const id = Array.from(crypto.getRandomValues(new Uint8Array(8)), (n) => n.toString(16).padStart(2, "0")).join("");
  const listeners = new Set();
  const waiting = new Map(); // what the kernel has not heard yet: number to time
  const players = new Map();
  const sound = new Audio(); // of its own, so that two views are heard once
  const call = {
    id, sources: {}, devices: {}, muted: {}, off: {}, wants: {}, peer: null, stats: null, views: 0,
    ended: "", note: "", click: null, heardAt: performance.now(),
  };
  let sequence = 0;
  let timer = null;
  let unseen = null;
  let greeted = false;
  let began = 0;

  const changed = () => listeners.forEach((listener) => listener());
  const post = (content, buffers) => {
    waiting.set(++sequence, performance.now());
    try {
      model.send({ type: "page", from: id, seq: sequence, ...content }, undefined, buffers);
    } catch {
      finish("kernel"); // the comm is closed: the kernel was restarted
    }
  };
  const say = (what, facts = {}) => post({ say: what, ...facts });
  const release = () => {
    call.peer?.close();
    Object.values(call.sources).forEach((source) => source.stop());
    players.forEach((video) => { video.srcObject = null; });
    players.clear();
    sound.srcObject = null;
    clearTimeout(timer);
    waiting.clear();
    Object.assign(call, { peer: null, sources: {}, stats: null, muted: {}, off: {}, click: null, note: "" });
    timer = null;
    changed();
  };
  const active = () => Boolean(call.peer || timer);
  const finish = (why) => {
    if (!active()) return;
    release();
    call.ended = why;
    changed();
  };
  const hear = () => {
    const tracks = call.peer?.tracks().filter(({ kind }) => kind === "audio").map(({ track }) => track) ?? [];
    const now = sound.srcObject?.getTracks() ?? [];
    if (tracks.length !== now.length || tracks.some((track) => !now.includes(track))) {
      sound.srcObject = tracks.length ? new MediaStream(tracks) : null;
      if (tracks.length) sound.play().then(() => { call.silent = false; }, () => { call.silent = true; }).then(changed);
    }
    changed();
  };
  call.unmute = () => sound.play().then(() => { call.silent = false; changed(); }, () => {});

  const beat = async () => {
    if (performance.now() - call.heardAt > KERNEL_SILENT_MS) return call.shut("kernel");
    const { peer } = call;
    if (peer) call.stats = await peer.look().catch(() => call.stats);
    if (!active()) return undefined;
    const facts = peer && peer === call.peer ? { ...peer.facts(), stats: call.stats } : null;
    say("beat", facts ? { peer: facts } : {});
    // The first picture is told at once.
    const soon = facts?.tracks.some(({ frames }) => !frames) && performance.now() - began < SOON_MS;
    if (timer) timer = setTimeout(beat, soon ? BEAT_MS / 4 : BEAT_MS);
    return changed();
  };
  const begin = () => {
    clearTimeout(timer);
    timer = setTimeout(beat, BEAT_MS);
    began = performance.now();
    call.ended = "";
  };

  const verbs = {
    async capture({ wants }) {
      begin();
      const asked = began;
      Object.assign(call, { wants, note: "asking" });
      changed();
      const click = () => new Promise((done) => { call.click = () => { call.click = null; done(); changed(); }; changed(); });
      const sources = await capture(wants, call.devices, click);
      if (began !== asked || !timer) return Object.values(sources).forEach((source) => source.stop()); // it ended meanwhile
      call.sources = sources;
      call.note = "";
      for (const kind of Object.keys(sources)) call.follow(kind);
      changed();
      return true;
    },
    async offer(wish) { return (await negotiator(wish)).offer(wish); },
    async answer(wish) { return (await negotiator(wish)).answer(wish); },
    accept: (wish) => call.peer.accept(wish),
    rollback: () => call.peer?.rollback(),
    candidate: (wish) => call.peer?.candidate(wish),
    channel: (wish) => call.peer?.channel(wish),
    close_channel: (wish) => call.peer?.closeChannel(wish),
    send: (wish) => call.peer.send(wish),
    close: release,
    async snapshot({ n, local, mid }) {
      const tracks = call.peer?.tracks().filter(({ kind }) => kind === "video") ?? [];
      const track = local ? call.sources.video?.track : (mid ? tracks.find((each) => each.mid === mid) : tracks[0])?.track;
      if (!track) throw new Error(local ? "it sends no video" : `it receives no video${mid ? ` under mid ${mid}` : ""}`);
      for (const { content, buffers } of await pictureOf(track, players)) post({ re: n, ...content }, buffers);
      return undefined; // it has been answered
    },
  };
  const negotiator = async ({ ice_servers: servers }) => {
    if (!timer) begin();
    call.peer ??= makePeer({ servers, sources: call.sources, simulcast: call.wants.simulcast, say, changed: hear });
    return call.peer;
  };

  const receive = async (message) => {
    if (message?.type !== "page" || message.to !== id) return;
    call.heardAt = performance.now();
    if (message.ack !== undefined) {
      for (const number of waiting.keys()) if (number <= message.ack) waiting.delete(number);
      return;
    }
    if (!verbs[message.verb]) return;
    try {
      const value = await verbs[message.verb](message);
      if (message.n && value !== undefined) post({ re: message.n, value });
      else if (message.n && message.verb !== "snapshot") post({ re: message.n, value: true });
    } catch (error) {
      if (message.n) post({ re: message.n, error: error.facts ?? { name: error.name, message: error.message } });
    }
  };

  /** Whether the kernel has not heard this page for a while: it runs a cell. */
  call.unheard = () => {
    const [oldest] = waiting.values();
    return oldest !== undefined && performance.now() - oldest > UNHEARD_MS;
  };
  /** End it from here, and tell the kernel why. */
  call.shut = (why) => {
    if (!active()) return;
    say("bye", { why });
    finish(why);
  };
  call.on = (listener) => { listeners.add(listener); return () => listeners.delete(listener); };
  /** A view shows it; the returned function says that it no longer does. */
  call.look = () => {
    clearTimeout(unseen);
    call.views += 1;
    if (!greeted) say("hello");
    greeted = true;
    return () => {
      call.views -= 1;
      if (!call.views) unseen = setTimeout(() => call.shut("unseen"), UNSEEN_MS);
    };
  };

  addSwitches(call, changed);
  const live = () => { call.heardAt = performance.now(); };
  const leave = () => call.shut("pagehide");
  model.on("msg:custom", receive);
  model.on("change:beat", live);
  window.addEventListener("pagehide", leave);
  call.close = () => {
    clearTimeout(unseen);
    call.shut("closed");
    release();
    model.off("msg:custom", receive);
    model.off("change:beat", live);
    window.removeEventListener("pagehide", leave);
  };
  return call;
}
