// What can be done to the page: move, zoom, fold, search, select, follow a path.

const $ = (id) => document.getElementById(id);
const [LEAST, MOST] = [0.005, 4];
const START = 0.85; // a graph that can be shown whole only at a smaller scale begins at this one

// ------------------------------------------------------------------ the view

let isDue = false;

/** Paints soon, once for all that happens before. */
function paintSoon() {
  if (isDue) return;
  isDue = true;
  requestAnimationFrame(() => (isDue = false, paint()));
}

function zoomTo(scale, x = canvas.clientWidth / 2, y = canvas.clientHeight / 2) {
  scale = Math.min(MOST, Math.max(LEAST, scale));
  view.x = x - ((x - view.x) * scale) / view.scale;
  view.y = y - ((y - view.y) * scale) / view.scale;
  view.scale = scale;
  showScale();
  paintSoon();
}

function showScale() {
  const percent = view.scale * 100;
  $("scale").textContent = `${percent < 10 ? percent.toFixed(1) : Math.round(percent)}%`;
}

const fitting = () =>
  Math.min((canvas.clientWidth - 48) / scene.w, (canvas.clientHeight - 90) / scene.h);

/** Shows the whole graph; or, to begin with, its upper end if the whole could not be read. */
function fit(atLeast = 0) {
  const whole = Math.min(1, fitting());
  view.scale = Math.max(LEAST, whole, atLeast);
  view.x = (canvas.clientWidth - scene.w * view.scale) / 2;
  view.y = whole >= atLeast ? Math.max(24, (canvas.clientHeight - 46 - scene.h * view.scale) / 2) : 24;
  if (scene.w * view.scale > canvas.clientWidth && whole < atLeast) view.x = startOf();
  showScale();
  paintSoon();
}

/** Where to begin a graph that is wider than the window: at what is computed first. */
function startOf() {
  const first = scene.nodes.reduce((least, node) => (node.y + node.x < least.y + least.x ? node : least));
  const x = canvas.clientWidth / 2 - (first.x + first.w / 2) * view.scale;
  return Math.min(24, Math.max(canvas.clientWidth - scene.w * view.scale - 24, x));
}

/** Moves the view so that an item is in the middle, and readable. */
function centre(item) {
  const shape = scene.at.get(visible(item));
  if (!shape) return;
  view.scale = Math.max(view.scale, 0.8);
  view.x = canvas.clientWidth / 2 - (shape.x + shape.w / 2) * view.scale;
  view.y = canvas.clientHeight / 2 - (shape.y + Math.min(shape.h / 2, 200)) * view.scale;
  showScale();
}

// ------------------------------------------------------------------ folding

/** Lays out and paints anew; an item that is given stays where it is on the screen. */
function refresh(fixed = -1) {
  const before = scene.at.get(fixed);
  arrange();
  const after = scene.at.get(fixed);
  if (before && after) {
    view.x += (before.x + before.w / 2 - after.x - after.w / 2) * view.scale;
    view.y += (before.y - after.y) * view.scale;
  }
  countInside();
  markGroups();
  forgetMap();
  paint();
}

function toggle(item) {
  setFolded(groupOf(item), !groupOf(item).folded);
  refresh(item);
  fillPanel();
}

/** Unfolds what hides an item. */
function reveal(item) {
  let changed = false;
  for (let at = parentOf(item); at > ROOT; at = parentOf(at)) {
    changed ||= groupOf(at).folded;
    setFolded(groupOf(at), false);
  }
  if (changed) refresh();
}

/** Folds the innermost unfolded modules, or unfolds the outermost folded ones. */
function step(unfolding) {
  const groups = GROUPS.slice(1);
  const shown = groups.filter((group) => visible(group.item) === group.item);
  const open = shown.filter((group) => !group.folded);
  const deepest = Math.max(...open.map((group) => group.level));
  const change = unfolding ? shown.filter((group) => group.folded) : open.filter((group) => group.level === deepest);
  for (const group of change) setFolded(group, !unfolding);
  refresh();
  fit(START);
  fillPanel();
}

function unfoldAll() {
  for (const group of GROUPS) setFolded(group, false);
  refresh();
  fit(START);
  fillPanel();
}

// ------------------------------------------------------------------ search

const haystack = RECORDS.map((record, item) => {
  const facts = (record.facts ?? []).map(([, value]) => value);
  const group = groupOf(record.group);
  return [titleOf(item), record.note, factsOf(record), group.path, group.kind, ...facts].join("\n").toLowerCase();
});
let current = -1;

/** Marks the records that contain all words. */
function search(text) {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  state.matches = null;
  current = -1;
  if (words.length) {
    state.matches = new Set();
    haystack.forEach((straw, item) => {
      if (words.every((word) => straw.includes(word))) state.matches.add(item);
    });
    state.selected = -1;
  }
  countInside();
  say(state.matches ? `${state.matches.size.toLocaleString("en")} found` : "");
  forgetMap();
  fillPanel();
  paint();
}

/** Counts the matches within each folded group. */
function countInside() {
  state.inside = new Map();
  for (const item of state.matches ?? []) {
    const at = visible(item);
    if (at !== item) state.inside.set(at, (state.inside.get(at) ?? 0) + 1);
  }
}

/** Goes to the next match, or back. */
function nextMatch(way) {
  if (!state.matches?.size) return;
  const all = [...state.matches];
  current = (current + way + all.length) % all.length;
  reveal(all[current]);
  state.hovered = all[current];
  centre(all[current]);
  say(`${current + 1} of ${all.length.toLocaleString("en")}`);
  paint();
}

const say = (text) => ($("status").textContent = text);

// ------------------------------------------------------------------ selection and paths

function select(item) {
  state.selected = item;
  const isSource = item >= 0 && !isGroup(item) && ["leaf", "input"].includes(RECORDS[item].kind);
  setPath(isSource ? item : -1);
}

/** Shows all that lies between a record and the outputs; nothing for -1. */
function setPath(item) {
  state.pathFrom = item;
  state.path = item < 0 ? null : reach(item, (i) => USERS[i]);
  markGroups();
  forgetMap();
  fillPanel();
  paint();
}

/** Finds the groups that a path touches. */
function markGroups() {
  state.pathGroups = new Set();
  for (const item of state.path ?? []) {
    for (let at = parentOf(item); at > ROOT && !state.pathGroups.has(at); at = parentOf(at)) state.pathGroups.add(at);
  }
}

/** Goes to an item: unfolds what hides it, selects it and brings it into view. */
function goTo(item) {
  reveal(item);
  select(item);
  centre(item);
  paint();
}
