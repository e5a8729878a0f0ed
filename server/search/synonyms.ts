// Words that mean the same to who looks for a tool. Small and reviewed: each line was read for what it would wrongly bring together.
import { term } from "./analyzer.ts";

/** What a tool does, by the words that say so: those that names begin with. Few stand in two lines. */
export const actionWords = {
  list: "list all enumerate index browse",
  get: "get fetch retrieve read show view display describe info detail details check inspect load see look open lookup",
  search: "search find query locate discover filter grep",
  create: "create add new make insert generate register build compose draft write start initialize setup provision launch",
  update: "update edit modify change set rename patch adjust alter configure move replace assign",
  delete: "delete remove erase destroy drop clear purge trash uninstall cancel revoke archive",
  send: "send post publish reply write notify submit share message forward tweet",
  run: "run execute invoke call trigger perform evaluate launch",
  download: "download export save dump backup",
  upload: "upload import attach ingest",
  stop: "stop terminate kill halt disable pause deactivate",
  start: "start enable resume activate restart",
} as const;

/** Near in meaning; each of them finds the others, at `weight`. */
const groups: readonly (readonly [weight: number, words: string])[] = [
  [0.45, "list enumerate show"],
  [0.45, "get fetch retrieve read show view"],
  [0.4, "get list"],
  [0.4, "get describe info detail details information"],
  [0.45, "search find query lookup"],
  [0.5, "create add new make"],
  [0.45, "create insert generate"],
  [0.4, "create compose draft write"],
  [0.5, "update edit modify change"],
  [0.4, "update set rename"],
  [0.5, "delete remove erase"],
  [0.4, "delete clear drop trash"],
  [0.4, "send post publish"],
  [0.4, "send email mail message"],
  [0.45, "run execute invoke"],
  [0.4, "run trigger start"],
  [0.45, "start launch open"],
  [0.45, "stop terminate kill cancel"],
  [0.45, "download export save"],
  [0.45, "upload import"],
  [0.4, "image picture photo screenshot"],
  [0.45, "image picture photo"],
  [0.4, "email mail inbox"],
  [0.45, "issue ticket bug"],
  [0.4, "task todo item"],
  [0.5, "repository repo"],
  [0.5, "database db"],
  [0.45, "folder directory"],
  [0.4, "file document doc"],
  [0.45, "calendar event meeting appointment"],
  [0.45, "user member person people"],
  [0.4, "user account profile"],
  [0.45, "comment note reply annotation"],
  [0.45, "price cost quote rate"],
  [0.4, "stock share ticker equity"],
  [0.45, "weather forecast temperature"],
  [0.45, "webpage page website site url"],
  [0.4, "article post blog"],
  [0.45, "tweet post"],
  [0.45, "movie film"],
  [0.45, "song track music"],
  [0.45, "video clip"],
  [0.45, "company organization org firm business"],
  [0.45, "customer client contact"],
  [0.45, "invoice bill"],
  [0.45, "payment charge transaction"],
  [0.45, "spreadsheet sheet workbook excel"],
  [0.45, "slide presentation deck powerpoint"],
  [0.45, "chart graph plot diagram"],
  [0.45, "log history audit"],
  [0.45, "metric statistic stats analytics"],
  [0.45, "directions route navigation"],
  [0.45, "location place address"],
  [0.45, "translate translation language"],
  [0.45, "summary summarize summarise"],
  [0.45, "permission role access grant"],
  [0.45, "secret credential password key"],
  [0.45, "container docker"],
  [0.5, "kubernetes k8s kube"],
  [0.45, "vm virtual machine instance"],
  [0.45, "deploy deployment release rollout"],
  [0.45, "branch ref"],
  [0.45, "commit revision"],
  [0.45, "schema structure"],
  [0.45, "row record entry"],
  [0.5, "supplier vendor"],
  [0.45, "column field"],
  [0.45, "paper publication article study"],
  [0.45, "recommend recommendation suggest suggestion"],
  [0.45, "health status state"],
  [0.4, "available list"],
  [0.45, "quota limit usage"],
  [0.45, "subscription plan"],
  [0.45, "setting config configuration option parameter"],
  [0.45, "property attribute field"],
  [0.45, "storage bucket blob"],
  [0.45, "cheap low price"],
  [0.45, "flight airline"],
  [0.45, "hotel lodging accommodation"],
  [0.45, "mac macos osx apple"],
  [0.45, "ci pipeline build workflow"],
  [0.45, "test quiz exam"],
  [0.45, "crypto cryptocurrency coin bitcoin token"],
  [0.45, "exchange currency forex fx"],
  [0.45, "convert conversion transform"],
  [0.45, "duplicate copy clone"],
  [0.45, "label tag category"],
  [0.45, "channel room conversation thread"],
  [0.45, "friend follower connection"],
  [0.45, "like favorite favourite heart star"],
  [0.45, "project workspace"],
  [0.45, "remind reminder alarm"],
  [0.45, "schedule plan book reserve"],
  [0.45, "explain describe"],
  [0.45, "error failure exception fail"],
  [0.45, "monitor watch track"],
  [0.6, "app application"],
  [0.6, "tx txn transaction"],
  [0.6, "stat statistic stats"],
  [0.5, "auth authentication authorization"],
  [0.6, "cert certificate"],
  [0.6, "img image"],
  [0.6, "cmd command"],
  [0.6, "dir directory"],
  [0.6, "pkg package"],
  [0.45, "bulk batch multiple many"],
  [0.6, "acct account"],
  [0.6, "addr address"],
  [0.5, "chat conversation"],
  [0.6, "cal calendar"],
  [0.6, "attr attribute"],
  [0.6, "param parameter"],
  [0.6, "lang language"],
  [0.6, "loc location"],
  [0.6, "prefs preference"],
  [0.4, "recent latest newest"],
  [0.4, "top best popular trending"],
  [0.4, "nearby near radius"],
];

