// The second half of the layout: layers become rows of one column or several, wires become points.

/** Puts rows below each other, in columns if they are very many; returns {w, h, routes}. */
function stack(rows, links, far) {
  const heights = rows.map((row) => row.reduce((most, cell) => Math.max(most, cell.h), 0));
  const gaps = gapsAbove(rows, links);
  const lanes = assignLanes(far);
  const columns = breakRows(rows, heights, gaps, far.length ? lanes * GAP.lane : 0);
  let height = 0, left = 0;
  const place = []; // per row: {top, bottom, column}
  for (const column of columns) {
    let y = columns.length > 1 ? GAP.y : 0;
    column.left = left;
    for (let r = column.first; r <= column.last; r++) {
      y += r > column.first ? gaps[r] : 0;
      place[r] = { top: y, bottom: (y += heights[r]), column };
      for (const cell of rows[r]) {
        cell.x += left - column.low;
        // what only gives stands near what takes it
        cell.y = place[r].top + (heights[r] - cell.h) / (cell.up.length || cell.port ? 2 : 1);
      }
    }
    height = Math.max(height, y);
    column.side = left + column.high - column.low + 4; // lanes begin here
    left = column.side + lanes * GAP.lane + (columns.length > 1 ? GAP.column : 0);
  }
  const last = columns.at(-1);
  const width = last.side - 4 + (far.length ? lanes * GAP.lane : 0);
  for (const cell of rows.at(-1)) if (cell.port === "out") cell.y = place[rows.length - 1].bottom = height;
  for (const cell of rows[0]) if (cell.port === "in") cell.y = place[0].top = place[0].bottom = 0;
  const routes = links.map((link) => routed(link, place, 0));
  for (const wire of far) routes.push(routed({ ...wire, isEnd: endsIn(wire.to) }, place, wire.lane));
  return { w: width, h: height, routes };
}

/** The room above each row: more where wires run far to the side. */
function gapsAbove(rows, links) {
  const reach = rows.map(() => 0);
  for (const link of links) {
    const aside = Math.abs(link.from.x + link.dx - link.to.x - link.dy);
    reach[link.to.layer] = Math.max(reach[link.to.layer], aside);
  }
  const isPort = (r) => rows[r]?.some((cell) => cell.port);
  return reach.map((aside, r) => (isPort(r) || isPort(r - 1) ? 12 : GAP.y) + Math.min(44, aside / 10));
}

/**
 * Gives wires that run beside the picture a lane each, and returns how many lanes there are.
 * Wires of one record from one start share a lane, and each begins where the one before it left.
 */
function assignLanes(far) {
  sortByLayer(far, (wire) => wire.to.layer);
  sortByLayer(far, (wire) => wire.from.layer);
  const until = []; // per lane: the layer that it is taken to
  const own = new Map(); // start -> record -> the last wire
  let next = 0;
  for (const wire of far) {
    const last = own.get(wire.from) ?? own.set(wire.from, new Map()).get(wire.from);
    const source = wire.sources.length === 1 ? wire.sources[0] : -1, before = last.get(source);
    let lane = before ? before.lane - 1 : until.findIndex((layer) => layer < wire.from.layer);
    if (lane < 0) lane = until.length < LANES ? until.length : next++ % LANES;
    until[lane] = Math.max(until[lane] ?? 0, wire.to.layer);
    Object.assign(wire, { lane: lane + 1, before: source < 0 ? undefined : before });
    last.set(source, wire);
  }
  return until.length;
}

/** Sorts by whole numbers in linear time; what is equal keeps its order. */
function sortByLayer(list, layerOf) {
  const buckets = [];
  for (const each of list) (buckets[layerOf(each)] ??= []).push(each);
  list.length = 0;
  for (const bucket of buckets) for (const each of bucket ?? []) list.push(each);
}

/** Cuts the rows into columns {first, last, low, high} so that the picture is no tall thread. */
function breakRows(rows, heights, gaps, aside) {
  const span = (first, last) => {
    let low = Infinity, high = -Infinity;
    for (let r = first; r <= last; r++) {
      for (const cell of rows[r]) {
        low = Math.min(low, cell.x - cell.w / 2);
        high = Math.max(high, cell.x + cell.w / 2);
      }
    }
    return low > high ? { first, last, low: 0, high: 0 } : { first, last, low, high };
  };
  const whole = span(0, rows.length - 1);
  const total = heights.reduce((sum, height, r) => sum + height + gaps[r], 0);
  const width = whole.high - whole.low + aside + GAP.column;
  if (total < TALL || total < 3 * width) return [whole];
  const tallest = heights.reduce((most, height) => Math.max(most, height), 600);
  const limit = Math.max(Math.sqrt((total * width) / ASPECT), tallest);
  if (limit > 0.7 * total) return [whole];
  const columns = [];
  let first = 0, y = 0;
  rows.forEach((row, r) => {
    if (y + heights[r] > limit && r > first) {
      columns.push(span(first, r - 1));
      first = r;
      y = 0;
    }
    y += heights[r] + gaps[r];
  });
  columns.push(span(first, rows.length - 1));
  return columns;
}

/** The way of a link, as {curve: [...]} between neighbouring rows or {points: [...]} elsewhere. */
function routed(link, place, lane) {
  const { from, to, isEnd, sources, pen } = link;
  const a = place[from.layer], b = place[to.layer];
  const x1 = from.x + link.dx, y1 = from.y + from.h, x2 = to.x + link.dy, y2 = to.y;
  const route = { sources, isEnd, pen, points: null, curve: null };
  if (!lane && a.column === b.column) {
    // straight past what is taller in its row, and a curve in the gap
    const start = from.bend ? a.bottom : y1, end = to.bend ? b.bottom : y2;
    route.curve = [x1, start, Math.max(a.bottom, start), x2, to.bend ? b.top : Math.min(b.top, end), end];
    return route;
  }
  const out = a.bottom + 8, into = b.top - 8, over = 6, gutter = (column) => column.left - GAP.column / 2;
  const before = link.before && place[link.before.to.layer], leave = [x1, y1, x1, out], arrive = [x2, into, x2, y2];
  // what goes on where the wire before it turned off begins a little earlier: corners are round
  if (a.column === b.column) {
    const x = a.column.side + lane * GAP.lane;
    route.points = [...(before ? [x, before.top - 16] : [...leave, x, out]), x, into, ...arrive];
    return route;
  }
  // from column to column: up beside the one, over the top, down beside the other
  const x = a.column.side + (lane || 0.9) * GAP.lane, y = gutter(b.column);
  if (!lane && y < x + GAP.column / 2) route.points = [...leave, y, out, y, into, ...arrive];
  else if (before?.column === b.column) route.points = [y, before.top - 16, y, into, ...arrive];
  else {
    const start = !before ? leave : before.column === a.column ? [x - 8, out] : [gutter(before.column) - 8, over];
    const up = before && before.column !== a.column ? [] : [x, out, x, over];
    route.points = [...start, ...up, y, over, y, into, ...arrive];
  }
  return route;
}
