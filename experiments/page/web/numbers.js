// Numbers as people write them: 3.5万 in Chinese, 35,000 in English; the same rules as in the charts.

import { lang, say } from "./words.js";

const MINUS = "−";
const GAP = "\u00a0";
const zh = () => lang() === "zh";
const grouped = (value, places = 0) =>
  value.toLocaleString("en-US", { minimumFractionDigits: places, maximumFractionDigits: places });

/** `value` to `digits` significant figures; digits of the whole part are never invented. */
function rounded(value, digits) {
  if (!digits || !value) return value;
  const unit = 10 ** Math.max(Math.floor(Math.log10(Math.abs(value))) + 1 - digits, 0);
  return Math.round(value / unit) * unit;
}

function signOf(value, signed) {
  return value < 0 ? MINUS : signed && value > 0 ? "+" : "";
}

/** A count of persons or jobs. */
export function count(value, { digits = 3, signed = false } = {}) {
  if (value == null) return "–";
  const whole = Math.round(rounded(value, digits));
  const size = Math.abs(whole);
  const sign = signOf(whole, signed);
  if (!zh()) return sign + grouped(size);
  for (const [unit, name] of [[1e8, "亿"], [1e4, "万"]]) {
    if (size >= unit) return sign + Number((size / unit).toFixed(4)) + name;
  }
  return sign + size;
}

/** A number of a lever, as exact as it was set. */
export function exact(value) {
  if (value == null) return "–";
  if (zh() && Math.abs(value) >= 1e4) return count(value, { digits: 0 });
  return signOf(value) + Math.abs(value).toLocaleString("en-US", { maximumFractionDigits: 6, useGrouping: !zh() });
}

/** A share of one as per cent. */
export function percent(share, { places = 0, signed = false } = {}) {
  if (share == null) return "–";
  const value = Number((share * 100).toFixed(places));
  return signOf(value, signed) + Math.abs(value).toFixed(places) + (zh() ? "%" : GAP + "%");
}

/** A small share, with one place where a whole per cent would hide it. */
export const fine = (share) => percent(share, { places: share != null && Math.abs(share) < 0.1 ? 1 : 0 });

export const points = (share) =>
  share == null ? "–" : say("points", { n: signOf(Number((share * 100).toFixed(1)), true) + Math.abs(share * 100).toFixed(1) });

export function range(low, high, write) {
  const from = write(low).replace(GAP + "%", "").replace(/%$/, zh() ? "%" : "");
  return from + say("to") + write(high);
}

/** Yuan a person. */
export const yuan = (value) => (value == null ? "–" : count(value) + (zh() ? "" : " ") + say("yuan"));

/** [yuan a unit, its name] that suits sums up to `largest`. */
export function moneyUnit(largest) {
  if (zh()) return largest >= 1e8 ? [1e8, say("yi_yuan")] : [1e4, say("wan_yuan")];
  return largest >= 1e6 ? [1e6, say("million_yuan")] : [1e3, say("thousand_yuan")];
}

/** A sum in its unit with about three figures. */
export function figures(value, { signed = false } = {}) {
  if (value == null) return "–";
  const size = Math.abs(value);
  if (size === 0) return "0";
  const places = size >= 100 ? 0 : size >= 10 ? 1 : 2;
  const text = grouped(size, places);
  if (Number(text.replaceAll(",", "")) === 0) return signed ? "0" : "<0.01";
  return signOf(value, signed) + text;
}

/** A sum with its unit. */
export function money(value) {
  if (value == null) return "–";
  const [unit, name] = moneyUnit(Math.abs(value));
  return figures(value / unit) + (zh() ? "" : " ") + name;
}

/** "2026-12" as 2026年12月 or Dec 2026. */
export function month(iso) {
  if (!iso) return "";
  const [year, of] = iso.split("-").map(Number);
  return say("month", { year, month: of, name: "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ")[of - 1] });
}
