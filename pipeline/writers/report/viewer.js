"use strict";
// A slide on a canvas, for the report and for the review page: pictures, outlines over them, marks on top, all in slide
// pixels under one transform. Outlines are drawn once into tiles, so that moving a slide of thousands stays fluid.

const TILE_PX = 384; // of the screen's own pixels
const MOST_TILES = 160;
const BUDGET_MS = 10; // of a frame may go to tiles that are missing; the others come with the next ones
const NUMBERED_PX = 14; // so large a typical chromosome must be on the screen for numbers to have room
const LABEL_PX = 60;

function meets(box, seen) {
  return box[0] < seen[2] && box[2] > seen[0] && box[1] < seen[3] && box[3] > seen[1];
}

// canvas: where. options: shape of the slide (rows, columns); pictures, each with box and src; and functions:
//   shown()            chromosomes to draw, each with id, box, path, colour, anchor, review, and faint where it is taken out
//   shared()           what several share, each with box and path
//   outlines(), numbers()   whether these are wanted
//   marks(pen, state)  draws what changes often, on top, in slide pixels
//   tapped(place, event)    a click, in slide pixels
//   tool()             null, or what a drag does instead of moving the slide: start, drag, end and cancel of a place
//   keys               further keys of the canvas; each gets the event
function makeViewer(canvas, options) {
  const pen = canvas.getContext("2d");
  const until = new AbortController();
  const hear = (kind, does, how = {}) => canvas.addEventListener(kind, does, { ...how, signal: until.signal });
  const state = { scale: 1, x: 0, y: 0 };
  const pictures = options.pictures.map((picture) => {
    const image = new Image();
    image.onload = draw;
    image.src = picture.src;
    return { ...picture, image };
  });
  let tiles = { scale: 0, ready: new Map(), whole: false }, before = tiles;
  let waiting = false;
  let typical = 0;

  function draw() {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => {
      waiting = false;
      if (!until.signal.aborted) paint();
    });
  }

  // What lies in these boxes, or anywhere, looks different now.
  function changed(boxes) {
    typical = 0;
    for (const some of new Set([tiles, before])) {
      if (!boxes) some.ready.clear();
      for (const box of boxes || []) {
        const far = LABEL_PX * ratio() / some.scale;
        const first = (value) => Math.floor((value - far) * some.scale / TILE_PX), last = (value) => Math.floor((value + far) * some.scale / TILE_PX);
        for (let row = first(box[1]); row <= last(box[3]); row += 1) {
          for (let column = first(box[0]); column <= last(box[2]); column += 1) some.ready.delete(`${column} ${row}`);
        }
      }
      some.whole = false;
    }
    draw();
  }

  function ratio() {
    return window.devicePixelRatio || 1;
  }

  function paint() {
    const since = performance.now();
    const width = Math.round(canvas.clientWidth * ratio()), height = Math.round(canvas.clientHeight * ratio());
    if (canvas.width !== width || canvas.height !== height) {
      canvas.width = width;
      canvas.height = height;
    }
    const scale = state.scale * ratio();
    if (tiles.scale !== scale) {
      if (tiles.whole) before = tiles;
      tiles = { scale, ready: new Map(), whole: false };
    }
    pen.setTransform(1, 0, 0, 1, 0, 0);
    pen.fillStyle = "#000";
    pen.fillRect(0, 0, width, height);
    const left = Math.round(state.x * scale), top = Math.round(state.y * scale);
    pen.setTransform(scale, 0, 0, scale, -left, -top);
    const seen = [state.x, state.y, state.x + width / scale, state.y + height / scale];
    for (const p of pictures) {
      if (p.image.complete && p.image.naturalWidth && meets(p.box, seen)) {
        pen.drawImage(p.image, p.box[0], p.box[1], p.box[2] - p.box[0], p.box[3] - p.box[1]);
      }
    }
    pen.setTransform(1, 0, 0, 1, 0, 0);
    let missing = 0, made = 0;
    for (let row = Math.floor(top / TILE_PX); row * TILE_PX < top + height; row += 1) {
      for (let column = Math.floor(left / TILE_PX); column * TILE_PX < left + width; column += 1) {
        const name = `${column} ${row}`;
        let tile = tiles.ready.get(name);
        if (tile === undefined && (made === 0 || performance.now() - since < BUDGET_MS)) {
          made += 1;
          tile = tileAt(column, row, scale);
          tiles.ready.set(name, tile);
        }
        if (tile === undefined) {
          missing += 1;
          stopgap(column * TILE_PX - left, row * TILE_PX - top, scale, left, top);
        } else if (tile) {
          pen.drawImage(tile, column * TILE_PX - left, row * TILE_PX - top);
        }
      }
    }
    tiles.whole = missing === 0;
    if (missing) draw();
    for (const name of tiles.ready.keys()) {
      if (tiles.ready.size <= MOST_TILES) break;
      tiles.ready.delete(name);
    }
    pen.setTransform(scale, 0, 0, scale, -left, -top);
    options.marks?.(pen, state);
  }

  // Until a tile is ready: what was drawn at another scale, as far as it lies in its place.
  function stopgap(x, y, scale, left, top) {
    if (!before.ready.size || before === tiles) return;
    const zoom = scale / before.scale, side = TILE_PX * zoom;
    pen.save();
    pen.beginPath();
    pen.rect(x, y, TILE_PX, TILE_PX);
    pen.clip();
    for (const [name, tile] of before.ready) {
      const [column, row] = name.split(" ").map(Number);
      const to = [column * side - left, row * side - top];
      if (tile && meets([to[0], to[1], to[0] + side, to[1] + side], [x, y, x + TILE_PX, y + TILE_PX])) pen.drawImage(tile, ...to, side, side);
    }
    pen.restore();
  }

  // A tile with outlines and numbers; null where there are none.
  function tileAt(column, row, scale) {
    const corner = [column * TILE_PX / scale, row * TILE_PX / scale], side = TILE_PX / scale, far = LABEL_PX * ratio() / scale;
    const seen = [corner[0] - far, corner[1] - far, corner[0] + side + far, corner[1] + side + far];
    const visible = options.shown().filter((c) => meets(c.box, seen));
    if (!visible.length) return null;
    const tile = document.createElement("canvas");
    tile.width = tile.height = TILE_PX;
    const ink = tile.getContext("2d");
    ink.setTransform(scale, 0, 0, scale, -column * TILE_PX, -row * TILE_PX);
    const px = 1 / state.scale;
    if (options.outlines()) {
      ink.fillStyle = "rgba(255, 255, 255, .35)";
      for (const place of options.shared()) if (meets(place.box, seen)) ink.fill(place.path, "evenodd");
      const large = typicalSide() * state.scale > NUMBERED_PX;
      for (const c of visible) {
        ink.setLineDash(c.faint ? [px, 4 * px] : c.review && large ? [4 * px, 3 * px] : []);
        ink.lineWidth = (c.review ? 1.8 : 1.4) * px;
        ink.strokeStyle = c.faint ? "#aaa" : c.colour;
        ink.stroke(c.path);
      }
    }
    if (options.numbers() && typicalSide() * state.scale > NUMBERED_PX) for (const c of visible) number(ink, c, c.colour);
    return tile;
  }

  function typicalSide() {
    if (!typical) {
      const sides = options.shown().map((c) => Math.max(c.box[2] - c.box[0], c.box[3] - c.box[1])).sort((a, b) => a - b);
      typical = sides[sides.length >> 1] || 1;
    }
    return typical;
  }

  function number(ink, c, colour) {
    const px = 1 / state.scale, text = c.review ? `${c.id}?` : `${c.id}`;
    ink.font = `${12 * px}px system-ui, sans-serif`;
    ink.textAlign = "center";
    ink.textBaseline = "middle";
    ink.setLineDash([]);
    ink.lineWidth = 3 * px;
    ink.strokeStyle = "#000";
    ink.fillStyle = c.faint ? "#aaa" : colour;
    const [x, y, dx, dy] = c.anchor;
    const away = Math.abs(dx) * (ink.measureText(text).width / 2 + 3 * px) + Math.abs(dy) * 8 * px;
    ink.strokeText(text, x + dx * away, y + dy * away);
    ink.fillText(text, x + dx * away, y + dy * away);
  }

  // Marks one as chosen, among the marks.
  function highlight(c, colour = "#fff") {
    pen.fillStyle = colour;
    pen.globalAlpha = 0.3;
    pen.fill(c.path, "evenodd");
    pen.globalAlpha = 1;
    pen.setLineDash([]);
    pen.lineWidth = 3 / state.scale;
    pen.strokeStyle = colour;
    pen.stroke(c.path);
    if (options.numbers()) number(pen, c, colour);
  }

  function show(box, margin) {
    const width = box[2] - box[0] + 2 * margin, height = box[3] - box[1] + 2 * margin;
    state.scale = Math.min(canvas.clientWidth / width, canvas.clientHeight / height);
    state.x = (box[0] + box[2]) / 2 - canvas.clientWidth / state.scale / 2;
    state.y = (box[1] + box[3]) / 2 - canvas.clientHeight / state.scale / 2;
    draw();
  }

  function zoom(factor, px = canvas.clientWidth / 2, py = canvas.clientHeight / 2) {
    const scale = Math.min(40, Math.max(0.005, state.scale * factor));
    state.x += px / state.scale - px / scale;
    state.y += py / state.scale - py / scale;
    state.scale = scale;
    draw();
  }

  function move(across, down) {
    state.x += 60 * across / state.scale;
    state.y += 60 * down / state.scale;
    draw();
  }

  const fit = () => show([0, 0, options.shape[1], options.shape[0]], 0);

  function placeOf(event) {
    const frame = canvas.getBoundingClientRect();
    return [(event.clientX - frame.left) / state.scale + state.x, (event.clientY - frame.top) / state.scale + state.y];
  }

  function at([x, y]) {
    pen.setTransform(1, 0, 0, 1, 0, 0);
    const under = options.shown().filter(
      (c) => x >= c.box[0] && x < c.box[2] && y >= c.box[1] && y < c.box[3] && pen.isPointInPath(c.path, x, y, "evenodd")
    );
    return under.find((c) => !c.faint) ?? under[0];
  }

  // One finger, or the mouse, moves the slide and chooses, or does what the tool does; two fingers zoom.
  const fingers = new Map();
  hear("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    const tool = event.button === 0 && !fingers.size ? options.tool?.() : null;
    for (const other of fingers.values()) {
      other.tool?.cancel();
      other.tool = null;
    }
    fingers.set(event.pointerId, { x: event.clientX, y: event.clientY, far: fingers.size > 0, tool });
    tool?.start(placeOf(event), event);
  });
  hear("pointermove", (event) => {
    const finger = fingers.get(event.pointerId);
    if (!finger) return;
    if (finger.tool) {
      for (const each of event.getCoalescedEvents?.() || []) finger.tool.drag(placeOf(each), each);
      finger.tool.drag(placeOf(event), event);
      return;
    }
    const dx = event.clientX - finger.x, dy = event.clientY - finger.y;
    finger.far ||= Math.hypot(dx, dy) > 4;
    if (!finger.far) return;
    const other = [...fingers.values()].find((f) => f !== finger);
    const apart = () => Math.max(1, Math.hypot(finger.x - other.x, finger.y - other.y));
    const earlier = other && apart();
    finger.x = event.clientX;
    finger.y = event.clientY;
    if (other) {
      other.far = true;
      const frame = canvas.getBoundingClientRect();
      zoom(apart() / earlier, (finger.x + other.x) / 2 - frame.left, (finger.y + other.y) / 2 - frame.top);
    } else {
      state.x -= dx / state.scale;
      state.y -= dy / state.scale;
      draw();
    }
  });
  hear("pointerup", (event) => {
    const finger = fingers.get(event.pointerId);
    fingers.delete(event.pointerId);
    if (finger?.tool) finger.tool.end(placeOf(event), event);
    else if (finger?.far === false && event.button === 0) options.tapped(placeOf(event), event);
  });
  hear("pointercancel", (event) => {
    fingers.get(event.pointerId)?.tool?.cancel();
    fingers.delete(event.pointerId);
  });
  hear("wheel", (event) => {
    event.preventDefault();
    const frame = canvas.getBoundingClientRect();
    zoom(Math.exp(-event.deltaY * 0.0015), event.clientX - frame.left, event.clientY - frame.top);
  }, { passive: false });
  hear("keydown", (event) => {
    const keys = {
      ArrowLeft: () => move(-1, 0), ArrowRight: () => move(1, 0), ArrowUp: () => move(0, -1), ArrowDown: () => move(0, 1),
      "+": () => zoom(1.25), "=": () => zoom(1.25), "-": () => zoom(0.8), 0: fit,
      ...options.keys,
    };
    if (!(event.key in keys) || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    event.preventDefault();
    keys[event.key](event);
    draw();
  });
  const sizes = new ResizeObserver(draw);
  sizes.observe(canvas);

  // Another slide is shown on the canvas from now on.
  function end() {
    until.abort();
    sizes.disconnect();
  }

  return { state, draw, paint, changed, highlight, show, zoom, move, fit, at, end };
}
