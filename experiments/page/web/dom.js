// Small helpers for building elements. Attributes and styles are set by script: the page allows no inline style.

export const byId = (id) => document.getElementById(id);

/** An element with properties, `data`, `aria`, and children (nodes or text). */
export function el(tag, { data = {}, aria = {}, style = {}, ...props } = {}, ...children) {
  const node = Object.assign(document.createElement(tag), props);
  Object.assign(node.dataset, data);
  for (const [name, value] of Object.entries(aria)) node.setAttribute(name === "role" ? "role" : `aria-${name}`, value);
  for (const [name, value] of Object.entries(style)) node.style.setProperty(name, value);
  node.append(...children.filter((child) => child != null));
  return node;
}

/** A table: `head` texts, `rows` of texts or nodes; the first cell of a row is its header. */
export function table(caption, head, rows) {
  const cell = (tag, content, scope) => {
    const node = el(tag, {}, content);
    if (scope) node.scope = scope;
    return node;
  };
  return el(
    "table",
    {},
    el("caption", { className: "unseen" }, caption),
    el("thead", {}, el("tr", {}, ...head.map((text) => cell("th", text, "col")))),
    el("tbody", {}, ...rows.map((row) => el("tr", {}, ...row.map((c, i) => (i ? cell("td", c) : cell("th", c, "row")))))),
  );
}

/** The legend over a chart: [class of the mark, text]. */
export function legend(node, marks) {
  node.replaceChildren(
    ...marks.map(([mark, text]) => el("span", {}, el("i", { className: `mark ${mark}`, ariaHidden: "true" }), text)),
  );
}

/** Save `blob` as `name`. */
export function save(blob, name) {
  const link = el("a", { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

/** Put `text` on the clipboard; an old browser gets the older way. */
export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const field = el("textarea", { value: text, className: "unseen" });
    const before = document.activeElement;
    document.body.append(field);
    field.select();
    document.execCommand("copy");
    field.remove();
    before?.focus();
  }
}
