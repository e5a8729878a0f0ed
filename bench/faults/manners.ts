// What the servers of bench/faults can be told, and what they tell.

export const healthyServers = 5;

export type Manner = "fine" | "hang" | "drip" | "reset" | "garbage" | "huge" | "large" | "events" | "lines" | "dead" | "other tools";
export type Order = { manner: Manner } | { ask: "ledger" };
/** What the servers tell: their ports once, and the ledger when asked: each call that arrived by its text, and how many were given up on. */
export type Report = { ports: number[] } | { executed: string[]; abandoned: number };
