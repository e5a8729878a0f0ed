// Why a match stands where it stands, in plain words: which word counted where, and what multiplied it.
import type { Explanation, Factor, Why, WordPoints } from "#server/search/explain.ts";

import { cx } from "./ui/cx.ts";

const fieldWords: Record<WordPoints["fields"][number]["field"], string> = {
  connection: "the connection's name",
  name: "its name",
  title: "its title",
  description: "its description",
  parameters: "the names of its parameters",
  details: "what it says of its parameters",
};

const number = (value: number) => value.toFixed(value < 10 ? 2 : 1);
const percent = (share: number) => `${Math.round(share * 100)} %`;

function factorWords({ name, share }: Factor): string {
  switch (name) {
    case "nameCoverage":
      return `${percent(share)} of its name was asked for`;
    case "queryCoverage":
      return `It has ${percent(share)} of the words that any tool here knows, seldom ones counting most`;
    case "service":
      return "The connection was named";
    case "context":
      return `Its connection speaks of ${percent(share)} of what was asked`;
    case "phrase":
      return `${percent(share)} of what was asked stands together where its description begins`;
    case "action":
      return share > 0 ? "It does what is wanted (reading, creating, deleting and so on)" : "It does something else than what is wanted";
  }
}

/** How a word of the tool came to stand for the one that was asked for. */
function Stood({ word: { word, matched, how } }: { word: WordPoints }) {
  const asked = <q className="font-medium text-ink">{word}</q>;
  if (how === "own") return asked;
  return (
    <>
      {asked} {how === "guess" ? "was taken for" : "also means"} <q className="font-medium text-ink">{matched}</q>
    </>
  );
}

function WordRow({ word, most }: { word: WordPoints; most: number }) {
  return (
    <li className="grid grid-cols-[1fr_auto] items-baseline gap-x-4 py-2">
      <p className="min-w-0 break-words">
        <Stood word={word} />
        <span className="text-muted">
          {" in "}
          {word.fields.map(({ field, points }, at) => (
            <span key={field}>
              {at > 0 && ", "}
              {fieldWords[field]} <span className="tabular-nums">({number(points)})</span>
            </span>
          ))}
        </span>
      </p>
      <p className="text-right font-medium tabular-nums">{number(word.points)}</p>
      <svg aria-hidden viewBox="0 0 100 2" preserveAspectRatio="none" className="col-span-2 mt-1 h-1 w-full rounded-full bg-line">
        <rect width={most === 0 ? 0 : (100 * word.points) / most} height="2" className="fill-accent" />
      </svg>
    </li>
  );
}

function Phrasing({ why }: { why: Why }) {
  const most = Math.max(...why.words.map(({ points }) => points), 0);
  const factors = why.factors.filter(({ adds }) => Math.abs(adds) >= 0.005);
  return (
    <>
      {why.words.length > 0 && (
        <ul className="divide-y divide-line">
          {why.words.map((word) => (
            <WordRow key={`${word.word} ${word.matched}`} word={word} most={most} />
          ))}
        </ul>
      )}
      {why.words.length === 0 && why.missed.length === 0 && <p className="py-2 text-muted">It has no word that could be searched for.</p>}
      {why.missed.length > 0 && (
        <p className={cx("py-2 text-muted", why.words.length > 0 && "border-t border-line")}>
          Not in this tool: {why.missed.map((word) => `"${word}"`).join(", ")}.
        </p>
      )}
      {why.words.length > 0 && (
        <dl className="grid grid-cols-[1fr_auto] gap-x-4 gap-y-1 border-t border-line pt-2">
          <dt className="text-muted">Points of the words</dt>
          <dd className="text-right tabular-nums">{number(why.points)}</dd>
          {factors.map((factor) => (
            <div key={factor.name} className="col-span-2 grid grid-cols-subgrid">
              <dt className="text-muted">{factorWords(factor)}</dt>
              <dd className="text-right tabular-nums">
                {factor.adds > 0 ? "+" : "−"}
                {Math.round(Math.abs(factor.adds) * 100)} %
              </dd>
            </div>
          ))}
          <div className="col-span-2 flex justify-between gap-x-4 font-medium">
            <dt>Score</dt>
            <dd className="tabular-nums">
              {number(why.points)} × {why.factor.toFixed(2)} = {number(why.score)}
            </dd>
          </div>
        </dl>
      )}
    </>
  );
}

export function MatchWhy({ explanation: { score, phrasings } }: { explanation: Explanation }) {
  const [only, ...others] = phrasings;
  if (only && others.length === 0) return <Phrasing why={only.why} />;
  return (
    <div className="space-y-4">
      {phrasings.map(({ why, counts }) => (
        <section key={why.query}>
          <h4 className="flex flex-wrap items-baseline justify-between gap-x-4 font-medium">
            <q className="min-w-0 break-words">{why.query}</q>
            <span className="text-xs text-muted tabular-nums">
              {counts > 0 ? `${counts.toFixed(2)} of the score of ${score.toFixed(2)}` : "did not find it"}
            </span>
          </h4>
          <Phrasing why={why} />
        </section>
      ))}
      <p className="border-t border-line pt-2 text-muted">
        Each phrasing counts for an equal part of the score: all of that part for its best match, less for the others.
      </p>
    </div>
  );
}
