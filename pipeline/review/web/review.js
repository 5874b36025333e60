// The review of slides: what is shown, chosen and drawn here; what is true is on the server, and comes back with every edit.
const at = (id) => document.getElementById(id);
const canvas = at("slide");
const MOST_CHIPS = 200;
const STATUS = { found: "as found", accepted: "accepted", edited: "edited", deleted: "deleted", not_a_chromosome: "not a chromosome" };
let viewer = null; // of the open slide
let slide = null; // what the server told of it
let number = 0;
let byId = new Map();
let chosen = null;
let tool = "look";
let radius = 3; // of the brush, in pixels of the slide
let aim = null; // what the tool Click redraws; null for what lies under the first click
let stroke = null; // points of the line that is being drawn, (x, y)
let cross = null; // where the keyboard's pen is, (x, y)
let candidate = null; // what clicks brought: yes, no, path, area
let asking = 0;
let pending = Promise.resolve(); // edits go one after the other

// ---- the server

async function ask(path, body) {
  const options = body === undefined ? {} : { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
  let answer;
  try {
    answer = await fetch(path, options);
  } catch {
    throw new Error("karyo-split does not answer: was it ended? Start it again; all edits are in its log.");
  }
  const told = await answer.json().catch(() => ({ error: `karyo-split answered ${answer.status}` }));
  if (told.question) return told;
  if (!answer.ok) throw new Error(told.error || `karyo-split answered ${answer.status}`);
  return told;
}

function edit(body) {
  pending = pending.then(() => send(body)).catch((problem) => {
    say(problem.message, true);
    return false;
  });
  return pending; // whether it was made
}

async function send(body) {
  if (!slide) return false;
  if (slide.doubts.length) throw new Error(`This slide can be looked at only: ${slide.doubts.join("; ")}`);
  const on = number;
  let told = await ask(`slide/${on}/edit`, { ...body, revision: slide.revision });
  if (told.question) {
    if (!(await agreed(told.question))) {
      say("Left as it was");
      return false;
    }
    told = await ask(`slide/${on}/edit`, { ...body, revision: slide.revision, sure: true });
  }
  if (on !== number) return true;
  const boxes = [];
  for (const id of told.removed) {
    boxes.push(byId.get(id)?.box);
    byId.delete(id);
  }
  for (const c of told.chromosomes) {
    boxes.push(byId.get(c.id)?.box, c.box);
    keep(c);
  }
  Object.assign(slide, told, { chromosomes: slide.chromosomes });
  arrange();
  viewer.changed(boxes.filter(Boolean));
  if (!byId.has(chosen)) choose(null);
  if (told.problem) say(told.problem, true);
  else say(done(told.edit));
  const after = { split: told.edit.ids[0], join: told.edit.ids[0], new: told.edit.ids[0], paint_new: told.edit.ids[0] }[told.edit.verb];
  if (after !== undefined) choose(after);
  progress();
  clearTimeout(send.later);
  send.later = setTimeout(written, 2500);
  return true;
}

function done({ verb, ids }) {
  const named = ids.length && ids.length < 4 ? ` ${ids.join(", ")}` : "";
  return `${verb.replaceAll("_", " ")}${verb === "sign" ? "ed" : named}: in the log`;
}

async function written() {
  try {
    const told = await ask(`slide/${number}/written`);
    slide.written = told.written;
    if (told.problem) say(told.problem, true);
    else if (!told.written) send.later = setTimeout(written, 2000);
    progress();
    if (told.written) await list();
  } catch (problem) {
    say(problem.message, true);
  }
}

// ---- slides

async function list() {
  const told = await ask("slides");
  const options = told.slides.map((s, place) => {
    const more = s.signed ? "signed" : `${s.off ? "count! " : ""}${s.flagged} flagged`;
    return new Option(`${place + 1}. ${s.name} (${s.chromosomes}; ${more})`, place);
  });
  at("slides").replaceChildren(...options);
  at("slides").value = number;
  at("previous").disabled = number === 0;
  at("next").disabled = number >= options.length - 1;
}

async function open(place) {
  say("Opening ...");
  await pending;
  try {
    const told = await ask(`slide/${place}`);
    number = place;
    location.hash = `slide=${place + 1}`;
    show(told);
    await list();
    say(told.news.join("; "));
  } catch (problem) {
    await list().catch(() => null);
    say(problem.message, true);
  }
}

function keep(c) {
  c.path = new Path2D(c.outline);
  c.sharedPath = c.shared ? { box: c.box, path: new Path2D(c.shared) } : null;
  byId.set(c.id, c);
}

function arrange() {
  slide.all = [...byId.values()].sort((a, b) => a.id - b.id);
  slide.there = slide.all.filter((c) => !gone(c));
  slide.places = slide.there.map((c) => c.sharedPath).filter(Boolean);
  for (const c of slide.all) {
    c.review = c.status === "found" && c.flags.length > 0;
    c.faint = gone(c);
  }
}

const gone = (c) => c.status === "deleted" || c.status === "not_a_chromosome";

function show(told) {
  slide = told;
  slide.written = true;
  byId = new Map();
  chosen = candidate = stroke = cross = null;
  for (const c of told.chromosomes) keep(c);
  arrange();
  viewer?.end();
  viewer = makeViewer(canvas, {
    shape: told.shape,
    pictures: told.pictures,
    shown: () => (at("ghosts").getAttribute("aria-pressed") === "true" ? slide.all : slide.there),
    shared: () => slide.places,
    outlines: () => at("outlines").getAttribute("aria-pressed") === "true",
    numbers: () => at("numbers").getAttribute("aria-pressed") === "true",
    marks,
    tapped,
    keys: {
      ArrowLeft: (event) => arrow(-1, 0, event), ArrowRight: (event) => arrow(1, 0, event),
      ArrowUp: (event) => arrow(0, -1, event), ArrowDown: (event) => arrow(0, 1, event),
    },
    tool: () => (DRAWING.includes(tool) ? hand : null),
  });
  at("name").textContent = told.name;
  document.title = `${told.name}: review`;
  at("doubts").hidden = !told.doubts.length;
  at("doubts").textContent = told.doubts.length ? `To be looked at only: ${told.doubts.join("; ")}.` : "";
  viewer.fit();
  use("look");
  choose(null);
  radius = usualRadius();
  progress();
}

// A brush that fits a typical chromosome: what its area leaves over its length, a little less.
function usualRadius() {
  const wide = slide.there.map((c) => c.area / Math.hypot(c.box[2] - c.box[0], c.box[3] - c.box[1])).sort((a, b) => a - b);
  return Math.min(200, Math.max(0.8, 0.45 * (wide[wide.length >> 1] || 6)));
}

function progress() {
  const flagged = slide.left.chromosomes.length;
  const state = slide.doubts.length ? "read only" : slide.written ? "files are up to date" : "files follow shortly";
  const counted = slide.expect ? ` (${slide.expect} expected)` : "";
  at("progress").textContent = `${slide.count} chromosomes${counted}, ${flagged} flagged to look at, ${slide.edits === 1 ? "1 edit" : `${slide.edits} edits`}; you are ${slide.reviewer}; ${state}`;
  chips(at("left"), slide.left.chromosomes.map((id) => byId.get(id)), "Nothing is left to look at.", true);
  chips(at("gone"), slide.all.filter(gone), "Nothing.", false);
  at("spreads").replaceChildren(...slide.spreads.map(spreadOf));
  const signed = slide.signed;
  at("signed").textContent = signed
    ? `Signed by ${signed.name} at ${new Date(signed.time).toLocaleString()}, after ${signed.edits} edit${signed.edits === 1 ? "" : "s"}.`
    : slide.left.told ? `Not yet: ${slide.left.told}.` : "All that was flagged is reviewed.";
  at("sign").disabled = Boolean(signed || slide.left.told || slide.doubts.length);
  for (const [id, verb] of [["undo", slide.undo], ["redo", slide.redo]]) {
    at(id).disabled = !verb;
    at(id).title = verb ? `${id} ${verb.replaceAll("_", " ")}` : `nothing to ${id}`;
  }
  facts();
}

function chips(place, some, empty, flagged) {
  const buttons = some.slice(0, MOST_CHIPS).map((c) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = c.id;
    if (flagged) button.className = "flagged";
    button.setAttribute("aria-label", told(c));
    button.title = told(c);
    button.setAttribute("aria-pressed", String(c.id === chosen));
    button.dataset.id = c.id;
    button.addEventListener("click", () => choose(c.id, true));
    return button;
  });
  const more = document.createElement("p");
  more.className = "empty";
  more.textContent = !some.length ? empty : some.length > MOST_CHIPS ? `and ${some.length - MOST_CHIPS} more` : "";
  place.replaceChildren(...buttons, ...(more.textContent ? [more] : []));
}

