// What all views of one event stream share: the rows that are here, and what was asked of the kernel.

const KEPT_ROWS = 4000;
const ROWS_ASKED = 200; // at once
const LATE_MS = 500;
const LOST_MS = 15_000;

/**
 * rows: by number, bounded: what was not looked at for longest goes first. gone: numbers that the kernel no
 * longer has. `solid`: from that number on every row of the log is here. `log`: what the newest batch said of
 * the log. changed: functions to call when something has come. ask(message, reply): the reply gets the
 * kernel's answer, or null if it was lost; several, if an answer says `more`. It returns a function that takes
 * the question back. late: how many questions have waited for long: the kernel is busy.
 */
function makeStore(model) {
  const store = { rows: new Map(), gone: new Set(), last: 0, solid: Infinity, log: {}, late: 0, changed: new Set() };
  const waiting = new Map();
  const holds = new Set();
  const asked = new Map(); // row number: when
  const mine = Math.random().toString(36).slice(2);
  let requests = 0;
  let wanted = new Set();
  let timer = 0;

  const tell = () => { for (const call of store.changed) call(); };
  const keep = (row) => {
    store.rows.delete(row.seq);
    store.rows.set(row.seq, row);
    asked.delete(row.seq);
  };
  const evict = () => {
    for (const seq of store.rows.keys()) {
      if (store.rows.size <= KEPT_ROWS) return;
      store.rows.delete(seq);
      if (seq >= store.solid) store.solid = seq + 1;
    }
  };
  const receive = (batch) => {
    if (!batch || batch.last === undefined || batch.last < store.last) return;
    // Whatever lies before the first of these rows, and is not here, is asked for when it is looked at.
    const covers = batch.skipped > 0 ? (batch.rows[0]?.seq ?? batch.last + 1) : batch.first;
    if (batch.skipped > 0 || covers > store.last + 1 || store.solid > covers) store.solid = covers;
    for (const row of batch.rows) if (!store.rows.has(row.seq)) keep(row);
    store.last = batch.last;
    store.log = batch;
    evict();
    tell();
  };
  const settle = (request, answer) => {
    const entry = waiting.get(request);
    if (!entry) return;
    clearTimeout(entry.timer);
    if (entry.late) store.late -= 1;
    Object.assign(entry, { late: false, at: performance.now() });
    if (!answer?.more) waiting.delete(request);
    entry.reply(answer);
  };
  store.ask = (message, reply) => {
    const request = `${mine}-${++requests}`;
    const entry = { reply, at: performance.now(), number: requests, late: false };
    entry.timer = setTimeout(() => { entry.late = true; store.late += 1; tell(); }, LATE_MS);
    waiting.set(request, entry);
    model.send({ ...message, request });
    return () => { entry.reply = () => {}; settle(request, null); };
  };
  const fetchWanted = () => {
    timer = 0;
    const now = performance.now();
    const missing = [...wanted].filter((seq) => !store.rows.has(seq) && !(now - asked.get(seq) < LOST_MS));
    wanted = new Set();
    if (!missing.length) return;
    const seqs = missing.slice(0, ROWS_ASKED).sort((a, b) => a - b);
    for (const seq of seqs) asked.set(seq, now);
    store.ask({ type: "rows", seqs }, (answer) => {
      for (const seq of seqs) asked.delete(seq);
      if (!answer) return;
      answer.rows.forEach(keep);
      for (const seq of answer.gone) store.gone.add(seq);
      while (store.gone.size > KEPT_ROWS) store.gone.delete(store.gone.keys().next().value);
      evict();
      tell();
    });
  };
  /** The row with a number, if it is here; if not, it will come if the kernel still has it. */
  store.row = (seq) => {
    const row = store.rows.get(seq);
    if (row) {
      store.rows.delete(seq);
      store.rows.set(seq, row); // looked at
    } else if (!store.gone.has(seq)) {
      wanted.add(seq);
      timer ||= setTimeout(fetchWanted, 40);
    }
    return row;
  };
  /** While a view is paused, the kernel keeps for it what the log lets go of. */
  store.hold = (view, on) => {
    const before = holds.size;
    if (on) holds.add(view);
    else holds.delete(view);
    if ((before === 0) !== (holds.size === 0)) store.ask({ type: "hold", on }, () => {});
  };
  const onBatch = () => receive(model.get("batch"));
  const onMessage = (message) => {
    if (!waiting.has(message?.request)) return;
    const now = performance.now();
    const { number } = waiting.get(message.request);
    for (const [request, entry] of waiting) { // answered out of turn: these were lost on the way
      if (entry.number < number && now - entry.at > LOST_MS) settle(request, null);
    }
    settle(message.request, message);
  };
  receive(model.get("initial"));
  onBatch();
  model.on("change:batch", onBatch);
  model.on("msg:custom", onMessage);
  store.close = () => {
    model.off("change:batch", onBatch);
    model.off("msg:custom", onMessage);
    clearTimeout(timer);
    waiting.forEach((entry) => clearTimeout(entry.timer));
  };
  return store;
}
