// A small line of numbers, for a place between texts. What it shows is told in words beside it.

const SPARK = { width: 180, height: 28, margin: 2 };

/** Make one; returns its update(numbers, title). */
function sparkline(parent) {
  const make = (tag) => document.createElementNS("http://www.w3.org/2000/svg", tag);
  const svg = parent.appendChild(make("svg"));
  svg.setAttribute("class", "janus-spark");
  svg.setAttribute("viewBox", `0 0 ${SPARK.width} ${SPARK.height}`);
  svg.setAttribute("role", "img");
  const title = svg.appendChild(make("title"));
  const line = svg.appendChild(make("polyline"));
  const last = svg.appendChild(make("circle"));
  last.setAttribute("r", 2.5);
  return (numbers, text) => {
    const top = Math.max(...numbers) || 1;
    const step = (SPARK.width - 2 * SPARK.margin - 2) / Math.max(numbers.length - 1, 1);
    const points = numbers.map((number, at) => [
      SPARK.margin + at * step,
      SPARK.height - SPARK.margin - (number / top) * (SPARK.height - 2 * SPARK.margin - 2),
    ]);
    put(title, text);
    line.setAttribute("points", points.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`).join(" "));
    const [x, y] = points[points.length - 1];
    last.setAttribute("cx", x.toFixed(1));
    last.setAttribute("cy", y.toFixed(1));
  };
}
