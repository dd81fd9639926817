// The page: what is chosen, what was answered, and what can be taken away.

import { byId, copy, el, save } from "./dom.js";
import { gridSource } from "./grid.js";
import { showIncomes } from "./incomes.js";
import { Levers } from "./levers.js";
import { liveSource, refusal } from "./live.js";
import { drawn, showMovers, watchPointer } from "./movers.js";
import { picture } from "./picture.js";
import { command, query, readAddress, writeAddress } from "./setting.js";
import { showFigures, showMoney } from "./tables.js";
import { showProgress, showVerdict } from "./verdict.js";
import { inPage, lang, LANGS, loadWords, one, say, speak, translate, watchFonts } from "./words.js";

const kept = globalThis.ANJU_STATIC ?? inPage("anju-static");
const source = kept ? gridSource(kept) : liveSource();
const setting = { scenario: null, sets: new Map() };
const page = { start: null, described: null, answer: null, frame: 0, done: false, fault: null };
const levers = new Levers({ change: moved });

const following = { waiting, answer: answered, done: finished, failed: refused, gone: lost, back: returned };

// ---------------------------------------------------------------- what is chosen

function moved(key, value) {
  if (value == null) setting.sets.delete(key);
  else setting.sets.set(key, String(value));
  levers.count(setting.sets);
  ask();
}

/** Ask for the setting unless it is the one already asked for. */
function ask({ now = false } = {}) {
  const wanted = query(setting);
  writeAddress(setting, lang(), source.alone);
  showTakeAway();
  if (wanted === page.asked && !now) return;
  page.asked = wanted;
  page.done = false;
  page.frame = 0;
  state("stale");
  byId("progress").value = 0;
  byId("futures").textContent = say(page.answer ? "again" : "beginning");
  source.follow(wanted, following, { now });
}

async function choose(scenario, sets = new Map()) {
  if (regionOf(scenario) !== regionOf(setting.scenario)) blank();
  setting.scenario = scenario;
  setting.sets = sets;
  page.asked = null;
  source.stop();
  try {
    const described = await source.levers(scenario);
    if (setting.scenario !== scenario) return;
    page.described = described;
    setting.scenario = described.scenario;
    for (const { key, value } of described.levers) {
      if (Number(setting.sets.get(key)) === value) setting.sets.delete(key);
    }
    showChoice();
    levers.build(described, setting.sets);
  } catch (why) {
    page.described = null;
    writeAddress(setting, lang(), source.alone);
    why.refused ? refused(why) : failedToLoad(scenario, sets);
    return;
  }
  ask({ now: true });
}

/** Nothing is known yet: the numbers of one region may not stand under the name of another. */
function blank() {
  page.answer = null;
  page.done = false;
  delete document.body.dataset.answered;
  for (const id of ["verdict-title", "sentence", "made"]) byId(id).textContent = "";
}

function failedToLoad(scenario, sets) {
  lost();
  setTimeout(() => setting.scenario === scenario && choose(scenario, sets), 1500);
}

const regionOf = (scenario) =>
  page.start.regions.find((r) => r.policies.some((p) => p.name === scenario)) ??
  page.start.regions.find((r) => r.name === scenario?.split("/")[0]);

function showChoice() {
  const region = regionOf(setting.scenario);
  const option = ({ name, title }) => el("option", { value: name }, one(title));
  byId("region").replaceChildren(...page.start.regions.map(option));
  byId("policy").replaceChildren(...(region?.policies ?? []).map(option));
  byId("region").value = region?.name ?? "";
  byId("policy").value = setting.scenario;
}

// ---------------------------------------------------------------- what is answered

function answered(answer) {
  page.answer = { ...answer, untouched: setting.scenario === page.described.plan && !setting.sets.size };
  hush();
  document.body.dataset.answered = "";
  show();
  state(answer.done < answer.of ? "live" : "done");
}

function show() {
  const { answer } = page;
  if (!answer) return;
  page.sentence = showVerdict(answer);
  showProgress(answer);
  page.frame = showMovers(answer, page.described, page.frame);
  showMoney(answer);
  showIncomes(answer);
  showFigures(answer);
  const { version, seed, id, study, done: n } = answer;
  byId("made").textContent = study ? say("made_study", { version, seed, study, n }) : say("made", { version, seed, id, n });
}

function finished() {
  page.done = true;
  state("done");
  showTakeAway();
  byId("announce").textContent = page.sentence ?? "";
}

/** The engine is not ready yet. */
function waiting({ message }) {
  page.fault = { text: () => one(message), reset: false };
  complain();
}

/** The server will not run this. */
function refused(why) {
  page.fault = { text: () => one(why?.message) || say("refused"), reset: true };
  complain();
}

function lost() {
  page.fault = { text: () => say("gone"), reset: false };
  complain();
}

function returned() {
  page.fault = null;
  hush();
}

function complain() {
  byId("message").hidden = false;
  byId("message-text").textContent = page.fault.text();
  byId("message-reset").hidden = !page.fault.reset;
  byId("announce").textContent = page.fault.text();
  state("fault");
}

