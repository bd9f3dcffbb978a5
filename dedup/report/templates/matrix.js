// How alike the articles of a story are, each against each: the darker, the closer their vectors; empty if unmatched.

const SMALLEST_MATRIX = 3;
const LARGEST_MATRIX = 120;
const LEGIBLE = 12;
const ROOMY = 26;

/** The similarity map of a story; `onPick(one, other)` is called with two of its articles. */
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
    "aria-label": `Similarities of all pairs of ${count} articles; the two lists below choose a pair`,
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
  const closeness = match ? Math.min(1, Math.max(0.1, match.similarity)) : 1;
  const weakest = pairKey(story.weakest[0], story.weakest[1]) === pairKey(one.index, other.index);
  const kind = same ? "self" : match ? "matched" : "apart";
  const box = drawn(
    "rect",
    {
      x: x + 1,
      y: y + 1,
      width: size - 1,
      height: size - 1,
      rx: size > 16 ? 3 : 1,
      "fill-opacity": closeness,
      class: weakest ? `${kind} weakest` : kind,
      "data-pair": same ? null : pair,
    },
    same ? null : drawn("title", {}, `${one.language.name} – ${other.language.name}: ${squareWords(match)}`),
  );
  if (!match || size < ROOMY) return [box];
  return [
    box,
    drawn(
      "text",
      {
        x: x + size / 2,
        y: y + size / 2,
        "text-anchor": "middle",
        "dominant-baseline": "central",
        class: closeness > 0.55 ? "figure on-dark" : "figure",
      },
      match.similarity.toFixed(2).replace("0.", "."),
    ),
  ];
}

function squareWords(match) {
  return match
    ? `${certaintyWords(match.score)} (${scoreFigure(match.score)}), cosine ${match.similarity.toFixed(2)}`
    : "not matched directly";
}

function matrixCaption(story) {
  const [one, other, score] = story.weakest;
  return (
    `The darker, the closer the article vectors (cosine); empty: not matched directly. Framed is the weakest pair, ` +
    `${languagesOf(one, other)} (${scoreFigure(score)}). Choose a square to compare.`
  );
}
