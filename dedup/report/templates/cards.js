// A card for each story. Every card has its title from the start; the rest is filled in when it comes into view.

const MEMBERS_SHOWN = 8;
const cards = new Map();
const filled = new WeakSet();

const sight = new IntersectionObserver(
  (entries) => {
    for (const entry of entries) if (entry.isIntersecting) fillCard(entry.target);
  },
  { rootMargin: "800px 0px" },
);

function cardOf(story) {
  if (!cards.has(story)) {
    const card = element(
      "li",
      { class: "card", id: `story-${story.id}`, tabindex: -1 },
      written("h3", story.heading, {}, story.heading.title),
    );
    card.story = story;
    showState(story, card);
    cards.set(story, card);
    sight.observe(card);
  }
  return cards.get(story);
}

function fillCard(card) {
  sight.unobserve(card);
  if (filled.has(card)) return;
  filled.add(card);
  const { story } = card;
  card.prepend(cardHead(card, story));
  showState(story, card);
  card.append(element("p", { class: "why" }, why(story)), memberList(card, story), cardFoot(card, story));
}

function cardHead(card, story) {
  card.stateMark = element("span", { class: "state" });
  return element(
    "div",
    { class: "card-head" },
    element("span", { class: `kind kind-${story.kind}` }, page.kinds[story.kind]),
    element(
      "span",
      { class: "certainty" },
      dots(story.score),
      element("strong", {}, sureness(story)),
      ` (${scoreFigure(story.score)})`,
    ),
    element(
      "span",
      { class: "card-count" },
      `${plural(story.members.length, "article")}, ${languagesInWords(story)}`,
    ),
    card.stateMark,
    storyDecision(story),
  );
}

function languagesInWords({ languages }) {
  const known = languages.filter(({ code }) => code !== "und").length;
  if (!known) return "language not known";
  return plural(known, "language") + (known < languages.length ? " and unknown ones" : "");
}

/** Why the articles were joined, and of a larger story its weakest pair. */
function why(story) {
  const [one, other, score] = story.weakest;
  const weakest = `weakest pair ${languagesOf(one, other)} (${scoreFigure(score)})`;
  return story.members.length > 2 ? `${story.why} · ${weakest}` : story.why;
}

function dots(score) {
  const level = certaintyLevel(score);
  const circles = [1, 2, 3, 4].map((step) =>
    drawn("circle", { cx: step * 9 - 4, cy: 5, r: 3.4, class: step <= level ? "on" : "off" }),
  );
  return drawn("svg", { class: "dots", viewBox: "0 0 37 10", "aria-hidden": "true" }, circles);
}

function memberList(card, story) {
  const rows = story.members.map((article, place) => memberRow(card, story, article, place));
  const list = element("ul", { class: "members" }, rows.slice(0, MEMBERS_SHOWN));
  if (rows.length <= MEMBERS_SHOWN) return list;
  const more = button(`Show ${rows.length - MEMBERS_SHOWN} more`, "link more", () => {
    list.append(...rows.slice(MEMBERS_SHOWN));
    updateDecisions(list);
    more.remove();
  });
  return element("div", {}, list, more);
}

function memberRow(card, story, article, place) {
  const again = !isFirstOfText(story, article, place) && "same text as above";
  const about = [article.published, plural(article.words, "word"), again].filter(Boolean).join(" · ");
  const compare =
    place > 0 && story.members.length > 2
      ? button("Compare", "quiet small", () => choose(card, article, () => compareWith(card, article)), {
          "aria-label": `Compare with the representative: ${article.title}`,
        })
      : null;
  const row = element(
    "li",
    { class: "member" },
    badge(article.language),
    element(
      "div",
      { class: "member-text" },
      written("span", article, { class: "member-title" }, article.title),
      place === 0 && representativeMark(),
      place > 0 &&
        inOneReport(story, article, story.members[place - 1]) &&
        element("span", { class: "version-mark" }, "version of the one above"),
      element("span", { class: "kept-mark" }, "you keep this"),
      element(
        "span",
        { class: "path" },
        article.place,
        article.url && [" · ", element("a", { href: article.url, rel: "noopener noreferrer" }, "source")],
      ),
    ),
    element("span", { class: "about" }, about),
    element("span", { class: "member-tools" }, articleDecision(story, article, place), compare),
  );
  card.rows = new Map([...(card.rows ?? []), [article, row]]);
  return row;
}

