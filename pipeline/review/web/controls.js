// Keys, buttons, dialogs and words; the page begins at the end of this file.

const KEYS = [
  ["n, p", "next and previous to look at"],
  ...Object.values(VERBS).map((v) => [v.key, v.text]),
  ...Object.values(TOOLS).map((t) => [t.key, `${t.text}: ${t.hint || "move the slide, choose"}`]),
  ["arrows, Space", "move the cross of a tool (with Shift farther) and put it down"],
  ["o", "with the cross of Click: not this"],
  ["[ and ]", "smaller and larger brush"],
  ["t", "write a note"],
  ["g", "accept the first flagged metaphase"],
  ["z, y", "undo and redo, without limit"],
  ["S", "sign"],
  ["l, k, h", "outlines, numbers, what was taken out"],
  ["+, -, 0", "zoom, whole slide"],
  ["Page Up, Page Down", "previous and next slide"],
];

document.addEventListener("keydown", (event) => {
  if (!slide || event.defaultPrevented || document.querySelector("dialog[open]")) return;
  if (event.target.closest("input, select") && event.key !== "Escape") return;
  const withControl = event.ctrlKey || event.metaKey;
  if (withControl && ["z", "y", "Z"].includes(event.key)) {
    event.preventDefault();
    edit({ verb: event.key === "z" ? "undo" : "redo" });
    return;
  }
  if (withControl || event.altKey) return;
  const onButton = event.target.closest("button") && [" ", "Enter"].includes(event.key);
  if (onButton) return;
  const keys = {
    n: () => neighbour(1), p: () => neighbour(-1), z: () => edit({ verb: "undo" }), y: () => edit({ verb: "redo" }),
    S: sign, t: () => at("note").focus(), g: acceptSpread, "?": help, o: () => press(true), " ": () => press(false),
    "+": () => viewer.zoom(1.25), "=": () => viewer.zoom(1.25), "-": () => viewer.zoom(0.8), 0: () => viewer.fit(),
    "[": () => brush(1 / 1.25), "]": () => brush(1.25), Delete: VERBS.delete.does,
    PageUp: () => number > 0 && open(number - 1), PageDown: () => !at("next").disabled && open(number + 1),
  };
  for (const [name, t] of Object.entries(TOOLS)) keys[t.key] = () => { use(name); canvas.focus({ preventScroll: true }); };
  for (const verb of Object.values(VERBS)) keys[verb.key] = () => (verb.can() ? verb.does() : say(`${verb.text}: choose a chromosome first`, true));
  for (const [name, [, key]] of Object.entries(SWITCHES)) keys[key] = () => at(name).click();
  if (!(event.key in keys)) return;
  event.preventDefault();
  keys[event.key]();
});

function sign() {
  if (at("sign").disabled) return say(at("signed").textContent, true);
  edit({ verb: "sign" });
}

function acceptSpread() {
  const spread = slide.spreads.find((s) => s.open);
  if (!spread) return say("No flagged metaphase is left");
  edit({ verb: "accept_spread", ids: spread.ids });
}

function brush(factor) {
  radius = Math.min(200, Math.max(0.8, radius * factor));
  say(`The brush is ${(2 * radius).toFixed(1)} px wide`);
  viewer.draw();
}

// ---- buttons, dialogs, words

function buttonOf(text, key, does, id) {
  const button = document.createElement("button");
  button.type = "button";
  if (id) button.id = id;
  button.append(`${text} `);
  if (key) {
    const name = document.createElement("kbd");
    name.textContent = key === "Escape" ? "Esc" : key;
    button.append(name);
  }
  button.addEventListener("click", does);
  return button;
}

function switchOf(id, text, key, on, does) {
  const button = buttonOf(text, key, () => {
    button.setAttribute("aria-pressed", String(button.getAttribute("aria-pressed") !== "true"));
    does();
  }, id);
  button.setAttribute("aria-pressed", String(on));
  return button;
}

for (const [name, t] of Object.entries(TOOLS)) {
  const button = buttonOf(t.text, t.key, () => use(name), `tool-${name}`);
  button.title = t.hint || "Move the slide, choose chromosomes";
  button.setAttribute("aria-pressed", String(name === tool));
  at("tools").append(button);
}
at("tools").append(switchOf("not", "Not this", "", false, () => say("Clicks now say what is not this")));
const zooms = document.createElement("span");
zooms.className = "group";
zooms.append(buttonOf("+", "", () => viewer.zoom(1.4), "zoom-in"), buttonOf("\u2212", "", () => viewer.zoom(1 / 1.4), "zoom-out"));
at("tools").append(
  buttonOf("Undo", "z", () => edit({ verb: "undo" }), "undo"),
  buttonOf("Redo", "y", () => edit({ verb: "redo" }), "redo"),
  zooms,
  buttonOf("Whole", "0", () => viewer.fit(), "fit"),
);
at("zoom-in").setAttribute("aria-label", "Zoom in");
at("zoom-out").setAttribute("aria-label", "Zoom out");
for (const [name, [text, key, on]] of Object.entries(SWITCHES)) at("tools").append(switchOf(name, text, key, on, () => viewer.changed()));
for (const [name, verb] of Object.entries(VERBS)) {
  verb.button = buttonOf(verb.text, verb.key, () => verb.does(), `verb-${name}`);
  at("verbs").append(verb.button);
}
for (const [keys, does] of KEYS) {
  const name = document.createElement("dt"), text = document.createElement("dd");
  name.textContent = keys;
  text.textContent = does;
  at("key-list").append(name, text);
}
at("sign").addEventListener("click", sign);
at("previous").addEventListener("click", () => open(number - 1));
at("next").addEventListener("click", () => open(number + 1));
at("slides").addEventListener("change", () => open(Number(at("slides").value)));
at("help").addEventListener("click", help);
at("keys-close").addEventListener("click", () => at("keys").close());
at("note").addEventListener("keydown", (event) => {
  if (event.key === "Enter") at("note").blur();
});
at("note").addEventListener("change", () => {
  if (byId.has(chosen)) edit({ verb: "note", ids: [chosen], text: at("note").value });
});

function help() {
  at("keys").showModal();
}

function agreed(question) {
  at("question-text").textContent = question.charAt(0).toUpperCase() + question.slice(1);
  at("question").showModal();
  at("yes").focus();
  return new Promise((resolve) => {
    const end = (answer) => {
      at("question").onclose = at("yes").onclick = at("no").onclick = null;
      at("question").close();
      resolve(answer);
    };
    at("yes").onclick = () => end(true);
    at("no").onclick = () => end(false);
    at("question").onclose = () => end(false);
  });
}

function say(text, wrong = false) {
  at("hint").textContent = text;
  at("hint").classList.toggle("wrong", wrong);
}

open(Math.max(0, Number(new URLSearchParams(location.hash.slice(1)).get("slide") || 1) - 1));
