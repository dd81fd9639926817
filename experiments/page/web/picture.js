// The movers chart as a PNG drawn in the browser, for a page without a server.

import { say } from "./words.js";

const SCALE = 2.5; // pixels a CSS pixel: sharp in print at the page's width
const PAD = 24;
const LINE = 18;
const PAINT = ["fill", "fill-opacity", "stroke", "stroke-width", "stroke-dasharray", "stroke-linecap", "opacity", "font-size", "font-family", "font-weight", "text-anchor"];

/** A PNG of `svg` under `title` and `note`, over `foot` (lines). */
export async function picture(svg, title, note, foot) {
  const copy = painted(svg);
  const width = svg.clientWidth || Number(svg.getAttribute("width"));
  const height = svg.clientHeight || Number(svg.getAttribute("height"));
  const image = await load(new XMLSerializer().serializeToString(copy));
  const canvas = document.createElement("canvas");
  const pen = canvas.getContext("2d");
  const family = getComputedStyle(document.body).fontFamily;
  pen.font = `12px ${family}`;
  const lines = foot.flatMap((text) => wrap(pen, text, width));
  pen.font = `600 17px ${family}`;
  const heads = wrap(pen, title, width);
  pen.font = `13px ${family}`;
  const notes = wrap(pen, note, width);
  const top = PAD + heads.length * 24 + notes.length * LINE + 10;
  canvas.width = (width + 2 * PAD) * SCALE;
  canvas.height = (top + height + 14 + lines.length * LINE + PAD / 2) * SCALE;
  pen.scale(SCALE, SCALE);
  pen.fillStyle = "#fff";
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.textBaseline = "top";
  const write = (texts, y, step, font, colour) => {
    pen.font = `${font} ${family}`;
    pen.fillStyle = colour;
    texts.forEach((text, i) => pen.fillText(text, PAD, y + i * step));
  };
  write(heads, PAD, 24, "600 17px", "#1a1a1a");
  write(notes, PAD + heads.length * 24, LINE, "13px", "#595959");
  pen.drawImage(image, PAD, top, width, height);
  write(lines, top + height + 14, LINE, "12px", "#595959");
  return new Promise((done, fail) => canvas.toBlob((blob) => (blob ? done(blob) : fail(new Error(say("png_failed")))), "image/png"));
}

/** A copy of `svg` that carries its style in attributes: an image knows no style sheet. */
function painted(svg) {
  const copy = svg.cloneNode(true);
  const from = [svg, ...svg.querySelectorAll("*")];
  [copy, ...copy.querySelectorAll("*")].forEach((node, i) => {
    const style = getComputedStyle(from[i]);
    for (const name of PAINT) node.setAttribute(name, style.getPropertyValue(name));
  });
  copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  const style = document.createElementNS("http://www.w3.org/2000/svg", "style");
  style.textContent = fonts();
  copy.prepend(style);
  return copy;
}

/** The fonts that lie in the page itself: an image has none of the page's. */
function fonts() {
  const rules = [...document.styleSheets].flatMap((sheet) => [...sheet.cssRules]);
  return rules.map((rule) => rule.cssText).filter((text) => text.startsWith("@font-face") && text.includes("data:font")).join("\n");
}

function load(source) {
  return new Promise((done, fail) => {
    const image = new Image();
    image.onload = () => done(image);
    image.onerror = () => fail(new Error(say("png_failed")));
    image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(source)}`;
  });
}

/** `text` in lines no wider than `width`: between Chinese characters, else at spaces. */
function wrap(pen, text, width) {
  const lines = [""];
  for (const piece of text.match(/[\u2e80-\uffef][，。；：、）》]*|[^\s\u2e80-\uffef]+\s*|\s+/g) ?? []) {
    const line = lines[lines.length - 1] + piece;
    if (pen.measureText(line.trimEnd()).width > width && lines[lines.length - 1]) lines.push(piece);
    else lines[lines.length - 1] = line;
  }
  return lines;
}
