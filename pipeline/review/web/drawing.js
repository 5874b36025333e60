// What is drawn by hand: strokes of mouse, finger and keyboard, and the marks that show them.

// What a drag does while a tool that draws is used.
const hand = {
  start: (place) => { stroke = [place]; viewer.draw(); },
  drag: (place) => {
    if (!stroke) return;
    const last = stroke[stroke.length - 1];
    if (Math.hypot(place[0] - last[0], place[1] - last[1]) * viewer.state.scale < 1.5) return;
    stroke.push(place);
    viewer.draw();
  },
  end: (place) => { if (stroke) { hand.drag(place); finish(); } },
  cancel: () => { stroke = null; viewer.draw(); },
};

function finish() {
  const way = stroke.map(([x, y]) => [y, x]);
  const first = stroke[0];
  stroke = null;
  viewer.draw();
  const line = tool === "split" || tool === "join";
  if (line && Math.max(...way.map(([y, x]) => Math.hypot(x - first[0], y - first[1]))) * viewer.state.scale < 4) return tapped(first);
  const under = line ? crossed(way) : [];
  if (tool === "split") {
    const id = under.some((c) => c.id === chosen) ? chosen : longest(under)?.id;
    if (id === undefined) return say("The line crosses no chromosome", true);
    edit({ verb: "split", ids: [id], way }).then((made) => { if (made) use("look"); });
  } else if (tool === "join") {
    if (under.length < 2) return say("Draw from one chromosome to the other", true);
    edit({ verb: "join", ids: under.map((c) => c.id) }).then((made) => { if (made) use("look"); });
  } else if (tool === "move") {
    const giver = slide.there.find((c) => c.id !== chosen && holds(c, first)) || slide.there.find((c) => c.id !== chosen && stroked(c, way));
    if (!giver) return say("Begin the stroke on the neighbour that gives", true);
    edit({ verb: "move", ids: [giver.id, chosen], way, radius });
  } else if (tool === "add" && !there()) {
    edit({ verb: "paint_new", way, radius });
  } else {
    edit({ verb: tool, ids: [chosen], way, radius });
  }
}

function holds(c, [x, y]) {
  const pen = canvas.getContext("2d");
  pen.setTransform(1, 0, 0, 1, 0, 0);
  return meets(c.box, [x, y, x, y]) && pen.isPointInPath(c.path, x, y, "evenodd");
}

// The chromosomes under a line, in its order; each with how much of the line lies on it.
function crossed(way) {
  const met = new Map();
  for (let i = 1; i < way.length; i += 1) {
    const [y, x] = way[i - 1], [dy, dx] = [way[i][0] - y, way[i][1] - x];
    const steps = Math.ceil(2 * Math.hypot(dx, dy)) || 1;
    for (let step = 0; step <= steps; step += 1) {
      const place = [x + (dx * step) / steps, y + (dy * step) / steps];
      for (const c of slide.there) if (holds(c, place)) met.set(c, (met.get(c) || 0) + 1 / steps * Math.hypot(dx, dy));
    }
  }
  return [...met].map(([c, length]) => ({ id: c.id, length }));
}

const longest = (some) => some.reduce((best, c) => (!best || c.length > best.length ? c : best), undefined);

const stroked = (c, way) => way.some(([y, x]) => holds(c, [x, y]));

// ---- marks over the slide

function marks(pen, state) {
  const px = 1 / state.scale;
  const c = byId.get(chosen);
  if (c && !(candidate?.path && tool === "click")) viewer.highlight(c);
  if (candidate?.path) {
    pen.fillStyle = "rgba(80, 220, 255, .35)";
    pen.fill(candidate.path, "evenodd");
    pen.lineWidth = 2.5 * px;
    pen.strokeStyle = "#50dcff";
    pen.stroke(candidate.path);
    for (const [some, colour] of [[candidate.yes, "#7dff7d"], [candidate.no, "#ff6b6b"]]) {
      for (const [y, x] of some) dot(pen, x, y, 4 * px, colour, px);
    }
  }
  if (stroke) {
    pen.lineCap = pen.lineJoin = "round";
    const line = tool === "split" || tool === "join";
    pen.lineWidth = line ? 2.5 * px : 2 * radius;
    pen.strokeStyle = line ? "#ffe14d" : tool === "erase" ? "rgba(255, 107, 107, .6)" : "rgba(125, 255, 125, .6)";
    pen.beginPath();
    pen.moveTo(...stroke[0]);
    for (const point of stroke.length > 1 ? stroke.slice(1) : [[stroke[0][0] + 0.01, stroke[0][1]]]) pen.lineTo(...point);
    pen.stroke();
  }
  if (cross) {
    const size = ["add", "erase", "move"].includes(tool) ? radius : 5 * px;
    for (const [colour, wide] of [["#000", 4], ["#fff", 1.6]]) {
      pen.strokeStyle = colour;
      pen.lineWidth = wide * px;
      pen.beginPath();
      pen.arc(cross[0], cross[1], size, 0, 7);
      pen.moveTo(cross[0] - 12 * px, cross[1]);
      pen.lineTo(cross[0] + 12 * px, cross[1]);
      pen.moveTo(cross[0], cross[1] - 12 * px);
      pen.lineTo(cross[0], cross[1] + 12 * px);
      pen.stroke();
    }
  }
}

function dot(pen, x, y, size, colour, px) {
  pen.beginPath();
  pen.arc(x, y, size, 0, 7);
  pen.fillStyle = colour;
  pen.fill();
  pen.lineWidth = 1.5 * px;
  pen.strokeStyle = "#000";
  pen.stroke();
}

// ---- the keyboard's pen: arrows move a cross, Space puts it down

function arrow(across, down, event) {
  if (tool === "look") viewer.move(across, down);
  else moveCross(across, down, event.shiftKey);
}

function moveCross(dx, dy, far) {
  const { state } = viewer, step = (far ? 12 : 2) / Math.max(1, state.scale / 2);
  const wide = canvas.clientWidth / state.scale, high = canvas.clientHeight / state.scale;
  const c = byId.get(chosen);
  cross ||= c ? [(c.box[0] + c.box[2]) / 2, (c.box[1] + c.box[3]) / 2] : [state.x + wide / 2, state.y + high / 2];
  cross = [cross[0] + dx * step, cross[1] + dy * step];
  if (stroke) stroke.push(cross);
  state.x = Math.min(Math.max(state.x, cross[0] - wide * 0.95), cross[0] - wide * 0.05);
  state.y = Math.min(Math.max(state.y, cross[1] - high * 0.95), cross[1] - high * 0.05);
  viewer.draw();
}

function press(not) {
  if (!cross) return moveCross(0, 0, false);
  if (tool === "click" || tool === "join") return tapped(cross, { altKey: not });
  if (!DRAWING.includes(tool)) return;
  if (!stroke) {
    stroke = [cross];
    viewer.draw();
    say("The pen is down: move it, and press Space again");
  } else {
    stroke.push(cross);
    finish();
  }
}
