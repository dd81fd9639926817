// The levers: a range and a number for each, what was changed, and what the plan says.

import { byId, el } from "./dom.js";
import { exact, moneyUnit, percent } from "./numbers.js";
import { lang, one, say } from "./words.js";

const GROUPS = ["subsidy", "loan", "homes", "jobs", "services"];
const LARGE = 1e7; // yuan: from here on a sum is shown in millions or 亿
const TIMES = "×"; // a unit that stands before its number
const NARROW = matchMedia("(max-width: 899px)");

/** A lever's value as text with its unit. */
function written(lever, value) {
  if (lever.kind === "switch") return say(Number(value) ? "on" : "off");
  if (lever.kind === "share") return percent(value, { places: places(lever.step * 100) });
  const [size, unit] = measure(lever);
  const number = exact(tidy(value / size));
  if (unit === TIMES) return `${TIMES} ${number}`;
  return [number, unit].join(lang() === "zh" ? "" : " ").trim();
}

const places = (step) => Math.min((String(Number((step || 1).toPrecision(6))).split(".")[1] ?? "").length, 4);

/** [base units in one shown, the unit's name]: per cent of shares, large sums in large units. */
function measure(lever) {
  if (lever.kind === "share") return [0.01, "%"];
  const unit = one(lever.unit);
  if (lever.max < LARGE || !/^(元|yuan)/.test(unit)) return [1, unit];
  const [size, name] = moneyUnit(LARGE * 10);
  return [size, unit.replace(/^(元|yuan)/, name)];
}

const tidy = (value) => Number(value.toPrecision(10));

/** The form. `on.change(key, value, { now })` is told of every setting; value null is the policy's own. */
export class Levers {
  constructor(on) {
    this.on = on;
    this.rows = new Map();
    byId("levers").addEventListener("submit", (event) => event.preventDefault());
  }

  /** Lay the form out anew for `described`, the answer of /api/levers, as `sets` (key -> text) has it. */
  build(described, sets) {
    this.title = described.title;
    this.rows.clear();
    const groups = [...new Set([...GROUPS, ...described.levers.map((lever) => lever.group)])];
    byId("groups").replaceChildren(
      ...groups.map((group) => this.#group(group, described.levers.filter((l) => l.group === group), sets)).filter(Boolean),
    );
    this.show(sets);
  }

  /** Set every control to `sets`. */
  show(sets) {
    for (const [key, row] of this.rows) row.show(sets.has(key) ? Number(sets.get(key)) : row.lever.value);
    this.count(sets);
  }

  /** Say how many levers differ from the policy. */
  count(sets) {
    byId("changed").textContent = sets.size ? say("changed", { n: sets.size }) : say("unchanged");
    byId("reset").disabled = !sets.size;
    for (const [key, row] of this.rows) row.mark(sets.has(key));
    for (const group of document.querySelectorAll("#groups details")) {
      const n = [...sets.keys()].filter((key) => this.rows.get(key)?.lever.group === group.dataset.group).length;
      group.querySelector(".badge").textContent = n ? say("changed_short", { n }) : "";
    }
  }

  #group(group, levers, sets) {
    if (!levers.length) return null;
    const rows = levers.map((lever) => {
      const row = new Row(lever, this.on);
      this.rows.set(lever.key, row);
      return row.node;
    });
    const was = byId("groups").querySelector(`[data-group="${group}"]`)?.open;
    const touched = levers.some((lever) => sets.has(lever.key));
    const open = was ?? (!NARROW.matches || touched || group === GROUPS[0]);
    return el(
      "details",
      { open, data: { group } },
      el("summary", {}, say(`group_${group}`), el("span", { className: "badge" })),
      el("fieldset", {}, el("legend", { className: "unseen" }, say(`group_${group}`)), ...rows),
    );
  }
}

