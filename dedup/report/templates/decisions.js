// Decisions of a person: which stories, pairs and articles are right, and which article is kept. They are kept in this
// browser until they are exported as JSON lines that name texts by their hashes; nothing is sent anywhere.

const STORED = `dedup-decisions-${page.digest}`;
const UNDONE_AT_MOST = 200;
const UNDECIDED = Object.freeze({ verdict: null, out: [], keep: null, pairs: {} });

let decided = { records: {}, history: [], exported: true };
let storageWorks = true;

/**
 * Decision about a story: `verdict` (same, different or null) of the whole, hashes of texts taken `out` of it, hash of
 * the text to `keep`, and `pairs` of hashes decided one by one.
 */
function decisionOf(story) {
  return decided.records[story.id] ?? UNDECIDED;
}

/** Changes the decision about a story, remembers the one before for undo, and tells the page. */
function decide(story, change) {
  remember(story);
  setDecision(story, { ...decisionOf(story), ...change, ...signature() });
  decided.exported = false;
  saveDecisions();
}

function remember(story) {
  decided.history = [...decided.history, [story.id, decided.records[story.id] ?? null]].slice(-UNDONE_AT_MOST);
}

function signature() {
  const by = $("by")?.value.trim();
  return { at: new Date().toISOString().replace(/\.\d+Z$/, "Z"), ...(by ? { by } : { by: undefined }) };
}

function setDecision(story, decision) {
  const { verdict, out, keep, pairs } = decision;
  const records = { ...decided.records };
  if (verdict || out.length || keep || Object.keys(pairs).length) records[story.id] = decision;
  else delete records[story.id];
  decided.records = records;
}

/** Takes back the last decision; gives its story, or undefined where there is none. */
function undoDecision() {
  const last = decided.history.pop();
  const story = last && storyById(last[0]);
  if (!story) return undefined;
  setDecision(story, last[1] ?? UNDECIDED);
  decided.exported = false;
  saveDecisions();
  return story;
}

function acceptStory(story) {
  decide(story, { verdict: decisionOf(story).verdict === "same" ? null : "same" });
}

function rejectStory(story) {
  if (story.texts.length < 2) return;
  decide(story, { verdict: decisionOf(story).verdict === "different" ? null : "different" });
}

/** Takes an article out of its story, or puts it back; copies of its text go with it. */
function toggleOut(story, article) {
  const { out, keep, verdict } = decisionOf(story);
  const rest = out.includes(article.hash) ? out.filter((hash) => hash !== article.hash) : [...out, article.hash];
  if (story.texts.length - rest.length < 2) decide(story, { verdict: "different", out: [] });
  else
    decide(story, {
      out: rest,
      keep: rest.includes(keep) ? null : keep,
      verdict: verdict === "different" ? null : verdict,
    });
}

function toggleKeep(story, article) {
  const { keep, out, verdict } = decisionOf(story);
  decide(story, {
    keep: keep === article.hash ? null : article.hash,
    out: out.filter((hash) => hash !== article.hash),
    verdict: verdict === "different" ? null : verdict,
  });
}

function decidePair(story, one, other, verdict) {
  const key = hashPair(one.hash, other.hash);
  const { [key]: before, ...others } = decisionOf(story).pairs;
  decide(story, { pairs: before === verdict ? others : { ...others, [key]: verdict } });
}

function hashPair(one, other) {
  return one < other ? `${one} ${other}` : `${other} ${one}`;
}

/** Texts of a story that are still in it. */
function remainingTexts(story) {
  const { out } = decisionOf(story);
  return story.texts.filter((hash) => !out.includes(hash));
}

/** The text that all others of a story are compared with: that of its representative as long as it is in it. */
function hubText(story) {
  const remaining = remainingTexts(story);
  return remaining.includes(story.representative.hash) ? story.representative.hash : remaining[0];
}

/** Verdict that the decisions about a story come to for two of its texts: same, different or null. */
function verdictOnTexts(story, one, other) {
  const { verdict, out, pairs } = decisionOf(story);
  const own = pairs[hashPair(one, other)];
  if (own || one === other) return own ?? null;
  if (verdict === "different" || out.includes(one) !== out.includes(other)) return "different";
  const hub = hubText(story);
  return verdict === "same" && !out.includes(one) && (one === hub || other === hub) ? "same" : null;
}

/** accepted, rejected, started or undecided. */
function stateOf(story) {
  const { verdict, keep, out, pairs } = decisionOf(story);
  if (verdict) return verdict === "same" ? "accepted" : "rejected";
  const hub = hubText(story);
  const others = story.texts.filter((hash) => hash !== hub);
  const verdicts = others.map((hash) => verdictOnTexts(story, hub, hash));
  if (others.length && verdicts.every(Boolean)) return verdicts.includes("same") ? "accepted" : "rejected";
  return keep || out.length || Object.keys(pairs).length ? "started" : "undecided";
}

