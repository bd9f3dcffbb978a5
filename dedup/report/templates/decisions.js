// Decisions of a person: which stories, pairs and articles are right, and which article is kept. They are kept in this
// browser until they are exported (exchange.js); nothing is sent anywhere.

const STORED = `dedup-decisions-${page.digest}`;
const UNDONE_AT_MOST = 200;
const UNDECIDED = Object.freeze({ verdict: null, out: [], keep: null, copy: null, pairs: {} });

let decided = { records: {}, history: [], exported: true };
let storageWorks = true;

/**
 * Decision about a story: `verdict` (same, different or null) of the whole, hashes of texts taken `out` of it, hash of
 * the text to `keep` and, where several articles have it, the id of the `copy`, and `pairs` of hashes decided one by one.
 */
function decisionOf(story) {
  return decided.records[story.id] ?? UNDECIDED;
}

/** Changes the decision about a story, remembers the one before for undo, and tells the page. */
function decide(story, change) {
  remember(story);
  setDecision(story, { ...settled({ ...decisionOf(story), ...change }), ...signature() });
  decided.exported = false;
  saveDecisions();
}

/** A decision without parts that contradict it or repeat it. */
function settled({ verdict, out, keep, copy, pairs }) {
  if (verdict === "different") return { ...UNDECIDED, verdict };
  const isOut = (hash) => out.includes(hash);
  const rest = filtered(pairs, ([key]) => new Set(key.split(" ").map(isOut)).size === 1);
  const divided = Object.entries(rest).some(([key, said]) => said === "different" && !key.split(" ").some(isOut));
  const kept = isOut(keep) ? null : keep;
  return { verdict: divided ? null : verdict, out, keep: kept, copy: kept && copy, pairs: rest };
}

function remember(story) {
  decided.history = [...decided.history, [story.id, decided.records[story.id] ?? null]].slice(-UNDONE_AT_MOST);
}

