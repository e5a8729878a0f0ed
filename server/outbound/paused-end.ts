// undici 7 asserts that an answer is not paused when its connection ends, in a listener where nobody can catch it: a server that says "connection:
// close" and is read slower than it sends would end the process (nodejs/undici#5360). Version 8, where that is mended, does not run on Node 20; once
// the product may ask for a newer one this file can go.
import type { LookupFunction, Socket } from "node:net";

import { buildConnector } from "undici";

/** undici's parser of a connection, as far as it is needed here. */
interface Parser {
  paused: boolean;
  ptr: unknown;
  llhttp: { llhttp_resume: (parser: unknown) => void };
  resume: () => void;
}

const isObject = (value: unknown): value is object => typeof value === "object" && value !== null;

function isParser(value: unknown): value is Parser {
  return isObject(value) && "paused" in value && "ptr" in value && "resume" in value && "llhttp" in value && isObject(value.llhttp);
}

function parserOf(socket: Socket): Parser | null {
  const key = Object.getOwnPropertySymbols(socket).find(({ description }) => description === "parser");
  const parser: unknown = key && Reflect.get(socket, key);
  return isParser(parser) ? parser : null;
}

/** Hands on what was held back: a pause asks for less, and whoever asked for it gets the rest all the same. */
function goOn(socket: Socket): void {
  const parser = parserOf(socket);
  if (!parser?.paused) return;
  parser.resume();
  if (!parser.paused || parser.ptr === null) return;
  // A body without a length, which pauses again with each look at it, and one whose connection was cut: undici's own listener tells its end.
  parser.llhttp.llhttp_resume(parser.ptr);
  parser.paused = false;
}

/** undici's connector, whose connections may end while they are paused. `lookup` is the guard's: it decides which addresses are reached. */
export function pausableConnector(options: buildConnector.BuildOptions & { lookup: LookupFunction }): buildConnector.connector {
  const connect = buildConnector(options);
  return (to, callback) =>
    connect(to, (...result) => {
      const [, socket] = result;
      // Before undici's own listeners, which are added once it has the connection.
      for (const event of ["end", "error", "close"]) socket?.on(event, () => goOn(socket));
      callback(...result);
    });
}
