// The address guard at work: what a name resolves to is checked, and what was checked is what is dialled.
import { afterEach, describe, expect, test } from "vitest";

import { OutboundError } from "#server/outbound/error.ts";
import { createOutbound, type Outbound, type OutboundOptions } from "#server/outbound/fetch.ts";
import { createGuard } from "#server/outbound/guard.ts";
import { certificate } from "#tests/fakes/certificate.ts";
import { type HostileServer, rebinding, serve } from "#tests/fakes/hostile-servers.ts";

const open: (HostileServer | Outbound)[] = [];

afterEach(async () => {
  await Promise.all(open.splice(0).map((each) => each.close()));
});

async function target(options: { tls?: boolean; closing?: boolean } = {}): Promise<HostileServer> {
  const made = await serve(
    (_request, response) => response.setHeader("connection", options.closing ? "close" : "keep-alive").end("reached"),
    options,
  );
  open.unshift(made);
  return made;
}

function outbound(options: OutboundOptions): Outbound {
  const made = createOutbound({ ca: certificate, ...options });
  open.push(made);
  return made;
}

async function refusal(attempt: Promise<unknown>): Promise<string> {
  const error: unknown = await attempt.then(
    () => new Error("It was let through."),
    (reason: unknown) => reason,
  );
  if (!(error instanceof OutboundError)) throw error;
  return error.reason;
}

/** What the guard's lookup hands to net.connect. */
function lookedUp(answer: string[], allowPrivate: boolean): Promise<{ error: Error | null; dialled: unknown }> {
  const { resolve } = rebinding(answer);
  const { pinnedLookup } = createGuard({ allowPrivate, resolve });
  return new Promise((done) => pinnedLookup("up.hostile.test", { all: true }, (error, dialled) => done({ error, dialled })));
}

describe("a name", () => {
  test("is resolved once for a connection, and its answer is what is dialled", async () => {
    const { port, connections } = await target();
    const { resolve, asked } = rebinding(["127.0.0.1"]);
    const { fetch } = outbound({ allowPrivate: true, resolve });
    // The system's resolver knows no such name: only the guard's answer leads there.
    for (let calls = 0; calls < 5; calls += 1) expect(await (await fetch(`http://up.hostile.test:${port}/`)).text()).toBe("reached");
    expect(asked()).toBe(connections());
    expect(connections()).toBeLessThan(3);
  });

  test("is looked up once for all who ask for it meanwhile, and again for those who come later", async () => {
    let asked = 0;
    let answer = (): void => undefined;
    const resolve = () => {
      asked += 1;
      return new Promise<{ address: string; family: number }[]>((done) => (answer = () => done([{ address: "127.0.0.1", family: 4 }])));
    };
    const { pinnedLookup } = createGuard({ allowPrivate: true, resolve });
    const look = (name: string) =>
      new Promise((done) => pinnedLookup(name, { all: true }, (error, dialled) => done(error ?? JSON.stringify(dialled))));
    const all = [look("up.hostile.test"), look("up.hostile.test"), look("up.hostile.test")];
    expect(asked).toBe(1);
    answer();
    expect(new Set(await Promise.all(all))).toEqual(new Set(['[{"address":"127.0.0.1","family":4}]']));
    const later = look("up.hostile.test");
    expect(asked).toBe(2);
    answer();
    await later;
  });

  test("that changes to a closed address is not called again", async () => {
    const { port, connections } = await target({ closing: true });
    const { resolve, asked } = rebinding(["127.0.0.1"], ["169.254.169.254"]);
    const { fetch } = outbound({ allowPrivate: true, resolve });
    await (await fetch(`http://up.hostile.test:${port}/`)).text();
    expect(await refusal(fetch(`http://up.hostile.test:${port}/`))).toBe("reserved_address");
    expect([asked(), connections()]).toEqual([2, 1]);
  });

  test.each([
    ["a private answer", ["127.0.0.1"], "address_guard"],
    ["a mixed answer, the private one last", ["93.184.215.14", "127.0.0.1"], "address_guard"],
    ["a mixed answer, the private one first", ["127.0.0.1", "93.184.215.14"], "address_guard"],
    ["a mapped private answer", ["::ffff:127.0.0.1"], "address_guard"],
    ["a metadata answer", ["169.254.169.254"], "reserved_address"],
    ["an empty answer", [], "reserved_address"],
    ["an answer that is no address", ["localhost"], "reserved_address"],
  ])("with %s is not connected to", async (_case, answer, reason) => {
    const { port, connections } = await target({ tls: true });
    const { fetch } = outbound({ allowPrivate: false, resolve: rebinding(answer).resolve });
    expect(await refusal(fetch(`https://up.hostile.test:${port}/`))).toBe(reason);
    expect(connections()).toBe(0);
  });

  test("with a mixed answer is refused also where private networks are open", async () => {
    const { port, connections } = await target();
    const { fetch } = outbound({ allowPrivate: true, resolve: rebinding(["127.0.0.1", "169.254.169.254"]).resolve });
    expect(await refusal(fetch(`http://up.hostile.test:${port}/`))).toBe("reserved_address");
    expect(connections()).toBe(0);
  });

  test("with public answers is dialled at exactly those", async () => {
    const { error, dialled } = await lookedUp(["93.184.215.14", "2606:4700:4700::1111"], false);
    expect(error).toBeNull();
    expect(dialled).toEqual([
      { address: "93.184.215.14", family: 4 },
      { address: "2606:4700:4700::1111", family: 6 },
    ]);
  });

  test("is checked against the certificate, wherever it is dialled", async () => {
    const { port } = await target({ tls: true });
    const { fetch } = outbound({ allowPrivate: true, resolve: rebinding(["127.0.0.1"]).resolve });
    expect(await (await fetch(`https://up.hostile.test:${port}/`, { headers: { host: "other.test" } })).text()).toBe("reached");
    await expect(fetch(`https://other.test:${port}/`, { headers: { host: "up.hostile.test" } })).rejects.toMatchObject({
      code: "ERR_TLS_CERT_ALTNAME_INVALID",
    });
  });
});

describe("an address in the URL", () => {
  test.each([
    ["https://127.0.0.1/", "address_guard"],
    ["https://[::1]/", "address_guard"],
    ["https://2130706433/", "address_guard"],
    ["https://[::ffff:10.0.0.1]/", "address_guard"],
    ["https://169.254.169.254/", "reserved_address"],
    ["http://93.184.215.14/", "scheme"],
    ["http://up.hostile.test/", "scheme"],
    ["https://user:secret@up.hostile.test/", "scheme"],
    ["file:///etc/passwd", "scheme"],
  ])("%s is refused", async (url, reason) => {
    const { fetch } = outbound({ allowPrivate: false, resolve: rebinding(["127.0.0.1"]).resolve });
    expect(await refusal(fetch(url))).toBe(reason);
  });

  test.each([
    "http://169.254.169.254/",
    "http://[fd00:ec2::254]/",
    "http://[fe80::1]/",
    "http://224.0.0.1/",
    "http://[::ffff:169.254.169.254]/",
    "http://100.100.100.200/",
  ])("%s is refused also where private networks are open", async (url) => {
    expect(await refusal(outbound({ allowPrivate: true }).fetch(url))).toBe("reserved_address");
  });

  test("is called where private networks are open", async () => {
    const { origin } = await target();
    expect(await (await outbound({ allowPrivate: true }).fetch(origin)).text()).toBe("reached");
  });
});
