// The filter of an event stream: a text, and what there is to choose from, with counts.

const DIRECTION_WORDS = {
  request: ["requests", "Requests that were sent to Janus"],
  reply: ["replies", "Janus's answers to requests; a request may get an ack first and its reply later"],
  event: ["events", "What Janus sent by itself"],
  local: ["local", "What happened on this side: changes of state, errors"],
  monitor: ["monitor", "What the server told through its event handlers"],
};
const FILTER_HELP = 'Show only events that have every word of this, in the row or in the JSON.\n'
  + 'A word with a minus in front hides events: -keepalive. "Several words" in quotes are looked for as they stand.';

/** What is looked for, in lower case: texts that have to be there, texts that must not. */
function wordsOf(text) {
  const words = [];
  const without = [];
  for (const [, minus, phrase, word] of text.toLowerCase().trim().matchAll(/(-?)(?:"([^"]*)"?|(\S+))/g)) {
    if (phrase || word) (minus ? without : words).push(phrase || word);
  }
  return { words, without };
}

/** A function that tells whether a row fits a query, as far as the row says; null fits all. `labels`: of handles. */
function matcher(query, labels) {
  if (query === null) return () => true;
  const { words, without } = wordsOf(query.text ?? "");
  if (query.search) words.push(query.search.toLowerCase());
  const directions = query.directions && new Set(query.directions);
  return (row) => {
    if (directions && !directions.has(row.direction)) return false;
    if (query.kind && row.kind !== query.kind) return false;
    if (query.handle && row.handle !== query.handle) return false;
    if (!words.length && !without.length) return true;
    row.text ??= `${row.seq} ${row.direction} ${row.kind} ${row.handle ?? ""} ${row.summary}`.toLowerCase();
    const text = `${row.text} ${labels?.get(row.handle)?.toLowerCase() ?? ""}`;
    return words.every((word) => text.includes(word)) && !without.some((word) => text.includes(word));
  };
}

const withCount = (text, count) => `${text} (${count.toLocaleString("en")})`;

/** A choice of one value or all; returns { node, show([[value, label, count]], more) }. */
function choice(parent, { name, all, title }) {
  const node = parent.appendChild(make("select", "janus-filter janus-choice"));
  node.setAttribute("aria-label", name);
  node.title = title;
  node.appendChild(make("option", "", all)).value = "";
  const show = (values) => {
    if (document.activeElement === node && node.matches(":open")) return; // it is being read
    const chosen = node.value;
    const kept = values.some(([value]) => value === chosen) || !chosen ? values : [[chosen, chosen, 0], ...values];
    while (node.options.length > kept.length + 1) node.lastElementChild.remove();
    kept.forEach(([value, label, count], at) => {
      const option = node.options[at + 1] ?? node.appendChild(make("option"));
      option.value = value;
      put(option, withCount(label, count));
    });
    node.value = chosen;
  };
  return { node, show };
}

/** The bar of filters; changed() is called when the user has changed one. Returns { query(), labels, show(how many fit, looking) }. */
function filterBar(parent, model, signal, changed) {
  const bar = parent.appendChild(make("div", "janus-bar"));
  bar.setAttribute("role", "group");
  bar.setAttribute("aria-label", "Filter: what the list shows");
  const lead = bar.appendChild(make("span", "janus-lead", "Filter"));
  lead.title = "Hides what does not fit; what is hidden is still logged";
  const text = bar.appendChild(make("input", "janus-filter janus-grow"));
  Object.assign(text, { type: "search", placeholder: "show only: media -keepalive", title: FILTER_HELP, spellcheck: false });
  text.setAttribute("aria-label", "Filter the events");
  const boxes = new Map();
  const labels = new Map(); // what a person calls the handles, by id
  const kind = choice(bar, {
    name: "Kind of event", all: "all kinds", title: "Show only events of one kind; the number is how many the log has",
  });
  const handle = choice(bar, {
    name: "Handle", all: "all handles", title: "Show only events of one plugin handle; the number is how many the log has",
  });
  const directions = bar.appendChild(make("span", "janus-checks"));
  const count = bar.appendChild(make("span", "janus-muted janus-fit"));
  count.setAttribute("role", "status");
  const clear = bar.appendChild(make("button", "janus-button", "Show all"));
  Object.assign(clear, { type: "button", title: "Take every filter away" });
  const box = (direction) => {
    const [word, title] = DIRECTION_WORDS[direction] ?? [direction, ""];
    const label = directions.appendChild(make("label", "janus-check"));
    const input = label.appendChild(make("input"));
    Object.assign(input, { type: "checkbox", checked: true });
    label.dataset.direction = direction;
    label.style.order = Object.keys(DIRECTION_WORDS).indexOf(direction);
    label.title = `${title}. Untick it to hide them.`;
    label.append(make("span", "janus-direction", `${ARROWS[direction] ?? "?"} ${word}`), make("span", "janus-muted"));
    input.addEventListener("change", apply, { signal });
    return { input, count: label.lastElementChild };
  };
  const query = () => {
    const hidden = [...boxes].filter(([, { input }]) => !input.checked).map(([direction]) => direction);
    const wanted = Object.keys(DIRECTION_WORDS).filter((direction) => !hidden.includes(direction));
    const found = {
      text: text.value.trim(), kind: kind.node.value || null, handle: handle.node.value || null,
      directions: hidden.length ? wanted : null,
    };
    return Object.values(found).some(Boolean) ? found : null;
  };
  function apply() {
    clear.hidden = query() === null;
    changed();
  }
  const drawFacets = () => {
    const facets = model.get("facets");
    const counts = new Map(facets.direction ?? []);
    for (const direction of Object.keys(DIRECTION_WORDS)) {
      if (counts.has(direction) && !boxes.has(direction)) boxes.set(direction, box(direction));
    }
    for (const [direction, { count }] of boxes) put(count, (counts.get(direction) ?? 0).toLocaleString("en"));
    kind.show((facets.kind ?? []).map(([value, count]) => [value, value, count]));
    const entry = ([id, count, plugin, label]) => {
      const short = plugin.replace("janus.plugin.", "");
      return [id, [label, short !== label && short, id].filter(Boolean).join(" · "), count];
    };
    labels.clear();
    for (const [id, , , label] of facets.handle ?? []) if (label) labels.set(id, label);
    handle.show((facets.handle ?? []).map(entry));
    handle.node.hidden = Boolean(model.get("head").one_handle) || (!facets.handle?.length && !handle.node.value);
  };
  text.addEventListener("input", apply, { signal });
  kind.node.addEventListener("change", apply, { signal });
  handle.node.addEventListener("change", apply, { signal });
  clear.addEventListener("click", () => {
    text.value = kind.node.value = handle.node.value = "";
    for (const { input } of boxes.values()) input.checked = true;
    apply();
    text.focus();
  }, { signal });
  listen(model, "change:facets", drawFacets, signal);
  drawFacets();
  clear.hidden = true;
  const show = (fit, looking) => put(count, fit === null ? "" : looking ? "looking…" : `${fit.toLocaleString("en")} shown`);
  return { query, labels, show };
}
