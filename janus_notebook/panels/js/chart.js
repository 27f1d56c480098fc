// Charts of the last minutes: points come once a second, and only the new ones.

const KEPT_POINTS = 300;
const GAP_SECS = 5;
const SVG = "http://www.w3.org/2000/svg";
const LANES = [
  { title: "Bitrate", least: 100e3, unit: bitsText, lines: [["from Janus", 1], ["to Janus", 2]],
    about: "Bits a second" },
  { title: "Loss", least: 0.05, unit: (v) => `${(v * 100).toFixed(v < 0.1 ? 1 : 0)} %`,
    lines: [["from Janus", 3], ["to Janus", 4]], about: "Part of the packets that was lost on the way" },
  { title: "Round trip", least: 10, unit: (v) => `${v < 10 ? v.toFixed(1) : Math.round(v)} ms`, lines: [["round trip", 5]],
    about: "Milliseconds to the other side and back" },
];

function bitsText(bps) {
  return bps >= 999500 ? `${(bps / 1e6).toFixed(2)} Mbit/s` : `${Math.round(bps / 1e3)} kbit/s`;
}

/** The points of one model, for all of its views: first all of them, then the new ones; gaps are asked for. */
function pointStore(model) {
  const store = { points: [], last: 0, epoch: null, changed: new Set() };
  let asked = null;
  let requests = 0;
  const receive = (batch) => {
    if (!batch || batch.last === undefined) return;
    if (batch.epoch !== store.epoch) Object.assign(store, { points: [], last: 0, epoch: batch.epoch });
    if (batch.first > store.last + 1 && batch.rows.length < KEPT_POINTS) {
      if (asked === null) { // something between was missed
        asked = `points-${++requests}`;
        model.send({ type: "points", after: store.last, request: asked });
      }
      return;
    }
    const fresh = batch.rows.filter((_, at) => batch.first + at > store.last);
    store.points.push(...fresh);
    store.points.splice(0, store.points.length - KEPT_POINTS);
    store.last = Math.max(store.last, batch.last);
    for (const tell of store.changed) tell();
  };
  const onPoints = () => receive(model.get("points"));
  const onMessage = (message) => {
    if (message?.type !== "points" || message.request !== asked) return;
    asked = null;
    receive(message.batch);
  };
  receive(model.get("history"));
  onPoints();
  model.on("change:points", onPoints);
  model.on("msg:custom", onMessage);
  store.close = () => { model.off("change:points", onPoints); model.off("msg:custom", onMessage); };
  return store;
}

/** 1, 2 or 5 times a power of ten, at least as large. */
function roundUp(value) {
  const power = 10 ** Math.floor(Math.log10(value));
  return power * [1, 2, 5, 10].find((step) => step * power >= value * 0.999);
}

function linePath(points, column, from, span, top) {
  let path = "";
  let before = null;
  for (const point of points) {
    const value = point[column];
    if (value === null) { before = null; continue; }
    const joined = before !== null && point[0] - before < GAP_SECS;
    const x = ((point[0] - from) / span) * 100;
    path += `${joined ? "L" : "M"}${x.toFixed(2)} ${(40 - (value / top) * 40).toFixed(2)}${joined ? "" : "h.01"}`;
    before = point[0];
  }
  return path;
}