/** One lever's controls. */
class Row {
  constructor(lever, on) {
    this.lever = lever;
    this.on = on;
    this.value = lever.value;
    const id = `lever-${lever.key}`;
    const help = el("p", { id: `${id}-help`, className: "help", hidden: true }, ...this.#about());
    const more = el("button", { type: "button", className: "more", aria: { expanded: "false", controls: help.id } }, "?");
    more.setAttribute("aria-label", say("about", { name: one(lever.label) }));
    more.addEventListener("click", () => {
      help.hidden = !help.hidden;
      more.setAttribute("aria-expanded", String(!help.hidden));
    });
    this.undo = el("button", { type: "button", className: "undo", hidden: true }, say("undo"));
    this.undo.setAttribute("aria-label", say("undo_name", { name: one(lever.label), value: written(lever, lever.value) }));
    this.undo.addEventListener("click", () => {
      this.show(lever.value);
      this.on.change(lever.key, null, { now: true });
      this.main.focus();
    });
    this.fault = el("span", { id: `${id}-fault`, className: "fault", role: "alert" });
    const label = el("label", { htmlFor: id }, one(lever.label));
    this.plan = el("span", { className: "plan" }, say("plan_value", { value: written(lever, lever.plan) }));
    this.node = el(
      "div",
      { className: `lever ${lever.kind}`, data: { key: lever.key } },
      el("div", { className: "lever-name" }, label, more),
      ...(lever.kind === "switch" ? this.#switch(id) : this.#slider(id)),
      el("div", { className: "lever-foot" }, this.plan, this.fault, this.undo),
      help,
    );
  }

  #about() {
    const { help, source } = this.lever;
    const said = [one(help)].filter(Boolean).map((text) => el("span", {}, text));
    return source ? [...said, el("span", { className: "source" }, say("source", { source: one(source) }))] : said;
  }

  #switch(id) {
    this.main = el("input", { type: "checkbox", id, aria: { role: "switch" } });
    this.main.addEventListener("change", () => this.#set(this.main.checked ? 1 : 0, true));
    this.text = el("span", { className: "state", ariaHidden: "true" });
    return [el("div", { className: "toggle" }, this.main, this.text)];
  }

  #slider(id) {
    const { lever } = this;
    const [low, high] = lever.values ? [0, lever.values.length - 1] : [lever.min, lever.max];
    this.main = el("input", { type: "range", id, min: low, max: high, step: lever.values ? 1 : lever.step || "any" });
    this.main.addEventListener("input", () => this.#set(this.#slid(), false));
    this.main.addEventListener("change", () => this.#set(this.#slid(), true));
    const tick = el("i", { className: "tick", ariaHidden: "true", style: { "--at": this.#at(lever.plan) } });
    [this.size, this.unit] = measure(lever);
    this.number = el("input", {
      type: "number", inputMode: "decimal", min: tidy(lever.min / this.size), max: tidy(lever.max / this.size),
      step: tidy((lever.step || 1) / this.size), aria: { label: `${one(lever.label)} (${this.unit})`, describedby: `${id}-fault` },
    });
    this.number.addEventListener("change", () => this.#typed());
    return [
      el("div", { className: "control" }, el("span", { className: "track" }, tick, this.main), this.number,
        el("span", { className: "unit" }, this.unit)),
    ];
  }

  #slid() {
    const { lever } = this;
    return lever.values ? lever.values[this.main.valueAsNumber] : tidy(this.main.valueAsNumber);
  }

  /** Where a value lies along the track, 0 to 1. */
  #at(value) {
    const { values, min, max } = this.lever;
    if (values) return values.length > 1 ? this.#nearest(value) / (values.length - 1) : 0;
    return Math.min(Math.max((value - min) / (max - min || 1), 0), 1);
  }

  #nearest(value) {
    const gaps = this.lever.values.map((v) => Math.abs(v - value));
    return gaps.indexOf(Math.min(...gaps));
  }

  #typed() {
    const { lever } = this;
    const value = tidy(this.number.valueAsNumber * this.size);
    const wrong = !Number.isFinite(value) || value < lever.min || value > lever.max;
    this.number.setAttribute("aria-invalid", String(wrong));
    this.fault.textContent = wrong ? say("between", { low: written(lever, lever.min), high: written(lever, lever.max) }) : "";
    if (!wrong) this.#set(lever.values ? lever.values[this.#nearest(value)] : value, true);
  }

  #set(value, now) {
    const moved = value !== this.value;
    this.show(value);
    if (moved || now) this.on.change(this.lever.key, value === this.lever.value ? null : value, { moved });
  }

  /** Set the controls, and nothing else. */
  show(value) {
    const { lever, main } = this;
    this.value = value;
    if (lever.kind === "switch") {
      main.checked = Boolean(value);
      this.text.textContent = written(lever, value);
      return;
    }
    main.value = lever.values ? this.#nearest(value) : value;
    main.setAttribute("aria-valuetext", written(lever, value));
    main.style.setProperty("--at", this.#at(value));
    this.number.value = tidy(value / this.size);
    this.number.setAttribute("aria-invalid", "false");
    this.fault.textContent = "";
  }

  mark(changed) {
    this.node.classList.toggle("changed", changed);
    this.undo.hidden = !changed;
  }
}
