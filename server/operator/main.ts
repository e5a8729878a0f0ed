// `npm run gatehouse -- <command>`: hands the command to the product that runs here, or runs it on the database itself.
import "./quiet.ts";

import { closeDatabase, openDatabase } from "#server/db.ts";
import { env } from "#server/env.ts";
import { stop } from "#server/stop.ts";

import { type CommandResult, runCommand } from "./commands.ts";
import { sendCommand } from "./control.ts";

async function onOwnDatabase(argv: readonly string[]): Promise<CommandResult> {
  try {
    await openDatabase(env.DATABASE_URL);
  } catch (error) {
    stop(error instanceof Error ? error.message : String(error));
  }
  try {
    return await runCommand(argv);
  } finally {
    await closeDatabase();
  }
}

const argv = process.argv.slice(2);
// Help needs no database.
const asksForHelp = argv.length === 0 || argv[0] === "help" || argv.includes("--help");
const { code, stdout, stderr } = asksForHelp
  ? await runCommand(argv)
  : ((await sendCommand(env.DATABASE_URL, argv)) ?? (await onOwnDatabase(argv)));
process.stdout.write(stdout);
process.stderr.write(stderr);
process.exitCode = code;
