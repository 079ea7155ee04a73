// What the reader does, by pointer, wheel, keys and buttons; and how the page begins.

// ------------------------------------------------------------------ the pointer

const world = (x, y) => [(x - view.x) / view.scale, (y - view.y) / view.scale];
const holds = (shape, x, y) => x >= shape.x && x <= shape.x + shape.w && y >= shape.y && y <= shape.y + shape.h;

/** What is under a point of the canvas: a node, or the header of an unfolded group; else -1. */
function under(x, y) {
  const [wx, wy] = world(x, y);
  for (const node of scene.nodes) if (holds(node, wx, wy)) return node.item;
  let found = -1;
  for (const box of scene.boxes) {
    if (holds({ ...box, h: HEADER }, wx, wy)) found = box.item;
  }
  return found;
}

/** Whether a point is on the sign that folds or unfolds an item. */
function onSign(item, x, y) {
  if (item < 0 || !isGroup(item)) return false;
  const shape = scene.at.get(item), [wx, wy] = world(x, y), at = groupOf(item).folded ? 13 : 16;
  return Math.abs(wx - shape.x - at) < 11 && Math.abs(wy - shape.y - at) < 11;
}

const placeOf = (event) => {
  const corner = canvas.getBoundingClientRect();
  return [event.clientX - corner.left, event.clientY - corner.top];
};

const fingers = new Map(); // pointers that are down
let travelled = 0;

canvas.addEventListener("pointerdown", (event) => {
  if (event.button) return;
  fingers.set(event.pointerId, placeOf(event));
  travelled = 0;
  if (event.isTrusted) canvas.setPointerCapture(event.pointerId);
});

canvas.addEventListener("pointermove", (event) => {
  const [x, y] = placeOf(event), last = fingers.get(event.pointerId);
  if (!last) {
    point(x, y);
    return;
  }
  fingers.set(event.pointerId, [x, y]);
  travelled += Math.hypot(x - last[0], y - last[1]);
  if (travelled < 4) return;
  showTip(-1);
  canvas.classList.add("moving");
  if (fingers.size === 2) {
    const [other] = [...fingers].filter(([id]) => id !== event.pointerId).map(([, place]) => place);
    const from = Math.hypot(last[0] - other[0], last[1] - other[1]);
    zoomTo((view.scale * Math.hypot(x - other[0], y - other[1])) / Math.max(1, from), other[0], other[1]);
    return;
  }
  view.x += x - last[0];
  view.y += y - last[1];
  paintSoon();
});

function point(x, y) {
  const item = under(x, y);
  canvas.classList.toggle("over", item >= 0);
  showTip(item, x, y);
  if (item !== state.hovered) state.hovered = item, paintSoon();
}

canvas.addEventListener("pointerup", (event) => {
  const isClick = fingers.delete(event.pointerId) && travelled < 4;
  canvas.classList.remove("moving");
  if (!isClick) return;
  const [x, y] = placeOf(event), item = under(x, y);
  if (onSign(item, x, y)) toggle(item);
  else select(item);
});

canvas.addEventListener("pointercancel", (event) => fingers.delete(event.pointerId));
canvas.addEventListener("pointerleave", () => showTip(-1));

canvas.addEventListener("dblclick", (event) => {
  const [x, y] = placeOf(event), item = under(x, y);
  if (item >= 0 && isGroup(item) && !onSign(item, x, y)) toggle(item);
});

canvas.addEventListener("wheel", (event) => {
  event.preventDefault();
  showTip(-1);
  const pixels = event.deltaY * [1, 16, 400][event.deltaMode];
  zoomTo(view.scale * Math.exp(-Math.max(-240, Math.min(240, pixels)) * 0.0022), ...placeOf(event));
}, { passive: false });

function moveOnMap(event) {
  if (!event.buttons) return;
  const [x, y] = underMap(event);
  view.x = canvas.clientWidth / 2 - x * view.scale;
  view.y = canvas.clientHeight / 2 - y * view.scale;
  paintSoon();
}
map.addEventListener("pointerdown", moveOnMap);
map.addEventListener("pointermove", moveOnMap);

// ------------------------------------------------------------------ keys and buttons

const KEYS = {
  ArrowLeft: () => (view.x += 80), ArrowRight: () => (view.x -= 80), ArrowUp: () => (view.y += 80),
  ArrowDown: () => (view.y -= 80), "+": () => zoomTo(view.scale * 1.25), "=": () => zoomTo(view.scale * 1.25),
  "-": () => zoomTo(view.scale / 1.25), f: () => fit(), 0: () => zoomTo(1), "/": () => $("search").focus(),
  Escape: () => ($("search").value = "", search(""), select(-1)),
};

document.addEventListener("keydown", (event) => {
  const isTyping = event.target === $("search");
  if (event.ctrlKey || event.metaKey || event.altKey || (isTyping && event.key !== "Escape")) return;
  if (!KEYS[event.key]) return;
  event.preventDefault();
  KEYS[event.key]();
  paintSoon();
});

$("search").addEventListener("input", () => search($("search").value));
$("search").addEventListener("keydown", (event) => {
  if (event.key === "Enter") nextMatch(event.shiftKey ? -1 : 1);
});
for (const [id, action] of Object.entries({
  fold: () => step(false), unfold: () => step(true), all: unfoldAll, fit: () => fit(),
  in: () => zoomTo(view.scale * 1.25), out: () => zoomTo(view.scale / 1.25), scale: () => zoomTo(1),
})) $(id).addEventListener("click", action);
if (GROUPS.length === 1) $("fold").parentNode.remove();

new ResizeObserver(() => (resize(), forgetMap(), paint())).observe(canvas);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => (readColours(), forgetMap(), paint()));

readColours();
resize();
arrange();
fillLegend();
fillPanel();
fit(START);
if (DATA.marked.length) reveal(DATA.marked[0]), centre(DATA.marked[0]);
drawWhole();
paint();
window.page = { DATA, scene, view, state, visible }; // for the console, and for tests
