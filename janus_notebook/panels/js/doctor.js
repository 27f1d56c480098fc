// The doctor's panel: the one thing to fix, every step, and the browser's own part of the examination.

const MARKS = { ok: "✓", warning: "!", failed: "✕", "not tried": "–", skipped: "·", pending: "…" };
const GATHER_MS = 3000;
const MEANINGS = {
  ok: "It works", warning: "It works, but see what to do", failed: "It does not work",
  "not tried": "An earlier step failed, or something is missing", skipped: "Not asked for, or not needed here",
  pending: "Its turn has not come yet",
};

/** Whether the frame's permissions policy allows a feature; null where the browser does not tell. */
function allowed(feature) {
  const policy = document.permissionsPolicy ?? document.featurePolicy;
  return policy?.allowsFeature ? policy.allowsFeature(feature) : null;
}

/** granted, denied or prompt; null where the browser does not tell. Asks nobody. */
async function permission() {
  try {
    return (await navigator.permissions.query({ name: "camera" })).state;
  } catch {
    return null;
  }
}

/** How many cameras the browser lists; it does so without asking anybody. */
async function cameras() {
  try {
    const devices = await navigator.mediaDevices.enumerateDevices();
    return devices.filter((device) => device.kind === "videoinput").length;
  } catch {
    return null;
  }
}

/** How many ICE candidates a peer connection of this browser gathers; no server is asked. */
async function gather(signal) {
  if (!globalThis.RTCPeerConnection) return { webrtc: false };
  const began = performance.now();
  let connection = null;
  let count = 0;
  try {
    connection = new RTCPeerConnection({ iceServers: [] });
    const done = new Promise((resolve) => {
      connection.onicecandidate = ({ candidate }) => {
        if (candidate?.candidate) count += 1;
        if (!candidate) resolve();
      };
      setTimeout(resolve, GATHER_MS);
      signal.addEventListener("abort", resolve, { once: true });
    });
    connection.createDataChannel("doctor");
    await connection.setLocalDescription(await connection.createOffer());
    await done;
  } catch (error) {
    console.debug("no ICE in this browser:", error);
  } finally {
    connection?.close();
  }
  return { webrtc: true, candidates: count, seconds: Math.round(performance.now() - began) / 1000 };
}

/** Everything that can be seen without asking the user. */
async function lookAround(signal) {
  const devices = Boolean(navigator.mediaDevices);
  return {
    secure: window.isSecureContext, origin: window.location.origin, devices,
    camera_allowed: allowed("camera"), microphone_allowed: allowed("microphone"),
    cameras: devices ? await cameras() : null, permission: await permission(), ...(await gather(signal)),
  };
}

/** Open the camera, which may ask the user, and close it again at once. */
async function tryCamera() {
  try {
    const stream = await navigator.mediaDevices.getUserMedia({ video: true });
    const { width, height } = stream.getVideoTracks()[0].getSettings();
    stream.getTracks().forEach((track) => track.stop());
    return { camera: "ok", detail: width ? `${width} × ${height}` : "" };
  } catch (error) {
    return { camera: error.name || "Error" };
  }
}

/** A list of steps under a caption; returns its update(rows). */
function steps(parent, caption) {
  const box = parent.appendChild(make("section", "janus-section"));
  box.appendChild(make("div", "janus-caption", caption));
  const list = box.appendChild(make("ol", "janus-steps"));
  list.setAttribute("aria-label", caption);
  const create = () => {
    const item = make("li", "janus-step");
    const mark = item.appendChild(make("span", "janus-mark"));
    mark.setAttribute("role", "img");
    item.appendChild(make("span", "janus-step-title"));
    const text = item.appendChild(make("div", "janus-step-text"));
    text.append(make("div", "janus-seen"), make("div", "janus-fix"));
    item.appendChild(make("span", "janus-step-time"));
    return item;
  };
  const draw = (item, { title, status, seen, fix, seconds }) => {
    const [mark, name, text, time] = item.children;
    item.dataset.status = status;
    put(mark, MARKS[status]);
    mark.setAttribute("aria-label", status);
    mark.title = `${status}: ${MEANINGS[status]}`;
    put(name, title);
    put(text.children[0], seen);
    put(text.children[1], fix && `To do: ${fix}`);
    put(time, seconds === null ? "" : `${seconds.toFixed(2)} s`);
    time.title = seconds === null ? "" : "How long this step took";
  };
  const update = (rows) => fill(list, rows, create, draw);
  return { box, update };
}

export default {
  render({ model, el }) {
    const controller = new AbortController();
    const { signal } = controller;
    const root = el.appendChild(make("div", "janus-panel janus-doctor"));
    const head = root.appendChild(make("header", "janus-header"));
    head.appendChild(make("span", "janus-title", "Janus doctor"));
    const url = head.appendChild(make("span", "janus-id"));
    url.title = "The server that is looked at";
    const verdict = root.appendChild(make("div", "janus-verdict"));
    verdict.setAttribute("role", "status");
    verdict.append(make("strong"), make("div"));
    const machine = steps(root, "From this kernel's machine");
    const browser = steps(root, "From this browser");
    const bar = browser.box.appendChild(make("div", "janus-bar"));
    const { ask } = controls(root, model, signal);

    let facts = null;
    const camera = bar.appendChild(make("button", "janus-button", "Try the camera"));
    camera.type = "button";
    camera.title = navigator.mediaDevices
      ? "Ask for this computer's camera, open it for a moment and close it again. Nothing is sent or kept"
      : "This page has no cameras to ask for: see what to do above";
    const again = bar.appendChild(make("button", "janus-button", "Look again"));
    Object.assign(again, { type: "button", title: "Look at this browser again, after you have changed a setting" });
    const wait = (now) => {
      camera.disabled = now || !navigator.mediaDevices;
      again.disabled = now;
    };
    const examine = async (more = {}) => {
      wait(true);
      const seen = await lookAround(signal);
      if (signal.aborted) return;
      facts = { ...seen, ...more };
      ask("browser", facts);
      wait(false);
    };
    camera.addEventListener("click", async () => {
      wait(true);
      const found = await tryCamera();
      if (!signal.aborted) examine(found);
    }, { signal });
    again.addEventListener("click", () => examine(), { signal });
    wait(true);

    const draw = {
      url: (text) => put(url, text),
      verdict: ({ state, title, text }) => {
        verdict.dataset.status = state;
        put(verdict.children[0], title);
        put(verdict.children[1], text);
      },
      machine: machine.update,
      browser: browser.update,
      running: (running) => {
        // The kernel hears of it when the cell is done; until then it would only be queued.
        if (!running && facts === null) examine();
      },
    };
    for (const [name, show] of Object.entries(draw)) {
      listen(model, `change:${name}`, () => show(model.get(name)), signal);
      show(model.get(name));
    }
    return () => controller.abort();
  },
};
