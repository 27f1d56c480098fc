// Pages under a row of tabs. The arrow keys, Home and End go from tab to tab, as everywhere.

/** Returns add(name, title), which gives {page, label(text), node}. The first one is open. */
function tabs(parent, label) {
  const bar = parent.appendChild(make("div", "janus-tabs"));
  bar.setAttribute("role", "tablist");
  bar.setAttribute("aria-label", label);
  const known = [];
  const open = (chosen) => {
    for (const { node, page } of known) {
      const on = node === chosen;
      node.setAttribute("aria-selected", String(on));
      node.tabIndex = on ? 0 : -1;
      page.hidden = !on;
    }
  };
  bar.addEventListener("keydown", (event) => {
    const at = known.findIndex(({ node }) => node === document.activeElement);
    const next = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: known.length - 1 }[event.key];
    if (at < 0 || next === undefined) return;
    event.preventDefault();
    const { node } = known[(next + known.length) % known.length];
    open(node);
    node.focus();
  });
  return (name, title) => {
    const node = bar.appendChild(make("button", "janus-tab", name));
    const page = parent.appendChild(make("div", "janus-page"));
    node.id = `janus-tab-${Math.random().toString(36).slice(2)}`;
    page.id = `${node.id}-page`;
    Object.assign(node, { type: "button", title });
    node.setAttribute("role", "tab");
    node.setAttribute("aria-controls", page.id);
    page.setAttribute("role", "tabpanel");
    page.setAttribute("aria-labelledby", node.id);
    node.addEventListener("click", () => open(node));
    known.push({ node, page });
    open(known[0].node);
    return { node, page, label: (text) => put(node, text) };
  };
}
