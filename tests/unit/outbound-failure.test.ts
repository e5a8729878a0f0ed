// What a person is told when a server cannot be reached or understood, by the errors that real sockets make.
import { afterEach, describe, expect, test } from "vitest";

import { DomainError, upstreamFailed } from "#server/errors.ts";
import { OutboundError, type OutboundReason } from "#server/outbound/error.ts";
import { diagnose } from "#server/outbound/failure.ts";
import { createOutbound, type Outbound, type OutboundLimits, type OutboundOptions } from "#server/outbound/fetch.ts";
import { certificate } from "#tests/fakes/certificate.ts";
import { type HostileServer, rebinding, redirector, serve, serveBytes, stalling } from "#tests/fakes/hostile-servers.ts";
import { SdkErrorCode, SdkHttpError } from "@modelcontextprotocol/client";

const open: (HostileServer | Outbound)[] = [];

afterEach(async () => {
  await Promise.all(open.splice(0).map((each) => each.close()));
});

async function kept(server: Promise<HostileServer>): Promise<HostileServer> {
  const made = await server;
  open.unshift(made);
  return made;
}

/** The diagnosis of a request for JSON, met while initializing. */
async function diagnosisOf(url: string, { limits = {}, ...options }: Partial<OutboundOptions> & { limits?: OutboundLimits } = {}) {
  const outbound = createOutbound({ allowPrivate: true, ...options });
  open.push(outbound);
  const error: unknown = await outbound.withLimits(limits)(url).then(
    (response) => response.json().then(() => new Error("It worked."), (reason: unknown) => reason),
    (reason: unknown) => reason,
  ); // prettier-ignore
  const failure = diagnose(error, "initialize");
  // Neither addresses nor the server's own words.
  expect(`${failure.seen} ${failure.advice}`).not.toMatch(/\d+\.\d+\.\d+\.\d+|::1|hostile|s3cret|at .*\.ts/);
  return failure;
}

const loopback = rebinding(["127.0.0.1"]).resolve;

describe("by real sockets", () => {
  test("nobody listens", async () => {
    const gone = await serve(() => undefined);
    await gone.close();
    expect(await diagnosisOf(gone.origin)).toMatchObject({
      phase: "tcp",
      seen: expect.stringContaining("refused the connection"),
      actor: "provider",
    });
  });

  test("nobody listens on any of several addresses", async () => {
    const gone = await serve(() => undefined);
    await gone.close();
    const url = `http://up.hostile.test:${gone.port}/`;
    expect(await diagnosisOf(url, { resolve: rebinding(["127.0.0.1", "127.0.0.2"]).resolve })).toMatchObject({
      phase: "tcp",
      actor: "provider",
    });
  });

  test("no such name", async () => {
    expect(await diagnosisOf("http://no-such-host.invalid/")).toMatchObject({ phase: "dns" });
  });

  test("it hangs up", async () => {
    const rude = await kept(serveBytes(""));
    expect(await diagnosisOf(rude.origin)).toMatchObject({ phase: "tcp", seen: expect.stringContaining("closed the connection") });
  });

  test("it hangs up in the middle of its answer", async () => {
    const rude = await kept(serveBytes('HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{"s3cret":'));
    expect(await diagnosisOf(rude.origin)).toMatchObject({ phase: "tcp", seen: expect.stringContaining("closed the connection") });
  });

  test("it speaks something else than HTTP", async () => {
    const other = await kept(serveBytes("220 s3cret mail server ready\r\n"));
    expect(await diagnosisOf(other.origin)).toMatchObject({ phase: "http", actor: "organization_admin" });
  });

  test("its headers are huge", async () => {
    const heavy = await kept(serveBytes(`HTTP/1.1 200 OK\r\nx: ${"x".repeat(70_000)}\r\n\r\n`));
    expect(await diagnosisOf(heavy.origin)).toMatchObject({ phase: "http", seen: expect.stringContaining("headers") });
  });

  test("its certificate is self-signed", async () => {
    const tls = await kept(serve(() => undefined, { tls: true }));
    expect(await diagnosisOf(`https://up.hostile.test:${tls.port}/`, { resolve: loopback })).toMatchObject({
      phase: "tls",
      seen: expect.stringContaining("self-signed"),
    });
  });

  test("its certificate is for another name", async () => {
    const tls = await kept(serve(() => undefined, { tls: true }));
    expect(await diagnosisOf(`https://other.test:${tls.port}/`, { resolve: loopback, ca: certificate })).toMatchObject({
      phase: "tls",
      seen: expect.stringContaining("another host name"),
    });
  });

  test("it speaks plain http where https was asked for", async () => {
    const plain = await kept(serve((_request, response) => response.end()));
    expect(await diagnosisOf(`https://up.hostile.test:${plain.port}/`, { resolve: loopback })).toMatchObject({
      phase: "tls",
      actor: "organization_admin",
    });
  });

  test("a web page answers", async () => {
    const page = await kept(
      serve((_request, response) => response.setHeader("content-type", "text/html").end("<!doctype html><title>s3cret</title>")),
    );
    expect(await diagnosisOf(page.origin)).toMatchObject({
      phase: "initialize",
      seen: expect.stringContaining("web page"),
      actor: "organization_admin",
    });
  });

  test("it redirects in a circle", async () => {
    const circle = await kept(serve(redirector(302, () => "/s3cret")));
    expect(await diagnosisOf(circle.origin)).toMatchObject({
      phase: "http",
      seen: expect.stringContaining("redirected"),
      actor: "organization_admin",
    });
  });

  test("it never answers, or stops half-way", async () => {
    const mute = await kept(serve(() => undefined));
    const stuck = await kept(serve(stalling("application/json", "{")));
    for (const { origin } of [mute, stuck]) {
      expect(await diagnosisOf(origin, { limits: { timeoutMs: 100 } })).toMatchObject({
        phase: "initialize",
        seen: expect.stringContaining("in time"),
        actor: "provider",
      });
    }
  });

  test("its answer is too large", async () => {
    const large = await kept(serve((_request, response) => response.end("x".repeat(1_000))));
    expect(await diagnosisOf(large.origin, { limits: { maxBytes: 999 } })).toMatchObject({
      phase: "initialize",
      seen: expect.stringContaining("larger"),
    });
  });

  test("its compression is rubbish", async () => {
    const rubbish = await kept(serve((_request, response) => response.setHeader("content-encoding", "gzip").end("s3cret")));
    expect(await diagnosisOf(rubbish.origin)).toMatchObject({ phase: "http" });
  });

  test("it is private, where that is closed", async () => {
    const closed = { allowPrivate: false, resolve: loopback };
    expect(await diagnosisOf("https://up.hostile.test/", closed)).toMatchObject({
      phase: "address_guard",
      actor: "operator",
      advice: expect.stringContaining("ALLOW_PRIVATE_UPSTREAMS"),
    });
    expect(await diagnosisOf("http://up.hostile.test/", closed)).toMatchObject({ phase: "url", actor: "organization_admin" });
    expect(await diagnosisOf("http://169.254.169.254/")).toMatchObject({
      phase: "address_guard",
      advice: expect.not.stringContaining("ALLOW_PRIVATE_UPSTREAMS"),
    });
  });
});

