// Controls that the kernel describes: groups of buttons, toggles, choices and fields, and tables with them.

/** Bring children to the items, keeping those with the same key: focus and what was typed stay. */
function keyed(parent, items, keyOf, create, draw) {
  const known = (parent.known ??= new Map());
  const seen = new Set();
  let place = null;
  for (const item of items) {
    const key = keyOf(item);
    seen.add(key);
    if (!known.has(key)) known.set(key, create(item));
    const node = known.get(key);
    const next = place ? place.nextSibling : parent.firstChild;
    if (node !== next) parent.insertBefore(node, next);
    draw(node, item);
    place = node;
  }
  for (const [key, node] of [...known]) if (!seen.has(key)) { node.remove(); known.delete(key); }
}

const buttonKey = ({ action, kind, args }) => [action, kind, args.id, args.mid, args.layer, args.room].join(" ");

function fieldNode(field) {
  const node = make("label", "janus-field");
  node.title = field.title;
  node.appendChild(make("span", "janus-muted", field.label));
  const input = node.appendChild(make("input", "janus-filter"));
  input.type = { secret: "password", number: "number" }[field.kind] ?? "text";
  Object.assign(input, { name: field.name, value: field.value, autocomplete: "off", title: field.title });
  input.placeholder = field.placeholder;
  if (field.kind === "secret") input.autocomplete = "new-password";
  if (field.kind === "number") {
    Object.assign(input, { min: field.low, max: field.high ?? "", required: !field.optional });
    input.addEventListener("input", () => input.removeAttribute("aria-invalid"));
  }
  return node;
}

const typed = (node) => Object.fromEntries([...node.querySelectorAll("input")].map((input) => [input.name, input.value]));

/** The controls of a handle's plugin; returns their update with the `groups`. */
function forms(parent, model, ask, question, signal) {
  const box = parent.appendChild(make("div", "janus-forms"));
  const live = new Set(); // a refresh for each control that is there
  const busy = (action) => (model.get("notice").busy ?? []).includes(`plugin.${action}`);
  listen(model, "change:notice", () => live.forEach((refresh) => refresh()), signal);

  const send = async (node, group, more = {}) => {
    const { item } = node;
    if (node.control.getAttribute("aria-disabled") === "true") return;
    if (item.sure && !await question(item.sure, item.label, group.bar)) return;
    for (const input of node.querySelectorAll('input[type="number"]')) { // the kernel says what is wrong
      if (!input.checkValidity()) input.setAttribute("aria-invalid", "true");
    }
    ask(`plugin.${item.action}`, { ...item.args, ...typed(group.shared), ...typed(node), ...more });
    for (const input of node.querySelectorAll('input[type="password"]')) input.value = "";
  };
  const control = (item, group) => {
    const node = make("span", "janus-control");
    for (const field of item.fields) node.appendChild(fieldNode(field));
    if (item.kind === "choice") {
      const label = node.appendChild(make("label", "janus-field"));
      label.appendChild(make("span", "janus-muted", item.label));
      node.control = label.appendChild(make("select", "janus-filter"));
      for (const [value, text] of item.options) {
        const option = node.control.appendChild(make("option", "", text));
        // What was before a choice cannot be asked for.
        Object.assign(option, { value: JSON.stringify(value), disabled: value === null, selected: value === null });
      }
      node.control.addEventListener("change", () => {
        const value = JSON.parse(node.control.value);
        if (value !== null) send(node, group, { value });
      }, { signal });
    } else {
      node.control = node.appendChild(make("button", "janus-button"));
      node.control.type = "button";
      node.control.addEventListener("click", () => {
        send(node, group, node.item.kind === "toggle" ? { on: !node.item.value } : {});
      }, { signal });
    }
    node.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && event.target.tagName === "INPUT") send(node, group);
    }, { signal });
    return node;
  };
  const draw = (node, item) => {
    node.item = item;
    const refresh = () => {
      const off = Boolean(node.item.off) || busy(node.item.action);
      node.control.setAttribute("aria-disabled", String(off));
      node.control.title = node.item.title + (node.item.off ? ` – not now: ${node.item.off}` : "");
    };
    if (item.kind !== "choice") put(node.control, item.label);
    if (item.kind === "toggle") node.control.setAttribute("aria-pressed", String(Boolean(item.value)));
    live.delete(node.refresh);
    node.refresh = refresh;
    live.add(refresh);
    refresh();
  };
  const buttons = (parent, items, group) => keyed(parent, items, buttonKey, (item) => control(item, group), draw);

  const groupNode = ({ title }) => {
    const node = make("section", "janus-section janus-group");
    const caption = node.appendChild(make("div", "janus-caption", title));
    const note = node.appendChild(make("div", "janus-muted"));
    const bar = node.appendChild(make("div", "janus-controls"));
    const shared = node.appendChild(make("div", "janus-controls"));
    const table = node.appendChild(make("div", "janus-scroll")).appendChild(make("table", "janus-table"));
    const head = table.createTHead().insertRow();
    return Object.assign(node, { caption, note, bar, shared, table, head, body: table.createTBody() });
  };
  const rowNode = () => make("tr");
  const drawRow = (group) => (tr, row) => {
    while (tr.children.length <= row.cells.length) tr.appendChild(make("td"));
    row.cells.forEach((text, at) => put(tr.children[at], text));
    const last = tr.lastElementChild;
    last.classList.add("janus-controls");
    buttons(last, row.buttons, group);
  };
  const drawGroup = (node, group) => {
    put(node.caption, group.title);
    put(node.note, group.note);
    node.note.hidden = !group.note;
    buttons(node.bar, group.buttons, node);
    keyed(node.shared, group.fields, (field) => field.name, fieldNode, () => {});
    node.table.hidden = group.rows.length === 0;
    const columns = group.columns.length ? [...group.columns, "actions"] : [];
    fill(node.head, columns, () => Object.assign(make("th"), { scope: "col" }), put);
    node.table.setAttribute("aria-label", group.title);
    keyed(node.body, group.rows, (row) => row.key, rowNode, drawRow(node));
  };
  const groupKey = (group) => group.title.split(/[ (]/)[0] + (group.buttons[0]?.args.room ?? "");
  return (groups) => {
    live.clear();
    keyed(box, groups, groupKey, groupNode, drawGroup);
  };
}
