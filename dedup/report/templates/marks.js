// Numbers and names of the evidence, found again in the sentences. Evidence holds canonical forms ("5000000000",
// "putin"); the text says "5 billion", "٥" or "Путин". Numbers are read here, names come with the text.

const UNSPACED = String.raw`[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Thai}\p{sc=Lao}\p{sc=Khmer}\p{sc=Myanmar}]`;
const TOKEN = new RegExp(
  [
    String.raw`[A-Za-z]+[-_]?\p{Nd}+(?:[.:_-]?[A-Za-z\p{Nd}]+)*`, // identifiers: CVE-2024-1234, G7
    String.raw`\p{Nd}+(?: \p{Nd}{3}(?!\p{Nd})|[.,:٫٬'’\u00a0\u202f-]?\p{Nd}+)*`, // numbers, grouped or not
    String.raw`${UNSPACED}\p{M}*`, // a character, where words are written without spaces
    String.raw`(?:(?!${UNSPACED})[\p{L}\p{M}])+`, // words
  ].join("|"),
  "gu",
);
const FIRST_DIGITS = [
  0x30, 0x660, 0x6f0, 0x7c0, 0x966, 0x9e6, 0xa66, 0xae6, 0xb66, 0xbe6, 0xc66, 0xce6, 0xd66, 0xe50, 0xed0, 0xf20, 0x1040,
  0x17e0, 0xff10,
];

const LEAST_IN_COMMON = 0.4;

/**
 * A sentence as text and <mark> nodes; `facts` is a list of {kind, matches} tried in order, `changed` the places where
 * a word stands that the other version has not.
 */
function marked(sentence, facts, changed = new Set()) {
  const nodes = [];
  let end = 0;
  for (const found of sentence.matchAll(TOKEN)) {
    const kind = kindOf(found[0], facts) ?? (changed.has(found.index) ? "changed" : null);
    if (!kind) continue;
    const between = sentence.slice(end, found.index);
    if (!between && nodes.at(-1)?.className === kind) nodes.at(-1).append(found[0]);
    else nodes.push(between, element("mark", { class: kind }, found[0]));
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

/**
 * Where the words of two versions of a sentence differ: for each, a set of places. Empty where they have too little in
 * common for the difference to say anything. (Longest common subsequence of words.)
 */
function changes(one, other) {
  const [left, right] = [one, other].map((sentence) => [...sentence.matchAll(TOKEN)]);
  const longest = commonLengths(left.map(String), right.map(String));
  const places = [left, right].map((words) => new Set(words.map((word) => word.index)));
  if (longest[0][0] < LEAST_IN_COMMON * Math.max(left.length, right.length)) return [new Set(), new Set()];
  for (let [row, column] = [0, 0]; row < left.length && column < right.length;) {
    if (left[row][0] === right[column][0]) {
      places[0].delete(left[row++].index);
      places[1].delete(right[column++].index);
    } else if (longest[row + 1][column] >= longest[row][column + 1]) row++;
    else column++;
  }
  return places;
}

/** Table of the longest common subsequence of what is left of two lists from each pair of positions on. */
function commonLengths(left, right) {
  const table = Array.from({ length: left.length + 1 }, () => new Uint16Array(right.length + 1));
  for (let row = left.length - 1; row >= 0; row--) {
    for (let column = right.length - 1; column >= 0; column--) {
      table[row][column] =
        left[row] === right[column]
          ? table[row + 1][column + 1] + 1
          : Math.max(table[row + 1][column], table[row][column + 1]);
    }
  }
  return table;
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
