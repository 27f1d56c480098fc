// Who is connected to whom in a VideoRoom: publishers on the left, subscribers on the right, and what goes between.

const SVG = "http://www.w3.org/2000/svg";
const HUES = 6;
const COMPACT_FROM = 13; // rows of one line when there are so many

function svgNode(parent, tag, attributes, className = "") {
  const node = parent.appendChild(document.createElementNS(SVG, tag));
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  if (className) node.setAttribute("class", className);
  return node;
}

/** A text that fits into so many pixels; the whole of it is the tooltip of its box. */
function fit(text, width, perLetter) {
  const letters = Math.max(3, Math.floor(width / perLetter));
  return text.length <= letters ? text : `${text.slice(0, letters - 1)}…`;
}

function plural(number, one, many = `${one}s`) {
  return `${number} ${number === 1 ? one : many}`;
}

function streamTexts(node) {
  return node.streams.map((stream) => [stream.type, stream.codec].filter(Boolean).join(" "));
}

/** In an order in which the lines cross less: next to what each one receives. */
function ordered(room) {
  const place = new Map(room.publishers.map((node, at) => [node.key, at]));
  const middle = new Map(room.subscribers.map(({ key }) => {
    const from = room.links.filter((link) => link.to === key).map((link) => place.get(link.from));
    return [key, from.reduce((sum, at) => sum + at, 0) / (from.length || 1)];
  }));
  return [...room.subscribers].sort((a, b) => middle.get(a.key) - middle.get(b.key));
}

function drawRoom(svg, room, width, lit) {
  svg.replaceChildren();
  const rows = Math.max(room.publishers.length, room.subscribers.length, 1);
  const compact = rows >= COMPACT_FROM;
  const [height, gap] = compact ? [22, 5] : [42, 12];
  const box = Math.min(260, Math.round(width * 0.34));
  const total = rows * (height + gap) + gap;
  svg.setAttribute("viewBox", `0 0 ${width} ${total}`);
  svg.setAttribute("width", width);
  svg.setAttribute("height", total);
  const lines = svgNode(svg, "g", { fill: "none" });
  const boxes = svgNode(svg, "g", {});
  const at = new Map();
  const column = (nodes, x, texts) => {
    const top = (total - nodes.length * (height + gap) + gap) / 2;
    nodes.forEach((node, index) => {
      const y = top + index * (height + gap);
      at.set(node.key, { y: y + height / 2, index });
      const group = svgNode(boxes, "g", { transform: `translate(${x} ${y})`, "data-key": node.key }, "janus-node");
      svgNode(group, "rect", { width: box, height, rx: 4 }, node.ours ? "janus-ours-box" : "");
      svgNode(group, "title", {}).textContent = [node.name, texts(node), node.ours ? "of this kernel" : ""].filter(Boolean).join(" · ");
      const name = svgNode(group, "text", { x: 10, y: compact ? 15 : 18 }, "janus-node-name");
      name.textContent = fit(`${node.ours ? "★ " : ""}${node.name}`, box - 20, 8);
      if (!compact) svgNode(group, "text", { x: 10, y: 34 }, "janus-node-text").textContent = fit(texts(node), box - 20, 6.4);
    });
  };
  const received = (node) => {
    const links = room.links.filter((link) => link.to === node.key);
    const streams = links.reduce((sum, link) => sum + link.streams.length, 0);
    return node.paused ? "paused" : `${plural(streams, "stream")}, ${plural(links.length, "publisher")}`;
  };
  column(room.publishers, 1, (node) => streamTexts(node).join(", ") || "not seen here");
  column(ordered(room), width - box - 1, received);
  const middle = width / 2;
  for (const link of room.links) {
    const [from, to] = [at.get(link.from), at.get(link.to)];
    const path = `M ${box + 1} ${from.y} C ${middle} ${from.y} ${middle} ${to.y} ${width - box - 1} ${to.y}`;
    const line = svgNode(lines, "path", { d: path, "data-from": link.from, "data-to": link.to }, "janus-link");
    line.dataset.hue = from.index % HUES;
    line.dataset.video = link.video;
    line.dataset.still = link.still;
    svgNode(line, "title", {}).textContent = link.streams.join(", ");
  }
  const light = (key) => {
    svg.classList.toggle("janus-lit", Boolean(key));
    const near = new Set([key]);
    for (const line of lines.children) {
      const on = key === line.dataset.from || key === line.dataset.to;
      line.classList.toggle("janus-on", on);
      if (on) near.add(line.dataset.from).add(line.dataset.to);
    }
    for (const node of boxes.children) node.classList.toggle("janus-on", near.has(node.dataset.key));
  };
  for (const node of boxes.children) {
    node.addEventListener("pointerenter", () => light(node.dataset.key));
    node.addEventListener("pointerleave", () => light(lit()));
  }
  light(lit());
}