function hush() {
  page.fault = null;
  byId("message").hidden = true;
}

function state(name) {
  Object.assign(document.body.dataset, { state: name, setting: page.answer?.setting ?? "" });
  byId("png").disabled = !page.done;
}

// ---------------------------------------------------------------- what can be taken away

function showTakeAway() {
  byId("command").textContent = command(page.described?.command ?? "", setting);
  const file = byId("scenario-file");
  file.hidden = source.alone;
  file.href = `api/scenario?${query(setting)}`;
  byId("png").disabled = !page.done;
}

const took = (text) => (byId("took").textContent = text);

async function takePicture() {
  byId("png").disabled = true;
  try {
    save(source.alone ? await ownPicture() : await servedPicture(), `anju-${page.answer.study ?? page.answer.id}.${lang()}.png`);
    took(say("saved"));
  } catch (why) {
    took(one(why?.message) || say(why?.refused ? "png_failed" : "gone"));
  }
  byId("png").disabled = !page.done;
}

async function servedPicture() {
  const reply = await fetch(`api/figure?${query(setting, { lang: lang(), format: "png" })}`);
  if (!reply.ok) throw await refusal(reply);
  return reply.blob();
}

function ownPicture() {
  const region = [one(page.described.title), byId("made").textContent, say("not_claimed")];
  const changes = [...setting.sets].map(([key, value]) => `${key}=${value}`).join(say("comma"));
  const foot = [region.join(say("stop")), ...(changes ? [say("changes", { list: changes })] : [])];
  return picture(drawn(), byId("movers-title").textContent, say("picture_key", { note: say("movers_note") }), foot);
}

async function takeFile(event) {
  event.preventDefault();
  try {
    const reply = await fetch(byId("scenario-file").href);
    if (!reply.ok) throw await refusal(reply);
    const name = /filename="?([^";]+)/.exec(reply.headers.get("content-disposition") ?? "")?.[1] ?? "anju-setting.toml";
    save(await reply.blob(), name);
    took(say("saved"));
  } catch (why) {
    took(one(why?.message) || say("gone"));
  }
}

// ---------------------------------------------------------------- languages, and the start

function translateAll() {
  translate();
  document.title = page.described ? `${one(page.described.title)} · ${say("page")}` : say("page");
  for (const button of document.querySelectorAll("[data-lang]")) {
    button.setAttribute("aria-pressed", String(button.dataset.lang === lang()));
  }
  if (kept) {
    byId("precomputed").hidden = false;
    byId("precomputed").textContent = say("precomputed", { settings: source.size, n: page.answer?.of ?? "" });
  }
}

function turn(language) {
  speak(language);
  translateAll();
  if (page.described) {
    showChoice();
    levers.build(page.described, setting.sets);
  }
  took("");
  if (page.answer && document.body.dataset.state !== "stale") show();
  if (page.fault) complain();
  if (setting.scenario) writeAddress(setting, lang(), source.alone);
}

function listen() {
  for (const button of document.querySelectorAll("[data-lang]")) button.addEventListener("click", () => turn(button.dataset.lang));
  byId("region").addEventListener("change", (e) => choose(e.target.value));
  byId("policy").addEventListener("change", (e) => choose(e.target.value));
  const reset = () => {
    const known = regionOf(setting.scenario);
    if (page.described) {
      setting.sets.clear();
      levers.show(setting.sets);
      return ask({ now: true });
    }
    choose(known?.name ?? page.start.scenario);
  };
  byId("reset").addEventListener("click", reset);
  byId("message-reset").addEventListener("click", reset);
  byId("copy-link").addEventListener("click", async () => {
    await copy(location.href);
    took(say("link_copied"));
  });
  byId("copy-command").addEventListener("click", async () => {
    await copy(command(page.described?.command ?? "", setting));
    took(say("command_copied"));
  });
  byId("png").addEventListener("click", takePicture);
  byId("scenario-file").addEventListener("click", takeFile);
  addEventListener("pagehide", () => source.stop());
  addEventListener("pageshow", (event) => event.persisted && ask({ now: true }));
  let width = innerWidth;
  addEventListener("resize", () => {
    if (innerWidth !== width) requestAnimationFrame(show);
    width = innerWidth;
  });
  watchPointer();
}

async function begin() {
  watchFonts();
  await loadWords();
  const asked = readAddress();
  const usual = kept ? document.documentElement.lang : navigator.language;
  speak(LANGS.includes(asked.lang) ? asked.lang : usual.startsWith("zh") ? "zh" : "en");
  translateAll();
  page.start = await source.start();
  listen();
  const bare = asked.scenario == null && !asked.sets.size;
  await choose(asked.scenario ?? page.start.scenario, bare ? new Map(Object.entries(page.start.sets)) : asked.sets);
  source.watch(following);
  translateAll();
  if (asked.lang && !LANGS.includes(asked.lang)) took(say("no_language", { lang: asked.lang }));
}

begin();
