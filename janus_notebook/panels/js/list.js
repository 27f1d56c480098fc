// A virtual list: of any number of rows of one height only those in sight are in the document.
//
// virtualList(parent, signal, { label, create, draw, cursor, move, choose, scrolled }) returns
// { node, refresh(count, top), reveal(index), top() }: refresh scrolls to the row `top`, Infinity is the end.
// create() makes the empty element of a row, draw(element, index) fills it. cursor() is the index of the active
// row or -1; move(index) asks to make another one active (arrows, Page Up and Down, Home, End, a click),
// choose(index) is Enter or a double meaning of a click: show it. scrolled(atEnd) tells that the user has scrolled.

const ROW_HEIGHT = 22;
const OVERSCAN = 6;
const TALLEST = 8e6; // pixels; browsers cut what is taller than some 16 million

function virtualList(parent, signal, { label, create, draw, cursor, move, choose, scrolled }) {
  const node = parent.appendChild(make("div", "janus-list"));
  const space = node.appendChild(make("div", "janus-list-space"));
  const pane = space.appendChild(make("div", "janus-list-pane"));
  const ident = `janus-${Math.random().toString(36).slice(2)}`;
  node.tabIndex = 0;
  node.setAttribute("role", "listbox");
  node.setAttribute("aria-label", label);
  for (const part of [space, pane]) part.setAttribute("role", "presentation");
  let count = 0;
  let placed = 0; // where the list was scrolled to from here

  const whole = () => count * ROW_HEIGHT;
  const scale = () => {
    const room = node.clientHeight;
    return whole() <= TALLEST ? 1 : (whole() - room) / (TALLEST - room);
  };
  const topPixel = () => node.scrollTop * scale();
  const topRow = () => Math.floor(topPixel() / ROW_HEIGHT);
  const onPage = () => Math.max(1, Math.floor(node.clientHeight / ROW_HEIGHT) - 1);
  const atEnd = () => node.scrollHeight - node.scrollTop - node.clientHeight < 8;

  const paint = () => {
    const top = topPixel();
    const from = Math.max(0, Math.floor(top / ROW_HEIGHT) - OVERSCAN);
    const to = Math.min(count, Math.ceil((top + node.clientHeight) / ROW_HEIGHT) + OVERSCAN);
    pane.style.transform = `translateY(${node.scrollTop - top + from * ROW_HEIGHT}px)`;
    while (pane.children.length > to - from) pane.lastElementChild.remove();
    while (pane.children.length < to - from) {
      const row = pane.appendChild(create());
      row.setAttribute("role", "option");
      row.id = `${ident}-${pane.children.length}`;
    }
    const active = cursor();
    node.removeAttribute("aria-activedescendant");
    for (let index = from; index < to; index += 1) {
      const row = pane.children[index - from];
      row.janusIndex = index;
      row.setAttribute("aria-posinset", index + 1);
      row.setAttribute("aria-setsize", count);
      row.setAttribute("aria-selected", String(index === active));
      if (index === active) node.setAttribute("aria-activedescendant", row.id);
      draw(row, index);
    }
  };
  const scrollTo = (pixel) => {
    node.scrollTop = Math.max(0, pixel) / scale();
    placed = node.scrollTop;
  };
  const reveal = (index) => {
    const top = topPixel();
    const last = (index + 1) * ROW_HEIGHT - node.clientHeight;
    if (index * ROW_HEIGHT < top) scrollTo(index * ROW_HEIGHT);
    else if (last > top) scrollTo(last);
    paint();
  };

  const steps = {
    ArrowDown: (at) => at + 1, ArrowUp: (at) => at - 1, PageDown: (at) => at + onPage(),
    PageUp: (at) => at - onPage(), Home: () => 0, End: () => count - 1,
  };
  node.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || count === 0) return;
    const at = cursor();
    if (steps[event.key]) {
      // From nowhere, the first key goes to what is in sight.
      const start = Math.min(count, Math.ceil((topPixel() + node.clientHeight) / ROW_HEIGHT)) - 1;
      const wanted = at < 0 && event.key.startsWith("Arrow") ? start : steps[event.key](at < 0 ? start : at);
      move(Math.max(0, Math.min(count - 1, wanted)), event.key);
    } else if ((event.key === "Enter" || event.key === " ") && at >= 0) {
      choose(at);
    } else {
      return;
    }
    event.preventDefault();
  }, { signal });
  pane.addEventListener("click", (event) => {
    const row = event.target.closest('[role="option"]');
    if (!row) return;
    move(row.janusIndex, "click");
    choose(row.janusIndex);
  }, { signal });
  node.addEventListener("scroll", () => {
    if (Math.abs(node.scrollTop - placed) < 1) return; // from here, and painted
    placed = node.scrollTop;
    scrolled(atEnd());
    paint();
  }, { signal });
  const resized = new ResizeObserver(() => scrolled(null));
  resized.observe(node);
  signal.addEventListener("abort", () => resized.disconnect());
  return {
    node,
    refresh(rows, top) {
      count = rows;
      const height = `${Math.min(whole(), TALLEST)}px`;
      if (space.style.height !== height) space.style.height = height;
      placed = node.scrollTop; // a shorter list may have been scrolled by the browser
      if (top === Infinity) scrollTo(whole());
      else if (top !== topRow()) scrollTo(top * ROW_HEIGHT + (topPixel() % ROW_HEIGHT));
      paint();
    },
    reveal,
    top: topRow,
  };
}
