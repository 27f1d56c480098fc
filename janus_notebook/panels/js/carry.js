// Taking text out of a panel: to the clipboard, and into a file that the browser saves.

/** Copy a text; false where the browser lets nobody. Only a secure page has the clipboard's own interface. */
async function copyText(text, near) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // No such interface, or not allowed here: the old way, by a selection.
  }
  const focused = document.activeElement;
  const field = near.appendChild(make("textarea", "janus-offstage"));
  field.value = text;
  field.select();
  const done = document.execCommand("copy");
  field.remove();
  focused?.focus({ preventScroll: true });
  return done;
}

/** Let the browser save pieces of text as a file, as it saves any download. */
function saveFile(name, pieces, near) {
  const link = near.appendChild(make("a", "janus-offstage"));
  link.href = URL.createObjectURL(new Blob(pieces, { type: "text/plain;charset=utf-8" }));
  link.download = name;
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
