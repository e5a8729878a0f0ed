// The connections to all servers, made anew after the process stood still (a suspended machine, a stopped container): servers have closed idle ones
// meanwhile, and the end of a connection may be read only after the next request went out on it. Such a call would have to be answered as one that
// may have run.
import { Agent, type Dispatcher } from "undici";

const beatMs = 500;
/** Shorter by one beat than undici's reserve of 2 s before a server's own end of an idle connection. */
const standstillMs = 1_500;

export interface OutboundPool {
  /** Where the next request goes. It is sent on another one where the process stood still before its first byte was written. */
  dispatcher(): Dispatcher;
  /** Connections to all servers by state, and requests that wait for one. */
  connections(): { open: number; idle: number; waiting: number };
  /** Ends it; waits for running exchanges. */
  close(): Promise<void>;
}

/** One request that moves to the pool of now where its own is out of date before anything of it was written. */
class Movable implements Dispatcher.DispatchHandler {
  private hasStarted = false;
  private readonly inner: Dispatcher.DispatchHandler;
  private readonly isOutOfDate: () => boolean;
  private readonly again: () => void;

  constructor(inner: Dispatcher.DispatchHandler, isOutOfDate: () => boolean, again: () => void) {
    this.inner = inner;
    this.isOutOfDate = isOutOfDate;
    this.again = again;
  }

  onRequestStart(controller: Dispatcher.DispatchController, context: unknown): void {
    if (this.isOutOfDate()) return controller.abort(new Error("The process stood still; this connection may be closed."));
    this.hasStarted = true;
    this.inner.onRequestStart?.(controller, context);
  }

  onResponseStart(...given: Parameters<NonNullable<Dispatcher.DispatchHandler["onResponseStart"]>>): void {
    this.inner.onResponseStart?.(...given);
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.inner.onResponseData?.(controller, chunk);
  }

  onResponseEnd(...given: Parameters<NonNullable<Dispatcher.DispatchHandler["onResponseEnd"]>>): void {
    this.inner.onResponseEnd?.(...given);
  }

  onResponseError(controller: Dispatcher.DispatchController, error: Error): void {
    if (!this.hasStarted && this.isOutOfDate()) this.again();
    else this.inner.onResponseError?.(controller, error);
  }
}

/** Two clocks: the one that never goes back stands still with a suspended machine, the other one may be set. */
const clocks = () => [performance.now(), Date.now()] as const;

/** The guard comes with the options: `connect.lookup` decides which addresses are reached. */
export function createPool(options: Agent.Options): OutboundPool {
  let agent = new Agent(options);
  let dispatcher = movable(agent);
  /** Those of before, which end with what runs on them. */
  const retired = new Map<Agent, Promise<unknown>>();
  let seen = clocks();
  let isClosed = false;

  function movable(own: Agent): Dispatcher {
    const isOutOfDate = () => {
      look();
      return own !== agent && !isClosed;
    };
    return own.compose(
      (dispatch) => (request, handler) =>
        dispatch(request, new Movable(handler, isOutOfDate, () => void dispatcher.dispatch(request, handler))),
    );
  }

  function look(): void {
    const [now, date] = clocks();
    const isLate = now - seen[0] > standstillMs || date - seen[1] > standstillMs;
    seen = [now, date];
    if (!isLate || isClosed) return;
    const old = agent;
    agent = new Agent(options);
    dispatcher = movable(agent);
    const ended = old.close().then(() => retired.delete(old));
    retired.set(old, ended);
  }
  const beat = setInterval(look, beatMs).unref();

  return {
    dispatcher: () => {
      look();
      return dispatcher;
    },
    connections: () => {
      const sum = { open: 0, idle: 0, waiting: 0 };
      for (const stats of [agent, ...retired.keys()].flatMap((one) => Object.values(one.stats))) {
        sum.open += Number(stats.connected);
        sum.idle += "free" in stats ? stats.free : 0;
        sum.waiting += "queued" in stats ? stats.queued : 0;
      }
      return sum;
    },
    close: async () => {
      clearInterval(beat);
      isClosed = true;
      await Promise.all([agent.close(), ...retired.values()]);
    },
  };
}