function spreadOf(spread) {
  const row = document.createElement("div");
  row.className = "spread";
  const text = document.createElement("p");
  const flags = spread.flags.length ? `, flagged ${spread.flags.join(", ")}${spread.accepted ? " (accepted)" : ""}` : "";
  text.textContent = `${spread.id}: ${spread.count} chromosomes${flags}`;
  const go = document.createElement("button");
  go.type = "button";
  go.textContent = spread.open ? "Accept" : "Show";
  go.setAttribute("aria-label", `${go.textContent} metaphase ${spread.id}`);
  go.addEventListener("click", () => (spread.open ? edit({ verb: "accept_spread", ids: spread.ids }) : viewer.show(spread.box, 20)));
  row.append(text, go);
  return row;
}

// ---- choosing

function told(c) {
  const flags = c.review ? `, ${c.flags.join(", ").replaceAll("_", " ")}` : "";
  const score = c.score === null || c.status === "edited" ? "drawn by hand" : `score ${c.score.toFixed(2)}`;
  return `Chromosome ${c.id}, ${STATUS[c.status]}, ${score}${flags}`;
}

function choose(id, go = false) {
  chosen = id;
  if (go) {
    aim = id;
    cross = null;
  }
  const c = byId.get(id);
  if (go && c) {
    const wide = Math.max(60, 1.6 * slide.length);
    viewer.show(c.box, wide);
  }
  for (const chip of document.querySelectorAll(".chips [data-id]")) chip.setAttribute("aria-pressed", String(Number(chip.dataset.id) === id));
  facts();
  viewer.draw();
}

