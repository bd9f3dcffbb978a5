// How alike the articles of a story are, each against each: dark where the score is high, empty where two were not matched.

const SMALLEST_MATRIX = 3;
const LARGEST_MATRIX = 120;

/** The similarity map of a story; `onPick(left, right)` is called with two of its articles. */
function matrix(story, onPick) {
  const count = story.members.length;
  if (count < SMALLEST_MATRIX || count > LARGEST_MATRIX) return null;
  const size = Math.max(6, Math.min(34, Math.floor(420 / count)));
  const margin = size >= 12 ? 44 : 4;
  const chart = drawn("svg", { class: "matrix", viewBox: `0 0 ${margin + size * count} ${margin + size * count}`,
    width: margin + size * count, role: "img", "aria-label": `Scores of all pairs of ${count} articles; choose pairs by the two lists` });
  if (size >= 12) chart.append(...story.members.flatMap((article, index) => axisLabels(article, index, size, margin)));
  story.members.forEach((one, row) => story.members.forEach((other, column) => {
    chart.append(square(story, [one, row], [other, column], size, margin));
  }));
  chart.addEventListener("click", ({ target }) => {
    if (target.dataset.pair) onPick(...target.dataset.pair.split(",").map((place) => story.members[place]));
  });
  return element("figure", { class: "matrix-frame" }, chart, element("figcaption", {}, matrixCaption(story)));
}

function axisLabels(article, index, size, margin) {
  const middle = margin + size * (index + 0.5);
  const label = article.language.code;
  return [
    drawn("text", { x: margin - 6, y: middle, "text-anchor": "end", "dominant-baseline": "central" }, label),
    drawn("text", { x: middle, y: margin - 8, "text-anchor": "middle" }, size >= 26 || label.length < 3 ? label : ""),
  ];
}

function square(story, [one, row], [other, column], size, margin) {
  const match = matchOf(story, one, other);
  const same = one === other;
  const level = same ? "self" : match ? `level-${certaintyLevel(match.score)}` : "level-0";
  const weakest = pairKey(story.weakest[0], story.weakest[1]) === pairKey(one.index, other.index);
  const said = match ? `${certaintyWords(match.score)} (${scoreFigure(match.score)})` : "not matched directly";
  return drawn("rect", { x: margin + size * column + 0.5, y: margin + size * row + 0.5, width: size - 1, height: size - 1,
    rx: size > 16 ? 3 : 1, class: weakest ? `${level} weakest` : level, "data-pair": same ? null : `${row},${column}` },
    same ? null : drawn("title", {}, `${one.language.name} – ${other.language.name}: ${said}`));
}

function matrixCaption(story) {
  const [one, other, score] = story.weakest;
  return `Weakest pair: ${articles[one].language.name} – ${articles[other].language.name}, ${scoreFigure(score)}. Choose a square to compare.`;
}