describe("by error", () => {
  const coded = (code: string) => Object.assign(new Error("connect 10.0.0.1:443 s3cret"), { code });

  test.each([
    ["ENOTFOUND", "dns"],
    ["EAI_AGAIN", "dns"],
    ["ECONNREFUSED", "tcp"],
    ["ECONNRESET", "tcp"],
    ["ETIMEDOUT", "tcp"],
    ["EHOSTUNREACH", "tcp"],
    ["ENETUNREACH", "tcp"],
    ["UND_ERR_CONNECT_TIMEOUT", "tcp"],
    ["UND_ERR_SOCKET", "tcp"],
    ["CERT_HAS_EXPIRED", "tls"],
    ["CERT_REVOKED", "tls"],
    ["SELF_SIGNED_CERT_IN_CHAIN", "tls"],
    ["UNABLE_TO_VERIFY_LEAF_SIGNATURE", "tls"],
    ["EPROTO", "tls"],
    ["ERR_SSL_TLSV1_ALERT_HANDSHAKE_FAILURE", "tls"],
    ["HPE_INVALID_CONSTANT", "http"],
    ["UND_ERR_RES_CONTENT_LENGTH_MISMATCH", "http"],
    ["Z_BUF_ERROR", "http"],
    ["ERR_SOMETHING_ELSE", "list"],
  ])("%s is of phase %s, however deep it is", (code, phase) => {
    const wrapped = new Error("outer", { cause: new TypeError("fetch failed", { cause: new AggregateError([coded(code)]) }) });
    for (const error of [coded(code), wrapped]) {
      const failure = diagnose(error, "list");
      expect(failure.phase).toBe(phase);
      expect(JSON.stringify(failure)).not.toMatch(/10\.0\.0\.1|s3cret/);
    }
  });

  test.each([
    [401, "organization_admin", /sign-in/],
    [403, "organization_admin", /refused access/],
    [404, "organization_admin", /404/],
    [429, "provider", /too many/],
    [503, "provider", /failed \(503\)/],
  ])("the SDK's HTTP %s is told by its status", (status, actor, words) => {
    const error = new SdkHttpError(SdkErrorCode.ClientHttpNotImplemented, "s3cret body", { status, statusText: "s3cret" });
    const failure = diagnose(error, "list");
    expect(failure).toMatchObject({ phase: "list", actor });
    expect(failure.seen).toMatch(words);
    expect(JSON.stringify(failure)).not.toContain("s3cret");
  });

  test("one that was diagnosed before keeps its diagnosis", () => {
    const known = { phase: "discovery", seen: "Seen.", actor: "provider", advice: "Do." } as const;
    expect(diagnose(new Error("outer", { cause: upstreamFailed(known) }), "list")).toEqual(known);
    expect(diagnose(new DomainError("INTERNAL", "s3cret", { cause: coded("ECONNREFUSED") }), "list").phase).toBe("tcp");
  });

  test.each([undefined, null, "text", 7, {}, new Error("s3cret")])("anything else gets plain words", (error) => {
    expect(diagnose(error, "token")).toMatchObject({ phase: "token", seen: "The server answered in a way that is not understood." });
  });

  test("every refusal of the guard has words of its own", () => {
    const reasons: OutboundReason[] = ["scheme", "address_guard", "reserved_address", "redirect", "too_large", "timeout", "protocol"];
    for (const reason of reasons) expect(diagnose(new OutboundError(reason, "Seen."), "list").advice).toMatch(/\.$/);
  });

  test("one that is its own cause ends", () => {
    const error = new Error("loop");
    error.cause = error;
    expect(diagnose(error, "list").phase).toBe("list");
  });
});
