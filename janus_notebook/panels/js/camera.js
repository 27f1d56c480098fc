// A handle's media in this page: what comes, what goes, and the controls. Several views share one call.

Object.assign(SYMBOLS, { waiting: "○", asking: "◔", ended: "■", failed: "▲" });
const LOCAL_ENDS = {
  kernel: "The kernel was restarted, or no longer answers: the camera is off, and the call has ended.",
  pagehide: "The page was left.", unseen: "No cell showed it any more.", source: "The sharing was stopped.",
};
const shared = new Map(); // call by widget

function callOf(model) {
  const key = model.get("ident");
  if (!shared.has(key)) shared.set(key, makeCall(model));
  return shared.get(key);
}

/** A picture with its caption; returns its update(track, caption). */
function screen(parent, className) {
  const box = parent.appendChild(make("figure", `janus-screen ${className}`));
  const video = box.appendChild(Object.assign(document.createElement("video"), { muted: true, autoplay: true, playsInline: true }));
  const caption = box.appendChild(make("figcaption"));
  const update = (track, text) => {
    const now = video.srcObject?.getTracks()[0] ?? null;
    if (now !== track) video.srcObject = track ? new MediaStream([track]) : null;
    // A browser pauses what leaves the document, as when one scrolls away.
    if (track && video.paused && video.isConnected) video.play().catch(() => {});
    video.setAttribute("aria-label", text);
    put(caption, text);
  };
  return { box, update };
}

/** A choice of devices; returns its update(). */
function chooser(parent, call, what, kind, signal) {
  const label = parent.appendChild(make("label", "janus-field"));
  label.append(make("span", "", what === "camera" ? "Camera" : "Microphone"));
  const select = label.appendChild(make("select", "janus-filter"));
  label.title = `Which ${what} is sent; it changes at once, without a new negotiation`;
  select.addEventListener("change", () => call.choose(what, kind, select.value), { signal });
  return async () => {
    label.hidden = call.wants[kind] !== what || !call.peer;
    if (label.hidden) return;
    const devices = await devicesOf(what);
    const used = call.sources[kind]?.track.getSettings().deviceId ?? call.devices[what] ?? "";
    fill(select, devices, () => make("option"), (option, { deviceId, label: name }) => {
      option.value = deviceId;
      put(option, name || `${what} ${devices.findIndex((each) => each.deviceId === deviceId) + 1}`);
    });
    select.value = used;
  };
}

function sentence(text) {
  return text && `${text[0].toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? "" : "."}`;
}

function rateText(stats, before, name) {
  const [now, then] = [stats?.transport[name], before?.transport[name]];
  if (now === undefined || then === undefined || now < then) return "–";
  const bits = (now - then) * 8;
  return bits > 999500 ? `${(bits / 1e6).toFixed(2)} Mbit/s` : `${Math.round(bits / 1e3)} kbit/s`;
}