function chart(parent, lane, store, signal) {
  const figure = parent.appendChild(make("figure", "janus-chart"));
  figure.title = lane.about;
  const head = figure.appendChild(make("figcaption"));
  head.appendChild(make("span", "janus-chart-title", lane.title));
  const legend = head.appendChild(make("span", "janus-chart-legend"));
  const texts = lane.lines.map(([name], at) => {
    const item = legend.appendChild(make("span", `janus-line-${at}`));
    item.append(make("i"), make("span", "janus-muted", `${name} `), make("b"));
    return item.lastElementChild;
  });
  const plot = figure.appendChild(make("div", "janus-plot"));
  plot.tabIndex = 0;
  plot.setAttribute("role", "img");
  const top = plot.appendChild(make("span", "janus-plot-top"));
  const svg = plot.appendChild(document.createElementNS(SVG, "svg"));
  svg.setAttribute("viewBox", "0 0 100 40");
  svg.setAttribute("preserveAspectRatio", "none");
  svg.setAttribute("aria-hidden", "true");
  const paths = lane.lines.map((_, at) => {
    const path = svg.appendChild(document.createElementNS(SVG, "path"));
    path.setAttribute("class", `janus-line-${at}`);
    return path;
  });
  const cursor = plot.appendChild(make("span", "janus-cursor"));
  const axis = figure.appendChild(make("div", "janus-plot-axis janus-muted"));
  axis.append(make("span"), make("span"), make("span", "", "now"));
  let chosen = null; // the time of the point that is read out; null for the newest
  const draw = () => {
    const { points } = store;
    const newest = points.at(-1)?.[0] ?? 0;
    const span = [30, 60, 120, 300].find((secs) => newest - (points[0]?.[0] ?? 0) <= secs) ?? 300;
    const shown = points.filter((point) => newest - point[0] <= span);
    const values = lane.lines.flatMap(([, column]) => shown.map((point) => point[column]).filter((v) => v !== null));
    const most = Math.max(0, ...values);
    const height = roundUp(Math.max(most, lane.least));
    lane.lines.forEach(([, column], at) => paths[at].setAttribute("d", linePath(shown, column, newest - span, span, height)));
    put(top, lane.unit(height));
    const reading = chosen === null ? shown.at(-1) : shown.reduce((best, point) => (
      best && Math.abs(best[0] - chosen) <= Math.abs(point[0] - chosen) ? best : point), null);
    cursor.hidden = chosen === null || !reading;
    if (reading) cursor.style.left = `${100 - ((newest - reading[0]) / span) * 100}%`;
    const said = lane.lines.map(([name, column], at) => {
      const value = reading?.[column] ?? null;
      put(texts[at], value === null ? "–" : lane.unit(value));
      return `${name} ${texts[at].textContent}`;
    });
    const when = chosen === null || !reading ? "now" : sinceStart(reading[0]);
    put(axis.children[0], `−${span < 60 ? `${span} s` : `${span / 60} min`}`);
    put(axis.children[1], chosen === null ? `most ${values.length ? lane.unit(most) : "–"}` : when);
    plot.setAttribute("aria-label", `${lane.title}, ${when}: ${said.join(", ")}; at most ${lane.unit(most)} in the last ${span} s. Arrow keys read other moments.`);
    return { newest, span };
  };
  let scale = draw();
  const redraw = () => { scale = draw(); };
  const choose = (time) => { chosen = time; redraw(); };
  plot.addEventListener("pointermove", (event) => {
    const box = plot.getBoundingClientRect();
    choose(scale.newest - (1 - (event.clientX - box.left) / box.width) * scale.span);
  }, { signal });
  for (const leaving of ["pointerleave", "blur"]) plot.addEventListener(leaving, () => choose(null), { signal });
  plot.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (event.key === "Escape") choose(null);
    if (!step) return;
    event.preventDefault();
    event.stopPropagation(); // the notebook would go to another cell
    const time = Math.max((chosen ?? scale.newest) + step, scale.newest - scale.span);
    choose(time >= scale.newest ? null : time);
  }, { signal });
  store.changed.add(redraw);
  signal.addEventListener("abort", () => store.changed.delete(redraw));
}

/** The three charts; returns their update with the `figures`. */
function charts(parent, store, signal) {
  const box = parent.appendChild(make("section", "janus-section janus-figures"));
  const caption = box.appendChild(make("div", "janus-caption"));
  const error = box.appendChild(make("div", "janus-failure"));
  const note = box.appendChild(make("div", "janus-muted"));
  const row = box.appendChild(make("div", "janus-charts"));
  for (const lane of LANES) chart(row, lane, store, signal);
  return (figures) => {
    const whose = { ours: ", as this side sees them", janus: ", as Janus sees them" }[figures.source] ?? "";
    put(caption, `Figures${whose}`);
    put(error, figures.error);
    put(note, figures.note);
    error.hidden = !figures.error;
    note.hidden = !figures.note;
    row.hidden = store.points.length === 0;
    box.hidden = row.hidden && note.hidden && error.hidden;
  };
}