/** Short for several words. */
const phrases: Readonly<Record<string, string>> = {
  pr: "pull request",
  prs: "pull requests",
  mr: "merge request",
  gh: "github",
  gcal: "google calendar",
  gdrive: "google drive",
  k8s: "kubernetes",
  aks: "azure kubernetes",
  vm: "virtual machine",
  vms: "virtual machines",
  bsky: "bluesky",
  yt: "youtube",
  db: "database",
  repo: "repository",
  repos: "repositories",
  docs: "documentation",
  config: "configuration",
  env: "environment",
  msg: "message",
  ms: "microsoft",
  ig: "instagram",
  fb: "facebook",
  hn: "hacker news",
  wiki: "wikipedia",
  kb: "knowledge base",
  llm: "language model",
  sql: "query",
};

/** Verbs of two words, which say something else than their parts. */
const phrasal: readonly (readonly [RegExp, string])[] = [
  [/\b(have|has|had|did|do|does)(n['’]?t| not) (yet )?(paid|pay)\b/gi, "unpaid overdue invoice"],
  [
    /\b(every|each) (night|day|morning|evening|week|month|hour|minute|monday|tuesday|wednesday|thursday|friday|weekday)\b/gi,
    "recurring schedule",
  ],
  [/\bout of (the )?office\b|\bdays? off\b/gi, "leave time off"],
  [/\bon (my|our|his|her|their) plate\b/gi, "tasks assigned"],
  [/\bsign(ed)? off( on)?\b/gi, "approve"],
  [/\bhand (it |this |them )?over\b/gi, "assign transfer"],
  [/\b(get|gets|getting) in touch( with)?\b|\breach(ed|ing)? out( to)?\b/gi, "send message contact"],
  [/\blet (me|us) know\b/gi, "alert"],
  [/\btell (?!me\b|us\b)|\blet (?=\S+( \S+)? know\b)/gi, "send message reply "],
  [/\bin charge of\b/gi, "owner"],
  [/\b(block|set aside|reserve) (some |the |an? )?(time|slot|hour)\b/gi, "create calendar event"],
  [/\b(note|write|jot|take) (it |this |that )?down\b/gi, "create note"],
  [/\bwr(o|i)te? (it |this |that )?up\b/gi, "create document article"],
  [/\b(go|goes|going|went) live\b|\broll(ed|ing)? out\b/gi, "deploy publish"],
  [/\broll(ed|ing)? back\b/gi, "rollback revert"],
  [/\bcall(ed|ing)? (it )?off\b/gi, "cancel"],
  [/\b(put|push) (it |this )?(off|back)\b/gi, "reschedule"],
  [/\b(fill me in|catch me up|bring me up to speed)\b/gi, "summary"],
  [/\bkeep (an eye on|track of)\b/gi, "monitor track"],
  [/\b(running|run|ran) out of\b/gi, "low stock"],
  [/\bbest[- ]selling\b|\bsold the most\b/gi, "top sales products"],
  [/\bmake sure\b/gi, "verify"],
  [/\bfind out\b|\bfigure out\b/gi, "find"],
  [/\bhook(ed)? up\b|\bplug(ged)? in\b/gi, "connect"],
  [/\bcut (it |them )?off\b/gi, "disable revoke"],
  [/\bclean(ed|ing)? up\b/gi, "delete cleanup"],
  [/\bback(ed|ing)? up\b/gi, "backup"],
  [/\btake away\b/gi, "revoke remove"],
  [/\b(pull|bring) (it |them )?up\b/gi, "get"],
  [/\b(dig|look)(ing)? into\b/gi, "investigate"],
  [/\bcame in\b/gi, "received"],
  [/\b(went|go|going|gone) wrong\b|\bran into\b/gi, "error failed"],
  [/\bwaiting (on|for)\b/gi, "pending"],
  [/\bpay(ing)? back\b/gi, "refund"],
  [/\bturn (it |this |them )?into\b/gi, "convert"],
  [/\bprint (it )?out\b/gi, "export"],
  [/\bbreak(ing)? (it |this |them )?down\b/gi, "split breakdown"],
  [/\bhow(['’]s| is| are| was| were)? [^?.,]{1,60} (doing|going|performing)\b/gi, "$& analytics report"],
  [/\b(turn|switch)(ed|ing)? off\b(?!-)/gi, "disable"],
  [/\b(turn|switch)(ed|ing)? on\b(?!-)/gi, "enable"],
  // The thing in between: "turn the hall lights off again", but not "turn the page on sales into slides".
  [/\b(turn|switch)(ed|ing)? (?=(\S+ ){1,4}off( (again|at|for|now|please)\b|[^ \w-]|$))/gi, "disable "],
  [/\b(turn|switch)(ed|ing)? (?=(\S+ ){1,4}on( (again|at|for|now|please)\b|[^ \w-]|$))/gi, "enable "],
  [/\bwho (wrote|has written)\b/gi, "author"],
  [/\bpromote (?=[^.?!]{1,60} to (prod|production|staging|live)\b)/gi, "merge deploy "],
  [/\b(all )?at once\b|\bin one go\b/gi, "batch"],
  [/\b(bring|get|put) (it |them )?back\b/gi, "restore"],
  [/\bundo\b/gi, "restore revert"],
  [/\b(close|shut|take|tear) down\b/gi, "stop close archive"],
  [/\bget rid of\b|\btake (it |them )?off\b|\bthrow (away|out)\b/gi, "delete"],
  [/\blook (up|for)\b|\blooking for\b|\btrack down\b/gi, "search"],
  [/\bset up\b|\bspin up\b|\bput together\b|\bcome up with\b/gi, "create"],
  [/\bkick off\b|\bfire off\b/gi, "start run"],
  [/\bcheck out\b|\bgo through\b/gi, "show"],
  [/\bfill (in|out)\b/gi, "fill update"],
  [/\bsign(ed)? up\b/gi, "register"],
  [/\bhow (many|much)\b/gi, "count"],
  [/\bhow do i\b|\bhow to\b|\bplease\b|\bhelp me\b|\bi('d| would) like\b/gi, " "],
];

/** The query with such verbs as one word each. */
export function withoutPhrasalVerbs(query: string): string {
  return phrasal.reduce((text, [form, word]) => text.replace(form, ` ${word} `), query);
}

function table(): ReadonlyMap<string, ReadonlyMap<string, number>> {
  const found = new Map<string, Map<string, number>>();
  const relate = (from: string, to: string, weight: number) => {
    if (from === to) return;
    const related = found.get(from) ?? new Map<string, number>();
    related.set(to, Math.max(weight, related.get(to) ?? 0));
    found.set(from, related);
  };
  for (const [weight, line] of groups) {
    const terms = line.split(" ").flatMap((word) => term(word) ?? []);
    for (const from of terms) for (const to of terms) relate(from, to, weight);
  }
  for (const [short, long] of Object.entries(phrases)) {
    const parts = long.split(" ").flatMap((word) => term(word) ?? []);
    for (const part of parts) relate(term(short) ?? short, part, 0.5);
  }
  return found;
}

const synonyms = table();

/** Terms of nearly the same meaning with their weights (0 to 1). */
export function synonymsOf(known: string): ReadonlyMap<string, number> | undefined {
  return synonyms.get(known);
}

export const actions: readonly string[] = Object.keys(actionWords);

const actionByTerm = new Map<string, number>();
for (const [index, line] of Object.values(actionWords).entries())
  for (const word of line.split(" ")) {
    const found = term(word) ?? word;
    actionByTerm.set(found, (actionByTerm.get(found) ?? 0) | (1 << index));
  }

/** What a term says is done, as a set of bits in the order of `actionWords`; 0 for a term that is no verb. */
export function actionOf(known: string): number {
  return actionByTerm.get(known) ?? 0;
}
