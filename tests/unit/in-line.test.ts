// Work on long answers: one after the other, whatever became of the one before; and an answer that waits for its turn can be given up.
import { expect, test } from "vitest";

import { metricsText } from "#server/metric.ts";
import { createOutbound } from "#server/outbound/fetch.ts";
import { inLine } from "#server/outbound/in-line.ts";
import { serve } from "#tests/fakes/hostile-servers.ts";

const turns = async (count: number) => {
  for (let n = 0; n < count; n += 1) await new Promise((resolve) => setImmediate(resolve));
};

/** Work that takes the line until `goOn`. */
function held(): { goOn: () => void; over: Promise<void> } {
  let goOn = (): void => undefined;
  const wait = new Promise<void>((resolve) => (goOn = resolve));
  return { over: inLine(() => wait), goOn };
}

test("one begins when the one before is over, and each gets what became of its own", async () => {
  const order: string[] = [];
  const work = (name: string) => async () => {
    order.push(`${name} begins`);
    await turns(3);
    order.push(`${name} ends`);
    if (name === "second") throw new Error("It failed.");
    return name;
  };
  const ends = await Promise.allSettled(["first", "second", "third"].map((name) => inLine(work(name))));
  expect(order).toEqual(["first", "second", "third"].flatMap((name) => [`${name} begins`, `${name} ends`]));
  expect(ends).toMatchObject([{ value: "first" }, { reason: { message: "It failed." } }, { value: "third" }]);
});

test("a long answer waits for the one before it, a short one does not", async () => {
  const body = (length: number) => JSON.stringify("x".repeat(length));
  const server = await serve((req, res) => {
    res.writeHead(200, { "content-type": "application/json" }).end(body(Number(req.url?.slice(1))));
  });
  const outbound = createOutbound({ allowPrivate: true });
  const post = (length: number, signal = new AbortController().signal) =>
    outbound.postWithLimits({})(new URL(`${server.origin}/${length}`), { headers: {}, body: "{}", signal });
  const kept = () => Number(/gatehouse_unfinished_answers_bytes (\d+)/.exec(metricsText())?.[1]);
  const { goOn, over } = held();
  try {
    let isRead = false;
    const long = post(1_000_000).finally(() => (isRead = true));
    const given = new AbortController();
    const abandoned = post(1_000_000, given.signal);
    // Both are whole, but for the 64 KiB of each that do not count.
    await expect.poll(kept).toBeGreaterThan(1_800_000);
    expect(await post(100_000)).toMatchObject({ text: body(100_000) });
    await turns(20);
    expect(isRead).toBe(false);
    // Who gives up is told at once, and takes no room any more.
    const both = kept();
    given.abort(new Error("Nobody waits."));
    await expect(abandoned).rejects.toThrow("Nobody waits.");
    expect(kept()).toBeLessThan(both - 900_000);
    goOn();
    expect(await long).toMatchObject({ text: body(1_000_000) });
    await over;
    expect(kept()).toBe(0);
  } finally {
    goOn();
    await outbound.close();
    await server.close();
  }
});
