// Numbers and names of the evidence, found again in the sentences. Evidence holds canonical forms ("5000000000",
// "putin"); the text says "5 billion", "٥" or "Путин". Numbers are read here, names come with the text.

const TOKEN = /[A-Za-z]+[-_]?\p{Nd}+(?:[.:_-]?[A-Za-z\p{Nd}]+)*|\p{Nd}+(?: \p{Nd}{3}(?!\p{Nd})|[.,:٫٬'’\u00a0\u202f-]?\p{Nd}+)*|[\p{L}\p{M}]+/gu;
const FIRST_DIGITS = [0x30, 0x660, 0x6f0, 0x7c0, 0x966, 0x9e6, 0xa66, 0xae6, 0xb66, 0xbe6, 0xc66, 0xce6, 0xd66,
  0xe50, 0xed0, 0xf20, 0x1040, 0x17e0, 0xff10];

/** A sentence as text and <mark> nodes; `facts` is a list of {kind, keys} tried in order. */
function marked(sentence, facts) {
  const nodes = [];
  let end = 0;
  for (const found of sentence.matchAll(TOKEN)) {
    const kind = kindOf(found[0], facts);
    if (!kind) continue;
    nodes.push(sentence.slice(end, found.index), element("mark", { class: kind }, found[0]));
    end = found.index + found[0].length;
  }
  return [...nodes, sentence.slice(end)];
}

/** What to mark on one side of a pair: what both texts state, then what only this one does. */
function factsOf(evidence, side, names, sameLanguage) {
  const [sharedNumbers, ...onlyNumbers] = evidence.numbers;
  const [sharedNames, ...onlyNames] = evidence.names;
  return [
    { kind: "agree", matches: numberTest(sharedNumbers) },
    { kind: "clash", matches: numberTest(onlyNumbers[side]) },
    { kind: "agree name", matches: nameTest(sharedNames, names) },
    { kind: "clash name", matches: nameTest(sameLanguage ? onlyNames[side] : [], names) },
  ];
}

function kindOf(token, facts) {
  return facts.find((fact) => fact.matches(token))?.kind;
}

function numberTest(canonical) {
  const known = new Set(canonical);
  const scaled = new Set(canonical.filter((number) => /\d00000$/.test(number)).map(significant));
  return (token) => {
    const digits = asciiDigits(token);
    if (!/\d/.test(digits)) return false;
    if (known.has(digits.toUpperCase()) || known.has(digits)) return true;
    return readings(digits).some((reading) => known.has(reading) || scaled.has(significant(reading)));
  };
}

/** `names` says which key a written word stands for. */
function nameTest(keys, names) {
  const known = new Set(keys);
  return (token) => known.has(names[token]);
}

/** Ways to read the marks inside a number: as groups of thousands, as a decimal point, as parts of a version. */
function readings(digits) {
  const marks = digits.replace(/\d/g, "");
  if (!marks) return [digits, digits.replace(/^0+(?=\d)/, "")];
  const last = digits.search(/\D\d+$/);
  const whole = digits.slice(0, last).replace(/\D/g, "");
  const decimal = `${whole}.${digits.slice(last + 1)}`;
  return [digits, digits.replace(/\D/g, ""), decimal, decimal.replace(/\.?0+$/, ""), digits.replace(/\D/g, ".")];
}

function significant(number) {
  return number.replace(/\./, "").replace(/^0+|0+$/g, "");
}

function asciiDigits(token) {
  return token.replace(/\p{Nd}/gu, (digit) => {
    const code = digit.codePointAt(0);
    const first = FIRST_DIGITS.findLast((start) => start <= code);
    return String(code - first);
  });
}
