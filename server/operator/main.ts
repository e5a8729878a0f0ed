// `npm run gatehouse -- <command>`: hands the command to the product that runs here, or runs it on the database itself.
import "./quiet.ts";

import { closeDatabase, openDatabase } from "#server/db.ts";
import { env } from "#server/env.ts";
import { outbound } from "#server/outbound/outbound.ts";
import { stop } from "#server/stop.ts";

import { answerWithoutDatabase, type CommandResult, runCommand } from "./commands.ts";
import { sendCommand } from "./control.ts";

async function onOwnDatabase(argv: readonly string[]): Promise<CommandResult> {
  if (env.DATABASE_URL === "pglite:memory")
    stop("DATABASE_URL=pglite:memory lives and dies with its process, so there is nothing to work on. Set it to a folder or a server.");
  try {
    await openDatabase(env.DATABASE_URL);
  } catch (error) {
    stop(error instanceof Error ? error.message : String(error));
  }
  try {
    return await runCommand(argv);
  } finally {
    // Removing a member also signs out at providers; a connection kept alive would keep this process.
    await outbound.close();
    await closeDatabase();
  }
}

const argv = process.argv.slice(2);
const { code, stdout, stderr } = answerWithoutDatabase(argv) ?? (await sendCommand(env.DATABASE_URL, argv)) ?? (await onOwnDatabase(argv));
process.stdout.write(stdout);
process.stderr.write(stderr);
process.exitCode = code;
