// A layered layout in linear time, for the members of one group.
//
// Cells are given sizes and come back with places; wires come back with the points they run through.
// Steps: longest-path layers, and sources moved down to what uses them; wires over a few layers get
// a place in each (a bend), longer ones run beside the picture; a few barycentre sweeps order the
// layers, by counting, not comparing; coordinates are the least-squares places that keep the order.
// A picture that is very tall is broken into columns, like a newspaper.

const GAP = { x: 22, y: 26, bend: 12, lane: 9, column: 34 };
const SPAN = 7; // layers that a wire crosses with a bend in each
const LANES = 14; // beside the picture; more wires than that share
const SWEEPS = 3;
const FEW = 16; // cells that counting leaves together are sorted, if they are no more
const ASIDE = 150; // how far aside a box may be moved to make a wire straight
const LIGHT = 1e-4; // the weight of wires from parameters and constants: these go where they are used
const TALL = 5000; // pixels, from which on columns are made
const ASPECT = 1.7;

/**
 * Lays out cells {w, h, port: "in" | "out" | undefined} and wires {from, to, dx, dy, sources, light, pen},
 * where dx and dy say how far from the middles of their cells they start and end.
 * Gives each cell x (its middle) and y (its top), and returns {w, h, routes}.
 */
function layered(cells, wires) {
  for (const cell of cells) Object.assign(cell, { layer: 0, up: [], down: [], bend: false });
  const depth = assignLayers(cells, wires);
  const rows = Array.from({ length: depth }, () => []);
  for (const cell of cells) rows[cell.layer].push(cell);
  const { links, far } = split(cells, wires, rows);
  for (const row of rows) number(row);
  for (let i = 0; i < SWEEPS; i++) {
    for (let r = 1; r < depth; r++) reorder(rows[r], "up");
    for (let r = depth - 2; r >= 0; r--) reorder(rows[r], "down");
  }
  for (const row of rows) spread(row, (cell) => cell.x);
  for (let i = 0; i < SWEEPS; i++) {
    for (let r = 1; r < depth; r++) spread(rows[r], (cell) => wanted(cell, "up"));
    for (let r = depth - 2; r >= 0; r--) spread(rows[r], (cell) => wanted(cell, "down"));
  }
  return stack(rows, links, far);
}

// ------------------------------------------------------------------ layers

/** Longest-path layers. Returns how many there are. */
function assignLayers(cells, wires) {
  const out = new Map(), left = new Map();
  const degree = (cell) => left.get(cell) ?? 0;
  for (const wire of wires) {
    out.has(wire.from) ? out.get(wire.from).push(wire.to) : out.set(wire.from, [wire.to]);
    left.set(wire.to, degree(wire.to) + 1);
  }
  const arriving = new Map(left);
  const ports = cells.some((cell) => cell.port === "in") ? 1 : 0;
  const order = cells.filter((cell) => !degree(cell));
  for (const cell of order) cell.layer = cell.port === "in" ? 0 : ports;
  for (let i = 0; i < order.length; i++) {
    for (const next of out.get(order[i]) ?? []) {
      next.layer = Math.max(next.layer, order[i].layer + 1);
      left.set(next, left.get(next) - 1);
      if (!left.get(next)) order.push(next);
    }
  }
  // what has no more wires coming in than going out is better near what uses it
  for (let i = order.length - 1; i >= 0; i--) {
    const cell = order[i], next = out.get(cell);
    if (!next || cell.port || (arriving.get(cell) ?? 0) > next.length) continue;
    let layer = Infinity;
    for (const user of next) layer = Math.min(layer, user.layer - 1);
    cell.layer = layer;
  }
  let last = 0;
  for (const cell of cells) if (cell.port !== "out") last = Math.max(last, cell.layer);
  for (const cell of cells) if (cell.port === "out") cell.layer = last + 1;
  return last + (cells.some((cell) => cell.port === "out") ? 2 : 1);
}

/** Whether a wire that comes to a cell has an arrow there, and does not go on within. */
const endsIn = (cell) => cell.port !== "out" && !cell.plan;

