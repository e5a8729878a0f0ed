// How well queries find their tools: hit@k, MRR and nDCG@5 by slice and half.
import { createHash } from "node:crypto";

export interface Query {
  id: string;
  query: string;
  slice: string;
  style?: string;
  relevant: string[];
}

export interface Quality {
  queries: number;
  hit1: number;
  hit3: number;
  hit5: number;
  hit10: number;
  mrr: number;
  ndcg5: number;
}

/** Which half a query is in, by a fixed hash of the tool it asks for, so that two wordings of one wish are never in both: one half is tuned on, the other only reported. */
export function halfOf({ relevant: [tool = ""] }: Query): "tuning" | "held out" {
  return (createHash("sha256").update(tool).digest()[0] ?? 0) % 2 === 0 ? "tuning" : "held out";
}

/** `answer` returns ids of tools ("server/name"), the best first, ten of them. */
export function judge(queries: readonly Query[], answer: (query: string) => readonly string[]): Quality {
  const sums = { hit1: 0, hit3: 0, hit5: 0, hit10: 0, mrr: 0, ndcg5: 0 };
  for (const { query, relevant } of queries) {
    const found = answer(query);
    const right = new Set(relevant);
    const rank = found.findIndex((id) => right.has(id));
    if (rank >= 0) {
      if (rank < 1) sums.hit1 += 1;
      if (rank < 3) sums.hit3 += 1;
      if (rank < 5) sums.hit5 += 1;
      if (rank < 10) sums.hit10 += 1;
      sums.mrr += 1 / (rank + 1);
    }
    const gain = found.slice(0, 5).reduce((sum, id, index) => sum + (right.has(id) ? 1 / Math.log2(index + 2) : 0), 0);
    const ideal = Array.from({ length: Math.min(5, right.size) }, (_, index) => 1 / Math.log2(index + 2)).reduce((a, b) => a + b, 0);
    sums.ndcg5 += ideal === 0 ? 0 : gain / ideal;
  }
  const count = queries.length;
  const share = (sum: number) => (count === 0 ? 0 : (sum / count) * 100);
  return {
    queries: count,
    hit1: share(sums.hit1),
    hit3: share(sums.hit3),
    hit5: share(sums.hit5),
    hit10: share(sums.hit10),
    mrr: count === 0 ? 0 : sums.mrr / count,
    ndcg5: count === 0 ? 0 : sums.ndcg5 / count,
  };
}
