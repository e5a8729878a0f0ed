// The operator's command line: from words to a command's answer. Runs over the open database, in the command line itself or,
// while the product runs on its embedded database, in the product.
import { parseArgs } from "node:util";

import { DomainError } from "#server/errors.ts";

import { type Command, given, type OptionName, optionNames, type Options, Usage } from "./command.ts";
import { peopleCommands } from "./people.ts";
import { switchCommands } from "./switches.ts";

export interface CommandResult {
  /** 0 done, 1 refused, 2 wrong usage. */
  code: number;
  stdout: string;
  stderr: string;
}

// A map, so that words such as "toString" name nothing.
const commands = new Map(Object.entries({ ...peopleCommands, ...switchCommands }));
const program = "npm run gatehouse --";

// "multiple", because of two of the same option the first would go unheard.
const text = { type: "string", multiple: true } as const;
const flag = { type: "boolean" } as const;
const argumentTypes = {
  json: flag,
  help: flag,
  org: text,
  name: text,
  email: text,
  role: text,
  "owner-email": text,
  "owner-name": text,
  scopes: text,
  days: text,
} satisfies Record<OptionName | "json" | "help", typeof text | typeof flag>;

function usageLine(words: string): string {
  const command = commands.get(words);
  return command ? `Usage: ${program} ${words} ${command.usage}`.trimEnd() : `Usage: ${program} <command> [--json], see: ${program} help`;
}

function help(json: boolean): CommandResult {
  const rows = [...commands].map(([command, { usage, about }]) => ({ command, usage, about }));
  const lines = [
    `${program} <command> [--json]`,
    "",
    ...rows.flatMap(({ command, usage, about }) => [`  ${command} ${usage}`.trimEnd(), `      ${about}`]),
    "",
    "It works against a running product and against a stopped one.",
    "Exit codes: 0 done, 1 refused, 2 wrong usage or a start that cannot succeed.",
  ];
  return { code: 0, stdout: json ? `${JSON.stringify(rows)}\n` : `${lines.join("\n")}\n`, stderr: "" };
}

function parsed(argv: readonly string[]) {
  try {
    return parseArgs({ args: [...argv], allowPositionals: true, options: argumentTypes });
  } catch (cause) {
    throw new Usage(cause instanceof Error ? cause.message : "These options are not known.", { cause });
  }
}

type Plan = { answer: CommandResult } | { command: Command; options: Options; json: boolean };

/** Throws Usage. */
function plan(argv: readonly string[]): Plan {
  const { values, positionals } = parsed(argv);
  const json = values.json === true;
  const words = positionals.join(" ");
  if (words === "help" || values.help === true) return { answer: help(json) };
  if (words === "") return { answer: { ...help(json), code: 2 } };
  const command = commands.get(words);
  if (!command) throw new Usage(`There is no command "${words}".`);
  const options: Options = {};
  for (const name of optionNames) {
    const [value, ...more] = values[name] ?? [];
    if (value === undefined) continue;
    if (more.length > 0) throw new Usage(`--${name} is there twice.`);
    if (![...command.needs, ...command.takes].includes(name)) throw new Usage(`"${words}" takes no --${name}.`);
    options[name] = value;
  }
  for (const name of command.needs) given(options, name);
  return { command, options, json };
}

/** The command that a wrong command line probably meant: its words come first as a rule. */
function meant(argv: readonly string[]): string {
  return argv.slice(0, 2).join(" ");
}

function wrongUsage(argv: readonly string[], { message }: Usage): CommandResult {
  return { code: 2, stdout: "", stderr: `${message}\n${usageLine(meant(argv))}\n` };
}

/** The answer to a command line that needs no database (help, wrong usage); null for every other. */
export function answerWithoutDatabase(argv: readonly string[]): CommandResult | null {
  try {
    const planned = plan(argv);
    return "answer" in planned ? planned.answer : null;
  } catch (error) {
    if (error instanceof Usage) return wrongUsage(argv, error);
    throw error;
  }
}

/** Runs one command line. Never throws for what was typed or refused; everything unexpected goes on. */
export async function runCommand(argv: readonly string[]): Promise<CommandResult> {
  try {
    const planned = plan(argv);
    if ("answer" in planned) return planned.answer;
    const { data, lines } = await planned.command.run(planned.options);
    return { code: 0, stdout: planned.json ? `${JSON.stringify(data)}\n` : lines.map((line) => `${line}\n`).join(""), stderr: "" };
  } catch (error) {
    if (error instanceof Usage) return wrongUsage(argv, error);
    if (error instanceof DomainError) return { code: 1, stdout: "", stderr: `${error.message}\n` };
    throw error;
  }
}
