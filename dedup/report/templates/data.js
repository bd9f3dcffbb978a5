// What the page knows, read from its JSON islands: `page` at once, texts and evidence only where someone looks.

const page = JSON.parse($("page-data").textContent);
const textLine = lazyLines("texts");
const evidenceLine = lazyLines("evidence");

const languages = new Map(
  Object.entries(page.languages).map(([code, [name, direction]]) => [code, { code, name, direction }]),
);

const articles = page.articles.map(([place, path, title, code, words, url, published, hash, id], index) => ({
  index,
  place,
  path,
  title,
  language: languages.get(code),
  words,
  url,
  published,
  hash,
  id, // empty where the hash says enough
}));

const readersLanguages = [...navigator.languages.map((code) => code.toLowerCase().split("-")[0]), "en"];

const stories = page.stories.map((story, index) => {
  const members = story.members.map((member) => articles[member]);
  const representative = articles[story.representative];
  const reportOf = new Map((story.versions ?? []).flatMap((places, nth) => places.map((at) => [articles[at], nth])));
  const texts = [...new Set([representative, ...members].map(({ hash }) => hash))];
  const rest = members.filter((member) => member !== representative);
  const alike = texts.flatMap((text) => rest.filter(({ hash }) => hash === text));
  const ordered = inReports([representative, ...alike], reportOf);
  return {
    ...story,
    index,
    reportOf,
    members: ordered,
    representative,
    heading: headingOf(ordered),
    texts,
    languages: [...new Set(members.map((member) => member.language))],
    newest: members.map((member) => member.published).reduce((one, other) => (one > other ? one : other), ""),
  };
});

/** Members with the versions of one report side by side, in the order of the first of each. */
function inReports(members, reportOf) {
  const nth = new Map();
  for (const member of members) nth.set(reportOf.get(member) ?? member, nth.get(reportOf.get(member) ?? member) ?? nth.size);
  return [...members].sort((one, other) => nth.get(reportOf.get(one) ?? one) - nth.get(reportOf.get(other) ?? other));
}

/** Whether two members of an event are versions of one report: copies or translations of one another. */
function inOneReport(story, one, other) {
  return story.reportOf.has(one) && story.reportOf.get(one) === story.reportOf.get(other);
}

/** The article whose title heads a story: one in a language of the reader or in English, or the representative. */
function headingOf(members) {
  const found = readersLanguages.map((code) => members.find(({ language }) => language.code.split("-")[0] === code));
  return found.find(Boolean) ?? members[0];
}

const pairsOf = new Map();

function pairOf([left, right, kind, score, similarity, line, excerpt, byDecision]) {
  return [pairKey(left, right), { left, right, kind, score, similarity, line, excerpt, decided: byDecision }];
}

function pairKey(one, other) {
  return one < other ? `${one}-${other}` : `${other}-${one}`;
}

/**
 * The match of two articles of a story, or of two others with the same texts; undefined where they were joined through
 * others only.
 */
function matchOf(story, one, other) {
  if (!pairsOf.has(story)) pairsOf.set(story, allPairs(story));
  const pairs = pairsOf.get(story);
  const direct = pairs.get(pairKey(one.index, other.index));
  if (direct || one === other) return direct;
  if (one.hash === other.hash) return { kind: "exact", score: 1, similarity: 1, line: -1, excerpt: "" };
  return pairs.get(pairKey(one.hash, other.hash));
}

/** Pairs of a story by their articles, and by their texts. */
function allPairs(story) {
  const pairs = story.pairs.map(pairOf);
  const byText = pairs.map(([, pair]) => [pairKey(articles[pair.left].hash, articles[pair.right].hash), pair]);
  return new Map([...byText, ...pairs]);
}

/** Whether two articles are known to be in one language; of two unknown ones nobody knows. */
function inOneLanguage(one, other) {
  return one.language === other.language && one.language.code !== "und";
}

function languagesOf(one, other) {
  return `${articles[one].language.name} – ${articles[other].language.name}`;
}

function certaintyWords(score) {
  return page.certainties.find(([least]) => score >= least)[1];
}

/** How sure a story or a match is; people may have joined what its score alone would not. */
function sureness({ score, decided: byDecision }) {
  return byDecision ? "joined by decision" : certaintyWords(score);
}

/** A score with two digits, never rounded up to a certainty it has not. */
function scoreFigure(score) {
  return score >= 0.995 && score < 1 ? "over 0.99" : score.toFixed(2);
}

function certaintyLevel(score) {
  return page.certainties.length - page.certainties.findIndex(([least]) => score >= least);
}

const haystacks = new Map();

/** What the search looks through: titles, paths, ids and languages of a story's articles. */
function haystack(story) {
  if (!haystacks.has(story)) haystacks.set(story, story.members.map(articleHaystack).join("\n"));
  return haystacks.get(story);
}

function articleHaystack(article) {
  return folded(`${article.title}\n${article.place}\n${article.language.name}`);
}

function folded(text) {
  return text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
}

function lazyLines(id) {
  let lines;
  return (index) => {
    lines ??= $(id).textContent.split("\n");
    return lines[index] ? JSON.parse(lines[index]) : null;
  };
}