function facts() {
  const c = byId.get(chosen);
  at("chosen-title").textContent = c ? `Chromosome ${c.id}` : candidate?.path ? "A new one" : "Nothing chosen";
  at("chosen-facts").textContent = c
    ? `${told(c).split(", ").slice(1).join(", ")}; ${c.area} px`
    : candidate?.path ? `${candidate.area} px: Enter takes it, Escape drops it.` : "Click a chromosome, or press n for the next one to look at.";
  at("note").value = c?.note || "";
  at("note").disabled = !c || gone(c) || slide.doubts.length > 0;
  for (const [name, verb] of Object.entries(VERBS)) {
    if (verb.button) verb.button.disabled = !slide || (slide.doubts.length > 0 && !verb.harmless) || !verb.can();
  }
}

function neighbour(step) {
  const waiting = slide.left.chromosomes.length ? slide.left.chromosomes : slide.there.map((c) => c.id);
  if (!waiting.length) return say("Nothing to look at");
  const place = waiting.indexOf(chosen);
  choose(waiting[place < 0 ? (step > 0 ? 0 : waiting.length - 1) : (place + step + waiting.length) % waiting.length], true);
}

// ---- verbs: each has a key, a button and an undo

const there = () => byId.has(chosen) && !gone(byId.get(chosen));
const VERBS = {
  accept: { key: "a", text: "Accept", can: there, does: acceptAndGoOn },
  delete: { key: "d", text: "Delete", can: there, does: () => edit({ verb: "delete", ids: [chosen] }) },
  not_a_chromosome: { key: "x", text: "Not a chromosome", can: there, does: () => edit({ verb: "not_a_chromosome", ids: [chosen] }) },
  restore: { key: "r", text: "Restore", can: () => byId.has(chosen) && gone(byId.get(chosen)), does: () => edit({ verb: "restore", ids: [chosen] }) },
  take: { key: "Enter", text: "Take", can: () => Boolean(candidate?.path), does: () => take() },
  take_new: { key: "w", text: "Take as new", can: () => Boolean(candidate?.path), does: () => take(true) },
  drop: { key: "Escape", text: "Drop", can: () => true, harmless: true, does: drop },
};
const TOOLS = {
  look: { key: "v", text: "Look", hint: "" },
  click: { key: "c", text: "Click", hint: "Click a chromosome; click again inside to say more, Alt-click for what is not this. Enter takes it, w as a new one." },
  split: { key: "s", text: "Split", hint: "Draw a line across a chromosome, from outside to outside." },
  join: { key: "j", text: "Join", hint: "Draw from one to the other, or click what belongs to the chosen one." },
  add: { key: "b", text: "Brush", hint: "Paint what belongs to the chosen chromosome; with none chosen, a new one. [ and ] change the size." },
  erase: { key: "e", text: "Erase", needs: 1, hint: "Rub out what does not belong to the chosen chromosome." },
  move: { key: "m", text: "Move", needs: 1, hint: "Brush over a neighbour: what is covered of it goes to the chosen chromosome." },
};
const DRAWING = ["split", "join", "add", "erase", "move"];
const SWITCHES = { outlines: ["Outlines", "l", true], numbers: ["Numbers", "k", true], ghosts: ["Taken out", "h", false] };

