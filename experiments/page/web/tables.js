// Money, and who stays and works: tables with the plan's number beside each.

import { byId, el } from "./dom.js";
import { count, figures, fine, money, moneyUnit, points, yuan } from "./numbers.js";
import { isPlan } from "./verdict.js";
import { one, say } from "./words.js";

const persons = { write: (v) => count(v), change: (a, b) => count(a - b, { signed: true }), least: 0.5 };
const share = { write: fine, change: (a, b) => points(a - b), least: 0.0005 };
const FIGURES = [
  ["stay", "returned", share], ["stay", "behind", persons], ["stay", "stable", persons],
  ["stay", "loans", persons], ["stay", "arrears", share],
  ["jobs", "employed_share", share], ["jobs", "working_share", share], ["jobs", "filled", persons], ["jobs", "positions", persons],
];

const wide = (tag, scope, text) => Object.assign(el(tag, {}, text), { scope });
const head = (texts) => el("thead", {}, el("tr", {}, ...texts.map((text) => wide("th", "col", text))));

/** Draw the money of `answer` into #money. */
export function showMoney(answer) {
  const found = answer.money;
  const same = isPlan(answer);
  byId("money-note").textContent = say("money_note", { first: answer.movers.months[0].slice(0, 4), last: answer.movers.months.at(-1).slice(0, 4) });
  const sums = [
    ["spent", money(found.spent), money(found.plan?.spent)],
    ["per_person", yuan(found.per_person), yuan(found.plan?.per_person)],
  ].map(([name, ours, plan]) =>
    el("div", { className: "sum" }, el("h3", {}, say(name)), el("p", { className: "big" }, ours),
      el("p", { className: "against" }, same ? say("is_plan_short") : say("plan_value", { value: plan }))));
  const all = [...found.payers, ...found.uses];
  const most = Math.max(...all.flatMap((row) => [row.yuan ?? 0, same ? 0 : row.plan ?? 0]), 1);
  byId("money").replaceChildren(
    el("div", { className: "pair" },
      el("div", {}, el("div", { className: "sums" }, ...sums), moneyTable("payers", found.payers, most, same),
        el("p", { className: "note-line" }, say("payers_note"))),
      moneyTable("uses", found.uses, most, same)),
  );
}

function moneyTable(name, rows, most, same) {
  const [unit, unitName] = moneyUnit(most);
  const shown = rows.filter((row) => row.yuan || (!same && row.plan));
  const heads = [say(`${name}_head`), "", unitName, ...(same ? [] : [say("plan_short")])];
  const body = shown.map((row) => el("tr", {},
    wide("th", "row", one(row.label)),
    el("td", { className: "bars", ariaHidden: "true" }, bar(name, row, most, same)),
    el("td", {}, figures((row.yuan ?? 0) / unit)),
    same ? null : el("td", { className: "soft" }, figures((row.plan ?? 0) / unit)),
  ));
  const none = shown.length ? [] : [el("tr", {}, wide("th", "row", say("nothing")), el("td"), el("td"))];
  return el("table", { className: `money ${name}` }, el("caption", {}, say(name)), head(heads), el("tbody", {}, ...body, ...none));
}

function bar(name, row, most, same) {
  const at = (value) => Math.max((value ?? 0) / most, 0);
  return el("span", { className: `money-bar ${name}`, style: { "--ours": at(row.yuan), "--plan": at(row.plan) } },
    el("i"), same || row.plan == null ? null : el("b"));
}

/** Draw who stays and works into #stay. */
export function showFigures(answer) {
  const same = isPlan(answer);
  const rows = FIGURES.filter(([part, key]) => answer[part] && key in answer[part]).map(([part, key, kind]) => {
    const [ours, plan] = [answer[part][key], answer[part].plan?.[key]];
    return el("tr", {}, wide("th", "row", say(`figure_${key}`)), el("td", {}, kind.write(ours)),
      ...(same ? [] : [el("td", { className: "soft" }, kind.write(plan)), el("td", {}, change(ours, plan, kind))]));
  });
  byId("stay-note").textContent = say("stay_note");
  byId("stay").replaceChildren(el("table", { className: "figures" }, el("caption", { className: "unseen" }, say("stay_jobs")),
    head([say("figure_head"), same ? say("plan_short") : say("ours_short"), ...(same ? [] : [say("plan_short"), say("change_head")])]),
    el("tbody", {}, ...rows)));
}

function change(ours, plan, kind) {
  if (ours == null || plan == null) return "–";
  return Math.abs(ours - plan) < kind.least ? "=" : kind.change(ours, plan);
}
