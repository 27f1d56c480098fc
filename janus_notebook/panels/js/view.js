// The live view: received video, with what there is to say of it in one line.

const BLIND = "slowed down: a running cell keeps the kernel from hearing this page";

function figuresText(figures, fps) {
  if (!figures.size) return [];
  const facts = [
    [`${figures.fps.toFixed(figures.fps < 10 ? 1 : 0)} fps`, `Pictures a second that a page has drawn; at most ${fps}`],
    [figures.size.replace("x", "×"), "Pixels of the picture as it is sent to this page"],
    [`${figures.kilobytes} kB/s`, "What the pictures take on the way from the kernel to this page"],
    [figures.latency === null ? "" : `${figures.latency} ms`, "Latency: from a frame's arrival in the kernel until this page's word that it is drawn came back; the median of the last seconds"],
    [`${figures.left_out} left out`, "Frames that were not shown while somebody looked: the newest comes first, and there is no queue"],
  ];
  return facts.filter(([text]) => text);
}

function save(canvas, head) {
  canvas.toBlob((blob) => {
    const link = make("a");
    const time = new Date().toISOString().slice(0, 19).replace(/[-:]/g, "").replace("T", "-");
    const name = [head.title, head.ident, time].filter(Boolean).join("-").replace(/[^\w.-]+/g, "-");
    link.href = URL.createObjectURL(blob);
    link.download = `${name}.png`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60000);
  }, "image/png");
}

function plainButton(parent, label, title, onClick, signal) {
  const node = parent.appendChild(make("button", "janus-button", label));
  Object.assign(node, { type: "button", title });
  node.addEventListener("click", onClick, { signal });
  return node;
}

export default {
  render({ model, el }) {
    const controller = new AbortController();
    const { signal } = controller;
    const root = el.appendChild(make("div", "janus-panel janus-view"));
    const setHeader = header(root, model, signal);
    const figure = root.appendChild(make("div", "janus-screen"));
    const canvas = figure.appendChild(make("canvas", "janus-picture"));
    canvas.setAttribute("role", "img");
    canvas.hidden = true;
    const blank = figure.appendChild(make("div", "janus-blank"));
    const problem = root.appendChild(make("div", "janus-problem"));
    problem.setAttribute("role", "status");
    const bar = root.appendChild(make("div", "janus-bar janus-view-bar"));
    const tools = controls(root, model, signal);

    const pause = bar.appendChild(make("button", "janus-button"));
    pause.type = "button";
    const pauseOff = tools.bind(pause, "pause");
    pause.addEventListener("click", () => tools.ask("pause", { on: !model.get("paused") }), { signal });
    const saving = plainButton(bar, "Save picture", "Download the picture as it is shown, as a PNG file. In Python, snapshot() of the track gives it untouched", () => save(canvas, model.get("head")), signal);
    const wide = plainButton(bar, "Full width", "Show the picture as wide as the cell, or in its own size", () => {
      const on = figure.classList.toggle("janus-wide");
      wide.setAttribute("aria-pressed", String(on));
    }, signal);
    wide.setAttribute("aria-pressed", "false");
    const line = bar.appendChild(make("span", "janus-figures janus-muted"));

    const draw = {
      head: (head) => {
        const more = [head.which === "video" ? "" : head.which, head.overlay && `overlay ${head.overlay}`];
        setHeader(head.title, [head.ident, ...more].filter(Boolean).join(" · "), head.state, head.reason);
        root.classList.toggle("janus-ended", head.state === "ended");
        root.classList.toggle("janus-past", head.state === "waiting");  // a picture that still stands is an old one
        const name = [head.title, head.ident].filter(Boolean).join(" ");
        canvas.setAttribute("aria-label", `Live video of ${name} (${head.which})${head.overlay ? ` with the overlay ${head.overlay}` : ""}: ${head.state}`);
        put(blank, head.state === "ended" ? "No video was shown." : "Waiting for video …");
        pauseOff(head.state === "ended");
      },
      figures: (figures) => {
        const facts = figuresText(figures, model.get("head").fps);
        if (figures.blind) facts.unshift([BLIND, "Where comms have no thread of their own, as in ipykernel 6, the kernel hears its pages again when the cell has ended"]);
        fill(line, facts, () => make("span"), (node, [text, title]) => { put(node, text); node.title = title; });
      },
      problem: (text) => {
        put(problem, text && `▲ ${text}`);
        problem.hidden = !text;
      },
      paused: (on) => {
        put(pause, on ? "Resume" : "Pause");
        pause.title = on ? "Go on with the newest picture" : "Hold this picture, and let the kernel make no more; the video itself goes on";
        pause.setAttribute("aria-pressed", String(on));
      },
    };
    for (const [name, show] of Object.entries(draw)) {
      listen(model, `change:${name}`, () => show(model.get(name)), signal);
      show(model.get(name));
    }
    saving.disabled = true;
    screen(canvas, model, signal, () => {
      if (canvas.hidden) { canvas.hidden = false; blank.hidden = true; saving.disabled = false; }
    });
    return () => controller.abort();
  },
};
