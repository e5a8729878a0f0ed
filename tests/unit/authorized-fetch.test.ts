// What stands between a call that is about to leave and the wire: the credential, its renewal, and the last word on whether it may leave.
import { expect, test } from "vitest";

import { authorizedFetch } from "#server/upstream/authorized-fetch.ts";
import { blankSighting } from "#server/upstream/connect.ts";

const refusal = { status: 401, headers: {}, text: "" };
const answer = { status: 200, headers: {}, text: "{}" };
const url = new URL("https://mcp.example/");
const init = { headers: {}, body: "{}", signal: new AbortController().signal };

function postThat(...answers: (typeof answer)[]) {
  const sent: unknown[] = [];
  const post = ((_url: URL, { headers }: { headers: Record<string, string> }) => {
    sent.push(headers.authorization);
    return Promise.resolve(answers.shift() ?? answer);
  }) satisfies Parameters<typeof authorizedFetch>[0]["post"];
  const authorization = {
    headers: () => Promise.resolve({ authorization: "Bearer the-first-token" }),
    renewed: () => Promise.resolve({ authorization: "Bearer the-second-token" }),
  };
  const wire = { fetch: () => Promise.reject(new Error("Nobody fetches.")), post };
  return { sent, ...authorizedFetch(wire, authorization, blankSighting()) };
}

test("a post asks each time right before it is sent, and is not sent again with a new token once it may not leave", async () => {
  const { post, sent } = postThat(refusal);
  let asked = 0;
  const ask = () => {
    asked += 1;
    return asked === sent.length + 1 && asked < 2 ? Promise.resolve() : Promise.reject(new Error("It may not."));
  };
  await expect(post(url, init, { ask, start: () => true })).rejects.toThrow("It may not.");
  expect(sent).toEqual(["Bearer the-first-token"]);
  expect(asked).toBe(2);
});

test("a post that may leave is sent again with a new token after a refusal", async () => {
  const { post, sent } = postThat(refusal, answer);
  expect(await post(url, init, { ask: () => Promise.resolve(), start: () => true })).toBe(answer);
  expect(sent).toEqual(["Bearer the-first-token", "Bearer the-second-token"]);
});

test("whoever gives up does not wait for the renewal of a token", async () => {
  const never = () => new Promise<never>(() => undefined);
  const sent: unknown[] = [];
  const post = () => {
    sent.push(refusal);
    return Promise.resolve(refusal);
  };
  for (const [authorization, requests] of [
    [{ headers: never, renewed: never }, 0],
    [{ headers: () => Promise.resolve({}), renewed: never }, 1],
  ] as const) {
    sent.length = 0;
    const given = new AbortController();
    const wire = { fetch: () => Promise.reject(new Error("Nobody fetches.")), post };
    const asked = authorizedFetch(wire, authorization, blankSighting()).post(url, { ...init, signal: given.signal });
    await new Promise((resolve) => setImmediate(resolve));
    given.abort(new Error("Nobody waits."));
    await expect(asked).rejects.toThrow("Nobody waits.");
    expect(sent).toHaveLength(requests);
  }
});
