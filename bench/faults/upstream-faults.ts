// The faults of one server, while calls to it go on: what its callers are told, and that its neighbours do not notice.
import type { Fault } from "./measure.ts";
import type { Pace, Sample } from "./load.ts";
import type { Manner } from "./manners.ts";
import type { World } from "./world.ts";

interface Plan {
  manner: Manner;
  name: string;
  how: string;
  perSecond?: number;
  atOnce?: number;
  withProgress?: boolean;
  /** What an answer of this server may look like. */
  expected: (sample: Sample) => boolean;
}

const refused = ({ end }: Sample) => end === "refused";
const saying =
  (...errors: string[]) =>
  (sample: Sample) =>
    refused(sample) || errors.some((error) => sample.said.includes(error));
/** The agent gave up: nothing came in its patience. */
const givenUp = ({ end, said }: Sample) => end === "lost" && said.includes("TimeoutError");

const plans: Plan[] = [
  { manner: "hang", name: "a server hangs", how: "never answers; agents give up after 2 s", expected: givenUp },
  { manner: "drip", name: "a server drips", how: "its JSON a byte a second; agents give up after 2 s", expected: givenUp },
  { manner: "reset", name: "a server resets", how: "closes each connection instead of an answer", expected: refused },
  {
    manner: "garbage",
    name: "a server answers garbage",
    how: "half a JSON object, as JSON",
    expected: saying("provider_error", "connection_failed"),
  },
  { manner: "huge", name: "a server answers 10 MB", how: "10 MB of JSON for each call", expected: saying("result_too_large"), atOnce: 4 },
  {
    manner: "large",
    name: "a server answers 3.9 MB that fit",
    how: "3.9 MB of text for each call, two calls a second",
    expected: ({ end }) => end === "right",
    perSecond: 2,
    atOnce: 2,
  },
  {
    manner: "events",
    name: "a server answers 100,000 events",
    how: "100,000 progress events before each result, one call after the other",
    expected: ({ end }) => end === "right",
    atOnce: 1,
  },
  {
    manner: "events",
    name: "the same, with progress asked for",
    how: "the agent asks for progress and reads all of it",
    expected: ({ end }) => end === "right",
    atOnce: 1,
    withProgress: true,
  },
  {
    manner: "lines",
    name: "a server streams lines that are none",
    how: "262,144 lines of an unknown field before each result, one call after the other",
    expected: ({ end }) => end === "right",
    atOnce: 1,
  },
  { manner: "dead", name: "a server dies in the middle of calls", how: "sockets closed, port closed, back after 10 s", expected: refused },
];

async function provoke(world: World, ms: number, { manner, expected, perSecond = 10, atOnce = 20, withProgress }: Plan) {
  const { origin } = world.product;
  const pace: Pace = {
    origin,
    token: world.token,
    targets: [world.unruly],
    perSecond,
    atOnce,
    patienceMs: expected === givenUp ? 2_000 : 60_000,
    ...(withProgress ? { withProgress } : {}),
  };
  world.upstreams.behave(manner);
  const samples = await world.upstreams.callers({ pace, ms });
  world.upstreams.behave("fine");
  const odd = samples.filter((sample) => !expected(sample));
  const what = `${samples.length} calls to it ended as they should${odd[0] ? `, ${odd.length} not: ${odd[0].end} ${odd[0].said}` : ""}`;
  return [{ what, ok: samples.length > 0 && odd.length === 0 }];
}

export const upstreamFaults: Fault[] = plans.map((plan) => ({
  name: plan.name,
  how: plan.how,
  provoke: (world, ms) => provoke(world, ms, plan),
}));
