// Scores of the articles of a story, each against each: the stronger the colour, the surer; empty where unmatched.

const SMALLEST_MATRIX = 3;
const LARGEST_MATRIX = 120;
const LEGIBLE = 12;
const ROOMY = 26;

/** The scores of all pairs of a story; `onPick(one, other)` is called with two of its articles. */
function matrix(story, onPick) {
  const count = story.members.length;
  if (count < SMALLEST_MATRIX || count > LARGEST_MATRIX) return null;
  const size = Math.max(6, Math.min(34, Math.floor(420 / count)));
  const [left, top] = size >= LEGIBLE ? [44, 20] : [4, 4];
  const [width, height] = [left + size * count + 2, top + size * count + 2];
  const chart = drawn("svg", {
    class: "matrix",
    viewBox: `0 0 ${width} ${height}`,
    width,
    role: "img",
    "aria-label": `Scores of all pairs of ${count} articles; the two lists below choose a pair`,
  });
  if (size >= LEGIBLE)
    chart.append(
      ...story.members.flatMap((article, index) => axisLabels(article, size * (index + 0.5), size, left, top)),
    );
  story.members.forEach((one, row) =>
    story.members.forEach((other, column) => {
      chart.append(
        ...square(story, one, other, { x: left + size * column, y: top + size * row, size, pair: `${row},${column}` }),
      );
    }),
  );
  chart.addEventListener("click", ({ target }) => {
    if (target.dataset.pair) onPick(...target.dataset.pair.split(",").map((place) => story.members[place]));
  });
  return element("figure", { class: "matrix-frame" }, chart, element("figcaption", {}, matrixCaption(story)));
}

function axisLabels({ language: { code } }, middle, size, left, top) {
  const label = drawn(
    "text",
    { x: left - 6, y: top + middle, "text-anchor": "end", "dominant-baseline": "central" },
    code,
  );
  const fits = size >= ROOMY || (size >= 18 && code.length < 3);
  return fits ? [label, drawn("text", { x: left + middle, y: top - 6, "text-anchor": "middle" }, code)] : [label];
}

function square(story, one, other, { x, y, size, pair }) {
  const [same, match] = [one === other, matchOf(story, one, other)];
  const isWeakest = pairKey(story.weakest[0], story.weakest[1]) === pairKey(one.index, other.index);
  const score = match?.score ?? (isWeakest ? story.weakest[2] : null);
  const kind = same ? "self" : match ? `matched sure-${certaintyLevel(match.score)}` : "apart";
  const box = drawn(
    "rect",
    {
      x: x + 1,
      y: y + 1,
      width: size - 1,
      height: size - 1,
      rx: size > 16 ? 3 : 1,
      class: isWeakest ? `${kind} weakest` : kind,
      "data-pair": same ? null : pair,
    },
    same ? null : drawn("title", {}, `${one.language.name} – ${other.language.name}: ${squareWords(match, score)}`),
  );
  if (score === null || same || size < ROOMY) return [box];
  return [
    box,
    drawn(
      "text",
      {
        x: x + size / 2,
        y: y + size / 2,
        "text-anchor": "middle",
        "dominant-baseline": "central",
        class: match && certaintyLevel(score) === page.certainties.length ? "figure on-full" : "figure",
      },
      shortFigure(score),
    ),
  ];
}

/** A score in three or four characters: .87, >.99, 1. */
function shortFigure(score) {
  return scoreFigure(score).replace("over ", ">").replace("0.", ".").replace("1.00", "1");
}

function squareWords(match, score) {
  if (match) return `${sureness(match)} (${scoreFigure(match.score)}), cosine ${match.similarity.toFixed(2)}`;
  return score === null ? "not matched directly" : `not matched directly (${scoreFigure(score)})`;
}

function matrixCaption(story) {
  const [one, other, score] = story.weakest;
  const legend = page.certainties.map(([, words], index) =>
    element(
      "span",
      { class: "legend-item" },
      drawn(
        "svg",
        { class: "matrix swatch", viewBox: "0 0 10 10", "aria-hidden": "true" },
        drawn("rect", { width: 10, height: 10, rx: 2, class: `matched sure-${page.certainties.length - index}` }),
      ),
      words,
    ),
  );
  return [
    element("p", {}, "A square is a pair and its score; empty where the two were not matched. Choose one to compare."),
    element("p", { class: "matrix-legend" }, legend),
    element("p", {}, `Framed: the weakest pair, ${languagesOf(one, other)} (${scoreFigure(score)}).`),
  ];
}
