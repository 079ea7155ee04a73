// Painting wires: all of one pen in one stroke.

const isPlain = !DATA.pens.length; // the level of detail says nothing of wires
let pens = []; // {colour, width, dashed}, as `readColours` finds them for light or dark

/** All wires in sight, in a stroke for each pen: those off the path that is shown, then those on it. */
function paintRoutes(sight) {
  const base = pen.getTransform();
  for (const onPath of state.path ? [false, true] : [true]) {
    const bold = state.path && onPath;
    for (const number of scene.pens) {
      const { colour, width, dashed } = pens[number], wide = width * (bold ? (isPlain ? 2 : 1.6) : 1);
      const arrows = new Path2D();
      pen.beginPath();
      for (const layer of scene.layers) {
        const near = { ...sight, x: sight.x - layer.x, y: sight.y - layer.y };
        pen.setTransform(base.translate(layer.x, layer.y)); // it holds for what is added to the path
        traceLayer(layer, near, onPath, number, arrows, Math.max(bold ? 1.3 : 1, wide / 2.5));
      }
      pen.setTransform(base);
      pen.globalAlpha = onPath ? 1 : 0.3;
      pen.strokeStyle = pen.fillStyle = bold && isPlain ? colours.path : colour;
      pen.lineWidth = Math.max(wide, (bold ? 1.4 : 0.5) / view.scale);
      pen.setLineDash(dashed ? [5, 4] : []);
      pen.stroke();
      pen.setLineDash([]);
      if (view.scale >= ARROWS_FROM) pen.fill(arrows);
    }
  }
}

/** Adds the wires of one group to the path, and their arrows to theirs. */
function traceLayer({ plan, x, y, left, top }, sight, onPath, number, arrows, size) {
  const right = sight.x + sight.w, bottom = sight.y + sight.h;
  if (left - x > right || top - y > bottom || left - x + plan.w < sight.x || top - y + plan.h < sight.y) return;
  for (const route of plan.routes) {
    if (route.pen !== number) continue;
    const [x1, y1, x2, y2] = route.bounds;
    if (x2 < sight.x || y2 < sight.y || x1 > right || y1 > bottom || isRouteOnPath(route) !== onPath) continue;
    if (view.scale < SHAPES_FROM) {
      if ((x2 - x1 + y2 - y1) * view.scale > 2) sketch(route);
      continue;
    }
    trace(route, sight);
    if (!route.isEnd) continue;
    const end = route.curve ? route.curve.slice(3) : route.points.slice(-2), tipX = x + end[0], tipY = y + end.at(-1);
    arrows.moveTo(tipX, tipY);
    arrows.lineTo(tipX - 3.5 * size, tipY - 7 * size);
    arrows.lineTo(tipX + 3.5 * size, tipY - 7 * size);
  }
}

/** A wire with straight corners, for scales at which no more can be seen. */
function sketch(route) {
  const p = route.points ?? [route.curve[0], route.curve[1], route.curve[3], route.curve[5]];
  pen.moveTo(p[0], p[1]);
  for (let i = 2; i < p.length; i += 2) pen.lineTo(p[i], p[i + 1]);
}

function trace(route, sight) {
  if (route.curve) {
    const [x1, y1, y2, x2, y3, y4] = route.curve, middle = (y2 + y3) / 2;
    pen.moveTo(x1, y1);
    pen.lineTo(x1, y2);
    if (x1 === x2) pen.lineTo(x2, y3);
    else pen.bezierCurveTo(x1, middle, x2, middle, x2, y3);
    pen.lineTo(x2, y4);
    return;
  }
  const p = route.points, last = p.length - 2;
  let isDrawing = false;
  for (let i = 2; i <= last; i += 2) { // long wires are drawn where they are in sight
    const [px, py, x, y] = [p[i - 2], p[i - 1], p[i], p[i + 1]];
    const isSeen = Math.max(px, x) >= sight.x && Math.max(py, y) >= sight.y &&
      Math.min(px, x) <= sight.x + sight.w && Math.min(py, y) <= sight.y + sight.h;
    if (isSeen && !isDrawing) pen.moveTo(px, py);
    isDrawing = isSeen;
    if (!isSeen) continue;
    const room = i < last ? Math.min(Math.hypot(x - px, y - py), Math.hypot(p[i + 2] - x, p[i + 3] - y)) : 0;
    if (room > 1) pen.arcTo(x, y, p[i + 2], p[i + 3], Math.min(6, room / 2));
    else pen.lineTo(x, y);
  }
}
