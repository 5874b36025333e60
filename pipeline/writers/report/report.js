"use strict";
// The slide, the table and the gallery show the same chromosomes; `choose` marks one in all of them at once.
const data = JSON.parse(document.getElementById("data").textContent);
const chromosomes = data.chromosomes;
const byId = new Map(chromosomes.map((c) => [c.id, c]));
const at = (id) => document.getElementById(id);
const state = { chosen: null, shown: chromosomes, sort: "id", falling: false, scale: 1, x: 0, y: 0 };

// ---- the slide: pictures and outlines on a canvas, in slide pixels under one transform

const canvas = at("slide");
const pen = canvas.getContext("2d");
const pictures = data.pictures.map((p) => {
  const image = new Image();
  image.onload = draw;
  image.src = p.src;
  return { ...p, image };
});
for (const c of chromosomes) c.path = new Path2D(c.outline);
const shared = new Path2D(data.shared);

let waiting = false;
function draw() {
  if (waiting) return;
  waiting = true;
  requestAnimationFrame(() => {
    waiting = false;
    paint();
  });
}

function paint() {
  const ratio = window.devicePixelRatio || 1;
  const width = canvas.clientWidth, height = canvas.clientHeight;
  if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
  }
  pen.setTransform(1, 0, 0, 1, 0, 0);
  pen.fillStyle = "#000";
  pen.fillRect(0, 0, canvas.width, canvas.height);
  const scale = state.scale * ratio;
  pen.setTransform(scale, 0, 0, scale, -state.x * scale, -state.y * scale);
  const seen = [state.x, state.y, state.x + width / state.scale, state.y + height / state.scale];
  for (const p of pictures) {
    if (p.image.complete && meets(p.box, seen)) {
      pen.drawImage(p.image, p.box[0], p.box[1], p.box[2] - p.box[0], p.box[3] - p.box[1]);
    }
  }
  const visible = state.shown.filter((c) => meets(c.box, seen));
  if (at("outlines").checked) {
    pen.fillStyle = "rgba(255, 255, 255, .35)";
    pen.fill(shared, "evenodd");
    const dash = [4 / state.scale, 3 / state.scale];
    for (const c of visible) {
      pen.setLineDash(c.review ? dash : []);
      pen.lineWidth = (c.review ? 1.8 : 1.4) / state.scale;
      pen.strokeStyle = c.colour;
      pen.stroke(c.path);
    }
    pen.setLineDash([]);
  }
  const chosen = byId.get(state.chosen);
  if (chosen) {
    pen.fillStyle = "rgba(255, 255, 255, .3)";
    pen.fill(chosen.path, "evenodd");
    pen.lineWidth = 3 / state.scale;
    pen.strokeStyle = "#fff";
    pen.stroke(chosen.path);
  }
  if (at("numbers").checked && visible.length < 400) {
    pen.font = `${12 / state.scale}px system-ui, sans-serif`;
    pen.textAlign = "center";
    pen.textBaseline = "middle";
    pen.lineWidth = 3 / state.scale;
    pen.strokeStyle = "#000";
    for (const c of visible) {
      const text = c.review ? `${c.id}?` : `${c.id}`;
      const [x, y, dx, dy] = c.anchor;
      const away = Math.abs(dx) * (pen.measureText(text).width / 2 + 3 / state.scale) + Math.abs(dy) * 8 / state.scale;
      pen.fillStyle = c === chosen ? "#fff" : c.colour;
      pen.strokeText(text, x + dx * away, y + dy * away);
      pen.fillText(text, x + dx * away, y + dy * away);
    }
  }
}

