// Why a score is what it is: a waterfall from where such a pair starts to the score, a row per feature, in log-odds.

const REASONS_IN_SUMMARY = 2;

/** The steps of a score, and every feature behind them, under a line that names the weightiest. */
function whyScore(match, evidence) {
  const rows = featureRows(evidence);
  if (!evidence.score && !rows.length) return null;
  const [summary, chart] = evidence.score
    ? [scoreSummary(match, evidence.score), waterfall(match, ...evidence.score)]
    : ["Everything the score was computed from", null];
  const all = element("table", { class: "features" }, element("tbody", {}, rows));
  return element(
    "details",
    { class: "why-score" },
    element("summary", {}, summary),
    chart,
    rows.length > 0 && (chart ? element("details", {}, element("summary", {}, "All features"), all) : all),
  );
}

function scoreSummary(match, [[, ...steps]]) {
  const named = steps.slice(0, REASONS_IN_SUMMARY).map(([words, value]) => `${words} (${signed(value)})`);
  return `Why ${scoreFigure(match.score)}: ${named.join(", ")}${steps.length > named.length ? ", …" : ""}`;
}

function waterfall(match, steps, total, limit) {
  const reached = [];
  for (const [, value] of steps) reached.push((reached.at(-1) ?? 0) + value);
  const [low, high] = [Math.min(0, ...reached), Math.max(0, ...reached)];
  const at = (value) => (100 * (value - low)) / (high - low || 1);
  const rows = steps.map(([words, value], index) =>
    stepRow(words, signed(value), stepBar(at(reached[index] - value), at(reached[index]), value, at(0))),
  );
  const result = `together: a score of ${scoreFigure(match.score)}, ${sureness(match)}`;
  return element(
    "table",
    { class: "waterfall" },
    element(
      "caption",
      {},
      "What adds to the score and what takes away, in log-odds: 0 is even chances, +3 is 95 %, −3 is 5 %.",
    ),
    element("tbody", {}, rows, stepRow(result, signed(total), stepBar(at(0), at(total), total, at(0)), "total")),
    limit && element("tfoot", {}, element("tr", {}, element("td", { colspan: 3 }, limit))),
  );
}

function stepRow(words, figure, bar, className = null) {
  return element(
    "tr",
    { class: className },
    element("th", { scope: "row" }, words),
    element("td", { class: "step-bar" }, bar),
    element("td", { class: "step-figure" }, figure),
  );
}

function stepBar(from, to, value, zero) {
  const [x, width] = [Math.min(from, to), Math.max(0.6, Math.abs(to - from))];
  return drawn(
    "svg",
    { viewBox: "0 0 100 10", preserveAspectRatio: "none", "aria-hidden": "true" },
    drawn("rect", { class: "zero", x: zero - 0.15, y: 0, width: 0.3, height: 10 }),
    drawn("rect", { class: value < 0 ? "against" : "for", x, y: 2, width, height: 6, rx: 0.6 }),
  );
}

function signed(value) {
  return `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(1)}`;
}

function featureRows({ features }) {
  return features.map((value, index) =>
    element(
      "tr",
      {},
      element("th", { scope: "row" }, page.features[index].replaceAll("_", " ")),
      element("td", {}, value.toFixed(3)),
    ),
  );
}