export default {
  initialize({ model }) {
    const call = callOf(model);
    return () => { shared.delete(model.get("ident")); call.close(); };
  },
  render({ model, el }) {
    const controller = new AbortController();
    const { signal } = controller;
    const call = callOf(model);
    const root = el.appendChild(make("div", "janus-panel janus-camera"));
    const head = header(root, model, signal);
    const message = root.appendChild(make("div", "janus-verdict"));
    message.setAttribute("role", "status");
    const stage = root.appendChild(make("div", "janus-stage"));
    const bar = root.appendChild(make("div", "janus-bar"));
    const line = root.appendChild(make("div", "janus-muted janus-line"));
    const { button } = controls(root, model, signal);
    const mine = screen(stage, "janus-mine");
    const remotes = [];

    const act = (label, title, run) => {
      const node = bar.appendChild(make("button", "janus-button", label));
      Object.assign(node, { type: "button", title });
      node.addEventListener("click", run, { signal });
      return node;
    };
    const mute = act("Mute microphone", "Send silence instead of your voice; others stay connected", () => call.mute());
    const stop = act("Stop camera", "Switch the camera off, and on again; others stay connected", () => call.toggle());
    const cameras = chooser(bar, call, "camera", "video", signal);
    const microphones = chooser(bar, call, "microphone", "audio", signal);
    const sound = act("Play the sound", "The browser plays sound only after a click", () => call.unmute());
    const share = act("Choose what to share", "The browser asks for a window or the screen after a click only", () => call.click?.());
    const hangup = act("Hang up", "End it: the camera goes off, and Janus is told", () => call.shut("button"));
    const start = button(bar, {
      action: "start", label: "Start again", title: "Ask for the camera and negotiate anew, in this page",
      args: () => ({ page: call.id }),
    });
    const again = bar.lastElementChild;
    let before = null;
    let newest = null;

    const says = () => {
      const { state, reason, page } = model.get("head");
      const elsewhere = page && page !== call.id && ["asking", "connecting", "connected"].includes(state);
      const active = !elsewhere && ["waiting", "asking", "connecting", "connected"].includes(state) && !call.ended;
      if (elsewhere) return ["busy", "It is in another page of this notebook."];
      if (call.ended === "kernel") return ["bad", LOCAL_ENDS.kernel];
      if (call.click) return ["busy", "Click “Choose what to share”: the browser asks only after a click."];
      if (call.note === "asking" && active) {
        return ["busy", call.wants.video === "screen" ? "Choose in the browser's dialog what to share."
          : call.wants.video === "camera" || call.wants.audio === "microphone"
            ? "Allow it in the browser: it asks beside the address. Nothing was sent to Janus yet." : "Making the test media …"];
      }
      if (active && call.unheard()) {
        return ["busy", `Waiting: the kernel is busy with a cell and does not hear this page${call.peer ? "; the call goes on" : ""}.`];
      }
      if (call.note && active) return ["bad", sentence(call.note)];
      return {
        waiting: ["busy", "Getting ready …"], asking: ["busy", "Waiting for the browser …"],
        connecting: ["busy", "Negotiating with Janus …"], failed: ["bad", sentence(reason)],
        ended: ["calm", sentence(`ended: ${reason || LOCAL_ENDS[call.ended] || "it is over"}`)],
      }[state] ?? null;
    };
    const draw = () => {
      const { title, id, state } = model.get("head");
      head(title, id ?? "", call.ended === "kernel" ? "ended" : state, "");
      const said = says();
      message.hidden = !said;
      if (said) { message.dataset.level = said[0]; put(message, said[1]); }
      const { peer, sources } = call;
      const videos = peer?.tracks().filter(({ kind, track }) => kind === "video" && !track.muted) ?? [];
      while (remotes.length > videos.length) remotes.pop().box.remove();
      while (remotes.length < videos.length) {
        const made = screen(stage, "");
        stage.insertBefore(made.box, mine.box);
        remotes.push(made);
      }
      const names = model.get("names");
      videos.forEach(({ mid, track }, at) => {
        const seen = call.stats?.media.find((each) => each.mid === mid);
        const size = seen?.width ? ` · ${seen.width}×${seen.height}${seen.fps ? ` · ${Math.round(seen.fps)} fps` : ""}` : "";
        remotes[at].update(track, `${names[mid] || names[""] || "from Janus"} · mid ${mid}${size}`);
      });
      const own = call.off.video ? null : sources.video?.track ?? null;
      mine.box.hidden = !sources.video && !call.off.video;
      const what = call.off.video ? "camera is off" : { test: "test picture", screen: "what you share" }[call.wants.video];
      mine.update(own, what ? `You (${what})` : "You");
      stage.hidden = mine.box.hidden && !videos.length;
      mute.hidden = !sources.audio;
      put(mute, call.muted.audio ? "Unmute" : call.wants.audio === "test" ? "Mute tone" : "Mute microphone");
      mute.setAttribute("aria-pressed", String(Boolean(call.muted.audio)));
      stop.hidden = !peer || call.wants.video !== "camera";
      put(stop, call.off.video ? "Start camera" : "Stop camera");
      stop.setAttribute("aria-pressed", String(Boolean(call.off.video)));
      sound.hidden = !call.silent;
      share.hidden = !call.click;
      hangup.hidden = !peer && !Object.keys(sources).length && !["asking"].includes(state);
      const { page } = model.get("head");
      const elsewhere = page && page !== call.id;
      again.hidden = !hangup.hidden || !(elsewhere || ["ended", "failed"].includes(state)) || call.ended === "kernel";
      put(again, elsewhere && !["ended", "failed"].includes(state) ? "Take it here" : "Start again");
      start(false);
      if (call.stats !== newest) [before, newest] = [newest, call.stats];
      const rtt = newest?.media.map((each) => each.rtt_secs).filter((each) => each !== null) ?? [];
      const lost = newest?.media.reduce((sum, each) => sum + each.lost_in, 0) ?? 0;
      line.hidden = !peer;
      put(line, peer && `from Janus ${rateText(newest, before, "bytes_in")} · to Janus ${rateText(newest, before, "bytes_out")}`
        + `${rtt.length ? ` · round trip ${Math.round(Math.max(...rtt) * 1000)} ms` : ""} · lost ${lost}`
        + `${newest?.pair?.local ? ` · ${newest.pair.local.type} ${newest.pair.local.protocol}` : ""}`);
    };
    const redraw = () => { draw(); cameras(); microphones(); };
    const quiet = call.on(redraw);
    for (const name of ["head", "names"]) listen(model, `change:${name}`, draw, signal);
    const timer = setInterval(draw, 500);
    const unlook = call.look();
    redraw();
    return () => { clearInterval(timer); quiet(); unlook(); controller.abort(); };
  },
};
