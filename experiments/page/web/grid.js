// Answers that were computed beforehand and travel with the page: the same calls as live.js, no server.

/** `set=key=value` of a canonical setting as { scenario, values: Map(key -> number) }. */
function parsed(setting) {
  const asked = new URLSearchParams(setting);
  const values = new Map(asked.getAll("set").map((pair) => {
    const at = pair.indexOf("=");
    return [pair.slice(0, at), Number(pair.slice(at + 1))];
  }));
  return { scenario: asked.get("scenario"), values };
}

/** A source of answers over `kept` = { start, levers, grid: { keys: [{ key, values }], answers } }. */
export function gridSource(kept) {
  const own = new Map(kept.levers.levers.map((lever) => [lever.key, lever.value]));
  const steps = new Map(kept.grid.keys.map(({ key, values }) => [key, [...values].sort((a, b) => a - b)]));
  const nearest = (key, value) =>
    steps.get(key).reduce((best, v) => (Math.abs(v - value) < Math.abs(best - value) ? v : best));
  // Compared as numbers: 0.70 and 0.7 are one setting, however either was written.
  const index = new Map(
    Object.entries(kept.grid.answers).map(([setting, answer]) => [place(parsed(setting).values), answer]),
  );

  function place(values) {
    return [...steps.keys()].map((key) => nearest(key, values.get(key) ?? own.get(key))).join(" ");
  }

  return {
    alone: true,
    size: index.size,
    start: async () => kept.start,
    levers: async () => ({
      ...kept.levers,
      levers: kept.levers.levers.filter((lever) => steps.has(lever.key))
        .map((lever) => ({ ...lever, values: steps.get(lever.key) })),
    }),
    follow(setting, on) {
      const answer = index.get(place(parsed(setting).values));
      if (!answer) return on.failed({});
      on.answer(answer);
      on.done();
    },
    stop() {},
    watch() {},
  };
}
