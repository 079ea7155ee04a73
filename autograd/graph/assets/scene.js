// What is on the page: labels and their sizes, the layout of each unfolded group, and the flat
// lists of boxes and nodes in absolute coordinates that are painted and pointed at.

const FONT = '"Helvetica Neue", Helvetica, Arial, "Liberation Sans", sans-serif';
const TITLE = `600 13px ${FONT}`, SMALL = `11px ${FONT}`, NORMAL = `13px ${FONT}`;
const GRID = '11px ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, "Liberation Mono", monospace';
const LINE = 16, PAD = 14, HEADER = 26, LONGEST = 34;

const ruler = document.createElement("canvas").getContext("2d");
const widths = new Map();

/** The width of a text in a font; each pair is measured once. */
function widthOf(text, font) {
  const key = font + text;
  let width = widths.get(key);
  if (width === undefined) {
    ruler.font = font;
    widths.set(key, (width = ruler.measureText(text).width));
  }
  return width;
}

/** A text that is not too long, with what is left out marked in the middle. */
function short(text, most = LONGEST) {
  if (text.length <= most) return text;
  const half = Math.floor(most / 2);
  return `${text.slice(0, half - 1)}…${text.slice(-half)}`;
}

const count = (n, word) => `${n.toLocaleString("en")} ${word}${n === 1 ? "" : "s"}`;

/** The name of a record without what the groups around it say already. */
function localName(record) {
  const path = groupOf(record.group).path, at = `.${record.name}`.indexOf(`.${path}.`);
  return path && at >= 0 ? record.name.slice(at + path.length + 1) : record.name;
}

const factsOf = (record) => [record.shape, record.dtype].filter(Boolean).join(" ");

/** What is written on a node, as [text, font] per line: what it is, and what the level of detail adds. */
function linesOf(item) {
  const adds = (isGroup(item) ? groupOf(item) : RECORDS[item]).adds ?? [];
  return [...whatOf(item), ...adds.map(([text, look]) => [text, look === "grid" ? GRID : SMALL])];
}

function whatOf(item) {
  if (isGroup(item)) {
    const group = groupOf(item), outs = group.outs.map((i) => factsOf(RECORDS[i])).filter(Boolean);
    const parts = [count(group.operations, "operation")];
    if (group.parameters) parts.push(count(group.parameters, "parameter"));
    const lines = [[short(group.title), TITLE], [parts.join(", "), SMALL]];
    if (outs.length === 1) lines.push([outs[0], SMALL]);
    return lines;
  }
  const record = RECORDS[item], name = localName(record), value = record.value ? ` = ${record.value}` : "";
  if (record.kind === "broadcast") return [[short(record.note || "broadcast"), SMALL]];
  const facts = factsOf(record), lines = [];
  if (record.op) {
    lines.push([short(record.op), TITLE]);
    if (record.note) lines.push([short(record.note), SMALL]);
    if (name || (value && IS_OUTPUT.has(item))) lines.push([short((name || "output") + value), NORMAL]);
  } else if (record.kind === "constant") {
    lines.push([short(name ? name + value : record.value || "constant"), NORMAL]);
  } else {
    lines.push([short((name || record.kind) + value), TITLE]);
  }
  if (facts) lines.push([short(facts), SMALL]);
  return lines;
}

const labels = new Map();

/** The lines and the size of a node. */
function labelOf(item) {
  let label = labels.get(item);
  if (!label) {
    const lines = linesOf(item), isSmall = RECORDS[item]?.kind === "broadcast";
    const w = lines.reduce((most, [text, font]) => Math.max(most, widthOf(text, font)), 24);
    label = { lines, w: Math.ceil(w) + (isSmall ? 16 : isGroup(item) ? 52 : 24), h: lines.length * LINE + (isSmall ? 4 : 12) };
    labels.set(item, label);
  }
  return label;
}

// ------------------------------------------------------------------ layout of groups

