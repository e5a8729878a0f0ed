// Where a fake authorization server keeps its records: one map per server, so that two of them never know each other's tokens.

interface Payload {
  uid?: string;
  userCode?: string;
  grantId?: string;
  consumed?: number;
}

/** The records of one server by "<model>:<id>". */
export type Records = Map<string, Payload>;

/** The adapter of oidc-provider over `records`. */
export function memoryAdapter(records: Records) {
  return (model: string) => {
    const key = (id: string) => `${model}:${id}`;
    const firstWith = (test: (payload: Payload) => boolean) =>
      [...records].find(([name, payload]) => name.startsWith(`${model}:`) && test(payload))?.[1];
    return {
      upsert: async (id: string, payload: Payload) => void records.set(key(id), payload),
      find: async (id: string) => records.get(key(id)),
      findByUid: async (uid: string) => firstWith((payload) => payload.uid === uid),
      findByUserCode: async (userCode: string) => firstWith((payload) => payload.userCode === userCode),
      consume: async (id: string) => {
        const payload = records.get(key(id));
        if (payload) payload.consumed = Math.floor(Date.now() / 1000);
      },
      destroy: async (id: string) => void records.delete(key(id)),
      revokeByGrantId: async (grantId: string) => {
        for (const [name, payload] of records) if (payload.grantId === grantId) records.delete(name);
      },
    };
  };
}
