// Two articles side by side: sentences that match stand in one row, the rest is grey.

const LONGEST_RUN_SHOWN = 2;
const ROWS_PRINTED = 6;

/** The whole comparison of two articles of a story. */
function comparison(story, chosenLeft, chosenRight) {
  const match = matchOf(story, chosenLeft, chosenRight);
  const [left, right] = articlesCompared(match, chosenLeft, chosenRight);
  const evidence = evidenceLine(match?.line ?? -1);
  return element(
    "div",
    { class: "comparison" },
    verdict(story, match, left, right),
    left !== chosenLeft || right !== chosenRight
      ? element("p", { class: "note" }, "The same texts as in the articles chosen, which are copies of these.")
      : null,
    pairDecision(story, left, right),
    evidence && facts(evidence, left, right),
    evidence && whyScore(match, evidence),
    page.withText ? sideBySide(evidence, left, right) : element("p", { class: "note" }, withoutText(evidence)),
  );
}

/** The two articles whose evidence a match holds: those chosen, or those that they are copies of. */
function articlesCompared(match, left, right) {
  const held = [match?.left, match?.right];
  const own = held[0] === undefined || [left, right].every(({ index }) => held.includes(index));
  return own ? [left, right] : held.map((index) => articles[index]);
}

function verdict(story, match, left, right) {
  if (!match) return element("p", { class: "verdict" }, unmatched(story, left, right));
  return element(
    "p",
    { class: "verdict" },
    element("span", { class: `kind kind-${match.kind}` }, page.kinds[match.kind]),
    " ",
    element("strong", {}, sureness(match)),
    ` (${scoreFigure(match.score)}) · `,
    `cosine of the article vectors ${match.similarity.toFixed(2)}`,
    match.excerpt && ` · the ${match.excerpt} text is contained in the other`,
  );
}

function unmatched(story, left, right) {
  const [one, other, score, similarity] = story.weakest;
  const weakest = pairKey(one, other) === pairKey(left.index, right.index);
  const figures = weakest
    ? ` Their score is ${scoreFigure(score)}, the cosine of their vectors ${similarity.toFixed(2)}.`
    : "";
  return `These two were not matched directly; they are in one story through the others.${figures}`;
}

function withoutText(evidence) {
  const count = evidence ? `${plural(evidence.alignedCount, "sentence")} ${evidence.alignedCount === 1 ? "matches" : "match"}. ` : "";
  return `${count}This report was written without article text.`;
}

/**
 * Coverage of both texts, then the numbers and names that agree, and those that one side alone states. Names differ
 * from language to language, so one that only one side has is a clash within a language only.
 */
function facts(evidence, leftArticle, rightArticle) {
  const written = { ...namesWritten(rightArticle), ...namesWritten(leftArticle) };
  return element(
    "dl",
    { class: "facts" },
    element(
      "div",
      {},
      element("dt", {}, "Found in the other"),
      element(
        "dd",
        {},
        coverageBar("left", ...found(evidence, 0, leftArticle)),
        coverageBar("right", ...found(evidence, 1, rightArticle)),
      ),
    ),
    factRow("Numbers", evidence.numbers, groupedDigits),
    factRow("Names", comparableNames(evidence, leftArticle, rightArticle), (name) => written[name] ?? name),
  );
}

/** How much of one text has a counterpart: by its sentences, or without text by the coverage of the evidence. */
function found(evidence, side, article) {
  if (!page.withText) return [evidence.coverage[side], `${Math.round(100 * evidence.coverage[side])} %`];
  const [sentences] = textLine(article.index);
  const faced = [...new Set(evidence.aligned.map((pair) => pair[side]))];
  const length = (said) => said.reduce((sum, sentence) => sum + sentence.length, 0);
  const share = length(faced.map((index) => sentences[index] ?? "")) / Math.max(1, length(sentences));
  return [share, `${faced.length} of ${plural(sentences.length, "sentence")}`];
}

function coverageBar(side, share, said) {
  const percent = Math.round(100 * share);
  return element(
    "span",
    { class: "coverage" },
    drawn(
      "svg",
      { viewBox: "0 0 100 6", preserveAspectRatio: "none", "aria-hidden": "true" },
      drawn("rect", { class: "track", width: 100, height: 6, rx: 1.5 }),
      drawn("rect", { class: "fill", width: percent, height: 6, rx: 1.5 }),
    ),
    `${said} of the ${side} text`,
  );
}

/** Names in both, only left, only right, and those of two scripts or spellings that only sound alike. */
function comparableNames({ names: [shared, left, right, alike] }, one, other) {
  return inOneLanguage(one, other) ? [shared, left, right, alike] : [shared, [], [], alike];
}

/** Key of a name to the word that an article writes it with. */
function namesWritten(article) {
  const names = textLine(article.index)?.[1] ?? {};
  return Object.fromEntries(Object.entries(names).map(([word, key]) => [key, word]));
}

function groupedDigits(number) {
  return /^\d{5,}$/.test(number) ? number.replace(/\B(?=(\d{3})+$)/g, ",") : number;
}

function factRow(label, [shared, left, right, alike = []], say) {
  if (![shared, left, right, alike].some(sizeOf)) return null;
  return element(
    "div",
    {},
    element("dt", {}, label),
    element(
      "dd",
      {},
      factChips("agree", "in both", shared, say),
      factChips("clash", "only left", left, say),
      factChips("clash", "only right", right, say),
      factChips("alike", "perhaps in both, alike in sound", alike, say),
    ),
  );
}

