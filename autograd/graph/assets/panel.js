// What is said in words: the tip under the pointer, the panel of details, the list of matches.
// Text of the tape enters the page as text alone, by `textContent`.

const panel = document.getElementById("panel"), tip = document.getElementById("tip");

/** An element with text and children. */
function element(tag, text = "", children = [], attributes = {}) {
  const made = document.createElement(tag);
  if (text) made.textContent = text;
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

function button(text, note, action) {
  const made = element("button", text);
  if (note) made.append(" ", element("small", note));
  made.addEventListener("click", action);
  return made;
}

/** What an item is called in a list: its operation or name. */
function titleOf(item) {
  if (isGroup(item)) return groupOf(item).title || "the whole graph";
  const { op, name, kind, value } = RECORDS[item];
  return op ? (name ? `${op}: ${name}` : op) : name || (value ? `${kind} ${value}` : kind);
}

const KINDS = DATA.kinds; // kind -> its meaning in words

/** Everything that is known of an item, as pairs of words. */
function rowsOf(item) {
  if (isGroup(item)) {
    const { path, kind, operations, parameters, outs } = groupOf(item);
    const shapes = outs.map((i) => factsOf(RECORDS[i])).filter(Boolean);
    return [
      ["module", path], ["class", kind], ["operations", `${operations}`], ["parameters", `${parameters}`],
      [shapes.length > 1 ? "outputs" : "output", shapes.join("\n")],
    ].filter(([, value]) => value);
  }
  const record = RECORDS[item];
  return [
    ["kind", KINDS[kindOf(item)]], ["name", record.name], ["shape", record.shape], ["dtype", record.dtype],
    ["value", record.value], ...(record.facts ?? []), ["module", groupOf(record.group).path],
    ["record", `${record.id}`],
  ].filter(([, value]) => value);
}

function listOf(item) {
  return element("dl", "", rowsOf(item).flatMap(([word, value]) => [element("dt", word), element("dd", value)]));
}

/** Shows the tip beside the pointer; none for -1. */
function showTip(item, x, y) {
  tip.hidden = item < 0;
  if (item < 0) return;
  tip.replaceChildren(element("h2", titleOf(item)), listOf(item));
  const room = canvas.getBoundingClientRect();
  const left = x + 16 + tip.offsetWidth > room.width ? x - 12 - tip.offsetWidth : x + 16;
  tip.style.left = `${Math.max(4, left)}px`;
  tip.style.top = `${Math.max(4, Math.min(y + 14, room.height - tip.offsetHeight - 6))}px`;
}

/** A list of items that can be gone to. */
function linksTo(heading, entries, most = 100) {
  if (!entries.length) return [];
  const rows = entries.slice(0, most).map(([item, note]) =>
    element("li", "", [button(titleOf(item), note, () => goTo(item))]));
  if (entries.length > most) rows.push(element("li", `and ${(entries.length - most).toLocaleString("en")} more`));
  return [element("h3", heading), element("ul", "", rows)];
}

const noteOf = (item) =>
  [factsOf(RECORDS[item]), groupOf(RECORDS[item].group).path].filter(Boolean).join("  ·  ");

/** Fills the panel: the selected item, else the matches, else a word of help. */
function fillPanel() {
  if (state.selected >= 0) fillSelected(state.selected);
  else if (state.matches) {
    const found = [...state.matches].map((item) => [item, noteOf(item)]);
    panel.replaceChildren(element("h2", count(found.length, "match").replace("matchs", "matches")),
      ...linksTo("In order of computation", found));
  } else fillHelp();
}

function fillSelected(item) {
  const parts = [element("h2", titleOf(item)), listOf(item)];
  if (isGroup(item)) {
    const group = groupOf(item);
    parts.push(button(group.folded ? "Unfold" : "Fold", "", () => toggle(item)));
    const members = group.members.filter((member) => isGroup(member) || RECORDS[member].op);
    parts.push(...linksTo("Contents", members.map((member) => [member, isGroup(member) ? "" : factsOf(RECORDS[member])])));
    panel.replaceChildren(...parts);
    return;
  }
  const made = button("Path to the output", "", () => setPath(state.pathFrom === item ? -1 : item));
  made.setAttribute("aria-pressed", `${state.pathFrom === item}`);
  made.id = "path";
  parts.push(made);
  if (state.pathFrom === item) {
    const way = shortest(item), on = [...state.path].filter((i) => i !== item && RECORDS[i].op);
    parts.push(element("p", way.length
      ? `It reaches ${titleOf(way.at(-1))} through ${count(on.length, "operation")}; ` +
        `the shortest way has ${way.length - 1}.`
      : "It reaches no output."));
    parts.push(...linksTo("The shortest way", way.map((i) => [i, noteOf(i)])));
  }
  const { inputs } = RECORDS[item];
  parts.push(...linksTo("Inputs", inputs.map(([i, argument, , norm]) =>
    [i, [argument, factsOf(RECORDS[i]), norm && `gradient ${norm}`].filter(Boolean).join("  ")])));
  parts.push(...linksTo("Used by", USERS[item].map((i) => [i, noteOf(i)])));
  panel.replaceChildren(...parts);
}

function fillHelp() {
  const keys = [["/", "search"], ["f", "whole graph"], ["0", "100%"], ["+ -", "zoom"], ["Esc", "clear"]];
  const { operations, parameters } = groupOf(ROOT), calls = GROUPS.filter((group) => group.kind).length;
  panel.replaceChildren(
    element("h2", "The graph"),
    element("p", [count(operations, "operation"), count(parameters, "parameter"), count(calls, "module call")]
      .filter((part) => !part.startsWith("0 ")).join(", ") + "."),
    element("p", "Drag to move, scroll to zoom. Point at a node to see what is known of it. Click it to keep that " +
      "here, and for a parameter to see its way to the output. Double-click a module, or click its sign, to " +
      "fold or unfold it."),
    element("p", "", keys.flatMap(([key, meaning]) => [element("kbd", key), ` ${meaning}   `])),
    ...linksTo("Marked", DATA.marked.map((item) => [item, noteOf(item)])),
    ...linksTo("Outputs", DATA.outputs.map((item) => [item, noteOf(item)])),
    ...linksTo("Parameters and leaves", parametersOf().map((item) => [item, factsOf(RECORDS[item])])),
  );
}

const parametersOf = () => RECORDS.flatMap((record, item) => (record.kind === "leaf" ? [item] : []));

/** The legend: a swatch for each kind that occurs. */
function fillLegend() {
  const present = new Set(RECORDS.map((_, item) => kindOf(item)));
  if (GROUPS.length > 1) present.add("folded");
  const rows = Object.entries(KINDS).filter(([kind]) => present.has(kind)).map(([kind, meaning]) => {
    const swatch = element("i", "", [], { class: kind });
    swatch.style.background = `var(--${kind})`;
    swatch.style.borderColor = `var(--${kind}-line)`;
    return element("span", "", [swatch, element("b", meaning, [], { style: "font-weight: normal" })]);
  });
  const notes = DATA.notes.map((note) => element("span", "", note.map(([text, colour]) =>
    element("b", text, [], { style: colour ? `color: ${colour}` : "font-weight: normal" })), { class: "note" }));
  document.getElementById("legend").replaceChildren(...rows, ...notes);
}