/** The layout of an unfolded group: {w, h, cells, routes, ins, outs}; made anew when it is dirty. */
function planOf(group) {
  if (group.plan) return group.plan;
  const cells = new Map(), ins = new Map(), outs = new Map();
  for (const item of group.members) {
    const open = isGroup(item) && !groupOf(item).folded;
    const size = open ? planOf(groupOf(item)) : labelOf(item);
    cells.set(item, { item, w: size.w, h: size.h, plan: open ? size : null });
  }
  for (const source of group.ins) ins.set(source, { w: 0, h: 0, port: "in", pen: 0 });
  for (const source of group.outs) outs.set(source, { w: 0, h: 0, port: "out", pen: 0 });
  const all = [...ins.values(), ...cells.values(), ...outs.values()];
  const { w, h, routes } = layered(all, wiresOf(group, cells, ins, outs));
  const head = group.item === ROOT ? 0 : HEADER, pad = group.item === ROOT ? 0 : PAD;
  const wide = Math.max(w + 2 * pad, head && widthOf(short(group.title), TITLE) + 60);
  const plan = { w: wide, h: h + head + 2 * pad, cells, routes, left: (wide - w) / 2, top: head + pad };
  for (const [source, cell] of ins) routes.push(stub(source, cell, -plan.top, 0)); // to the border
  for (const [source, cell] of outs) routes.push(stub(source, cell, h, h + pad));
  for (const route of routes) route.bounds = boundsOf(route);
  plan.pens = [...new Set(routes.map((route) => route.pen))];
  plan.ins = portsOf(ins, plan);
  plan.outs = portsOf(outs, plan);
  return (group.plan = plan);
}

const stub = (source, { x, pen }, top, bottom) =>
  ({ points: [x, top, x, bottom], curve: null, sources: [source], isEnd: false, pen });

/** The least box around a route, as [left, top, right, bottom]. */
function boundsOf({ curve, points }) {
  if (curve) return [Math.min(curve[0], curve[3]), curve[1], Math.max(curve[0], curve[3]), curve[5]];
  const bounds = [Infinity, Infinity, -Infinity, -Infinity];
  points.forEach((v, i) => {
    bounds[i % 2] = Math.min(bounds[i % 2], v);
    bounds[2 + (i % 2)] = Math.max(bounds[2 + (i % 2)], v);
  });
  return bounds;
}

/** Where each port is, from the middle of its box. */
function portsOf(ports, plan) {
  const found = new Map();
  for (const [source, cell] of ports) found.set(source, cell.x + plan.left - plan.w / 2);
  return found;
}

/** The wires between the cells of a group; what runs between the same two places is one wire. */
function wiresOf(group, cells, ins, outs) {
  const wires = new Map();
  for (const { from, to, source, pen } of group.lines) {
    const a = from === null ? ins.get(source) : cells.get(from);
    const b = to === null ? outs.get(source) : cells.get(to);
    for (const end of [a, b]) if (end.port) end.pen = Math.max(end.pen, pen);
    const dx = a.plan ? a.plan.outs.get(source) : 0, dy = b.plan ? b.plan.ins.get(source) : 0;
    // a folded group, or a node, gives and takes all its wires at its middle
    const apart = from === null || to === null || a.plan || b.plan;
    const key = `${from} ${to} ${apart ? source : ""}`;
    const known = wires.get(key);
    if (known) {
      known.sources.push(source);
      known.pen = Math.max(known.pen, pen);
    } else wires.set(key, { from: a, to: b, dx, dy, sources: [source], light: !RECORDS[source].op, pen });
  }
  return [...wires.values()];
}

// ------------------------------------------------------------------ the flat lists

// `layers` has the layout of each unfolded group and where it lies; its routes are drawn from there.
const scene = { nodes: [], boxes: [], layers: [], pens: [], at: new Map(), w: 0, h: 0 };

/** Lays out what is dirty and makes the flat lists. */
function arrange() {
  const plan = planOf(groupOf(ROOT));
  Object.assign(scene, { nodes: [], boxes: [], layers: [], w: plan.w, h: plan.h });
  scene.at.clear();
  flatten(plan, 0, 0);
  const used = new Set(scene.layers.flatMap((layer) => layer.plan.pens));
  scene.pens = [...used].sort((one, other) => one - other);
}

function flatten(plan, x0, y0) {
  const x = x0 + plan.left, y = y0 + plan.top;
  scene.layers.push({ plan, x, y, left: x0, top: y0 });
  for (const cell of plan.cells.values()) {
    const shape = { item: cell.item, x: x + cell.x - cell.w / 2, y: y + cell.y, w: cell.w, h: cell.h };
    scene.at.set(cell.item, shape);
    (cell.plan ? scene.boxes : scene.nodes).push(shape);
    if (cell.plan) flatten(cell.plan, shape.x, shape.y);
  }
}

/** Folds or unfolds a group; the layouts that it is part of are to be made anew. */
function setFolded(group, folded) {
  if (group.folded === folded || group.item === ROOT) return;
  group.folded = folded;
  for (let at = group.parent; at >= 0; at = parentOf(at)) groupOf(at).plan = null;
}

/** What stands for an item on the page: itself, or the outermost folded group around it. */
function visible(item) {
  for (const at of chain(item)) if (isGroup(at) && groupOf(at).folded && at !== item) return at;
  return item;
}
