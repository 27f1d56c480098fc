// The Admin panel's settings: each with what it means, and the control that changes it.

function hurts(row, value) {
  return { on: value === true, off: value === false, less: value < row.value && value > 0, much: value > 5 && value > row.value }[row.when] ?? false;
}

/** One setting; returns its update(row). */
function settingRow(parent, { controls: { ask, bind }, question, signal }) {
  const box = parent.appendChild(make("div", "janus-setting"));
  const words = box.appendChild(make("div"));
  const label = words.appendChild(make("label", "janus-setting-label"));
  const meaning = words.appendChild(make("div", "janus-muted"));
  const side = box.appendChild(make("div", "janus-setting-value"));
  label.htmlFor = `janus-${Math.random().toString(36).slice(2)}`;
  meaning.id = `${label.htmlFor}-meaning`;
  let row = null;
  let update = () => {};

  const send = async (value, restore) => {
    if (value === row.value) return;
    if (hurts(row, value) && !(await question(row.confirm, `Change it: ${row.label}`, box))) restore();
    else ask("set", { name: row.name, value });
  };
  const control = (tag, options) => {
    const node = side.appendChild(make(tag, options.type === "checkbox" ? "" : "janus-filter"));
    Object.assign(node, { ...options, id: label.htmlFor, title: row.meaning });
    node.setAttribute("aria-describedby", meaning.id);
    return node;
  };
  const kinds = {
    fact: () => {
      const node = side.appendChild(make("output", "janus-setting-fact"));
      node.id = label.htmlFor;
      update = () => put(node, `${row.value} ${row.unit}`);
    },
    switch: () => {
      const node = control("input", { type: "checkbox" });
      const word = side.appendChild(make("span", "janus-muted"));
      bind(node, "set");
      update = () => { node.checked = row.value; put(word, row.value ? "on" : "off"); };
      node.addEventListener("change", () => send(node.checked, update), { signal });
    },
    number: () => field(control("input", { type: "number", min: 0, max: 2147483647, step: 1 }), row.unit),
    level: () => {
      const node = control("select", {});
      fill(node, row.choices, () => make("option"), (option, text) => { option.value = row.choices.indexOf(text); put(option, text); });
      field(node, "");
    },
  };
  // Nothing is sent while one types or goes through the choices: only by Set, or Enter.
  const field = (node, unit) => {
    side.appendChild(make("span", "janus-muted janus-unit", unit));
    const set = side.appendChild(make("button", "janus-button", "Set"));
    Object.assign(set, { type: "button", title: `Change it on the server, until that ends: ${row.label}` });
    set.setAttribute("aria-label", `Set ${row.label}`);
    const off = bind(set, "set");
    let before = null;
    const look = () => off(node.value === "" || Number(node.value) === row.value || !node.validity.valid);
    const restore = () => { node.value = row.value; look(); };
    update = () => {
      const touched = before !== null && node.value !== String(before);
      before = row.value;
      if (!touched || document.activeElement !== node) node.value = row.value;
      look();
    };
    const go = () => { if (set.getAttribute("aria-disabled") !== "true") send(Number(node.value), restore); };
    set.addEventListener("click", go, { signal });
    for (const name of ["input", "change"]) node.addEventListener(name, look, { signal });
    node.addEventListener("keydown", (event) => { if (event.key === "Enter") { event.preventDefault(); go(); } }, { signal });
  };
  return (next) => {
    const first = row === null;
    row = next;
    put(label, row.label);
    put(meaning, row.meaning);
    if (first) kinds[row.kind]();
    update();
  };
}

/** The page; returns its update(settings). */
function settingsPage(page, tools) {
  page.appendChild(make("p", "janus-muted janus-note", "They hold for everybody, and until the server ends: its configuration files stay as they are."));
  const list = page.appendChild(make("div", "janus-settings"));
  const known = new Map();
  return (settings) => {
    for (const row of settings) {
      if (!known.has(row.name)) known.set(row.name, settingRow(list, tools));
      known.get(row.name)(row);
    }
  };
}