function isDecided(story) {
  return ["accepted", "rejected"].includes(stateOf(story));
}

/** Lines of the decisions file: a pair of texts and its verdict each, and which text of a story is kept. */
function decisionLines() {
  return stories.filter(({ id }) => decided.records[id]).flatMap(linesOf);
}

function linesOf(story) {
  const { keep, verdict, by, at } = decisionOf(story);
  const signed = { ...(by && { by }), ...(at && { at }) };
  const lines = [];
  story.texts.forEach((left, index) => {
    for (const right of story.texts.slice(index + 1)) {
      const said = verdictOnTexts(story, left, right);
      if (said) lines.push({ left, right, verdict: said, ...signed });
    }
  });
  const remaining = remainingTexts(story);
  if (keep && verdict !== "different" && remaining.includes(keep)) lines.push({ keep, story: remaining, ...signed });
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
  const storiesOf = storiesByText();
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

function storiesByText() {
  const found = new Map();
  for (const story of stories) for (const hash of story.texts) found.set(hash, [...(found.get(hash) ?? []), story]);
  return found;
}

function storyOfLine(storiesOf, { left, right, keep, story: texts }) {
  const [one, others] = keep ? [keep, texts] : [left, [right]];
  const candidates = storiesOf.get(one) ?? [];
  return candidates.find((story) => others.some((hash) => hash !== one && story.texts.includes(hash)));
}

/** The decision that lines about one story say, told as shortly as it was made: of the whole, of articles, of pairs. */
function decisionFrom(story, lines) {
  const said = {};
  let keep = null;
  for (const line of lines) {
    if (line.keep) keep = line.keep;
    else said[hashPair(line.left, line.right)] = line.verdict;
  }
  const verdictOn = (one, other) => said[hashPair(one, other)];
  const { texts } = story;
  const { at, by } = lines.at(-1);
  const signed = { ...(typeof at === "string" && { at }), ...(typeof by === "string" && { by }) };
  const parts = undivided(texts, (one, other) => verdictOn(one, other) === "different");
  if (texts.length > 1 && parts.length === texts.length)
    return { verdict: "different", out: [], keep: null, pairs: {}, ...signed };
  const agreed = (part) => part.filter((one) => part.some((other) => verdictOn(one, other) === "same")).length;
  const rank = (part) => [Number(part.includes(keep)), agreed(part), part.length];
  const [main] = parts.sort((one, other) => compareRanks(rank(other), rank(one)));
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
  return { verdict: accepted ? "same" : null, out, keep: remaining.includes(keep) ? keep : null, pairs, ...signed };
}

/** Texts in parts such that texts of two parts are all different, in order of the texts. */
function undivided(texts, differ) {
  const parts = [];
  for (const text of texts) {
    const touched = parts.filter((part) => part.some((other) => !differ(text, other)));
    for (const part of touched) parts.splice(parts.indexOf(part), 1);
    parts.push([...touched.flat(), text]);
  }
  return parts;
}

function compareRanks(one, other) {
  const at = one.findIndex((value, index) => value !== other[index]);
  return at < 0 ? 0 : one[at] - other[at];
}

function storyById(id) {
  return stories.find((story) => story.id === id);
}

function saveDecisions() {
  try {
    localStorage.setItem(STORED, JSON.stringify(decided));
    storageWorks = true;
  } catch {
    storageWorks = false;
  }
  document.dispatchEvent(new Event("decided"));
}

function loadDecisions() {
  let stored = null;
  try {
    stored = JSON.parse(localStorage.getItem(STORED));
  } catch {
    /* nothing is stored, storage is off, or what is stored is not ours: nothing is decided yet */
  }
  const records = Object.entries(stored?.records ?? {}).map(([id, record]) => [id, checked(storyById(id), record)]);
  decided = {
    records: Object.fromEntries(records.filter(([, record]) => record)),
    history: (Array.isArray(stored?.history) ? stored.history : [])
      .filter((entry) => Array.isArray(entry) && storyById(entry[0]))
      .map(([id, record]) => [id, checked(storyById(id), record)]),
    exported: stored?.exported ?? true,
  };
  document.dispatchEvent(new Event("decided"));
}

/** A stored decision about a story as far as it makes sense for it; null where it makes none. */
function checked(story, record) {
  if (!story || typeof record !== "object" || !record) return null;
  const known = (hash) => story.texts.includes(hash);
  const pairs = Object.entries(record.pairs ?? {}).filter(
    ([key, said]) => key.split(" ").every(known) && ["same", "different"].includes(said),
  );
  return {
    verdict: ["same", "different"].includes(record.verdict) ? record.verdict : null,
    out: Array.isArray(record.out) ? record.out.filter(known) : [],
    keep: known(record.keep) ? record.keep : null,
    pairs: Object.fromEntries(pairs),
    ...(typeof record.at === "string" && { at: record.at }),
    ...(typeof record.by === "string" && { by: record.by }),
  };
}
