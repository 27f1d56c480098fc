// The event stream's second bar: search with next and previous, and saving; and the texts below the list.

/** The index of a number in a list of rising numbers, or -1. */
function exactly(list, seq) {
  const at = indexOf(list, seq);
  return at < list.length && list.at(at) === seq ? at : -1;
}

/** Returns { node, text(), show(found, index, looking) }: found are the numbers, or "" without a search. */
function searchBar(parent, signal, { typed, step }) {
  const node = parent.appendChild(make("div", "janus-bar janus-second"));
  node.setAttribute("role", "group");
  node.setAttribute("aria-label", "Search, follow, pause and save");
  const lead = node.appendChild(make("span", "janus-lead", "Search"));
  lead.title = "Marks what it finds, and hides nothing";
  const field = node.appendChild(make("input", "janus-filter janus-grow"));
  Object.assign(field, {
    type: "search", placeholder: "find and mark: a text", spellcheck: false,
    title: "Highlight a text in the events that are shown, and go from one to the next: Enter, and Shift+Enter back.\n"
      + "It is looked for in the rows and in the JSON; events that have it are marked at their left edge.",
  });
  field.setAttribute("aria-label", "Search in the events that are shown");
  const arrow = (label, name, title, by) => {
    const button = node.appendChild(make("button", "janus-button janus-small", label));
    Object.assign(button, { type: "button", title });
    button.setAttribute("aria-label", name);
    button.addEventListener("click", () => step(by), { signal });
    return button;
  };
  const back = arrow("↑", "Previous match", "Previous match (Shift+Enter in the search field)", -1);
  const next = arrow("↓", "Next match", "Next match (Enter in the search field)", 1);
  const count = node.appendChild(make("span", "janus-muted janus-found"));
  count.setAttribute("role", "status");
  field.addEventListener("input", typed, { signal });
  field.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    step(event.shiftKey ? -1 : 1);
  }, { signal });
  return {
    node,
    text: () => field.value.trim().toLowerCase(),
    show(found, index, looking) {
      for (const button of [back, next]) button.disabled = !found || !found.length;
      const all = found ? number(found.length) : "";
      put(count, !found ? "" : looking ? "searching…" : !found.length ? "not found" : index < 0 ? `${all} found` : `${number(index + 1)} of ${all}`);
    },
  };
}

/** Buttons that save what is shown; what() says which events that are. */
function saveButtons(parent, store, signal, what) {
  const forms = [
    ["Save JSONL", "jsonl", 'Save the events that are shown as a recording; replay("file.jsonl") opens it again, on any machine'],
    ["Save text", "text", "Save the events that are shown as plain text, one line for each"],
  ];
  const buttons = [];
  const say = make("span", "janus-muted janus-saved");
  say.setAttribute("role", "status");
  const save = (form) => {
    const pieces = [];
    for (const button of buttons) button.disabled = true;
    put(say, "Saving…");
    store.ask({ type: "export", form, ...what() }, (answer) => {
      pieces.push(answer?.part ?? "");
      if (answer?.more) return put(say, `Saving: ${number(answer.done)} of ${number(answer.of)} events…`);
      for (const button of buttons) button.disabled = false;
      if (!answer || answer.error) return put(say, `Not saved: ${answer?.error ?? "the kernel's answer was lost"}`);
      saveFile(answer.name, pieces, parent);
      const hint = form === "jsonl" ? ` – open it with replay("${answer.name}")` : "";
      return put(say, `${number(answer.of)} events in ${answer.name}, in this browser's downloads${hint}`);
    });
  };
  for (const [label, form, title] of forms) {
    const button = parent.appendChild(make("button", "janus-button", label));
    Object.assign(button, { type: "button", title: `${title}. It goes to this browser's downloads.` });
    button.addEventListener("click", () => save(form), { signal });
    buttons.push(button);
  }
  parent.appendChild(say);
}

/** What stands below the list. `fit`: how many are shown, null without a filter. */
function countText(log, fit, whilePaused, newer, model) {
  const kept = (log.total ?? 0) - (log.dropped ?? 0);
  const capacity = model.get("head").capacity;
  return [
    fit === null ? `${number(kept)} events` : `${number(fit)} of ${number(kept)} events fit the filter`,
    log.dropped ? `${number(log.dropped)} older ones dropped: the log keeps ${number(capacity)}` : "",
    whilePaused ? `paused, ${number(whilePaused)} new since` : "",
    newer ? `${number(newer)} newer below` : "",
  ].filter(Boolean).join(" · ");
}
