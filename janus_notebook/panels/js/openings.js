// The handles of a session, whose panels open below the session's own.

const FOLLOWED_MS = 1000;

/** What a person calls a handle, with its id. */
function named(label, handle) {
  return [label, handle].filter(Boolean).join(" ") || "–";
}

/** A table whose rows are opened by a click or by the button in them; returns its update(handles, shown). */
function handleTable(parent, toggle, signal) {
  const setRows = table(parent, "Handles", ["handle", "plugin", "state", "media", "since", "why"]);
  const section = parent.lastElementChild;
  section.classList.add("janus-handle-list");
  section.querySelectorAll("th")[3].title = "What Janus receives from us: ✓ it does, ✕ it does not, ? it has not said, – no connection; and slow links";
  section.querySelectorAll("th")[4].title = `When it came into this state. ${CLOCKS}`;
  section.querySelector("tbody").addEventListener("click", (event) => {
    const button = event.target.closest("tr")?.querySelector("button");
    // A row whose text was selected is not opened by that; the button is, whatever the page has selected.
    if (button && (button.contains(event.target) || !String(getSelection()))) toggle(button.dataset.handle);
  }, { signal });
  return (handles, shown) => {
    setRows(handles.map((row) => [
      named(row.label, row.id), `${row.plugin.replace(/^janus\.plugin\./, "")}${row.name ? ` “${row.name}”` : ""}`, stateText(row.state), row.media || "–",
      timeOfDay(row.since), row.reason,
    ]));
    section.querySelectorAll("tbody tr").forEach((tr, at) => {
      const { id, label, state, plugin } = handles[at];
      const open = id === shown;
      // The row's text is that of the button: as long as it is the same, so is the button, with its focus.
      if (!tr.cells[0].firstElementChild) {
        const opener = make("button", "janus-open");
        opener.append(label ? make("strong", "", label) : "", label ? " " : "", make("span", label ? "janus-muted" : "", id));
        tr.cells[0].replaceChildren(opener);
      }
      const button = tr.cells[0].firstElementChild;
      button.type = "button";
      button.dataset.handle = id;
      button.title = open ? "Close the handle's panel" : "Open the handle's panel below";
      button.setAttribute("aria-expanded", String(open));
      tr.classList.toggle("janus-gone", state === "detached");
      tr.cells[1].title = plugin;
      tr.cells[2].dataset.state = state;
    });
  };
}

/** Returns what is to be called before a panel is opened, which brings it into sight. */
function revealing(root, signal) {
  const below = () => root.closest(".janus-stack")?.querySelector(":scope > .janus-frame") ?? null;
  let timer = 0;
  let [before, opened] = [null, null];
  // It is drawn later, and grows piece by piece; after that it stays where the user scrolls it.
  const growing = new ResizeObserver(() => {
    opened.scrollIntoView({ block: "nearest" });
    if (opened.querySelector(".janus-panel")) timer ||= setTimeout(() => growing.disconnect(), FOLLOWED_MS);
  });
  const observer = new MutationObserver(() => {
    if ([null, before].includes(below())) return;
    observer.disconnect();
    growing.disconnect();
    clearTimeout(timer);
    [timer, opened] = [0, below()];
    growing.observe(opened);
  });
  signal.addEventListener("abort", () => { observer.disconnect(); growing.disconnect(); clearTimeout(timer); });
  return () => {
    before = below();
    // Its place comes first, and its class later.
    const stack = root.closest(".janus-stack");
    if (stack) observer.observe(stack, { childList: true, subtree: true, attributeFilter: ["class"] });
  };
}
