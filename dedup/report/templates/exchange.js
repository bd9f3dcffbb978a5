// Decisions as a file of JSON lines, handed out and read again. It names texts by their hashes, which stay when files are
// moved, and the one of several copies that is kept by its id.

/** Lines of the decisions file: a pair of texts and its verdict each, and which article of a story is kept. */
function decisionLines() {
  return stories.filter(({ id }) => decided.records[id]).flatMap(linesOf);
}

function linesOf(story) {
  const { keep, copy, by, at } = decisionOf(story);
  const signed = { ...(by && { by }), ...(at && { at }) };
  const lines = [];
  story.texts.forEach((left, index) => {
    for (const right of story.texts.slice(index + 1)) {
      const said = verdictOnTexts(story, left, right);
      if (said) lines.push({ left, right, verdict: said, ...signed });
    }
  });
  const rest = story.texts.filter((hash) => hash !== keep && verdictOnTexts(story, keep, hash) !== "different");
  const copies = story.members.filter(({ hash, id }) => copy && hash === keep && id !== copy).map(({ id }) => id);
  const among = rest.length || story.texts.length === 1 ? [...rest, ...copies] : [];
  if (keep && among.length) lines.push({ keep: copy ?? keep, story: [copy ?? keep, ...among], ...signed });
  return lines;
}

/** Decisions file as text. */
function decisionsFile() {
  return decisionLines()
    .map((line) => `${JSON.stringify(line)}\n`)
    .join("");
}

/** Reads a decisions file; gives how many of its lines are about stories of this page, and how many are not. */
function readDecisions(text) {
  const [found, foreign] = [new Map(), { count: 0 }];
  const storiesOf = storiesByName();
  for (const line of text.split("\n")) {
    const said = parsedLine(line);
    if (said === null) continue;
    const story = said && storyOfLine(storiesOf, said);
    if (story) found.set(story, [...(found.get(story) ?? []), said]);
    else foreign.count++;
  }
  for (const [story, lines] of found) {
    remember(story);
    setDecision(story, decisionFrom(story, lines));
  }
  decided.exported = false;
  saveDecisions();
  return [[...found.values()].flat().length, foreign.count];
}

/** A line of a decisions file as an object; null where it is blank, undefined where it is no decision. */
function parsedLine(line) {
  if (!line.trim()) return null;
  try {
    const said = JSON.parse(line);
    const isPair = said.left && said.right && ["same", "different"].includes(said.verdict);
    return isPair || (said.keep && Array.isArray(said.story)) ? said : undefined;
  } catch {
    return undefined;
  }
}

/** Names by which decisions call the articles of a story: hashes of texts, and ids of copies. */
function namesOf(story) {
  return [...story.texts, ...story.members.map(({ id }) => id).filter(Boolean)];
}

function storiesByName() {
  const found = new Map();
  for (const story of stories) for (const name of namesOf(story)) found.set(name, [...(found.get(name) ?? []), story]);
  return found;
}

function storyOfLine(storiesOf, { left, right, keep, story: texts }) {
  const [one, others] = keep ? [keep, texts] : [left, [right]];
  const candidates = storiesOf.get(one) ?? [];
  const knows = (story) => (keep ? namesOf(story) : story.texts);
  return candidates.find((story) => others.some((name) => name !== one && knows(story).includes(name)));
}

/** The decision that lines about one story state, as short as it was made: of the whole, of articles, of pairs. */
function decisionFrom(story, lines) {
  const said = {};
  let name = null;
  for (const line of lines) {
    if (line.keep) name = line.keep;
    else said[hashPair(line.left, line.right)] = line.verdict;
  }
  const named = story.members.find(({ id }) => id && id === name);
  const [keep, copy] = named ? [named.hash, named.id] : [name, null];
  const verdictOn = (one, other) => said[hashPair(one, other)];
  const { texts } = story;
  const { at, by } = lines.at(-1);
  const signed = { ...(typeof at === "string" && { at }), ...(typeof by === "string" && { by }) };
  const parts = undivided(texts, (one, other) => verdictOn(one, other) === "different");
  if (texts.length > 1 && parts.length === texts.length)
    return { ...settled({ ...UNDECIDED, verdict: "different" }), ...signed };
  const main = mainPart(parts, verdictOn, keep);
  const out = texts.filter((hash) => !main.includes(hash));
  const remaining = texts.filter((hash) => !out.includes(hash));
  const hub = remaining.includes(story.representative.hash) ? story.representative.hash : remaining[0];
  const accepted = remaining.length > 1 && remaining.every((hash) => hash === hub || verdictOn(hub, hash) === "same");
  const implied = (one, other) => {
    if (out.includes(one) !== out.includes(other)) return "different";
    return accepted && !out.includes(one) && (one === hub || other === hub) ? "same" : undefined;
  };
  const pairs = Object.fromEntries(
    Object.entries(said).filter(([key, verdict]) => implied(...key.split(" ")) !== verdict),
  );
  const kept = remaining.includes(keep) ? { keep, copy } : { keep: null, copy: null };
  return { verdict: accepted ? "same" : null, out, ...kept, pairs, ...signed };
}