function rowsOf(room) {
  const names = new Map([...room.publishers, ...room.subscribers].map((node) => [node.key, node.name]));
  const rows = room.publishers.flatMap((node) => {
    const links = room.links.filter((link) => link.from === node.key);
    const sent = streamTexts(node).join(", ");
    if (!links.length) return [[node.name, sent, "nobody"]];
    return links.map((link) => [node.name, link.streams.join(", "), names.get(link.to) + (link.still ? " (paused)" : "")]);
  });
  return [...rows, ...room.others.map((name) => [name, "nothing", "receives nothing either"])];
}

/** One room: a caption, the drawing, the same as a table; returns its update(room). */
function graph(parent, signal) {
  const box = parent.appendChild(make("details", "janus-room"));
  box.open = true;
  const caption = box.appendChild(make("summary"));
  const title = caption.appendChild(make("strong"));
  const count = caption.appendChild(make("span", "janus-muted"));
  const bar = box.appendChild(make("label", "janus-muted janus-follow", "Highlight "));
  const follow = bar.appendChild(make("select", "janus-filter"));
  follow.title = "Show the connections of one person only; the mouse over a box does the same";
  const scroller = box.appendChild(make("div", "janus-graph"));
  const svg = svgNode(scroller, "svg", { role: "img" });
  const others = box.appendChild(make("div", "janus-muted"));
  const tableBox = box.appendChild(make("details", "janus-as-table"));
  tableBox.appendChild(make("summary", "janus-muted", "The same as a table"));
  const setTable = table(tableBox, "Who receives what", ["who", "sends", "to"]);
  let room = null;
  let width = 0;
  const wanted = () => Math.max(380, Math.min(scroller.clientWidth, 1100));
  const redraw = () => {
    width = wanted();
    if (room && scroller.clientWidth) drawRoom(svg, room, width, () => follow.value);
  };
  follow.addEventListener("change", redraw, { signal });
  // Also when its page is opened, or the panel becomes narrower.
  const resized = new ResizeObserver(() => {
    if (wanted() !== width) redraw();
  });
  resized.observe(scroller);
  signal.addEventListener("abort", () => resized.disconnect());
  return (next) => {
    room = next;
    put(title, `Room ${room.room}${room.description ? ` “${room.description}”` : ""}`);
    const told = `${plural(room.publishers.length, "publisher")} · ${plural(room.subscribers.length, "subscription")} · ${plural(room.links.length, "connection")}`;
    put(count, ` ${told}`);
    svg.setAttribute("aria-label", `Room ${room.room}: ${told}. The table below tells which.`);
    const chosen = follow.value;
    const side = (nodes, mark) => nodes.map((node) => [node.key, `${node.name} ${mark}`]);
    const names = [["", "everybody"], ...side(room.publishers, "(sends)"), ...side(room.subscribers, "(receives)")];
    fill(follow, names, () => make("option"), (option, [key, name]) => { option.value = key; put(option, name); });
    follow.value = names.some(([key]) => key === chosen) ? chosen : "";
    scroller.hidden = bar.hidden = room.publishers.length + room.subscribers.length === 0;
    put(others, room.others.length ? `Also in the room, sending and receiving nothing: ${room.others.join(", ")}` : "");
    setTable(rowsOf(room));
    redraw();
  };
}
