// The Admin panel's tokens. They are secrets: the panel has their numbers only, and a copy goes to the clipboard.

/** Put a text on the clipboard; says whether the browser allowed it. */
async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // A page that did not come by https has no clipboard; the old way works there.
    const area = document.body.appendChild(make("textarea"));
    area.value = text;
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    return done;
  }
}

function checks(parent, legend, title, onChange) {
  const box = parent.appendChild(make("fieldset", "janus-checks"));
  box.appendChild(make("legend", "janus-muted", legend));
  const list = box.appendChild(make("div", "janus-check-list"));
  const create = () => {
    const label = make("label", "janus-check");
    const node = label.appendChild(make("input"));
    Object.assign(node, { type: "checkbox", title });
    label.appendChild(make("span"));
    node.addEventListener("change", () => onChange(node));
    return label;
  };
  return {
    list,
    draw(plugins, state) {
      fill(list, plugins, create, (label, plugin) => {
        const node = label.firstElementChild;
        put(label.lastElementChild, plugin);
        node.value = plugin;
        state(node, plugin);
      });
    },
  };
}

function tokenCard({ controls: { ask, bind, button }, question, request, signal }, show) {
  const card = make("div", "janus-token");
  let row = null;
  const head = card.appendChild(make("div", "janus-bar"));
  const name = head.appendChild(make("strong"));
  head.appendChild(make("span", "janus-id", "••••••••")).title = "A token is a secret, and is never shown. Copy gives it to you";
  const used = head.appendChild(make("span", "janus-muted"));
  const copy = head.appendChild(make("button", "janus-button", "Copy"));
  Object.assign(copy, { type: "button", title: "Put the token on the clipboard, without showing it" });
  copy.addEventListener("click", async () => {
    const { token } = await request({ type: "token", number: row.number });
    const done = token && await copyText(token);
    show(done ? `token ${row.number} is on the clipboard` : "the browser did not allow a copy: click Copy again", !done);
  }, { signal });
  button(head, {
    action: "token_remove", label: "Remove", title: "Let the server forget this token: nobody can use it any more",
    args: () => ({ number: row.number }),
    sure: () => question(`Remove token ${row.number}? Whoever has it can open nothing new with it.`, "Remove", head),
  });
  const fold = card.appendChild(make("details"));
  const good = fold.appendChild(make("summary", "janus-muted"));
  const boxes = checks(fold, "It may be used for", "Let this token be used for the plugin, or no more", (node) => {
    ask("token_plugin", { number: row.number, plugin: node.value, allow: node.checked });
  });
  const bound = new Map();
  card.draw = (next, plugins) => {
    row = next;
    put(name, `Token ${row.number}`);
    put(used, row.used === 1 ? "used by 1 handle" : `used by ${row.used} handles`);
    put(good, `Good for ${row.plugins.join(", ") || "nothing"}`);
    boxes.draw(plugins, (node, plugin) => {
      node.checked = row.plugins.includes(plugin);
      const last = node.checked && row.plugins.length === 1;
      node.title = last ? "The last one: a token that is good for nothing is not listed any more. Remove it instead" : "Let this token be used for the plugin, or no more";
      if (!bound.has(node)) bound.set(node, bind(node, "token_plugin"));
      bound.get(node)(last);
    });
  };
  return card;
}

/** The page; returns its update(tokens). */
function tokensPage(page, tools) {
  const note = page.appendChild(make("p", "janus-note"));
  const on = page.appendChild(make("div"));
  const said = on.appendChild(make("div", "janus-notice"));
  said.setAttribute("role", "status");
  const show = (text, failed) => { put(said, text); said.dataset.failed = failed; };
  const none = on.appendChild(make("div", "janus-muted", "There are no tokens yet: without one nobody can use this server."));
  const list = on.appendChild(make("div", "janus-tokens"));
  const form = on.appendChild(make("form", "janus-add"));
  form.appendChild(make("div", "janus-caption", "Add a token"));
  const line = form.appendChild(make("div", "janus-bar"));
  const label = line.appendChild(make("label", "janus-muted", "Token "));
  const field = label.appendChild(make("input", "janus-filter"));
  Object.assign(field, { type: "password", autocomplete: "new-password", placeholder: "empty: a random one", title: "A text that nobody can guess. Left empty, one is made at random" });
  const boxes = checks(form, "It may be used for", "Let the new token be used for this plugin", () => off(!chosen().length));
  const chosen = () => [...boxes.list.querySelectorAll("input:checked")].map((node) => node.value);
  const off = tools.controls.button(line, {
    action: "token_add", label: "Add token", title: "Let the server know this token, for the plugins that are ticked",
    args: () => {
      const token = field.value;
      field.value = "";
      return { token, plugins: chosen() };
    },
  });
  form.addEventListener("submit", (event) => { event.preventDefault(); line.querySelector("button").click(); }, { signal: tools.signal });
  const begun = new WeakSet();
  return (tokens) => {
    put(note, tokens.note);
    note.hidden = !tokens.note;
    on.hidden = Boolean(tokens.note);
    none.hidden = tokens.rows.length > 0;
    fill(list, tokens.rows, () => tokenCard(tools, show), (card, row) => card.draw(row, tokens.plugins));
    boxes.draw(tokens.plugins, (node) => { if (!begun.has(node)) node.checked = Boolean(begun.add(node)); });
  };
}