function signature() {
  const by = $("by")?.value.trim();
  return { at: new Date().toISOString().replace(/\.\d+Z$/, "Z"), ...(by && { by }) };
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

function forgetDecisions() {
  decided = { records: {}, history: [], exported: true };
  saveDecisions();
}

/** Accepts a story, or takes that back. */
function acceptStory(story) {
  const { verdict, pairs, out } = decisionOf(story);
  const within = (key) => !key.split(" ").some((hash) => out.includes(hash));
  if (verdict === "same") decide(story, { verdict: null });
  else decide(story, { verdict: "same", pairs: filtered(pairs, ([key, said]) => said === "same" || !within(key)) });
}

/** Rejects a story, or takes that back. */
function rejectStory(story) {
  if (story.texts.length < 2) return;
  decide(story, { verdict: decisionOf(story).verdict === "different" ? null : "different" });
}

/** Takes an article out of its story, or puts it back; copies of its text go with it. */
function toggleOut(story, { hash }) {
  const { out, verdict } = decisionOf(story);
  const rest = out.includes(hash) ? withoutHash(out, hash) : [...out, hash];
  const isLast = story.texts.length - rest.length < 2;
  decide(story, { out: rest, verdict: isLast ? "different" : notRejected(verdict) });
}

/** Chooses the article of a story that is kept, or takes that back; it is in the story then. */
function toggleKeep(story, { hash, id }) {
  const { out, verdict } = decisionOf(story);
  const kept = keptMember(story);
  if (kept?.hash === hash && kept.id === id) decide(story, { keep: null });
  else decide(story, { keep: hash, copy: id || null, out: withoutHash(out, hash), verdict: notRejected(verdict) });
}

/** The article of a story that was chosen to be kept; undefined as long as none is. */
function keptMember(story) {
  const { keep, copy } = decisionOf(story);
  return story.members.find(({ hash, id }) => hash === keep && (!copy || id === copy));
}

/** Decides about a pair, or takes that back; of decisions that contradict each other the last one holds. */
function decidePair(story, one, other, said) {
  const { verdict, out, pairs } = decisionOf(story);
  const [key, both] = [hashPair(one.hash, other.hash), [one.hash, other.hash]];
  const rest = filtered(pairs, ([pair]) => pair !== key);
  if (pairs[key] === said) decide(story, { pairs: rest });
  else if (said === "different") decide(story, { pairs: { ...apart(rest, both), [key]: said } });
  else {
    const isOut = both.map((hash) => out.includes(hash));
    decide(story, {
      verdict: notRejected(verdict),
      out: isOut[0] === isOut[1] ? out : out.filter((hash) => !both.includes(hash)),
      pairs: withoutClashes({ ...rest, [key]: said }, both),
    });
  }
}

function notRejected(verdict) {
  return verdict === "different" ? null : verdict;
}

function withoutHash(hashes, gone) {
  return hashes.filter((hash) => hash !== gone);
}

function filtered(pairs, keeps) {
  return Object.fromEntries(Object.entries(pairs).filter(keeps));
}

/** Pairs without those that are decided as different within the texts joined to these two. */
function withoutClashes(pairs, [one]) {
  const joined = joinedTo(pairs, one);
  return filtered(pairs, ([key, said]) => said === "same" || !key.split(" ").every((hash) => joined.has(hash)));
}

/** Pairs without the links of the second text, where these join it to the first. */
function apart(pairs, [one, other]) {
  const joined = joinedTo(pairs, one);
  if (!joined.has(other)) return pairs;
  return filtered(pairs, ([key, said]) => said === "different" || !key.split(" ").includes(other));
}

/** Texts that pairs decided as the same join to a text, itself among them. */
function joinedTo(pairs, text) {
  const [joined, open] = [new Set([text]), [text]];
  const links = Object.entries(pairs).filter(([, said]) => said === "same");
  while (open.length) {
    const at = open.pop();
    for (const [key] of links) {
      const hashes = key.split(" ");
      if (!hashes.includes(at)) continue;
      for (const hash of hashes.filter((hash) => !joined.has(hash))) {
        joined.add(hash);
        open.push(hash);
      }
    }
  }
  return joined;
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
  if (Object.keys(pairs).length) return stateByPairs(story);
  return keep || out.length ? "started" : "undecided";
}

function stateByPairs(story) {
  const { texts } = story;
  const said = (one, other) => verdictOnTexts(story, one, other);
  const parts = undivided(texts, (one, other) => said(one, other) === "different");
  if (parts.length === texts.length) return "rejected";
  const main = mainPart(parts, said, decisionOf(story).keep);
  const links = main.flatMap((one) => main.filter((other) => said(one, other) === "same").map((other) => [one, other]));
  const joined = joinedTo(Object.fromEntries(links.map(([one, other]) => [hashPair(one, other), "same"])), main[0]);
  return main.length > 1 && main.every((hash) => joined.has(hash)) ? "accepted" : "started";
}

function isDecided(story) {
  return ["accepted", "rejected"].includes(stateOf(story));
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

/** The part that the story goes on with: the one with the article to keep, the most agreed on, the largest. */
function mainPart(parts, verdictOn, keep) {
  const agreed = (part) => part.filter((one) => part.some((other) => verdictOn(one, other) === "same")).length;
  const rank = (part) => [Number(part.length > 1 && part.includes(keep)), agreed(part), part.length];
  return [...parts].sort((one, other) => compareRanks(rank(other), rank(one)))[0];
}

function compareRanks(one, other) {
  const at = one.findIndex((value, index) => value !== other[index]);
  return at < 0 ? 0 : one[at] - other[at];
}

const storiesById = new Map(stories.map((story) => [story.id, story]));

function storyById(id) {
  return storiesById.get(id);
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
    copy: story.members.some(({ hash, id }) => id && id === record.copy && hash === record.keep) ? record.copy : null,
    pairs: Object.fromEntries(pairs),
    ...(typeof record.at === "string" && { at: record.at }),
    ...(typeof record.by === "string" && { by: record.by }),
  };
}
