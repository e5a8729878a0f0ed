// New connections come in by turns: thousands at once would otherwise keep everybody who is connected already waiting until the last of them was greeted.
import type { Server } from "node:http";
import type { Socket } from "node:net";

/** Milliseconds that a turn of the event loop may take while new connections wait: beyond it fewer come in with the next one, below it more. */
const turnMs = 4;
const mostInTurn = 64;

const unheard = () => undefined;

/** Hands new connections to `server` as fast as its event loop keeps its pace, in the order they came; one with each turn at least. */
export function admitInTurn(server: Server): void {
  const [serve] = server.listeners("connection");
  if (!serve) throw new Error("This server takes no connections.");
  let waiting: Socket[] = [];
  let share = mostInTurn;
  let last = 0;

  const admit = () => {
    const now = performance.now();
    share = now - last > turnMs ? Math.max(1, share >> 1) : Math.min(mostInTurn, share + 1);
    last = now;
    const admitted = waiting.slice(0, share);
    waiting = waiting.slice(share);
    if (waiting.length > 0) setImmediate(admit);
    for (const socket of admitted) {
      socket.off("error", unheard);
      if (!socket.destroyed) serve.call(server, socket);
    }
  };

  server.removeAllListeners("connection");
  server.on("connection", (socket: Socket) => {
    if (waiting.length === 0) {
      last = performance.now();
      setImmediate(admit);
    }
    waiting.push(socket.on("error", unheard));
  });
}