function meets(box, seen) {
  return box[0] < seen[2] && box[2] > seen[0] && box[1] < seen[3] && box[3] > seen[1];
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

const fit = () => show([0, 0, data.shape[1], data.shape[0]], 0);

function under(event) {
  const place = canvas.getBoundingClientRect();
  const x = (event.clientX - place.left) / state.scale + state.x;
  const y = (event.clientY - place.top) / state.scale + state.y;
  pen.setTransform(1, 0, 0, 1, 0, 0);
  return state.shown.find(
    (c) => x >= c.box[0] && x < c.box[2] && y >= c.box[1] && y < c.box[3] && pen.isPointInPath(c.path, x, y, "evenodd")
  );
}

// One finger, or the mouse, moves the slide and chooses; two fingers zoom.
const fingers = new Map();
canvas.addEventListener("pointerdown", (event) => {
  canvas.setPointerCapture(event.pointerId);
  fingers.set(event.pointerId, { x: event.clientX, y: event.clientY, far: fingers.size > 0 });
});
canvas.addEventListener("pointermove", (event) => {
  const finger = fingers.get(event.pointerId);
  if (!finger) return;
  const dx = event.clientX - finger.x, dy = event.clientY - finger.y;
  finger.far ||= Math.hypot(dx, dy) > 4;
  if (!finger.far) return;
  const other = [...fingers.values()].find((f) => f !== finger);
  const apart = () => Math.max(1, Math.hypot(finger.x - other.x, finger.y - other.y));
  const before = other && apart();
  finger.x = event.clientX;
  finger.y = event.clientY;
  if (other) {
    other.far = true;
    const place = canvas.getBoundingClientRect();
    zoom(apart() / before, (finger.x + other.x) / 2 - place.left, (finger.y + other.y) / 2 - place.top);
  } else {
    state.x -= dx / state.scale;
    state.y -= dy / state.scale;
    draw();
  }
});
canvas.addEventListener("pointerup", (event) => {
  if (fingers.get(event.pointerId)?.far === false) choose(under(event)?.id ?? null, { lists: true });
  fingers.delete(event.pointerId);
});
canvas.addEventListener("pointercancel", (event) => fingers.delete(event.pointerId));
canvas.addEventListener("wheel", (event) => {
  event.preventDefault();
  const place = canvas.getBoundingClientRect();
  zoom(Math.exp(-event.deltaY * 0.0015), event.clientX - place.left, event.clientY - place.top);
}, { passive: false });
canvas.addEventListener("keydown", (event) => {
  const step = 60 / state.scale;
  const keys = {
    ArrowLeft: () => { state.x -= step; }, ArrowRight: () => { state.x += step; },
    ArrowUp: () => { state.y -= step; }, ArrowDown: () => { state.y += step; },
    "+": () => zoom(1.25), "=": () => zoom(1.25), "-": () => zoom(0.8), 0: fit,
    n: () => neighbour(1), p: () => neighbour(-1), Escape: () => choose(null),
  };
  if (!(event.key in keys) || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  keys[event.key]();
  draw();
});
at("zoom-in").addEventListener("click", () => zoom(1.4));
at("zoom-out").addEventListener("click", () => zoom(1 / 1.4));
at("fit").addEventListener("click", fit);
at("outlines").addEventListener("change", draw);
at("numbers").addEventListener("change", draw);
new ResizeObserver(draw).observe(canvas);

// ---- choosing one

function choose(id, where = {}) {
  for (const element of document.querySelectorAll('[data-id][aria-selected="true"]')) element.setAttribute("aria-selected", "false");
  for (const element of document.querySelectorAll('[data-id][aria-pressed="true"]')) element.setAttribute("aria-pressed", "false");
  state.chosen = id;
  const c = byId.get(id);
  at("chosen").textContent = c ? told(c) : "Nothing chosen";
  if (c) {
    const row = document.querySelector(`#rows [data-id="${id}"]`);
    row?.setAttribute("aria-selected", "true");
    for (const tile of document.querySelectorAll(`.tile[data-id="${id}"]`)) tile.setAttribute("aria-pressed", "true");
    if (where.lists) row?.scrollIntoView({ block: "nearest" });
    if (where.picture) show(c.box, 60);
  }
  draw();
}

function told(c) {
  const flags = c.flags.length ? `, ${c.flags.join(", ").replaceAll("_", " ")}` : "";
  return `Chromosome ${c.id}, metaphase ${c.metaphase}, score ${c.score.toFixed(2)}${flags}`;
}

function neighbour(step) {
  if (!state.shown.length) return;
  const place = state.shown.findIndex((c) => c.id === state.chosen);
  const next = place < 0 ? (step > 0 ? 0 : state.shown.length - 1) : (place + step + state.shown.length) % state.shown.length;
  choose(state.shown[next].id, { lists: true, picture: true });
}

// ---- table, gallery, review list

const columns = data.columns;
for (const [key, title] of columns) {
  const head = document.createElement("th");
  head.scope = "col";
  if (key === "flags") head.className = "text";
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = title;
  button.addEventListener("click", () => {
    state.falling = state.sort === key ? !state.falling : false;
    state.sort = key;
    list();
  });
  head.dataset.key = key;
  head.append(button);
  at("columns").append(head);
}

function list() {
  const { sort, falling } = state;
  const metaphase = at("metaphase").value, flag = at("flag").value;
  state.shown = chromosomes.filter(
    (c) => (!metaphase || c.metaphase === Number(metaphase)) && (!flag || (flag === "none" ? !c.flags.length : c.flags.includes(flag)))
  );
  const value = (c) => (sort === "flags" ? c.flags.join() : c[sort] ?? -Infinity);
  state.shown.sort((a, b) => (value(a) < value(b) ? -1 : value(a) > value(b) ? 1 : a.id - b.id) * (falling ? -1 : 1));
  for (const head of at("columns").children) {
    head.setAttribute("aria-sort", head.dataset.key !== sort ? "none" : falling ? "descending" : "ascending");
  }
  at("rows").replaceChildren(...state.shown.map(rowOf));
  const kept = new Set(state.shown.map((c) => c.id));
  for (const tile of document.querySelectorAll("#gallery .tile, #review .tile")) tile.hidden = !kept.has(Number(tile.dataset.id));
  for (const row of document.querySelectorAll("#gallery .row")) row.hidden = !row.querySelector(".tile:not([hidden])");
  at("shown").textContent = `${state.shown.length} of ${chromosomes.length} shown`;
  if (state.chosen !== null && !kept.has(state.chosen)) choose(null);
  draw();
}

function rowOf(c, place) {
  const row = document.createElement("tr");
  row.dataset.id = c.id;
  row.tabIndex = place === 0 ? 0 : -1;
  row.setAttribute("aria-selected", String(c.id === state.chosen));
  for (const [key, , digits] of columns) {
    const cell = row.insertCell();
    if (key === "flags") {
      cell.className = "text";
      cell.textContent = c.flags.join(", ").replaceAll("_", " ");
    } else {
      cell.textContent = c[key] === null ? "" : c[key].toFixed(digits);
    }
  }
  return row;
}

at("rows").addEventListener("click", (event) => {
  const row = event.target.closest("tr");
  if (row) choose(Number(row.dataset.id), { picture: true });
});
at("rows").addEventListener("keydown", (event) => {
  const row = event.target.closest("tr");
  const next = { ArrowDown: row?.nextElementSibling, ArrowUp: row?.previousElementSibling, Enter: row, " ": row }[event.key];
  if (!next) return;
  event.preventDefault();
  row.tabIndex = -1;
  next.tabIndex = 0;
  next.focus();
  choose(Number(next.dataset.id), { picture: true });
});

function tileOf(c) {
  const tile = document.createElement("button");
  tile.type = "button";
  tile.className = c.review ? "tile review" : "tile";
  tile.dataset.id = c.id;
  tile.setAttribute("aria-pressed", "false");
  tile.setAttribute("aria-label", told(c));
  const image = document.createElement("img");
  image.loading = "lazy";
  image.alt = "";
  image.src = c.piece;
  [image.width, image.height] = c.size;
  const name = document.createElement("span");
  name.textContent = c.review ? `${c.id} ?` : c.id;
  tile.append(image, name);
  tile.addEventListener("click", () => choose(c.id, { lists: true, picture: true }));
  return tile;
}

const doubtful = chromosomes.filter((c) => c.review).sort((a, b) => a.score - b.score);
at("review").append(...doubtful.map(tileOf));
at("review-count").textContent = `(${doubtful.length})`;
if (!doubtful.length) at("review").innerHTML = '<p class="empty">No chromosome is in doubt.</p>';
for (const metaphase of data.metaphases) {
  const row = document.createElement("div");
  row.className = "row";
  const title = document.createElement("h3");
  const members = chromosomes.filter((c) => c.metaphase === metaphase.id);
  title.textContent = `Metaphase ${metaphase.id}: ${members.length} chromosomes`;
  row.append(title, ...members.sort((a, b) => b.length - a.length).map(tileOf));
  at("gallery").append(row);
}
if (!chromosomes.length) at("gallery").innerHTML = '<p class="empty">No chromosome was found.</p>';

const option = (value, text) => new Option(text, value);
at("metaphase").append(option("", "all"), ...data.metaphases.map((m) => option(m.id, `${m.id} (${m.chromosomes})`)));
const flags = [...new Set(chromosomes.flatMap((c) => c.flags))].sort();
at("flag").append(option("", "any"), option("none", "no flag"), ...flags.map((f) => option(f, f.replaceAll("_", " "))));
at("metaphase").addEventListener("change", () => {
  list();
  const metaphase = data.metaphases.find((m) => m.id === Number(at("metaphase").value));
  if (metaphase) show(metaphase.box, 20);
  else fit();
});
at("flag").addEventListener("change", list);
at("reset").addEventListener("click", () => {
  at("metaphase").value = at("flag").value = "";
  list();
  fit();
});
list();
fit();
