// One POST whose answer is JSON, without the web objects of the fetch beside it, which cost several times the exchange: for the calls themselves.
// Same guard, same pool, same bounds; an event stream is handed out as the fetch does it.
import { StringDecoder } from "node:string_decoder";
import { setImmediate } from "node:timers/promises";
import { promisify } from "node:util";
import { brotliDecompress, constants, gunzip } from "node:zlib";
import { Readable } from "node:stream";

import type { Dispatcher } from "undici";

import type { Cancellation } from "#server/cancellation.ts";

import { type Deadline, startDeadline } from "./deadline.ts";
import { OutboundError } from "./error.ts";
import { inLine } from "./in-line.ts";
import { Room } from "./room.ts";

/** An answer that is no event stream. Its headers have lower-case names; `text` is empty where the answer is not JSON. */
export interface WireAnswer {
  status: number;
  headers: Readonly<Record<string, string | string[] | undefined>>;
  text: string;
}

/** An event stream that begins: what of it was read so far is its head alone. */
export interface WireStream {
  status: number;
  headers: Readonly<Record<string, string | string[] | undefined>>;
  stream: Readable;
  deadline: Deadline;
}

export interface ExchangeLimits {
  timeoutMs: number;
  maxBytes: number;
  streamIdleMs: number;
}

/** Bytes of a body, or characters of its text, from which each pass over it is a turn of its own: one takes milliseconds, and others are heard in between. */
export const longAnswer = 262_144;
/** For how many bytes, and for how long, a body nobody wants may go on so that its connection can be kept. */
const graceBytes = 65_536;
const graceMs = 200;

const inflate = promisify(gunzip);
const unbrotli = promisify(brotliDecompress);

const tooLarge = (maxBytes: number) => new OutboundError("too_large", `The answer is larger than ${maxBytes} bytes.`);
const asError = (reason: unknown) => (reason instanceof Error ? reason : new Error("The exchange was given up.", { cause: reason }));

/** A body as it was before it was packed. Throws OutboundError for one that is too large then, or packed in a way that was not asked for. */
async function unpacked(body: Buffer, coding: string, maxBytes: number): Promise<Buffer> {
  const name = coding.trim().toLowerCase();
  if (name === "" || name === "identity") return body;
  const options = { maxOutputLength: maxBytes };
  try {
    // Flushing takes an answer that was cut behind its last block, as browsers do.
    if (name === "gzip" || name === "x-gzip") return await inflate(body, { ...options, finishFlush: constants.Z_SYNC_FLUSH });
    if (name === "br") return await unbrotli(body, options);
  } catch (error) {
    throw error instanceof Error && "code" in error && error.code === "ERR_BUFFER_TOO_LARGE" ? tooLarge(maxBytes) : error;
  }
  throw new OutboundError("protocol", "The server answered in a compression that was not asked for.");
}

/** Bytes of a long body that are read as text in one turn. */
const pieceBytes = 65_536;

const byteOrderMark = Buffer.from("\uFEFF");
const withoutMark = (body: Buffer) => (body[0] === byteOrderMark[0] && body.subarray(0, 3).equals(byteOrderMark) ? body.subarray(3) : body);

/** The text of a body. The same as its toString, in turns where it is long, before each of which `goOn` may end it by throwing. */
async function textOf(body: Buffer, goOn: () => void): Promise<string> {
  if (body.byteLength <= longAnswer) return body.toString("utf8");
  return inLine(async () => {
    const decoder = new StringDecoder("utf8");
    let text = "";
    for (let at = 0; at < body.byteLength; at += pieceBytes) {
      await setImmediate();
      goOn();
      text += decoder.write(body.subarray(at, at + pieceBytes));
    }
    return text + decoder.end();
  });
}

/** A piece without the rest of what came from the socket with it, where that is much. */
const ownPiece = (chunk: Buffer) => (chunk.buffer.byteLength - chunk.byteLength > 4_096 ? Buffer.from(chunk) : chunk);

const first = (value: string | string[] | undefined) => (Array.isArray(value) ? value[0] : value);

/** Headers that decide what becomes of the body. */
function facts({ "content-type": type, "content-encoding": coding }: WireAnswer["headers"]) {
  const known = first(type)?.toLowerCase() ?? "";
  return { isStream: known.startsWith("text/event-stream"), isJson: known.includes("json"), coding: first(coding) ?? "" };
}

/**
 * Sends one request and reads its answer. Rejects with OutboundError for what is over its bounds, with the signal's reason after an abort, and with
 * the network's error otherwise.
 */
