// The faults of agents: many at once, many with bad tokens, many that send a byte a second.
import type { CrowdReport } from "./crowd.ts";
import { pause } from "./load.ts";
import type { Fault } from "./measure.ts";
import { mintToken, type World } from "./world.ts";

const inWords = ({ ends, ms }: CrowdReport) =>
  `${Object.entries(ends)
    .map(([end, count]) => `${count} ${end}`)
    .join(", ")} in ${(ms / 1_000).toFixed(1)} s`;

const crowdSize = 2_000;
const crowds = 3;
/** Of the slow ones each token has two connections. */
const slowTokens = 1_000;
const slowCrowds = 1;
const tokens: string[] = [];

/** Gives each crowd its tokens, so that making them is no part of a measurement. No crowd comes twice: known agents come in more easily. */
export async function prepareCrowds({ product }: World): Promise<void> {
  while (tokens.length < crowds * crowdSize + slowCrowds * slowTokens) tokens.push(await mintToken(product, `agent ${tokens.length}`));
}

export const manyAgents: Fault = {
  name: "2,000 agents connect at once",
  how: "each with its own token and connection: initialize, notification, a look for a stream, tools/list, one call",
  rounds: crowds,
  // As long as a crowd takes to be served.
  ms: 20_000,
  provoke: async ({ product, unruly, upstreams: { crowd } }) => {
    const report = await crowd({ crowd: "agents", origin: product.origin, tokens: tokens.splice(0, crowdSize), ...unruly });
    return [{ what: `agents served: ${inWords(report)}`, ok: report.good === report.tried }];
  },
};

export const slowAgents: Fault = {
  name: "2,000 slow-loris agents",
  how: "half drip their headers, half the body of a request with a good token, a byte or line a second, for 75 s",
  rounds: slowCrowds,
  ms: 60_000,
  provoke: async ({ product, upstreams: { crowd } }) => {
    const report = await crowd({ crowd: "slow", origin: product.origin, tokens: tokens.splice(0, slowTokens), ms: 75_000 });
    return [{ what: `hung up on: ${inWords(report)}`, ok: report.good === report.tried }];
  },
};

const wantedPerSecond = 10_000;

export const badTokens: Fault = {
  name: "10,000 bad tokens a second",
  how: `from one address over 500 connections as fast as they are answered, half well-formed, half not; each another one`,
  provoke: async ({ product, upstreams: { crowd } }, ms) => {
    const report = await crowd({ crowd: "bad tokens", origin: product.origin, ms, perSecond: wantedPerSecond });
    return [
      {
        what: `refused: ${inWords(report)}, ${Math.round((report.tried / report.ms) * 1_000)} a second`,
        ok: report.good === report.tried,
      },
    ];
  },
};

export const hastyTokens: Fault = {
  name: "bad tokens that wait for nothing",
  how: `10,000 a second over 200 connections, ten in a piece, whether answered or not; who is hung up on comes back`,
  provoke: async ({ product, upstreams: { crowd } }, ms) => {
    const report = await crowd({ crowd: "hasty", origin: product.origin, ms, perSecond: wantedPerSecond });
    return [{ what: `refused: ${inWords(report)}`, ok: report.good === report.tried && report.tried > 0 }];
  },
};

export const stalled: Fault = {
  name: "the event loop stands still",
  how: "SIGSTOP for 7 s under load, then SIGCONT; measured once it runs again",
  // And a moment for what had come meanwhile.
  noticedMs: 8_000,
  provoke: async ({ product }, ms) => {
    process.kill(product.pid, "SIGSTOP");
    await pause(7_000);
    process.kill(product.pid, "SIGCONT");
    await pause(ms);
    return [];
  },
};
