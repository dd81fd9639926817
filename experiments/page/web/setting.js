// A setting is a scenario and the levers that were changed. It lives in the address: a reload gives the same page.

/** Read the address: { scenario, sets: Map(key -> text), lang }; a page without a server keeps it behind the #. */
export function readAddress() {
  const text = location.search.length > 1 ? location.search : location.hash.slice(1);
  const asked = new URLSearchParams(text);
  const sets = new Map();
  for (const pair of asked.getAll("set")) {
    const at = pair.indexOf("=");
    sets.set(at < 0 ? pair : pair.slice(0, at), at < 0 ? "" : pair.slice(at + 1));
  }
  return { scenario: asked.get("scenario"), sets, lang: asked.get("lang") };
}

/** scenario=…&set=key=value…, keys in order, so that one setting has one address. */
export function query({ scenario, sets }, more = {}) {
  const asked = new URLSearchParams({ scenario });
  for (const key of [...sets.keys()].sort()) asked.append("set", `${key}=${sets.get(key)}`);
  for (const [key, value] of Object.entries(more)) asked.set(key, value);
  return asked.toString().replaceAll("%3D", "=").replaceAll("%2F", "/");
}

/** Show the setting in the address without a new entry in the history. */
export function writeAddress(setting, lang, alone) {
  history.replaceState(null, "", (alone ? "#" : "?") + query(setting, { lang }));
}

/** The command that runs the same setting; `run` is that of the policy as it is. */
export function command(run, { sets }) {
  const changes = [...sets.keys()].sort().map((key) => ` --set ${key}=${sets.get(key)}`);
  return `${run}${changes.join("")}`;
}
