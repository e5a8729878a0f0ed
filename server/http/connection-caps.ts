// How many connections may be open: each costs memory and a file handle, whether anything is ever said on it or not.
import type { Server } from "node:http";
import type { Socket } from "node:net";

import { networkOf } from "#server/auth/limits.ts";
import { env } from "#server/env.ts";

const maxOpen = 10_000;
/** Of one address, where addresses are people's and not a proxy's. */
const maxOfOne = 5_000;

/** Closes connections beyond these numbers as they come. */
export function capConnections(server: Server, maxOfOneAddress = maxOfOne): void {
  server.maxConnections = maxOpen;
  if (env.TRUST_PROXY) return;
  const open = new Map<string, number>();
  server.on("connection", (socket: Socket) => {
    const address = networkOf(socket.remoteAddress ?? "");
    const count = (open.get(address) ?? 0) + 1;
    open.set(address, count);
    socket.once("close", () => {
      const left = (open.get(address) ?? 0) - 1;
      if (left > 0) open.set(address, left);
      else open.delete(address);
    });
    if (count > maxOfOneAddress) socket.destroy();
  });
}
