// The page's words: one table of both languages, and the language in force.

export const LANGS = ["zh", "en"];

const tongue = { words: {}, lang: "zh" };

/** Data that lies in the page itself, where it stands alone. */
export function inPage(id) {
  const node = document.getElementById(id);
  return node && JSON.parse(node.textContent);
}

/** Read the table: from the page itself, else from the server. */
export async function loadWords() {
  tongue.words = inPage("words") ?? (await (await fetch("web/words.json")).json());
}

export const lang = () => tongue.lang;

export function speak(language) {
  tongue.lang = language;
  document.documentElement.lang = tongue.lang === "zh" ? "zh-CN" : "en";
}

/** Draw all text again once a font has come that it needs. */
export function watchFonts() {
  const found = () => [...document.fonts].some((face) => face.status === "loaded");
  const come = () => found() && document.documentElement.classList.add("letters");
  document.fonts.addEventListener("loadingdone", come);
  come();
}

/** The words for `key` with `{name}` filled in. */
export function say(key, values = {}) {
  const pair = tongue.words[key];
  if (!pair) throw new Error(`no words for ${key}`);
  return pair[tongue.lang].replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
}

/** A text the server sent in both languages. */
export const one = (text) => text?.[tongue.lang] ?? text?.en ?? "";

/** Put words into everything under `root` that asks for them. */
export function translate(root = document) {
  for (const node of root.querySelectorAll("[data-say]")) node.textContent = say(node.dataset.say);
  for (const node of root.querySelectorAll("[data-say-label]")) node.setAttribute("aria-label", say(node.dataset.sayLabel));
}
