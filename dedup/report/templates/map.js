// The map of all stories on a canvas: a dot for an article alone, a flower for a story told more than once.

const COLOURED_LANGUAGES = 10;
const PETAL = 3.4;
const REACH = 14;
const LABELLED_SPOTS = 24;

function drawMap(onPick) {
  const canvas = $("map");
  if (!canvas || !page.map.length) return;
  const colours = mapLegend();
  const spots = page.map.map(([x, y], index) => spotAt(x, y, index));
  const paint = () => paintMap(canvas, spots, colours);
  new ResizeObserver(paint).observe(canvas);
  document.addEventListener("themechange", paint);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", paint);
  canvas.addEventListener("pointermove", (event) => showTip(canvas, nearest(canvas, spots, event)));
  canvas.addEventListener("pointerleave", () => showTip(canvas, null));
  canvas.addEventListener("click", (event) => {
    const spot = nearest(canvas, spots, event);
    if (spot?.story) onPick(spot.story);
  });
}

function spotAt(x, y, index) {
  const story = stories[index];
  const members = story ? story.members : [articles[page.singles[index - stories.length]]];
  return { x: x / 1000, y: y / 1000, story, members };
}

/** The most frequent languages have a colour of their own; gives a function from language to its legend entry. */
function mapLegend() {
  const counts = new Map();
  for (const article of articles) counts.set(article.language, (counts.get(article.language) ?? 0) + 1);
  const frequent = [...counts]
    .sort((one, other) => other[1] - one[1])
    .slice(0, COLOURED_LANGUAGES)
    .map(([language]) => language);
  const entries = frequent.map((language, rank) => legendEntry(language.name, `tint-${rank}`));
  const others = legendEntry("other languages", "tint-other");
  $("map-legend").replaceChildren(...entries, ...(counts.size > COLOURED_LANGUAGES ? [others] : []));
  return (language) => (entries[frequent.indexOf(language)] ?? others).firstChild;
}

function legendEntry(label, className) {
  return element("li", {}, element("span", { class: `tint ${className}` }), label);
}

function paintMap(canvas, spots, colours) {
  const ratio = devicePixelRatio || 1;
  const { width, height } = canvas.getBoundingClientRect();
  canvas.width = width * ratio;
  canvas.height = height * ratio;
  const pen = canvas.getContext("2d");
  pen.scale(ratio, ratio);
  const colourOf = cachedColour(colours);
  for (const alone of [true, false]) {
    pen.globalAlpha = alone ? 0.45 : 0.95;
    for (const spot of spots) if (!spot.story === alone) paintSpot(pen, spot, place(spot, width, height), colourOf);
  }
  if (spots.length <= LABELLED_SPOTS)
    for (const spot of spots) labelSpot(pen, canvas, spot, place(spot, width, height), width);
}

function cachedColour(colours) {
  const known = new Map();
  return (language) => {
    if (!known.has(language)) known.set(language, getComputedStyle(colours(language)).backgroundColor);
    return known.get(language);
  };
}

function paintSpot(pen, spot, [x, y], colourOf) {
  spot.members.slice(0, 200).forEach((article, petal) => {
    const radius = spot.story ? PETAL * 1.15 * Math.sqrt(petal + 0.6) : 0;
    const angle = petal * 2.39996;
    pen.fillStyle = colourOf(article.language);
    pen.beginPath();
    pen.arc(x + radius * Math.cos(angle), y + radius * Math.sin(angle), spot.story ? PETAL : 2.2, 0, 2 * Math.PI);
    pen.fill();
  });
}

function labelSpot(pen, canvas, spot, [x, y], width) {
  const { color, fontFamily } = getComputedStyle(canvas);
  const [{ title }] = spot.members;
  const rightwards = x < width / 2;
  pen.font = `12px ${fontFamily}`;
  pen.fillStyle = color;
  pen.globalAlpha = spot.story ? 1 : 0.75;
  pen.textAlign = rightwards ? "left" : "right";
  pen.textBaseline = "middle";
  pen.fillText(title.length > 38 ? `${title.slice(0, 37)}…` : title, x + (rightwards ? 14 : -14), y);
}

function place(spot, width, height) {
  const margin = 30;
  return [margin + spot.x * (width - 2 * margin), margin + (1 - spot.y) * (height - 2 * margin)];
}

function nearest(canvas, spots, event) {
  const { left, top, width, height } = canvas.getBoundingClientRect();
  let [best, least] = [null, REACH];
  for (const spot of spots) {
    const [x, y] = place(spot, width, height);
    const distance = Math.hypot(x + left - event.clientX, y + top - event.clientY) - (spot.story ? 4 : 0);
    if (distance < least) [best, least] = [spot, distance];
  }
  return best;
}

function showTip(canvas, spot) {
  const tip = $("map-tip");
  tip.hidden = !spot;
  canvas.classList.toggle("pointing", Boolean(spot?.story));
  if (!spot) return;
  const [first] = spot.members;
  const about = spot.story
    ? `${page.kinds[spot.story.kind]}, ${plural(spot.members.length, "article")}`
    : first.language.name;
  tip.replaceChildren(written("strong", first, {}, first.title), element("span", {}, about));
  const { width, height } = canvas.getBoundingClientRect();
  const [x, y] = place(spot, width, height);
  tip.style.left = `${Math.min(Math.max(x, 130), width - 130)}px`;
  tip.style.top = `${y + 14}px`;
}
