// One event beside the list: its line, its JSON as a tree, and ways to take them along.

/** Returns { show(row, mark), close(), open(): the number of the event that is shown, or null }. */
function detailsPane(parent, store, signal, closed) {
  const node = parent.appendChild(make("section", "janus-details"));
  node.setAttribute("aria-label", "The chosen event");
  node.hidden = true;
  const head = node.appendChild(make("div", "janus-details-head"));
  const title = head.appendChild(make("span", "janus-details-title"));
  const action = (label, help, run) => {
    const button = head.appendChild(make("button", "janus-button janus-small", label));
    Object.assign(button, { type: "button", title: help });
    button.addEventListener("click", run, { signal });
    return button;
  };
  const say = make("span", "janus-muted");
  say.setAttribute("role", "status");
  let shown = null; // { row, text }
  let takeBack = null;
  let timer = 0;
  let mark = "";
  let folded = false;

  const copy = async (text, what) => {
    const done = await copyText(text, node);
    put(say, done ? `${what} copied` : "This browser does not let a page copy; select the text and press Ctrl+C");
  };
  const copyJson = action("Copy JSON", "Copy the whole event as JSON", () => copy(shown.text, "JSON"));
  action("Copy line", "Copy this event's line of the list as text", () => copy(lineOf(shown.row), "Line"));
  const fold = action("Unfold all", "Unfold or fold every part of the JSON", () => {
    folded = !folded;
    tree.fold(folded);
    put(fold, folded ? "Unfold all" : "Fold all");
  });
  const close = () => {
    node.hidden = true;
    takeBack?.();
    takeBack = null;
    clearTimeout(timer);
    shown = null;
    closed();
  };
  action("✕", "Close the event (Escape)", close).setAttribute("aria-label", "Close the event");
  head.appendChild(say);
  const what = node.appendChild(make("div", "janus-details-what"));
  const note = node.appendChild(make("div", "janus-muted janus-details-note"));
  const tree = jsonTree(node, signal, { label: "JSON of the event; the arrow keys move, fold and unfold" });

  const draw = (answer) => {
    takeBack = null;
    clearTimeout(timer);
    const failed = !answer || answer.error;
    put(note, failed ? `Its JSON is ${answer?.error ?? "lost on the way; choose the event again"}.` : "");
    if (answer && !answer.error && !answer.whole) put(note, "Long texts are cut here; a saved JSONL file has the whole.");
    tree.node.hidden = failed;
    for (const button of [copyJson, fold]) button.disabled = failed;
    if (failed) return;
    shown.text = answer.text;
    tree.show(parseJson(answer.text), { open: 3, mark });
  };
  const ask = () => {
    takeBack = store.ask({ type: "json", seq: shown.row.seq }, draw);
  };
  return {
    node,
    open: () => shown?.row.seq ?? null,
    close,
    show(row, wanted) {
      mark = wanted;
      if (shown?.row.seq === row.seq) {
        if (shown.text) tree.show(parseJson(shown.text), { mark });
        return;
      }
      takeBack?.();
      clearTimeout(timer);
      shown = { row, text: "" };
      folded = true;
      node.hidden = false;
      put(fold, "Unfold all");
      put(say, "");
      put(title, `#${row.seq} ${row.direction} ${row.kind}`);
      put(what, row.summary);
      what.hidden = !row.summary;
      put(note, "");
      tree.node.hidden = true;
      for (const button of [copyJson, fold]) button.disabled = true;
      timer = setTimeout(() => {
        ask();
        timer = setTimeout(() => put(note, "Queued: the kernel is busy, and sends the JSON as soon as it is free."), LATE_MS);
      }, 60); // whoever runs through the list with a key held down asks for the last one only
    },
  };
}

/** A row as a line of plain text. */
function lineOf(row) {
  const handle = row.handle ? ` ${row.handle}` : "";
  return `#${row.seq} ${sinceStart(row.elapsed)} ${row.direction} ${row.kind}${handle} ${row.summary}`.trimEnd();
}
