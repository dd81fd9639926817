// Movers over time: the setting's band and median, the plan's, and the target.

import { byId, legend, table } from "./dom.js";
import { count, month, range } from "./numbers.js";
import { isPersons, isPlan } from "./verdict.js";
import { say } from "./words.js";

const HEIGHT = { wide: 340, narrow: 280 };
const EDGE = { top: 22, right: 14, bottom: 26, left: 58 };
const HEADROOM = 1.1;

let shown = null; // what the reading line needs while the pointer moves

/** Draw `answer` into #movers; `frame` is the largest count of this setting so far, so that the axis only grows. */
export function showMovers(answer, described, frame) {
  const { at } = answer.movers;
  const target = isPersons(answer.target) ? answer.target : null;
  byId("movers-title").textContent = titleOf(answer, at, target);
  byId("movers-note").textContent = say("movers_note");
  legend(byId("movers-key"), marks(answer, target));
  const top = draw(answer, described, at, target, frame);
  byId("movers-table").replaceChildren(tableOf(answer));
  return top;
}

function titleOf({ movers }, at, target) {
  const values = { median: count(movers.p50[at]), date: month(movers.months[at]) };
  return target ? say("movers_title", { ...values, target: count(target.value, { digits: 0 }) }) : say("movers_title_free", values);
}

function marks(answer, target) {
  const ours = [["line", say("median")], ["band-narrow", say("band_narrow")], ["band-wide", say("band_wide")]];
  const plan = answer.movers.plan && !isPlan(answer) ? [["line-plan", say("plan_median_key")], ["edge-plan", say("plan_band_key")]] : [];
  return [...ours, ...plan, ...(target ? [["line-target", say("target_key")]] : [])];
}

/** The series with the empty month before the first, so that curves start at nobody. */
const from0 = (values) => [0, ...values];

function draw(answer, described, at, target, frame) {
  const d3 = globalThis.d3;
  const { movers } = answer;
  const node = byId("movers");
  const width = Math.max(node.clientWidth, 260);
  const height = width < 560 ? HEIGHT.narrow : HEIGHT.wide;
  const plan = movers.plan && !isPlan(answer) ? movers.plan : null;
  const most = Math.max(frame, d3.max(movers.p95) ?? 0, movers.plan ? d3.max(movers.plan.p95) : 0, target?.value ?? 0, 1);
  const x = d3.scaleLinear([0, movers.months.length], [EDGE.left, width - EDGE.right]);
  const y = d3.scaleLinear([0, most * HEADROOM], [height - EDGE.bottom, EDGE.top]);
  const curve = (values) => d3.line((_, i) => x(i), (v) => y(v))(from0(values));
  const band = (low, high) => d3.area((_, i) => x(i), (_, i) => y(from0(low)[i]), (_, i) => y(from0(high)[i]))(from0(low));
  const svg = d3.select(node).selectAll("svg").data([0]).join("svg")
    .attr("viewBox", `0 0 ${width} ${height}`).attr("width", width).attr("height", height)
    .attr("role", "img").attr("aria-label", inWords(answer, at, target));
  const put = (tag, key, attributes, text = "") => {
    const found = svg.selectAll(`[data-part="${key}"]`).data(attributes ? [0] : []).join(tag).attr("data-part", key);
    for (const [name, value] of Object.entries(attributes ?? {})) found.attr(name, value);
    if (text || tag === "text") found.text(text);
    return found.raise();
  };
  const window_ = described?.window ?? movers.months.length;
  const follow = window_ < movers.months.length;
  put("rect", "follow", follow && { class: "follow", x: x(window_), y: EDGE.top, width: x(movers.months.length) - x(window_), height: y(0) - EDGE.top });
  const ticks = y.ticks(5);
  put("g", "grid", {}).selectAll("line").data(ticks).join("line").attr("class", "grid")
    .attr("x1", EDGE.left).attr("x2", width - EDGE.right).attr("y1", y).attr("y2", y);
  put("path", "wide", { class: "fill-wide", d: band(movers.p05, movers.p95) });
  put("path", "narrow", { class: "fill-narrow", d: band(movers.p25, movers.p75) });
  put("path", "plan05", plan && { class: "edge-plan", d: curve(plan.p05) });
  put("path", "plan95", plan && { class: "edge-plan", d: curve(plan.p95) });
  put("path", "plan50", plan && { class: "line-plan", d: curve(plan.p50) });
  put("path", "ours", { class: "line-ours", d: curve(movers.p50) });
  put("line", "close", follow && { class: "close", x1: x(window_), x2: x(window_), y1: EDGE.top - 16, y2: y(0) });
  put("text", "close-name", follow && { class: "soft", x: x(window_) - 6, y: EDGE.top - 7, "text-anchor": "end" }, say("window_end"));
  put("text", "follow-name", follow && { class: "soft", x: x(window_) + 6, y: EDGE.top - 7 }, say("follow_up"));
  put("line", "target", target && { class: "line-target", x1: EDGE.left, x2: width - EDGE.right, y1: y(target?.value ?? 0), y2: y(target?.value ?? 0) });
  put("text", "target-name", target && { class: "warm", x: EDGE.left + 6, y: y(target?.value ?? 0) - 6 },
    target ? say("target_line", { value: count(target.value, { digits: 0 }) }) : "");
  put("circle", "dot", { class: "dot-ours", cx: x(at + 1), cy: y(movers.p50[at]), r: 4 });
  axes(d3, put, x, y, ticks, movers.months, height);
  put("line", "hair", { class: "hair", x1: -9, x2: -9, y1: EDGE.top, y2: y(0) });
  shown = { answer, x, at, node };
  read(at);
  return most;
}

