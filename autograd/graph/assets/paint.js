// Painting on the canvas. What is out of sight is left out; text is left out where it is too small
// to be read. `view` says which part of the page is seen: screen = world * scale + (x, y).

const canvas = document.getElementById("graph"), pen = canvas.getContext("2d");
const map = document.getElementById("map"), mapPen = map.getContext("2d");
const view = { x: 0, y: 0, scale: 1 };
const state = { selected: -1, hovered: -1, path: null, matches: null, inside: new Map() };
const TEXT_FROM = 0.42, ARROWS_FROM = 0.2, SHAPES_FROM = 0.12; // scales from which these are painted

let colours = {};

/** Reads the colours from the style sheet, which knows light and dark. */
function readColours() {
  const style = getComputedStyle(document.documentElement);
  const names = ["page", "ink", "faint", "wire", "path", "match", "marked", "select", "group", "group-line", "hot"];
  for (const kind of Object.keys(DATA.kinds)) names.push(kind, `${kind}-line`);
  colours = Object.fromEntries(names.map((name) => [name, style.getPropertyValue(`--${name}`).trim()]));
  const isDark = matchMedia("(prefers-color-scheme: dark)").matches;
  const given = isPlain ? [[colours.wire, 1.2, false]] : DATA.pens;
  pens = given.map(([colour, width, dashed]) =>
    ({ colour: isDark && !isPlain ? mix(colour, "#ffffff", 0.35) : colour, width, dashed }));
}

/** A colour between two, given as #rrggbb. */
function mix(one, other, share) {
  const part = (colour, i) => parseInt(colour.slice(i, i + 2), 16);
  const at = (i) => Math.round(part(one, i) * (1 - share) + part(other, i) * share);
  return `rgb(${at(1)} ${at(3)} ${at(5)})`;
}

/** The ground of a node: that of its kind, or the warmer, the more it costs. */
function groundOf(item, kind) {
  const { heat } = isGroup(item) ? groupOf(item) : RECORDS[item];
  return heat === undefined ? colours[kind] : mix(colours.page, colours.hot, heat);
}

const kindOf = (item) =>
  isGroup(item) ? "folded" : IS_OUTPUT.has(item) && RECORDS[item].op ? "output" : RECORDS[item].kind;

/** Whether an item is on the path that is shown; all are when none is. */
function isOnPath(item) {
  if (!state.path) return true;
  if (!isGroup(item)) return state.path.has(item);
  return state.pathGroups.has(item);
}

const isRouteOnPath = (route) => !state.path || route.sources.some((source) => state.path.has(source));

/** Fits the canvases to the window and its pixels. */
function resize() {
  takePlace(canvas);
  takePlace(map);
}

/** Gives a canvas the pixels of its place; whether it had others. */
function takePlace(each) {
  const dots = window.devicePixelRatio || 1;
  const w = Math.max(1, Math.round(each.clientWidth * dots)), h = Math.max(1, Math.round(each.clientHeight * dots));
  if (each.width === w && each.height === h) return false;
  each.width = w;
  each.height = h;
  return true;
}

/** Paints everything that is in sight. */
function paint() {
  const dots = window.devicePixelRatio || 1, s = view.scale;
  pen.setTransform(1, 0, 0, 1, 0, 0);
  pen.fillStyle = colours.page;
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.setTransform(dots * s, 0, 0, dots * s, dots * view.x, dots * view.y);
  const sight = { x: -view.x / s, y: -view.y / s, w: canvas.clientWidth / s, h: canvas.clientHeight / s };
  const seen = (box) =>
    box.x + box.w >= sight.x && box.y + box.h >= sight.y && box.x <= sight.x + sight.w && box.y <= sight.y + sight.h;
  for (const box of scene.boxes) if (seen(box)) paintBox(box);
  paintRoutes(sight);
  for (const box of scene.boxes) if (seen(box)) paintHeader(box);
  const paintOne = s < SHAPES_FROM ? paintDot : paintNode;
  for (const node of scene.nodes) if (seen(node)) paintOne(node);
  pen.globalAlpha = 1;
  paintMap(sight);
}

function outline(x, y, w, h, radius) {
  pen.beginPath();
  pen.roundRect(x, y, w, h, radius);
}

function paintBox(box) {
  pen.globalAlpha = isOnPath(box.item) ? 1 : 0.45;
  outline(box.x, box.y, box.w, box.h, 8);
  pen.fillStyle = colours.group;
  pen.fill();
  pen.strokeStyle = box.item === state.selected ? colours.select : colours["group-line"];
  pen.lineWidth = Math.max(box.item === state.selected ? 2.5 : 1, 0.6 / view.scale);
  pen.stroke();
}

/** The name of an unfolded group, over the wires that come in from above. */
function paintHeader(box) {
  if (view.scale < TEXT_FROM) return;
  pen.globalAlpha = isOnPath(box.item) ? 1 : 0.45;
  const title = short(groupOf(box.item).title);
  pen.fillStyle = colours.group;
  pen.fillRect(box.x + 4, box.y + 4, widthOf(title, TITLE) + 34, HEADER - 6);
  paintSign(box.x + 16, box.y + 16, false);
  pen.fillStyle = colours.ink;
  pen.font = TITLE;
  pen.textAlign = "left";
  pen.fillText(title, box.x + 30, box.y + 20.5);
}

