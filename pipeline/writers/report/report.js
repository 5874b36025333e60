// The slide, the table and the gallery show the same chromosomes; `choose` marks one in all of them at once.
const data = JSON.parse(document.getElementById("data").textContent);
const chromosomes = data.chromosomes;
const byId = new Map(chromosomes.map((c) => [c.id, c]));
const at = (id) => document.getElementById(id);
for (const c of chromosomes) c.path = new Path2D(c.outline);
const shared = data.shared.map((place) => ({ box: place.box, path: new Path2D(place.outline) }));
const canvas = at("slide");
const viewer = makeViewer(canvas, {
  shape: data.shape,
  pictures: data.pictures,
  shown: () => state.shown,
  shared: () => shared,
  outlines: () => at("outlines").checked,
  numbers: () => at("numbers").checked,
  marks: () => {
    const chosen = byId.get(state.chosen);
    if (chosen) viewer.highlight(chosen);
  },
  tapped: (place) => choose(viewer.at(place)?.id ?? null, { lists: true }),
  keys: { n: () => neighbour(1), p: () => neighbour(-1), Escape: () => choose(null) },
});
const state = Object.assign(viewer.state, { chosen: null, shown: chromosomes, sort: "id", falling: false });
const { draw, paint, show, zoom, fit } = viewer;
at("zoom-in").addEventListener("click", () => zoom(1.4));
at("zoom-out").addEventListener("click", () => zoom(1 / 1.4));
at("fit").addEventListener("click", fit);
at("outlines").addEventListener("change", () => viewer.changed());
at("numbers").addEventListener("change", () => viewer.changed());

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
  viewer.changed();
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
