// `npm run bench`: every number that the call path is held to, in one run. `npm run bench -- calls | search | processes | starts` measures a part, `brief`
// beside it shows in a few minutes that everything runs; neither writes the report. `npm run bench -- steady [minutes] [pglite | postgresql]` is the long one.
import { mkdir, writeFile } from "node:fs/promises";
import { availableParallelism, loadavg } from "node:os";
import path from "node:path";

import { callRows } from "./calls.ts";
import { databases } from "./gatehouse.ts";
import { processRows } from "./processes.ts";
import { root } from "./program.ts";
import { said, say, table } from "./report.ts";
import { searchRows } from "./searches.ts";
import { measureStarts } from "./starts.ts";
import { steady } from "./steady.ts";

const words = process.argv.slice(2);
const parts = ["calls", "search", "processes", "starts"];
const isBrief = words.includes("brief");
const wanted = words.filter((word) => word !== "brief");
const amount = isBrief ? { rounds: 2, share: 0.1 } : { rounds: 5, share: 1 };
const has = (part: string) => wanted.length === 0 || wanted.includes(part);

function usage(): never {
  throw new Error(
    "npm run bench [-- calls | search | processes | starts] [brief], or npm run bench -- steady [minutes] [pglite | postgresql]",
  );
}

async function measureParts(): Promise<void> {
  const load = loadavg().map((value) => value.toFixed(1));
  say("# Benchmark\n");
  say(
    `\`npm run bench\`: medians of ${amount.rounds} rounds, each way in turn with the direct call. Driver, servers, upstream and database share ${availableParallelism()} cores (Node ${process.version}, load before it began ${load[0]}); read the ratios. Gatehouse with a real token, access check and audit row for each call, with its rate limits out of the way (by default one token, member or connection stops at 1,000 calls a second) and without a log line for each call (\`LOG_LEVEL=warn\`). The database server's own CPU time is not in the table. Half an hour under load is a run of its own: [PGlite](steady-pglite.md), [PostgreSQL](steady-postgresql.md).`,
  );
  if (has("calls")) {
    const { columns, rows } = await callRows(amount);
    say("\n## Calls\n");
    table(columns, rows);
    say(
      "\nThe references (bench/references) know one token and one upstream and keep nothing: a reverse proxy; a gateway with our two tools by hand; the same with the official SDK, of both versions, and with that of v1 in three other manners: one JSON Schema validator for all requests; that, and raw requests upstream; a new client for each call, which connects, lists and calls (a fifth of the calls). What is not reached is explained in [performance.md](../performance.md). Each call makes exactly one upstream request, with a new client four: counted beside, on every way.",
    );
  }
  if (has("search")) {
    const { columns, rows } = await searchRows(amount);
    say("\n## search_capabilities over HTTP, 10,000 tools\n");
    table(columns, rows);
  }
  if (has("processes") && databases.length > 1) {
    const { columns, rows } = await processRows(amount);
    say("\n## Two processes on one PostgreSQL\n");
    table(columns, rows);
    say(
      `\nTwo processes share ${availableParallelism()} cores with the driver, the upstream and PostgreSQL: the ratio is bounded by that.`,
    );
  }
  if (has("starts")) {
    say("\n## Starts\n");
    await measureStarts();
  }
  if (databases.length === 1) say("\nPostgreSQL was not found on this machine, so it was not measured.");
}

if (words[0] === "steady") {
  const [minutes = 30, database = "pglite"] = [words[1] === undefined ? undefined : Number(words[1]), words[2]];
  if (!(minutes > 0)) usage();
  const kind = databases.find((known) => known.toLowerCase() === database) ?? usage();
  process.exitCode = (await steady(minutes, kind)) ? 0 : 1;
} else {
  if (wanted.some((word) => !parts.includes(word))) usage();
  await measureParts();
  if (words.length === 0) {
    await mkdir(path.join(root, "docs/reports"), { recursive: true });
    await writeFile(path.join(root, "docs/reports/bench.md"), said());
  }
}
