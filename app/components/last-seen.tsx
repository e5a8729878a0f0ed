// When and as what an agent was last seen, and from which kind of network: enough to notice a stranger.
import { Time } from "./ui/time.tsx";

export interface Seen {
  lastUsedAt: Date | null;
  lastClient: string | null;
  lastNetwork: string | null;
}

const networks = new Map([
  ["loopback", "the machine Gatehouse runs on"],
  ["private", "a private network"],
  ["public", "the internet"],
]);

export function LastSeen({ lastUsedAt, lastClient, lastNetwork }: Seen) {
  if (!lastUsedAt) return "not seen yet";
  const network = networks.get(lastNetwork ?? "");
  return (
    <>
      seen <Time at={lastUsedAt} />
      {network && ` from ${network}`}
      {lastClient && ` (${lastClient})`}
    </>
  );
}