function axes(d3, put, x, y, ticks, months, height) {
  put("g", "y-axis", {}).selectAll("text").data(ticks).join("text").attr("class", "tick-name").attr("text-anchor", "end")
    .attr("x", EDGE.left - 7).attr("y", y).attr("dy", "0.34em").text((v) => count(v, { digits: 0 }));
  put("line", "ground", { class: "axis", x1: x.range()[0], x2: x.range()[1], y1: y(0), y2: y(0) });
  const years = d3.groups(months.map((iso, i) => [iso.slice(0, 4), i]), (d) => d[0]);
  const every = Math.ceil((years.length * 46) / (x.range()[1] - x.range()[0]));
  put("g", "years", {}).selectAll("text").data(years).join("text").attr("class", "tick-name").attr("text-anchor", "middle")
    .attr("x", ([, all]) => x((all[0][1] + all[all.length - 1][1] + 1) / 2)).attr("y", height - 7)
    .text(([year], i) => (i % every ? "" : year));
  put("g", "bounds", {}).selectAll("line").data(years.slice(1)).join("line").attr("class", "axis")
    .attr("x1", ([, all]) => x(all[0][1])).attr("x2", ([, all]) => x(all[0][1])).attr("y1", y(0)).attr("y2", y(0) + 5);
}

function inWords({ movers, target, done }, at, persons) {
  return say(persons ? "movers_alt" : "movers_alt_free", {
    date: month(movers.months[at]), median: count(movers.p50[at]), band: range(movers.p05[at], movers.p95[at], count),
    target: count(target?.value, { digits: 0 }), plan: count(movers.plan?.p50[at]), n: done,
  });
}

/** The line under the chart: one month in numbers. */
function read(i) {
  const { movers } = shown.answer;
  const parts = [say("readout", { date: month(movers.months[i]), median: count(movers.p50[i]), band: range(movers.p05[i], movers.p95[i], count) })];
  if (movers.plan && !isPlan(shown.answer)) parts.push(say("readout_plan", { median: count(movers.plan.p50[i]) }));
  byId("readout").textContent = parts.join(say("semicolon"));
}

/** Follow the pointer over the chart. */
export function watchPointer() {
  const node = byId("movers");
  const hair = (at) => node.querySelector('[data-part="hair"]')?.setAttribute("transform", `translate(${at + 9} 0)`);
  node.addEventListener("pointermove", (event) => {
    if (!shown) return;
    const left = event.clientX - node.getBoundingClientRect().left;
    const i = Math.min(Math.max(Math.round(shown.x.invert(left)) - 1, 0), shown.answer.movers.months.length - 1);
    hair(shown.x(i + 1));
    read(i);
  });
  node.addEventListener("pointerleave", () => {
    if (!shown) return;
    hair(-9);
    read(shown.at);
  });
}

function tableOf(answer) {
  const { movers } = answer;
  const plan = movers.plan && !isPlan(answer) ? movers.plan : null;
  const head = ["month_head", "median", "p05", "p95"].map((key) => say(key)).concat(plan ? [say("plan_median_key")] : []);
  const quarter = movers.months.map((_, i) => i).filter((i) => i % 3 === 2 || i === movers.months.length - 1);
  return table(say("movers_note"), head, quarter.map((i) =>
    [month(movers.months[i]), count(movers.p50[i]), count(movers.p05[i]), count(movers.p95[i])].concat(plan ? [count(plan.p50[i])] : [])));
}

export const drawn = () => shown?.node.querySelector("svg");
