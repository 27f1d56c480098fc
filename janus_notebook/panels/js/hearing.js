// anywidget gives a module two seconds to load. In a page that was busier the panel is drawn all the same, but from
// then on every message for it is refused. That is found out here, and then the panel hears without anywidget.

const HEARD = new WeakSet();

async function hearing(model) {
  const own = await model.widget_manager?.get_model?.(model.get("own_id"));
  if (!own?.comm || HEARD.has(own)) return;
  HEARD.add(own);
  try {
    await own._handle_comm_msg({ content: { data: { method: "none" } } }); // it does nothing, where it is not refused
  } catch {
    let kind = own;
    while (!Object.hasOwn(kind, "_handle_comm_msg")) kind = Object.getPrototypeOf(kind);
    const handle = Object.getPrototypeOf(kind)._handle_comm_msg; // of ipywidgets itself
    own.comm.on_msg((message) => handle.call(own, message));
    own.comm.send({ method: "request_state" }); // what was refused meanwhile
  }
}
