// Which events are in a list: all of them, or those that fit a query. What fits is found by the kernel, over the
// whole log; what it has not looked through yet is found here, among the rows of this page.

const ASK_AGAIN_MS = 500;

/** From the kernel's short form: how many numbers to leave out, how many follow, and so on, from 1 on. */
function fromRuns(runs) {
  const numbers = [];
  let next = 1;
  for (let at = 0; at < runs.length; at += 2) {
    next += runs[at];
    for (const end = next + runs[at + 1]; next < end; next += 1) numbers.push(next);
  }
  return numbers;
}

/** The index of the first of rising numbers that is not below `seq`. */
function indexOf(list, seq) {
  let low = 0;
  for (let high = list.length; low < high;) {
    const middle = (low + high) >> 1;
    if (list.at(middle) < seq) low = middle + 1;
    else high = middle;
  }
  return low;
}

const range = (first, last) => ({ length: Math.max(0, last - first + 1), at: (index) => first + index });

/**
 * finder.set(query, fits) says what is looked for: a query for the kernel, null for everything; fits(row) is the
 * same here. finder.list(first, last) returns the numbers between two, as { length, at(index) }, and asks the
 * kernel for what is not known; tell() is called when there is something new. finder.pending: how many entries the
 * kernel has still to look through, or 0.
 */
function makeFinder(store, asker, tell) {
  const finder = { pending: 0 };
  let query = null;
  let fits = () => true;
  let numbers = []; // found by the kernel, between low and high
  let low = Infinity;
  let high = 0;
  let takeBack = null;
  let askedAt = -Infinity;
  let timer = 0;

  const reset = () => {
    takeBack?.();
    takeBack = null;
    numbers = [];
    low = Infinity;
    high = 0;
    askedAt = -Infinity;
  };
  const take = (answer) => {
    takeBack = null;
    if (!answer) return tell();
    const found = fromRuns(answer.runs);
    if (low === Infinity || answer.from > high + 1) {
      [numbers, low, high] = [found, answer.from, answer.to];
    } else if (answer.to > high) {
      numbers = numbers.concat(found.filter((seq) => seq > high));
      high = answer.to;
    } else {
      numbers = found.filter((seq) => seq < low).concat(numbers);
      low = answer.from;
    }
    return tell();
  };
  const ask = (after, before) => {
    const wait = askedAt + ASK_AGAIN_MS - performance.now();
    if (takeBack || timer) return;
    if (wait > 0) {
      timer = setTimeout(() => { timer = 0; tell(); }, wait);
      return;
    }
    askedAt = performance.now();
    takeBack = store.ask({ type: "find", asker, query, after, before }, take);
  };
  const here = (from, to) => {
    const found = [];
    for (const row of store.rows.values()) if (row.seq >= from && row.seq <= to && fits(row)) found.push(row.seq);
    return found.sort((a, b) => a - b);
  };

  finder.set = (wanted, fitsHere) => {
    reset();
    query = wanted;
    fits = fitsHere;
  };
  finder.list = (first, last) => {
    finder.pending = 0;
    if (query === null && store.log.whole) return range(first, last);
    if (low === Infinity && first >= store.solid && !query?.text && !query?.search) [low, high] = [first, first - 1];
    // A row says everything but the text of its JSON.
    if (low < Infinity && !query?.text && !query?.search && high + 1 >= store.solid) {
      numbers = numbers.concat(here(high + 1, last));
      high = Math.max(high, last);
    }
    if (high < last) {
      ask(low === Infinity ? first - 1 : high, last + 1);
      finder.pending = last - Math.max(high, first - 1);
    } else if (low > first) {
      ask(first - 1, low);
      finder.pending = low - first;
    }
    const from = numbers.length && numbers[0] < first ? indexOf(numbers, first) : 0;
    if (from > 0) numbers = numbers.slice(from);
    const older = low < Infinity && low > first ? here(first, low - 1) : [];
    const newer = high < last ? here(Math.max(high + 1, first), last) : [];
    const all = older.length || newer.length ? [...older, ...numbers, ...newer] : numbers;
    const end = all.length && all[all.length - 1] > last ? indexOf(all, last + 1) : all.length;
    return end < all.length ? all.slice(0, end) : all;
  };
  finder.close = () => {
    clearTimeout(timer);
    reset();
  };
  return finder;
}
