// The page at work: filters, order, keyboard, theme, copying, printing.

const BY = {
  certain: (one, other) => one.index - other.index,
  doubtful: (one, other) => other.index - one.index,
  large: (one, other) => other.members.length - one.members.length || one.index - other.index,
  languages: (one, other) => other.languages.length - one.languages.length || one.index - other.index,
  newest: (one, other) => (other.newest > one.newest ? 1 : other.newest < one.newest ? -1 : one.index - other.index),
  title: (one, other) => one.representative.title.localeCompare(other.representative.title),
};

let visible = [];
let current = -1;

if ($("filters")) {
  fillLanguages();
  $("filters").addEventListener("input", refresh);
  $("filters").addEventListener("submit", (event) => event.preventDefault());
  $("reset").addEventListener("click", resetFilters);
  for (const bar of document.querySelectorAll("[data-filter]"))
    bar.addEventListener("click", () => filterBy(bar.dataset));
  refresh();
}
drawMap(showStory);
listSingles();
setTheme(remembered());
$("theme").addEventListener("click", toggleTheme);
$("help-open").addEventListener("click", () => $("help").showModal());
document.addEventListener("keydown", onKey);
addEventListener("hashchange", followHash);
addEventListener("beforeprint", () => visible.forEach((story) => fillCard(cardOf(story))));
followHash();

function fillLanguages() {
  const counts = new Map();
  for (const story of stories)
    for (const language of story.languages) counts.set(language, (counts.get(language) ?? 0) + 1);
  const sorted = [...counts].sort(([one], [other]) => one.name.localeCompare(other.name));
  $("language").append(
    ...sorted.map(([{ code, name }, count]) => element("option", { value: code }, `${name} (${count})`)),
  );
}

function refresh() {
  const kinds = new Set([...document.querySelectorAll("[name=kind]:checked")].map((box) => box.value));
  const words = folded($("search").value).split(/\s+/).filter(Boolean);
  const [language, certainty] = [$("language").value, $("score").value];
  visible = stories.filter(
    (story) =>
      kinds.has(story.kind) &&
      (!certainty || certaintyWords(story.score).replaceAll(" ", "-") === certainty) &&
      (!language || story.languages.some(({ code }) => code === language)) &&
      words.every((word) => haystack(story).includes(word)),
  );
  visible.sort(BY[$("sort").value]);
  $("cards").replaceChildren(...visible.map(cardOf));
  current = -1;
  const all = visible.length === stories.length;
  $("status").textContent = all
    ? plural(stories.length, "story", "stories")
    : `${visible.length} of ${plural(stories.length, "story", "stories")}`;
  $("reset").hidden = all;
  $("nothing").hidden = visible.length > 0;
}

function resetFilters() {
  const sort = $("sort").value;
  $("filters").reset();
  $("sort").value = sort;
  refresh();
}

/** A bar of a chart was chosen: only what it counts is left. */
function filterBy({ filter, value }) {
  resetFilters();
  if (filter === "kind") for (const box of document.querySelectorAll("[name=kind]")) box.checked = box.value === value;
  else if ([...$(filter).options].some((option) => option.value === value)) $(filter).value = value;
  refresh();
  $("stories").scrollIntoView({ behavior: "smooth" });
}

function showStory(story) {
  if (!visible.includes(story)) resetFilters();
  goTo(visible.indexOf(story));
}

function goTo(index) {
  if (index < 0 || index >= visible.length) return;
  cards.get(visible[current])?.classList.remove("current");
  current = index;
  const card = cardOf(visible[index]);
  fillCard(card);
  card.classList.add("current");
  card.focus({ preventScroll: true });
  card.scrollIntoView({ block: "start" });
}

function followHash() {
  const story = stories.find(({ id }) => location.hash === `#story-${id}`);
  if (story) showStory(story);
}

const KEYS = {
  j: () => goTo(Math.min(current + 1, visible.length - 1)),
  k: () => goTo(Math.max(current - 1, 0)),
  n: () => withCurrent((card) => stepPair(card, 1)),
  p: () => withCurrent((card) => stepPair(card, -1)),
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
  } else if (KEYS[event.key]) {
    event.preventDefault();
    KEYS[event.key]();
  }
}

function withCurrent(act) {
  if (visible[current]) act(cardOf(visible[current]));
}

function listSingles() {
  const details = $("singles");
  details?.addEventListener("toggle", () => {
    if (!$("singles-list").children.length)
      $("singles-list").append(...page.singles.map((place) => singleRow(articles[place])));
  });
}

function singleRow(article) {
  return element(
    "li",
    { class: "member" },
    badge(article.language),
    element(
      "div",
      { class: "member-text" },
      written("span", article, { class: "member-title" }, article.title),
      element("span", { class: "path" }, article.place),
    ),
    element("span", { class: "about" }, plural(article.words, "word")),
  );
}

function toggleTheme() {
  setTheme(isDark() ? "light" : "dark");
  try {
    localStorage.setItem("dedup-theme", document.documentElement.dataset.theme);
  } catch {
    /* storage is off: the choice lasts as long as the page */
  }
}

function setTheme(theme) {
  if (theme) document.documentElement.dataset.theme = theme;
  $("theme").textContent = isDark() ? "Light" : "Dark";
  document.dispatchEvent(new Event("themechange"));
}

function isDark() {
  return (
    (document.documentElement.dataset.theme ??
      (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark"
  );
}

function remembered() {
  try {
    return localStorage.getItem("dedup-theme");
  } catch {
    return null;
  }
}

async function copyText(text, what) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const area = element("textarea", { class: "visually-hidden" });
    area.value = text;
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }
  toast(`${what} copied`);
}

function toast(message) {
  $("toast").textContent = message;
  $("toast").classList.add("shown");
  clearTimeout(toast.timer);
  toast.timer = setTimeout(() => $("toast").classList.remove("shown"), 1800);
}