async function acceptAndGoOn() {
  const waiting = slide.left.chromosomes, place = waiting.indexOf(chosen);
  const next = place >= 0 ? waiting[place + 1] ?? waiting[0] : null;
  const id = chosen;
  await edit({ verb: "accept", ids: [id] });
  if (byId.get(id)?.status !== "found" && next !== null && next !== id && chosen === id) choose(next, true);
}

function use(name) {
  if (TOOLS[name].needs && !there()) {
    say(`Choose a chromosome first: ${TOOLS[name].text} works on it`, true);
    return;
  }
  if (slide.doubts.length && name !== "look") return say(`This slide can be looked at only: ${slide.doubts.join("; ")}`, true);
  if (name !== "look" || at("hint").textContent === TOOLS[tool].hint) say(TOOLS[name].hint);
  tool = name;
  aim = name === "click" && there() ? chosen : null;
  stroke = null;
  if (name === "look") cross = null;
  for (const each of Object.keys(TOOLS)) at(`tool-${each}`).setAttribute("aria-pressed", String(each === name));
  canvas.classList.toggle("draws", name !== "look");
  viewer.draw();
}

function drop() {
  if (stroke) stroke = null;
  else if (candidate) {
    candidate = null;
    if (tool === "click") choose(aim);
  } else if (tool === "add" && there()) choose(null); // the next stroke begins another one
  else if (tool !== "look") use("look");
  else choose(null);
  facts();
  viewer.draw();
}

function take(asNew = false) {
  if (!candidate?.path) return;
  const { yes, no } = candidate;
  const body = redraws() && !asNew ? { verb: "redraw", ids: [chosen], yes, no } : { verb: "new", yes, no };
  candidate = null;
  edit(body).then((made) => { // the tool stays: the next click means another one
    if (!made || tool !== "click") return;
    aim = null;
    choose(null);
  });
}

const redraws = () => there() && tool === "click";

async function click(place, not) {
  const point = [place[1], place[0]];
  const yes = [...(candidate?.yes || [])], no = [...(candidate?.no || [])];
  if (tool === "click" && !yes.length && !not) choose(aim ?? viewer.at(place)?.id ?? null);
  if (not && !yes.length) return say("First click the chromosome that is meant", true);
  (not ? no : yes).push(point);
  const mine = (asking += 1);
  say("Looking ...");
  try {
    const found = await ask(`slide/${number}/click`, { yes, no });
    if (mine !== asking) return;
    if (!found.outline) {
      if (!candidate) return say("No chromosome is found there; the brush draws one", true);
      return say("Then nothing is left: the click does not count", true);
    }
    candidate = { yes, no, path: new Path2D(found.outline), area: found.area, box: found.box };
    say(redraws() ? `Enter gives this outline to chromosome ${chosen}, w makes it a new one; Escape drops it` : "Enter adds this chromosome; Escape drops it");
    facts();
    viewer.draw();
  } catch (problem) {
    say(problem.message, true);
  }
}

function within(place) {
  if (!candidate?.path) return false;
  const pen = canvas.getContext("2d");
  pen.setTransform(1, 0, 0, 1, 0, 0);
  return pen.isPointInPath(candidate.path, place[0], place[1], "evenodd");
}

function tapped(place, event) {
  const under = viewer.at(place);
  const not = event?.altKey || at("not").getAttribute("aria-pressed") === "true";
  if (tool === "click") return click(place, not);
  if (tool === "join") return under ? join(under.id) : say("There is no chromosome", true);
  if (tool === "split") return choose(under?.id ?? null);
  if (candidate && (not || within(place))) return click(place, not);
  candidate = null;
  choose(under?.id ?? null);
  if (!under && !slide.doubts.length) click(place, false);
}

function join(id) {
  const first = chosen;
  if (!there()) {
    choose(id);
    return say(`Now the one that belongs to chromosome ${id}`);
  }
  use("look");
  edit({ verb: "join", ids: [first, id] });
}
