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
  const ids = there() ? [chosen] : [];
  if (line) {
    const once = tool === "join"; // Split stays: a click with it chooses, so nothing is lost
    edit({ verb: tool, ids, way }).then((made) => {
      if (made) cross = null; // the keyboard's next line begins at what is chosen then
      if (made && once) use("look");
    });
  } else if (tool === "move") {
    edit({ verb: "move", ids, way, radius });
  } else if (tool === "add" && !there()) {
    edit({ verb: "paint_new", way, radius });
  } else {
    edit({ verb: tool, ids, way, radius });
  }
}

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
