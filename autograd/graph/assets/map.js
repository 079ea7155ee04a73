// The small map in the corner: the whole graph, and what part of it is seen.

let mapScale = 1, mapX = 0, mapY = 0, isMapOld = true;
const mapImage = document.createElement("canvas");

/** Has the picture of the whole, which is painted once per layout and set of marks, made anew. */
const forgetMap = () => (isMapOld = true);

function paintMap(sight) {
  const isWhole = sight.x <= 0 && sight.y <= 0 && sight.x + sight.w >= scene.w && sight.y + sight.h >= scene.h;
  map.classList.toggle("idle", isWhole);
  if (isWhole) return;
  if (takePlace(map)) forgetMap(); // while it was hidden it had no size
  if (isMapOld) { // the graph itself is painted first
    setTimeout(() => (isMapOld && drawWhole(), paintSoon()));
    return;
  }
  mapPen.setTransform(1, 0, 0, 1, 0, 0);
  mapPen.clearRect(0, 0, map.width, map.height);
  mapPen.drawImage(mapImage, 0, 0);
  mapPen.strokeStyle = colours.select;
  mapPen.lineWidth = 2;
  mapPen.strokeRect(
    mapX + sight.x * mapScale, mapY + sight.y * mapScale, Math.max(3, sight.w * mapScale),
    Math.max(3, sight.h * mapScale),
  );
}

function drawWhole() {
  const brush = mapImage.getContext("2d");
  mapImage.width = map.width;
  mapImage.height = map.height;
  isMapOld = false;
  mapScale = Math.min((map.width - 8) / scene.w, (map.height - 8) / scene.h);
  mapX = (map.width - scene.w * mapScale) / 2;
  mapY = (map.height - scene.h * mapScale) / 2;
  const fill = (shape, colour) => {
    brush.fillStyle = colour;
    const w = Math.max(1, shape.w * mapScale), h = Math.max(1, shape.h * mapScale);
    brush.fillRect(mapX + shape.x * mapScale, mapY + shape.y * mapScale, w, h);
  };
  for (const box of scene.boxes) fill(box, colours.group);
  const marked = [];
  for (const node of scene.nodes) {
    const ring = ringOf(node.item);
    if (ring) marked.push([node, colours[ring]]);
    else if (state.path && isOnPath(node.item)) marked.push([node, colours.path]);
    else fill(node, colours[`${kindOf(node.item)}-line`]);
  }
  for (const [node, colour] of marked) fill(node, colour);
}

/** The place of the graph under a point of the map. */
function underMap(event) {
  const dots = window.devicePixelRatio || 1, corner = map.getBoundingClientRect();
  return [
    ((event.clientX - corner.left) * dots - mapX) / mapScale,
    ((event.clientY - corner.top) * dots - mapY) / mapScale,
  ];
}
