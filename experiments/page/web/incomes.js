// Four incomes a head, stacked: movers and stayers, this setting over the plan.

import { byId, legend, table } from "./dom.js";
import { count } from "./numbers.js";
import { isPlan } from "./verdict.js";
import { one, say } from "./words.js";

export const SOURCES = ["wage", "business", "transfer", "property"];
const ROW = 30;
const NAME = 18; // a name over its bar, where there is no room beside it
const GAP = 14; // between groups
const DARK = new Set(["wage"]); // colours that carry white type
const total = (group) => (group.wage == null ? null : group.income); // the median of totals, not the sum of medians
const stacked = (group) => (group.wage == null ? 0 : SOURCES.reduce((sum, source) => sum + group[source], 0));

/** Draw `answer` into #incomes. */
export function showIncomes(answer) {
  const { groups, plan } = answer.incomes;
  const rows = groups.flatMap((group) => {
    const same = (plan ?? []).find((g) => g.key === group.key);
    const ours = { ...group, name: one(group.label), ours: true };
    return same && !isPlan(answer) ? [ours, { ...same, name: say("plan_short"), ours: false }] : [ours];
  });
  byId("incomes-note").textContent = say("incomes_note");
  legend(byId("incomes-key"), [...SOURCES.map((source) => [`source-${source}`, say(source)]), ["start", say("start_key")]]);
  draw(rows);
  byId("incomes-table").replaceChildren(tableOf(rows));
}

function draw(rows) {
  const d3 = globalThis.d3;
  const node = byId("incomes");
  const width = Math.max(node.clientWidth, 260);
  const narrow = width < 480;
  const left = narrow ? 0 : 118;
  const heights = rows.map((row, i) => (row.ours ? (i ? GAP : 0) + (narrow ? NAME : 0) : 0));
  const tops = rows.map((_, i) => i * ROW + d3.sum(heights.slice(0, i + 1)));
  const height = (tops[tops.length - 1] ?? 0) + ROW + 24;
  const most = d3.max(rows, (row) => Math.max(stacked(row), row.start ?? 0)) || 1;
  const x = d3.scaleLinear([0, most], [left, width - (narrow ? 92 : 62)]);
  const svg = d3.select(node).selectAll("svg").data([0]).join("svg")
    .attr("viewBox", `0 0 ${width} ${height}`).attr("width", width).attr("height", height)
    .attr("role", "img").attr("aria-label", rows.map(inWords).join(say("stop")));
  const bar = (row) => (row.ours ? [8, 20] : [5, 15]); // top and height within the row
  const middle = (i) => tops[i] + bar(rows[i])[0] + bar(rows[i])[1] / 2;
  const ticks = x.ticks(width < 520 ? 3 : 5);
  const part = (name) => svg.selectAll(`g.${name}`).data([0]).join("g").attr("class", name);
  part("grid-lines").selectAll("line").data(ticks).join("line").attr("class", "grid")
    .attr("x1", x).attr("x2", x).attr("y1", 0).attr("y2", height - 20);
  part("scale-names").selectAll("text").data(ticks).join("text").attr("class", "tick-name").attr("text-anchor", (v) => (v || !narrow ? "middle" : "start"))
    .attr("x", x).attr("y", height - 5).text((v) => count(v, { digits: 0 }));
  part("names").selectAll("text").data(rows).join("text").attr("class", (row) => (row.ours ? "name" : "name soft"))
    .attr("x", narrow ? 0 : left - 8).attr("y", (_, i) => (narrow ? tops[i] - 4 : middle(i))).attr("dy", narrow ? 0 : "0.34em")
    .attr("text-anchor", narrow ? "start" : "end").text((row) => (narrow && !row.ours ? "" : row.name));
  const pieces = rows.flatMap((row, i) => {
    let reached = 0;
    return row.wage == null ? [] : SOURCES.map((source) => {
      const piece = { source, row, i, low: reached, high: reached + row[source] };
      reached = piece.high;
      return piece;
    });
  });
  part("pieces").selectAll("rect").data(pieces).join("rect")
    .attr("class", (p) => `source-${p.source}${p.row.ours ? "" : " pale"}`)
    .attr("x", (p) => x(p.low)).attr("width", (p) => Math.max(x(p.high) - x(p.low), 0))
    .attr("y", (p) => tops[p.i] + bar(p.row)[0]).attr("height", (p) => bar(p.row)[1]);
  part("amounts").selectAll("text").data(pieces.filter((p) => p.row.ours && x(p.high) - x(p.low) > 44)).join("text")
    .attr("class", (p) => (DARK.has(p.source) ? "amount light" : "amount")).attr("text-anchor", "middle")
    .attr("x", (p) => (x(p.low) + x(p.high)) / 2).attr("y", (p) => middle(p.i)).attr("dy", "0.34em")
    .text((p) => count(p.high - p.low, { digits: 3 }));
  part("totals").selectAll("text").data(rows).join("text").attr("class", (row) => (row.ours ? "total" : "total soft"))
    .attr("x", (row) => x(Math.max(stacked(row), row.start ?? 0)) + 6).attr("y", (_, i) => middle(i)).attr("dy", "0.34em")
    .text((row) => (total(row) == null ? say("nobody") : count(total(row))) + (narrow && !row.ours ? ` ${row.name}` : ""));
  part("starts").selectAll("path").data(rows.map((row, i) => ({ row, i })).filter(({ row }) => row.ours && row.start)).join("path")
    .attr("class", "start-mark").attr("d", ({ row, i }) => `M${x(row.start) - 5} ${tops[i]}h10l-5 7z`);
}

function inWords(row) {
  if (total(row) == null) return `${row.name}${say("colon")}${say("nobody")}`;
  const parts = SOURCES.map((source) => `${say(source)} ${count(row[source])}`).join(say("comma"));
  return say("incomes_alt", { name: row.name, total: count(total(row)), parts });
}

function tableOf(rows) {
  const head = [say("group_head"), ...SOURCES.map((source) => say(source)), say("income_total"), say("income_start")];
  let group = "";
  return table(say("incomes_note"), head, rows.map((row) => {
    group = row.ours ? row.name : group;
    const name = row.ours ? row.name : say("plan_of", { name: group });
    return [name, ...SOURCES.map((source) => count(row[source])), count(total(row)), count(row.start)];
  }));
}
