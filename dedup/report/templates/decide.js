// Buttons that decide: a story, an article of it, a pair; progress, undo, export and import of what was decided.

const STATE_WORDS = { accepted: "accepted", rejected: "rejected", started: "begun", undecided: "" };

if ($("progress")) {
  document.addEventListener("decided", showDecisions);
  $("undo").addEventListener("click", undoLast);
  $("export").addEventListener("click", exportDecisions);
  $("import").addEventListener("change", importDecisions);
  $("forget").addEventListener("click", forgetAll);
  $("by").value = stored("dedup-by") ?? "";
  $("by").addEventListener("change", () => store("dedup-by", $("by").value));
  document.addEventListener("click", ({ target }) => !target.closest(".more-tools") && closeMore());
  document.querySelector(".more-tools").addEventListener("keydown", ({ key }) => key === "Escape" && closeMore());
  addEventListener("storage", ({ key }) => key === STORED && loadDecisions());
  addEventListener("beforeunload", (event) => !storageWorks && !decided.exported && event.preventDefault());
}

function closeMore() {
  const more = document.querySelector(".more-tools");
  if (more.contains(document.activeElement)) more.querySelector("summary").focus();
  more.open = false;
}

/** Accept and reject, at the head of a card. */
function storyDecision(story) {
  const same = story.texts.length < 2;
  const accept = button("Accept", "decide accept", () => acceptStory(story), { title: "One story: all of these (a)" });
  const reject = button("Reject", "decide reject", () => rejectStory(story), {
    disabled: same,
    title: same ? "The texts are the same" : "Not the same: none of these (r)",
  });
  const group = element("span", { class: "decision", role: "group", "aria-label": "The whole story" }, accept, reject);
  onDecision(group, () => {
    const { verdict } = decisionOf(story);
    press(accept, verdict === "same");
    press(reject, verdict === "different");
  });
  return group;
}

/** Whether an article of a story is the first with its text. */
function isFirstOfText(story, article, place) {
  return story.members.findIndex(({ hash }) => hash === article.hash) === place;
}

/** Keep, and take out of the story, at an article. */
function articleDecision(story, article, place) {
  const title = article.title;
  const first = isFirstOfText(story, article, place);
  const keep = button("Keep", "decide keep", () => toggleKeep(story, article), {
    "aria-label": `Keep: ${title}`,
    title: "Of this story, keep this article (h)",
  });
  const out = button("Not in it", "decide reject", () => toggleOut(story, article), {
    "aria-label": `Not in it: ${title}`,
    title: "Not the same as the others (x)",
  });
  const group = element("span", { class: "decision" }, keep, story.texts.length > 2 && first && out);
  onDecision(group, () => {
    const decision = decisionOf(story);
    const kept = keptMember(story) === article;
    const gone = decision.out.includes(article.hash);
    press(keep, kept);
    press(out, gone);
    group.closest(".member")?.classList.toggle("kept", kept);
    group.closest(".member")?.classList.toggle("gone", gone || decision.verdict === "different");
  });
  return group;
}

/** Same and different, for the pair whose evidence is shown; of a story of two texts this is the story itself. */
function pairDecision(story, left, right) {
  if (story.texts.length < 3 || left.hash === right.hash) return null;
  const choices = [
    ["Same", "same", "accept", "These two are the same (s)"],
    ["Different", "different", "reject", "These two are not the same (d)"],
  ].map(([label, verdict, className, title]) => [
    verdict,
    button(label, `decide ${className}`, () => decidePair(story, left, right, verdict), { title }),
  ]);
  const group = element(
    "p",
    { class: "decision pair-decision", role: "group", "aria-label": "This pair" },
    "This pair: ",
    choices.map(([, choice]) => choice),
  );
  onDecision(group, () => {
    const said = verdictOnTexts(story, left.hash, right.hash);
    for (const [verdict, choice] of choices) press(choice, said === verdict);
  });
  return group;
}

/** Calls a function once the element is in its place, and again after each decision. */
function onDecision(node, update) {
  node.update = update;
  queueMicrotask(update);
}

function updateDecisions(within) {
  for (const node of within.querySelectorAll(".decision")) node.update?.();
}

function press(control, pressed) {
  control.setAttribute("aria-pressed", String(pressed));
}

function showDecisions() {
  for (const [story, card] of cards) {
    updateDecisions(card);
    showState(story, card);
  }
  const done = stories.filter(isDecided).length;
  $("progress").value = done;
  $("progress-count").textContent = `${done} of ${stories.length.toLocaleString("en")}`;
  $("undo").disabled = !decided.history.length;
  const any = Object.keys(decided.records).length > 0;
  $("export").disabled = $("forget").disabled = !any;
  $("export").classList.toggle("primary", any && !decided.exported);
  $("unstored").hidden = storageWorks;
}

function showState(story, card) {
  const state = stateOf(story);
  card.dataset.state = state;
  if (card.stateMark) card.stateMark.textContent = STATE_WORDS[state];
}

function undoLast() {
  const story = undoDecision();
  if (story) toast(`Taken back: ${story.heading.title}`);
}

function forgetAll() {
  const count = Object.keys(decided.records).length;
  if (!confirm(`Forget what was decided about ${plural(count, "story", "stories")}? This cannot be undone.`)) return;
  forgetDecisions();
  toast("All decisions forgotten");
}

function exportDecisions() {
  const link = element("a", {
    href: URL.createObjectURL(new Blob([decisionsFile()], { type: "application/x-ndjson" })),
    download: `decisions-${page.digest.slice(0, 8)}.jsonl`,
  });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  decided.exported = true;
  saveDecisions();
  toast(`${plural(decisionLines().length, "decision")} exported`);
}

async function importDecisions() {
  const [file] = $("import").files;
  if (!file) return;
  const [known, foreign] = readDecisions(await file.text());
  $("import").value = "";
  toast(`${plural(known, "decision")} read${foreign ? `, ${plural(foreign, "line")} about nothing on this page` : ""}`);
}

function stored(key) {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

function store(key, value) {
  try {
    localStorage.setItem(key, value);
  } catch {
    /* storage is off: the value lasts as long as the page */
  }
}
