// The graph as the page got it: records, groups (calls of modules), and what crosses their borders.
//
// An item is a number: 0 .. n-1 are records, n .. n+m-1 are groups; `ROOT` is group 0. Python has
// made the groups so that each is a run of consecutive operations: whatever is folded, no cycle
// appears.

const DATA = JSON.parse(document.getElementById("tape").textContent);
const RECORDS = DATA.records, GROUPS = DATA.groups;
const N = RECORDS.length, ROOT = N;
const IS_OUTPUT = new Set(DATA.outputs);
const MARKED = new Set(DATA.marked); // also the groups around what is marked, see `prepare`

const isGroup = (item) => item >= N;
const groupOf = (item) => GROUPS[item - N];
/** The group that an item lies in, as an item; -1 for the root. */
const parentOf = (item) => (isGroup(item) ? groupOf(item).parent : RECORDS[item].group);

const USERS = RECORDS.map(() => []); // record -> records that take it

/** Enters into each group its members and the lines within it. */
function prepare() {
  for (const record of RECORDS) if (record.group !== undefined) record.group += N;
  GROUPS.forEach((group, i) => {
    group.parent = i === 0 ? -1 : group.parent + N;
    Object.assign(group, { item: N + i, members: [], lines: [], ins: new Set(), outs: [] });
    Object.assign(group, { known: new Map(), operations: 0, parameters: 0, plan: null });
    group.level = i === 0 ? 0 : groupOf(group.parent).level + 1;
    if (i > 0) groupOf(group.parent).members.push(N + i);
  });
  RECORDS.forEach((record, i) => {
    groupOf(record.group).members.push(i);
    for (let g = record.group; g >= 0; g = parentOf(g)) {
      if (record.op) groupOf(g).operations++;
      else if (record.kind === "leaf") groupOf(g).parameters++;
    }
  });
  for (const item of DATA.marked) for (let g = parentOf(item); g > ROOT; g = parentOf(g)) MARKED.add(g);
  RECORDS.forEach((record, target) => {
    for (const [source, , pen] of record.inputs) {
      if (USERS[source].at(-1) === target) continue; // x * x is one line
      USERS[source].push(target);
      connect(source, target, pen ?? 0);
    }
  });
}

/**
 * Enters the line of a group on which a source reaches an end, -1 for its border. A line that stands
 * for several edges has the last of their pens.
 */
function enter(group, source, from, end, pen) {
  const key = source * (N + GROUPS.length + 1) + end + 1;
  let line = group.known.get(key);
  if (!line) {
    line = { from, to: end < 0 ? null : end, source, pen };
    group.known.set(key, line);
    group.lines.push(line);
    if (end < 0) group.outs.push(source);
    if (from === null) group.ins.add(source);
  }
  line.pen = Math.max(line.pen, pen);
}

/**
 * Enters one edge into every group that it passes: up from its source through the borders of the
 * groups around it, across in the innermost group that has both ends, and down to its target.
 * A line is {from, to, source}; null for an end means the border of the group.
 */
function connect(source, target, pen) {
  let a = source, b = target;
  const level = (item) => groupOf(parentOf(item)).level;
  const climb = () => {
    const group = groupOf(parentOf(a));
    enter(group, source, a, -1, pen);
    a = group.item;
  };
  const dive = () => {
    const group = groupOf(parentOf(b));
    enter(group, source, null, b, pen);
    b = group.item;
  };
  while (level(a) > level(b)) climb();
  while (level(b) > level(a)) dive();
  while (parentOf(a) !== parentOf(b)) climb(), dive();
  enter(groupOf(parentOf(a)), source, a, b, pen);
}

/** The items from below the root down to an item. */
function chain(item) {
  const found = [];
  for (let at = item; at > -1 && at !== ROOT; at = parentOf(at)) found.unshift(at);
  return found;
}

/** What can be reached from a record along `next` (USERS, or inputs), itself included. */
function reach(start, next) {
  const found = new Set([start]), stack = [start];
  while (stack.length) {
    for (const other of next(stack.pop())) if (!found.has(other)) found.add(other), stack.push(other);
  }
  return found;
}

/** Records from `start` to the nearest output, by the fewest operations; empty if there is none. */
function shortest(start) {
  const before = new Map([[start, -1]]), queue = [start];
  for (let i = 0; i < queue.length; i++) {
    if (IS_OUTPUT.has(queue[i])) {
      const path = [];
      for (let at = queue[i]; at !== -1; at = before.get(at)) path.unshift(at);
      return path;
    }
    for (const user of USERS[queue[i]]) if (!before.has(user)) before.set(user, queue[i]), queue.push(user);
  }
  return [];
}

prepare();
