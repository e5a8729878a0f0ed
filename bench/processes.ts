// Two processes on one PostgreSQL against one of them, a hundred calls at once; the driver takes turns as a plain round-robin proxy does.
import { drive, type Measured, median } from "./drive.ts";
import { connectTo, gatewayLoad, openDatabase, startOn, tokensFor } from "./gatehouse.ts";
import { cpuSeconds, startProgram } from "./program.ts";
import type { Amount, Row } from "./report.ts";

const atOnce = 100;
const count = 6_000;

/** The rows of the table. PostgreSQL has to be there. */
export async function processRows({ rounds, share }: Amount): Promise<{ columns: string[]; rows: Row[] }> {
  const echo = await startProgram("echo-upstream");
  const { url, remove } = await openDatabase("PostgreSQL");
  // One after the other: the first one makes the organization.
  const first = await startOn(url);
  const second = await startOn(url);
  try {
    // One member calls one connection 75 times at once and no more, so there are a few.
    const [ids, tokens] = [await connectTo(first, echo.origin, 4), await tokensFor(first, 20)];
    const one = gatewayLoad([first.origin], tokens, ids, "echo");
    const both = gatewayLoad([first.origin, second.origin], tokens, ids, "echo");
    await drive(both, atOnce, count * share);
    const runs: { alone: Measured; together: Measured; cpuPerThousand: number }[] = [];
    const cpu = () => cpuSeconds(first.pid) + cpuSeconds(second.pid);
    for (let round = 0; round < rounds; round += 1) {
      // Every other round backwards: what drifts in the machine drifts for both.
      const early = round % 2 ? await drive(one, atOnce, count * share) : null;
      const before = cpu();
      const together = await drive(both, atOnce, count * share);
      const cpuPerThousand = ((cpu() - before) / (count * share)) * 1_000;
      runs.push({ alone: early ?? (await drive(one, atOnce, count * share)), together, cpuPerThousand });
      process.stderr.write(`processes: round ${round + 1} of ${rounds}\n`);
    }
    const each = (figure: (run: (typeof runs)[number]) => number) => [median(runs.map(figure))];
    const rows: Row[] = [
      { what: "one process, calls/s at c=100", values: each(({ alone }) => alone.perSecond), digits: 0 },
      { what: "one process, p99 at c=100, ms", values: each(({ alone }) => alone.p99), digits: 1 },
      { what: "two processes, calls/s at c=100", values: each(({ together }) => together.perSecond), digits: 0 },
      { what: "two processes, p99 at c=100, ms", values: each(({ together }) => together.p99), digits: 1 },
      { what: "two processes, CPU seconds per 1,000 calls of both", values: each(({ cpuPerThousand }) => cpuPerThousand), digits: 2 },
      {
        what: "two processes against one",
        values: each(({ alone, together }) => together.perSecond / alone.perSecond),
        digits: 2,
        aim: { atLeast: 1.7 },
      },
    ];
    return { columns: ["Gatehouse, PostgreSQL"], rows };
  } finally {
    await Promise.all([first.stop(), second.stop()]);
    await remove();
    await echo.stop();
  }
}