function factChips(kind, label, found, say) {
  if (!sizeOf(found)) return null;
  const shown = Array.isArray(found)
    ? found.slice(0, 12).flatMap((fact) => [element("mark", { class: kind }, say(fact)), " "])
    : [];
  const rest = sizeOf(found) - shown.length / 2;
  const note = shown.length ? rest && `and ${rest} more` : String(rest);
  return element(
    "span",
    { class: "fact-group" },
    element("span", { class: "fact-label" }, label),
    " ",
    shown,
    note || null,
  );
}

function sizeOf(found) {
  return Array.isArray(found) ? found.length : found;
}

function sideBySide(evidence, left, right) {
  const sides = [left, right].map((article, side) => {
    const [sentences, names] = textLine(article.index);
    return {
      article,
      sentences,
      facts: evidence ? factsOf(evidence, side, names, inOneLanguage(left, right)) : [],
    };
  });
  const texts = sides.map(({ sentences }) => sentences);
  const body = element(
    "div",
    { class: "sides", tabindex: 0, role: "group", "aria-label": "Sentences of both texts, side by side" },
    sides.map(({ article }) => sideHead(article)),
  );
  const rows = alignedRows(evidence?.aligned ?? [], texts);
  rows.forEach((row, index) => {
    const nodes = rowNodes(row, sides);
    if (index >= ROWS_PRINTED) nodes.forEach((node) => node.classList.add("unprinted"));
    body.append(...nodes);
  });
  const rest = rows.length - ROWS_PRINTED;
  return rest > 0 ? [body, element("p", { class: "note print-only" }, `and ${plural(rest, "row")} more`)] : body;
}

function sideHead(article) {
  return element(
    "div",
    { class: "side-head" },
    badge(article.language),
    " ",
    written("strong", article, {}, article.title),
    element("span", { class: "path" }, article.place),
  );
}

/** Rows in reading order: {left: [indices], right: [indices], similarity}; similarity is null without a counterpart. */
function alignedRows(aligned, [leftText, rightText]) {
  const groups = grouped(aligned);
  const inOrder = risingRight(groups);
  const taken = [new Set(groups.flatMap((group) => group.left)), new Set(groups.flatMap((group) => group.right))];
  const rows = [];
  const reached = [0, 0];
  const advance = (...ends) => {
    const [left, right] = ends.map((end, side) => range(reached[side], end).filter((index) => !taken[side].has(index)));
    if (left.length || right.length) rows.push({ left, right, similarity: null });
    ends.forEach((end, side) => {
      reached[side] = Math.max(reached[side], end);
    });
  };
  for (const group of groups) {
    advance(group.left[0], inOrder.has(group) ? group.right[0] : 0);
    rows.push({ ...group, moved: !inOrder.has(group) });
  }
  advance(leftText.length, rightText.length);
  return rows;
}

/** Pairs that share a sentence become one row. */
function grouped(aligned) {
  const groups = [];
  for (const [left, right, similarity] of aligned) {
    const last = groups.at(-1);
    if (last && (last.left.includes(left) || last.right.includes(right))) {
      last.left = [...new Set([...last.left, left])].sort((one, other) => one - other);
      last.right = [...new Set([...last.right, right])].sort((one, other) => one - other);
      last.similarity = Math.max(last.similarity, similarity);
    } else groups.push({ left: [left], right: [right], similarity });
  }
  return groups;
}

/** The longest run of groups whose right sentences come in the same order as their left ones. */
function risingRight(groups) {
  const best = groups.map((group, index) => {
    let [length, before] = [1, -1];
    for (let other = 0; other < index; other++) {
      if (groups[other].right.at(-1) < group.right[0] && groups[other].run.length + 1 > length) {
        [length, before] = [groups[other].run.length + 1, other];
      }
    }
    group.run = { length, before };
    return length;
  });
  const kept = new Set();
  for (let index = best.indexOf(Math.max(...best)); index >= 0; index = groups[index].run.before)
    kept.add(groups[index]);
  return kept;
}

function rowNodes(row, sides) {
  const said = [row.left, row.right].map((indices, side) =>
    indices.map((index) => sides[side].sentences[index] ?? "").join(" "),
  );
  const sameLanguage = inOneLanguage(sides[0].article, sides[1].article);
  const changed = sameLanguage && row.similarity !== null ? changes(...said) : [];
  const cells = said.map((text, side) => cell(row, sides[side], marked(text, sides[side].facts, changed[side])));
  const long = row.similarity === null && Math.max(row.left.length, row.right.length) > LONGEST_RUN_SHOWN;
  return long ? foldedCells(row, cells) : cells;
}

/** A long stretch without a counterpart, behind a button that says how long it is. */
function foldedCells({ left, right }, cells) {
  const counts = [left.length && `${plural(left.length, "sentence")} only in the left text`];
  counts.push(right.length && `${plural(right.length, "sentence")} only in the right text`);
  const setHidden = (hidden) => cells.forEach((made) => made.toggleAttribute("hidden", hidden));
  const open = button(counts.filter(Boolean).join(" · "), "fold", () => {
    setHidden(false);
    open.remove();
  });
  setHidden(true);
  return [open, ...cells];
}

function cell(row, { article }, said) {
  const faced = row.similarity !== null;
  const made = written("p", article, { class: faced ? `faced ${closeness(row.similarity)}` : "alone" }, said);
  if (row.moved) made.classList.add("moved");
  const elsewhere = row.moved ? "; stands elsewhere in the right text" : "";
  if (faced) made.title = `sentence similarity ${row.similarity.toFixed(2)}${elsewhere}`;
  return made;
}

function closeness(similarity) {
  return similarity >= 0.8 ? "close" : similarity >= 0.6 ? "fair" : "loose";
}

function range(start, end) {
  return Array.from({ length: Math.max(0, end - start) }, (_, index) => start + index);
}
