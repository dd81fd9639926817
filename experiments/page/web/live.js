// Answers from the server: one stream at a time, a new setting closes the old one.

const DEBOUNCE = 120; // ms: a moving slider asks once it rests that long
const RETRY = 1500; // ms between attempts to reach a server that is gone
const PING = 5000; // ms between looks at a server that has nothing to say

/** A request's JSON; what the server refuses is thrown as { message, key }. */
async function fetchJson(url, signal) {
  const reply = await fetch(url, { signal, cache: "no-store" });
  if (reply.ok) return reply.json();
  throw await refusal(reply);
}

/** Why the server refused, in both languages. */
export async function refusal(reply) {
  const said = await reply.json().catch(() => ({}));
  return { refused: true, message: said.message, key: said.key };
}

/** A source of answers with the calls that `grid.js` has too. */
export function liveSource() {
  const tab = crypto.randomUUID();
  let stream = null;
  let timer = 0;
  let asked = null;
  let gone = false;

  function quiet() {
    clearTimeout(timer);
    stream?.close();
    stream = null;
  }

  function open(setting, on) {
    const address = `api/live?${setting}&tab=${tab}`;
    const mine = (stream = new EventSource(address));
    const told = (event, then) =>
      mine.addEventListener(event, (said) => {
        if (mine !== stream) return;
        back(on);
        then(said.data ? JSON.parse(said.data) : null);
      });
    told("waiting", on.waiting);
    told("answer", on.answer);
    told("done", () => {
      quiet();
      on.done();
    });
    told("failed", (why) => {
      quiet();
      on.failed(why);
    });
    mine.onerror = () => {
      if (mine !== stream) return;
      quiet();
      explain(address, setting, on);
    };
  }

  // An event stream does not tell why it failed: ask once more, plainly.
  async function explain(address, setting, on) {
    const stop = new AbortController();
    try {
      const reply = await fetch(address, { signal: stop.signal, cache: "no-store" });
      if (asked !== setting || stream) return stop.abort();
      if (!reply.ok) return on.failed(await refusal(reply));
      stop.abort();
    } catch {
      if (asked !== setting || stream) return;
      lost(on);
    }
    timer = setTimeout(() => open(setting, on), RETRY);
  }

  function lost(on) {
    if (!gone) on.gone();
    gone = true;
  }

  function back(on) {
    if (gone) on.back();
    gone = false;
  }

  return {
    alone: false,
    start: () => fetchJson("api/start"),
    levers: (scenario) => fetchJson(`api/levers?scenario=${encodeURIComponent(scenario)}`),
    /** Follow `setting` (a query): on.answer, done, failed, gone, back. */
    follow(setting, on, { now = false } = {}) {
      quiet();
      asked = setting;
      timer = setTimeout(() => open(setting, on), now ? 0 : DEBOUNCE);
    },
    stop: quiet,
    /** Notice a server that dies while nothing is asked of it, and its return. */
    watch(on) {
      setInterval(async () => {
        if (stream || document.hidden) return;
        try {
          await fetch("api/start", { cache: "no-store" });
          if (gone && asked) this.follow(asked, on, { now: true });
        } catch {
          lost(on);
        }
      }, PING);
    },
  };
}
