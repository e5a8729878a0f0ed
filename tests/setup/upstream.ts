// What tests of the upstream side begin with: a connection made by its verb, and the target that calls of one credential identity need.
import { create } from "#server/connections/create.ts";
import { sealKey } from "#server/connections/key.ts";
import type { CreateInput } from "#server/connections/schema.ts";
import { db } from "#server/db.ts";
import { callTool } from "#server/upstream/call-tool.ts";
import type { CallInput, CallOptions } from "#server/upstream/plain-call.ts";
import type { UpstreamTarget } from "#server/upstream/target.ts";
import type { Person } from "#prisma/factories.ts";

export const everyone = { organization: true, membershipIds: [], teamIds: [] };

/** Adds a connection without sign-in, or with the key given, that everybody may use. */
export async function connectTo(owner: Person, url: string, more: Partial<CreateInput> = {}): Promise<string> {
  const authType = more.apiKey === undefined ? "none" : "api_key";
  const { id } = await create(owner.actor, { name: "Upstream", url, authType, credentialMode: "shared", access: everyone, ...more });
  return id;
}

/** The target of a connection as its rows are now. */
export async function targetFor(connectionId: string, holder = "shared"): Promise<UpstreamTarget> {
  const { credentials, ...row } = await db.connection.findUniqueOrThrow({
    where: { id: connectionId },
    include: { credentials: { where: { holder }, select: { id: true, revision: true } } },
  });
  return { ...row, connectionId, connectionName: row.name, holder, credential: credentials[0] ?? null };
}

/** Gives a person a key of their own for a connection, as the next one of theirs. */
export async function giveKey(connectionId: string, membershipId: string, key: string): Promise<void> {
  const sealed = sealKey(connectionId, membershipId, key);
  await db.credential.upsert({
    where: { connectionId_holder: { connectionId, holder: membershipId } },
    create: { connectionId, holder: membershipId, membershipId, sealed },
    update: { sealed, revision: { increment: 1 } },
  });
}

/** One call with time to spare. */
export function call(target: UpstreamTarget, input: Partial<CallInput> = {}, options: Partial<CallOptions> = {}) {
  return callTool(
    target,
    { name: "echo", arguments: { text: "hello" }, ...input },
    { caller: "somebody", signal: new AbortController().signal, ...options },
  );
}