function representativeMark() {
  return element(
    "span",
    { class: "representative-mark", title: "Stands for the story: the others are compared with it, and it is kept unless you choose another" },
    "representative",
  );
}

/** Makes an article of a story the one that the keyboard acts on. */
function choose(card, article, then = null) {
  fillCard(card);
  card.rows.get(card.chosen)?.removeAttribute("aria-current");
  card.chosen = article;
  const row = card.rows.get(article);
  if (!row.isConnected) card.querySelector(".more")?.click();
  row.setAttribute("aria-current", "true");
  then?.();
}

function compareWith(card, article) {
  openEvidence(card, card.story.representative, article);
}

function badge(language) {
  return element("span", { class: "badge", title: language.name }, language.code);
}

function cardFoot(card, story) {
  const open = button("Show evidence", "primary", () => toggleEvidence(card), { "aria-expanded": "false" });
  card.opener = open;
  return element(
    "div",
    { class: "card-foot" },
    open,
    button("Copy all paths", "quiet", () => copyPaths(story.members)),
    button("Copy paths of repeats", "quiet", () => copyPaths(repeatsOf(story))),
  );
}

/** The articles of a story but the one that is kept, or its representative as long as none is chosen. */
function repeatsOf(story) {
  const { out } = decisionOf(story);
  const kept = keptMember(story) ?? story.members.find(({ hash }) => hash === hubText(story));
  return story.members.filter((article) => article !== kept && !out.includes(article.hash));
}

function copyPaths(members) {
  copyText(members.map((article) => article.path).join("\n"), plural(members.length, "path"));
}

function toggleEvidence(card) {
  fillCard(card);
  if (card.panel && !card.panel.hidden) showPanel(card, false);
  else openEvidence(card, ...(card.pair ?? firstPair(card.story)));
}

/** The representative of a story and the next article with another text, or its copy where all have one. */
function firstPair({ representative, members }) {
  return [representative, members.find(({ hash }) => hash !== representative.hash) ?? members[1]];
}

/** Opens the evidence of a card on two of its articles, as soon as the page is read to its end, where texts lie. */
function openEvidence(card, left, right) {
  if (document.readyState === "loading") {
    document.addEventListener("DOMContentLoaded", () => openEvidence(card, left, right), { once: true });
    return;
  }
  fillCard(card);
  if (!card.panel) {
    card.panel = element("div", { class: "panel" });
    card.append(card.panel);
  }
  card.pair = left.index < right.index ? [left, right] : [right, left];
  const several = card.story.members.length > 2;
  const map = several && (card.map ??= matrix(card.story, (one, other) => openEvidence(card, one, other)));
  card.panel.replaceChildren(
    ...[map, several && pairPicker(card), comparison(card.story, ...card.pair)].filter(Boolean),
  );
  showPanel(card, true);
}

function showPanel(card, shown) {
  card.panel.hidden = !shown;
  card.opener.textContent = shown ? "Hide evidence" : "Show evidence";
  card.opener.setAttribute("aria-expanded", String(shown));
}

function pairPicker(card) {
  const picks = card.pair.map((chosen, side) => {
    const select = element(
      "select",
      { "aria-label": side ? "Right article" : "Left article" },
      card.story.members.map((article) =>
        element(
          "option",
          { value: article.index, selected: article === chosen },
          `${article.language.code} · ${article.title}`,
        ),
      ),
    );
    select.addEventListener("change", () => pick(card, side, articles[select.value]));
    return select;
  });
  return element("div", { class: "picker" }, picks[0], element("span", {}, "and"), picks[1]);
}

function pick(card, side, article) {
  const other = card.pair[1 - side];
  if (article !== other) openEvidence(card, article, other);
  else openEvidence(card, ...card.pair);
}

/** The next or previous pair: the representative with each of the others in turn. */
function stepPair(card, step) {
  const others = card.story.members.slice(1);
  const shown = others.findIndex((article) => card.pair?.includes(article));
  const next = others[(shown + step + others.length) % others.length];
  choose(card, next, () => compareWith(card, next));
}