/** The sign that says whether a group is folded (+) or not. */
function paintSign(x, y, folded) {
  pen.strokeStyle = colours["folded-line"];
  pen.lineWidth = 1.4;
  pen.setLineDash([]);
  outline(x - 6, y - 6, 12, 12, 3);
  pen.stroke();
  pen.beginPath();
  pen.moveTo(x - 3, y);
  pen.lineTo(x + 3, y);
  if (folded) pen.moveTo(x, y - 3), pen.lineTo(x, y + 3);
  pen.stroke();
}

// ------------------------------------------------------------------ nodes

/** The outline of a node; kinds differ by shape as well as by colour. */
function shapeOf(node, kind, grow = 0) {
  const x = node.x - grow, y = node.y - grow, w = node.w + 2 * grow, h = node.h + 2 * grow;
  if (kind === "input") { // a note, with a corner cut
    pen.beginPath();
    pen.moveTo(x, y);
    for (const [px, py] of [[x + w - 10, y], [x + w, y + 10], [x + w, y + h], [x, y + h]]) pen.lineTo(px, py);
    pen.closePath();
    return;
  }
  const radius = { operation: 8, backward: 8, broadcast: h / 2, output: 3, folded: 8, constant: 0, leaf: 0 };
  outline(x, y, w, h, Math.max(0, radius[kind] + (radius[kind] && grow)));
}

/** The colour of the ring around a node, if it has one. */
function ringOf(item) {
  if (item === state.selected) return "select";
  if (state.matches?.has(item) || state.inside.has(item)) return "match";
  return MARKED.has(item) ? "marked" : null;
}

/** A node at a scale at which its outline cannot be seen; marks keep a size that can. */
function paintDot(node) {
  const ring = ringOf(node.item);
  pen.globalAlpha = isOnPath(node.item) ? 1 : 0.3;
  pen.fillStyle = colours[ring ?? `${kindOf(node.item)}-line`];
  const grow = ring ? 1.5 / view.scale : 0;
  pen.fillRect(node.x - grow, node.y - grow, node.w + 2 * grow, node.h + 2 * grow);
}

function paintNode(node) {
  const kind = kindOf(node.item), ring = ringOf(node.item);
  pen.globalAlpha = isOnPath(node.item) ? 1 : 0.3;
  if (ring) {
    shapeOf(node, kind, Math.max(4, 2 / view.scale));
    pen.fillStyle = colours[ring];
    pen.fill();
  }
  if (kind === "folded" && view.scale > 0.1) {
    pen.strokeStyle = colours["folded-line"]; // a second sheet: there is more beneath
    pen.lineWidth = 1;
    pen.fillStyle = groundOf(node.item, kind);
    for (let i = groupOf(node.item).count ? 2 : 1; i > 0; i--) { // what repeats is a stack
      outline(node.x + 4 * i, node.y + 4 * i, node.w, node.h, 8);
      pen.fill();
      pen.stroke();
    }
  }
  shapeOf(node, kind);
  pen.fillStyle = groundOf(node.item, kind);
  pen.fill();
  pen.strokeStyle = colours[`${kind}-line`];
  pen.lineWidth = { leaf: 2, input: 2, output: 1.4, folded: 1.4 }[kind] ?? 1;
  if (node.item === state.hovered) pen.lineWidth += 1;
  if (kind === "broadcast") pen.setLineDash([4, 3]);
  pen.stroke();
  pen.setLineDash([]);
  if (view.scale < TEXT_FROM) return;
  if (kind === "output") {
    shapeOf(node, kind, -3.5);
    pen.stroke();
  }
  paintLabel(node, kind);
}

function paintLabel(node, kind) {
  const { lines } = labelOf(node.item), middle = node.x + node.w / 2;
  let y = node.y + (node.h - lines.length * LINE) / 2 + 12;
  const grid = lines.reduce((most, [text, font]) => (font === GRID ? Math.max(most, widthOf(text, font)) : most), 0);
  for (const [text, font] of lines) {
    pen.font = font;
    pen.fillStyle = font === SMALL ? colours.faint : colours.ink;
    pen.textAlign = font === GRID ? "left" : "center"; // so that columns stand below each other
    pen.fillText(text, font === GRID ? middle - grid / 2 : middle, y);
    y += LINE;
  }
  pen.textAlign = "center";
  if (kind === "folded") paintSign(node.x + 13, node.y + 13, true);
  const found = state.inside.get(node.item);
  if (!found) return;
  const text = `${found}`, w = widthOf(text, SMALL) + 10; // how many matches are inside
  outline(node.x + node.w - w - 3, node.y + 4, w, 15, 7);
  pen.fillStyle = colours.match;
  pen.fill();
  pen.font = SMALL;
  pen.fillStyle = "#1c1c1c";
  pen.fillText(text, node.x + node.w - w / 2 - 3, node.y + 15.5);
}
