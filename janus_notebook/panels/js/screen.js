// The screen of a live view: draws the pictures that come, confirms each, and tells whether anybody looks.

const STALE_MS = 250;
const QUIET_MS = 2000;
const LONGEST_QUIET_MS = 30000;

/**
 * Draw into a canvas what `model` sends; onPicture(message) is called after each. The kernel sends no more than
 * two pictures that are not confirmed, so that nothing queues here: a slow page gets fewer.
 */
function screen(canvas, model, signal, onPicture) {
  const viewer = Math.random().toString(36).slice(2);
  const context = canvas.getContext("2d");
  let newest = null;
  let drawing = false;
  let visible = false;
  let quiet = null;
  let pause = QUIET_MS;

  const tell = (message) => {
    try {
      model.send({ ...message, viewer });
    } catch {
      // the kernel is gone: the header says so
    }
  };
  const looked = () => visible && !document.hidden;
  // What was on its way when a line broke is never confirmed: who waits for pictures says so now and then.
  const listenOn = () => {
    clearTimeout(quiet);
    if (looked()) quiet = setTimeout(() => { pause = Math.min(pause * 2, LONGEST_QUIET_MS); tell({ type: "here" }); listenOn(); }, pause);
  };
  const onLook = () => {
    tell({ type: looked() ? "here" : "away" });
    listenOn();
  };

  const draw = async ({ message, data, came }) => {
    const bitmap = await createImageBitmap(new Blob([data], { type: "image/jpeg" }));
    await new Promise((done) => requestAnimationFrame(done)); // a hidden page has none, and confirms nothing
    const stale = newest !== null && performance.now() - came > STALE_MS;
    if (!signal.aborted && !stale) {
      if (canvas.width !== bitmap.width) canvas.width = bitmap.width;
      if (canvas.height !== bitmap.height) canvas.height = bitmap.height;
      context.drawImage(bitmap, 0, 0);
      onPicture(message);
    }
    bitmap.close();
  };
  const drawAll = async () => {
    if (drawing) return;
    drawing = true;
    while (newest !== null && !signal.aborted) {
      const next = newest;
      newest = null;
      try {
        await draw(next);
      } catch (error) {
        console.warn("a picture of a live view could not be drawn", error);
      }
      tell({ type: "seen", n: next.message.n });
    }
    drawing = false;
  };

  listen(model, "msg:custom", (message, buffers) => {
    if (message?.type !== "picture") return;
    pause = QUIET_MS;
    listenOn();
    newest = { message, data: buffers[0], came: performance.now() };
    drawAll();
  }, signal);
  const observer = new IntersectionObserver((entries) => {
    const now = entries.at(-1).isIntersecting;
    if (now !== visible) { visible = now; onLook(); }
  });
  observer.observe(canvas.parentElement);
  document.addEventListener("visibilitychange", onLook, { signal });
  window.addEventListener("pagehide", () => tell({ type: "gone" }), { signal });
  signal.addEventListener("abort", () => {
    clearTimeout(quiet);
    observer.disconnect();
    tell({ type: "gone" });
  });
}
