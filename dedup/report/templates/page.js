// The page at work: filters, order, theme, copying, printing.

const BY = {
  certain: (one, other) => one.index - other.index,
  doubtful: (one, other) => other.index - one.index,
  large: (one, other) => other.members.length - one.members.length || one.index - other.index,
  languages: (one, other) => other.languages.length - one.languages.length || one.index - other.index,
  newest: (one, other) => (other.newest > one.newest ? 1 : other.newest < one.newest ? -1 : one.index - other.index),
  title: (one, other) => one.heading.title.localeCompare(other.heading.title),
};

const STORIES_PRINTED_IN_FULL = 300;

let visible = [];
let current = -1;

if ($("filters")) {
  fillLanguages();
  $("filters").addEventListener("input", refresh);
  $("filters").addEventListener("submit", (event) => event.preventDefault());
  $("reset").addEventListener("click", resetFilters);
  $("filters-open").addEventListener("click", toggleFilters);
  for (const bar of document.querySelectorAll("[data-filter]"))
    bar.addEventListener("click", () => filterBy(bar.dataset));
  refresh();
}
loadDecisions();
drawMap(showStory);
listSingles();
setTheme(stored("dedup-theme"));
$("theme").addEventListener("click", toggleTheme);
$("help-open").addEventListener("click", () => $("help").showModal());
document.addEventListener("keydown", onKey);
addEventListener("hashchange", followHash);
addEventListener("beforeprint", openForPrint);
addEventListener("afterprint", closeAfterPrint);
for (const link of document.querySelectorAll("a[href='#skipped']")) link.addEventListener("click", openSkipped);
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
  const [language, certainty, state] = [$("language").value, $("score").value, $("state").value];
  visible = stories.filter(
    (story) =>
      kinds.has(story.kind) &&
      (!certainty || certaintyWords(story.score).replaceAll(" ", "-") === certainty) &&
      (!state || (state === "undecided") !== isDecided(story)) &&
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
  $("stories").scrollIntoView({ behavior: isStill() ? "auto" : "smooth" });
}

function isStill() {
  return matchMedia("(prefers-reduced-motion: reduce)").matches;
}

/** On a narrow screen the filters are folded away. */
function toggleFilters() {
  const open = $("filter-fields").classList.toggle("open");
  $("filters-open").setAttribute("aria-expanded", String(open));
}

function openSkipped() {
  $("skipped").open = true;
}

let printed = [];

/** On paper every story has its evidence, as long as there are not too many of them. */
function openForPrint() {
  visible.forEach((story) => fillCard(cardOf(story)));
  if (visible.length > STORIES_PRINTED_IN_FULL) return;
  printed = visible.map(cardOf).filter(({ panel }) => !panel || panel.hidden);
  for (const card of printed) {
    const { pair } = card;
    openEvidence(card, ...(pair ?? firstPair(card.story)));
    card.pair = pair;
  }
  for (const details of document.querySelectorAll(".why-score")) details.open = true;
}

function closeAfterPrint() {
  for (const card of printed) showPanel(card, false);
  printed = [];
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
  store("dedup-theme", document.documentElement.dataset.theme);
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