export function exchange(
  dispatcher: Dispatcher,
  options: Dispatcher.DispatchOptions,
  { timeoutMs, maxBytes, streamIdleMs }: ExchangeLimits,
  { signal, mayStart }: { signal: Cancellation; mayStart?: () => boolean },
): Promise<WireAnswer | WireStream> {
  return new Promise((resolve, reject) => {
    let control: Dispatcher.DispatchController | undefined;
    let ended: Error | undefined;
    let room: Room | undefined;
    const end = () => {
      clearTimeout(timer);
      room?.free();
      signal.removeEventListener("abort", abort);
    };
    const fail = (reason: unknown) => {
      end();
      ended ??= asError(reason);
      // Also a request that still waits for its connection is told now; it is given up as soon as there is one.
      control?.abort(ended);
      reject(reason);
    };
    const abort = () => fail(signal.reason);
    const timer = setTimeout(() => fail(new OutboundError("timeout", "The server did not answer in time.")), timeoutMs);
    if (signal.aborted) return abort();
    signal.addEventListener("abort", abort, { once: true });

    let status = 0;
    let headers: WireAnswer["headers"] = {};
    let coding = "";
    let stream: Readable | undefined;
    let isUnwanted = false;
    let grace: NodeJS.Timeout | undefined;
    let received = 0;
    let declared = maxBytes;
    let body: Buffer = Buffer.alloc(0);
    /** Takes the next piece of `received`, which counts it already. */
    const keep = (chunk: Buffer) => {
      // What comes in one piece is small.
      if (received === chunk.byteLength) return void (body = chunk);
      try {
        if (received > body.byteLength) {
          // Copied: a piece is a look at all that came from the socket with it, and a server can make that 64 KiB for each byte of its answer.
          const larger = Buffer.allocUnsafeSlow(Math.max(received, Math.min(declared, received * 2)));
          room ??= new Room(new URL(String(options.origin)).hostname, fail);
          room.keep(larger.byteLength - body.byteLength);
          body.copy(larger);
          body = larger;
        }
        chunk.copy(body, received - chunk.byteLength);
      } catch (error) {
        fail(error);
      }
    };

    dispatcher.dispatch(options, {
      onRequestStart(started) {
        control = started;
        if (ended) started.abort(ended);
        else if (mayStart?.() === false) fail(new OutboundError("not_started", "The request was held back before it was sent."));
      },
      onResponseStart(started, code, given) {
        if (code < 200) return;
        // What no answer of HTTP can be.
        if (code > 599) return fail(new OutboundError("protocol", "The server answered with a number that is no HTTP status."));
        status = code;
        headers = given;
        const { isStream, isJson, ...packed } = facts(given);
        coding = packed.coding;
        if (isStream) {
          end();
          const deadline = startDeadline(timeoutMs, signal);
          deadline.countSilence(streamIdleMs);
          const body = new Readable({
            read: () => started.resume(),
            destroy(error, done) {
              started.abort(error ?? new Error("Nobody reads the rest of this stream."));
              done(error);
            },
          });
          // The reader gets it all the same; without a listener it would end the process.
          body.on("error", () => undefined);
          deadline.signal.addEventListener("abort", () => body.destroy(asError(deadline.signal.reason)), { once: true });
          stream = body;
          resolve({ status, headers, stream, deadline });
        } else if (!isJson) {
          isUnwanted = true;
          grace = setTimeout(() => started.abort(new Error("Nobody reads the rest of this answer.")), graceMs);
          end();
          resolve({ status, headers, text: "" });
        } else {
          const length = Number(first(given["content-length"]));
          // It says so itself: none of it has to be read.
          if (length > maxBytes) fail(tooLarge(maxBytes));
          if (length > 0) declared = length;
        }
      },
      onResponseData(started, chunk) {
        if (stream) {
          if (!stream.push(ownPiece(chunk))) started.pause();
          return;
        }
        received += chunk.byteLength;
        if (isUnwanted) {
          if (received > graceBytes) started.abort(new Error("Nobody reads the rest of this answer."));
        } else if (received > maxBytes) fail(tooLarge(maxBytes));
        else keep(chunk);
      },
      onResponseEnd() {
        clearTimeout(grace);
        if (stream) return void stream.push(null);
        if (isUnwanted || ended) return;
        const whole = body.subarray(0, received);
        const finish = (text: string) => {
          end();
          resolve({ status, headers, text });
        };
        if (coding === "" && received <= longAnswer) return finish(withoutMark(whole).toString("utf8"));
        // Nothing is left of it to give up, and what takes time now is not the server; its room counts until there is its text.
        control = undefined;
        clearTimeout(timer);
        const goOn = () => {
          if (ended) throw ended;
        };
        unpacked(whole, coding, maxBytes)
          .then((body) => textOf(withoutMark(body), goOn))
          .then(finish, fail);
      },
      onResponseError(_started, error) {
        clearTimeout(grace);
        if (stream) stream.destroy(error);
        else fail(error);
      },
    });
  });
}
