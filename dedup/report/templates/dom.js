// Elements are made here and nowhere else. Text only ever becomes a text node: nothing of an article is read as markup.

const SVG = "http://www.w3.org/2000/svg";

const $ = (id) => document.getElementById(id);

function element(name, attributes = {}, ...children) {
  return fitted(document.createElement(name), attributes, children);
}

function drawn(name, attributes = {}, ...children) {
  return fitted(document.createElementNS(SVG, name), attributes, children);
}

function button(label, className, onClick, attributes = {}) {
  const made = element("button", { type: "button", class: className, ...attributes }, label);
  made.addEventListener("click", onClick);
  return made;
}

/** A piece of an article: tagged with its language, right to left where its script is. */
function written(name, article, attributes, ...children) {
  const { code, direction } = article.language;
  return element(name, { lang: code === "und" ? "" : code, dir: direction, ...attributes }, ...children);
}

function fitted(made, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === true) made.setAttribute(name, "");
    else if (value !== false && value != null) made.setAttribute(name, value);
  }
  made.append(...children.flat().filter((child) => child != null && child !== false));
  return made;
}

function plural(count, one, many = `${one}s`) {
  return `${count.toLocaleString("en")} ${count === 1 ? one : many}`;
}