/** Makes links between neighbouring layers; the wires of one start share their bends. */
function split(cells, wires, rows) {
  const links = [], far = [], started = new Map();
  const link = (from, to, dx, dy, weight, isEnd) => {
    const made = { from, to, dx, dy, weight, isEnd, sources: [], rank: to.up.length, pen: 0 };
    from.down.push(made);
    to.up.push(made);
    links.push(made);
    return made;
  };
  const add = (made, wire) => {
    made.sources.push(...wire.sources);
    made.pen = Math.max(made.pen, wire.pen);
  };
  for (const wire of wires) {
    const { from, to, dx, dy } = wire, crossed = to.layer - from.layer;
    if (crossed > SPAN) {
      far.push(wire);
      continue;
    }
    const key = `${dx}`;
    if (!started.has(from)) started.set(from, new Map());
    const starts = started.get(from);
    if (!starts.has(key)) starts.set(key, []);
    const bends = starts.get(key); // links from `from` to its first bend, from that to its second ...
    for (let i = bends.length; i < crossed - 1; i++) {
      const bend = { w: 0, h: 0, layer: from.layer + i + 1, up: [], down: [], bend: true };
      rows[bend.layer].push(bend);
      bends.push(link(i ? bends[i - 1].to : from, bend, i ? 0 : dx, 0, i ? 8 : 2, false));
    }
    for (let i = 0; i < crossed - 1; i++) add(bends[i], wire);
    const start = crossed > 1 ? bends[crossed - 2].to : from;
    const end = link(start, to, crossed > 1 ? 0 : dx, dy, wire.light ? LIGHT : 4, endsIn(to));
    add(end, wire);
  }
  return { links, far };
}

// ------------------------------------------------------------------ order

/** Numbers a layer and places it by its numbers, for a start. */
function number(row) {
  let x = 0;
  row.forEach((cell, i) => {
    cell.order = i;
    cell.x = x += i ? apart(row[i - 1], cell) : 0;
  });
}

/** The distance between the middles of two neighbours. */
function apart(one, other) {
  return (one.w + other.w) / 2 + (one.bend || other.bend ? GAP.bend : GAP.x);
}

/**
 * Orders a layer by where its neighbours above or below are, in linear time. Arguments of one
 * operation stand in the order of the call, other things being equal.
 */
function reorder(row, side) {
  if (row.length < 2) return;
  let low = Infinity, high = -Infinity;
  for (const cell of row) {
    const links = cell[side];
    let sum = 0;
    for (const link of links) sum += side === "up" ? link.from.x + link.dx : link.to.x + link.dy + link.rank * 0.01;
    cell.key = links.length ? sum / links.length : cell.x;
    low = Math.min(low, cell.key);
    high = Math.max(high, cell.key);
  }
  const size = 4 * row.length, buckets = Array.from({ length: size + 1 }, () => null);
  for (const cell of row) {
    const i = high > low ? Math.floor(((cell.key - low) / (high - low)) * size) : 0;
    (buckets[i] ??= []).push(cell);
  }
  row.length = 0;
  for (const bucket of buckets) {
    if (bucket?.length <= FEW) bucket.sort((one, other) => one.key - other.key);
    for (const cell of bucket ?? []) row.push(cell);
  }
  const middle = (low + high) / 2;
  number(row);
  const shift = middle - (row[0].x + row.at(-1).x) / 2;
  for (const cell of row) cell.x += shift;
}

/** Where a cell should be for its links on a side to run straight, and how much that matters. */
function wanted(cell, side) {
  let sum = 0, weight = 0;
  for (const link of cell[side]) {
    // straight wires, but not at the price of wide boxes that stand far aside of each other
    const aside = Math.abs(link.dx - link.dy) > ASIDE ? 0 : link.dx - link.dy;
    const x = side === "up" ? link.from.x + aside : link.to.x - aside;
    sum += link.weight * x;
    weight += link.weight;
  }
  cell.pull = weight || LIGHT;
  return weight ? sum / weight : cell.x;
}

/** Places a layer as near as can be to where its cells want to be: isotonic least squares. */
function spread(row, want) {
  const blocks = []; // {start, weight, mean}: cells that touch, and the place of the first
  let offset = 0;
  row.forEach((cell, i) => {
    offset += i ? apart(row[i - 1], cell) : 0;
    cell.offset = offset;
    const x = want(cell) - offset;
    let block = { start: i, weight: cell.pull ?? 1, mean: x };
    while (blocks.length && blocks.at(-1).mean >= block.mean) {
      const last = blocks.pop(), weight = last.weight + block.weight;
      const mean = (last.mean * last.weight + block.mean * block.weight) / weight;
      block = { start: last.start, weight, mean };
    }
    blocks.push(block);
  });
  blocks.forEach((block, b) => {
    const end = b + 1 < blocks.length ? blocks[b + 1].start : row.length;
    for (let i = block.start; i < end; i++) row[i].x = row[i].offset + block.mean;
  });
}
