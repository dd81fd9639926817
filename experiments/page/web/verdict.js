// The verdict: one sentence, how sure, and what it changes against the plan as written.

import { byId, el } from "./dom.js";
import { count, exact, month, percent, range } from "./numbers.js";
import { one, say } from "./words.js";

const ENOUGH = 10; // futures: with fewer a share is written as a count, for it may yet turn over
const few = ({ done }) => done < ENOUGH;
const whole = (value) => percent(value);
const signed = (value) => count(value, { signed: true });

/** Whether the setting is the plan itself: no lever moved, and nobody moves more or less. */
export const isPlan = (answer) => answer.untouched && answer.movers.difference.value === 0;

/** Everything said of `answer` at the head of the page; returns the sentence. */
export function showVerdict(answer) {
  const { target } = answer;
  const sentence = sentenceOf(answer);
  byId("verdict-title").textContent = target ? say("target", { label: one(target.label) }) : say("no_target");
  byId("sentence").textContent = sentence;
  byId("tiles").replaceChildren(...[target && shareTile(answer), moversTile(answer), differenceTile(answer)].filter(Boolean));
  byId("strip").replaceChildren(...strip(answer));
  return sentence;
}

/** How many futures are behind it. */
export function showProgress({ done, of }) {
  byId("progress").max = of;
  byId("progress").value = done;
  byId("futures").textContent = done < of ? say("futures_so_far", { n: done, of }) : say("futures_all", { n: of });
}

function sentenceOf(answer) {
  const { target, movers, done, of } = answer;
  if (!target) {
    return say("sentence_free", { median: count(movers.p50[movers.at]), date: month(movers.months[movers.at]) });
  }
  const told = done < of ? (few(answer) ? "sentence_early" : "sentence_so_far") : few(answer) ? "sentence_few" : "sentence";
  return say(told, {
    reached: target.reached, n: target.n, share: whole(target.share),
    interval: range(target.low, target.high, whole),
  });
}

function tile(name, value, unit, ...more) {
  return el("div", { className: "tile" }, el("h3", {}, name), el("p", { className: "big" }, value, unit ? el("small", {}, unit) : null), ...more);
}

const line = (text) => el("p", { className: "against" }, text);

const shareOf = (answer) => (few(answer) ? `${answer.target.reached}/${answer.target.n}` : whole(answer.target.share));

function shareTile(answer) {
  const { target } = answer;
  const { plan } = target;
  return tile(
    say("share_name"), shareOf(answer), null,
    scale(target, plan),
    line(say("interval", { interval: range(target.low, target.high, whole) })),
    line(plan ? say("plan_share", { share: whole(plan.share), interval: range(plan.low, plan.high, whole) }) : ""),
  );
}

/** 0 to 100 %: this setting's interval over the plan's. */
function scale(target, plan) {
  const bar = (kind, { share, low, high }) =>
    el("div", { className: `bar ${kind}`, style: { "--low": low, "--high": high, "--at": share } }, el("i"), el("b"));
  const bars = [bar("ours", target), plan && bar("plan", plan)].filter(Boolean);
  return el("div", { className: "scale", ariaHidden: "true" }, ...bars,
    el("div", { className: "ends" }, ...[0, 0.5, 1].map((at) => el("span", {}, whole(at)))));
}

function moversTile(answer) {
  const { movers, target } = answer;
  const { at } = movers;
  const aim = isPersons(target) ? say("of_target", { value: exact(target.value) }) : "";
  return tile(
    say("movers_name", { date: month(movers.months[at]) }), count(movers.p50[at]), say("persons"),
    line([say("band", { band: range(movers.p05[at], movers.p95[at], count) }), aim].filter(Boolean).join(say("comma"))),
    line(movers.plan ? say("plan_median", { value: count(movers.plan.p50[at]) }) : ""),
  );
}

/** Whether a target counts what the movers chart shows. */
export const isPersons = (target) => target?.metric === "persons";

function differenceTile(answer) {
  const found = answer.movers.difference;
  const name = say("difference_name");
  if (isPlan(answer)) return tile(name, "0", say("persons"), line(say("is_plan")));
  const interval = found.low == null ? say("difference_soon") : say("interval", { interval: spanned(found) });
  const unclear = found.low == null || (found.low <= 0 && found.high >= 0);
  return tile(name, signed(found.value), say("persons"), line(interval), line(say(unclear ? "paired_unclear" : "paired")));
}

const spanned = ({ low, high }) => signed(low) + say("to_signed") + signed(high);

/** What a narrow screen keeps in sight while levers move. */
function strip(answer) {
  const { target, movers, done, of } = answer;
  const { at } = movers;
  const found = movers.difference?.value;
  return [
    target && el("span", {}, el("b", {}, shareOf(answer)), " ", say("strip_share")),
    el("span", {}, el("b", {}, count(movers.p50[at])), " ", say("persons")),
    !isPlan(answer) && found != null && el("span", {}, el("b", {}, signed(found)), " ", say("strip_plan")),
    done < of && el("span", { className: "so-far" }, `${done}/${of}`),
  ].filter(Boolean);
}

