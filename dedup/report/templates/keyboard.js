// The keyboard: through the stories and their articles, and every decision without a mouse.

const KEYS = {
  j: () => goTo(Math.min(current + 1, visible.length - 1)),
  k: () => goTo(Math.max(current - 1, 0)),
  n: () => withCurrent((card) => stepPair(card, 1)),
  p: () => withCurrent((card) => stepPair(card, -1)),
  a: () => withCurrent((card) => decideAndGoOn(card.story, acceptStory, "Accepted")),
  r: () => withCurrent((card) => decideAndGoOn(card.story, rejectStory, "Rejected")),
  h: () => withChosen((card) => toggleKeep(card.story, card.chosen)),
  x: () => withChosen((card) => toggleOut(card.story, card.chosen)),
  s: () => withPair((card) => decidePair(card.story, ...card.pair, "same")),
  d: () => withPair((card) => decidePair(card.story, ...card.pair, "different")),
  u: undoLast,
  e: () => $("export")?.click(),
  c: () => withCurrent((card) => copyPaths(card.story.members)),
  t: toggleTheme,
  "/": () => $("search")?.focus(),
  "?": () => $("help").showModal(),
};

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || $("help").open) return;
  if (event.target.matches("input, select, textarea")) {
    if (event.key === "Escape") event.target.blur();
  } else if (event.key === "Enter") {
    if (event.target.matches(".card")) toggleEvidence(event.target);
  } else if (/^[1-9]$/.test(event.key)) {
    withCurrent((card) => chooseNumber(card, Number(event.key)));
  } else if (Object.hasOwn(KEYS, event.key)) {
    event.preventDefault();
    KEYS[event.key]();
  }
}

function withCurrent(act) {
  if (visible[current]) act(cardOf(visible[current]));
  else toast("Choose a story first: j");
}

function withChosen(act) {
  withCurrent((card) => (card.chosen ? act(card) : toast("Choose an article first: n, or 1 to 9")));
}

function withPair(act) {
  withCurrent((card) => (card.pair && !card.panel.hidden ? act(card) : toast("Open a pair first: n")));
}

function chooseNumber(card, number) {
  const article = card.story.members[number - 1];
  if (article) choose(card, article);
}

/** Decides about a story and goes on to the next one that is undecided. */
function decideAndGoOn(story, act, words) {
  act(story);
  if (story.texts.length < 2 && !isDecided(story)) toast("The texts are the same");
  if (!isDecided(story)) return;
  toast(`${words}: ${story.heading.title}`);
  const next = visible.findIndex((other, index) => index > current && !isDecided(other));
  if (next >= 0) goTo(next);
}
