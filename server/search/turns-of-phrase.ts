// How people at work put what they want ("put her on the list", "who all can see it"), in the words that tools have for it. A word that stands in such a
// turn by chance must not be read as one: what each of them leaves alone is in tests/unit/search-phrases.test.ts.

/** At the beginning of a wish, where a word that may also be a noun ("schedule", "record") is a verb. */
const atStart = (rest: string) => new RegExp(String.raw`^\W*(?:(?:please|can you|could you) )?${rest}`, "i");
/** What a thing that something is done to begins with. */
const thing = String.raw`(?=(?:an?|the|my|our|this|that|these|another|new|me|us|him|her|his|their|\d+)\b)`;
const report = "(?:bug|ticket|issue|incident|complaint|claim|problem|defect)";

const turns: readonly (readonly [RegExp, string])[] = [
  // To make something.
  [
    new RegExp(
      String.raw`\b(?:file|raise|log|open|report|filing|raising|logging|opening) (?:(?:an?|another) (?:new )?|new )(?=${report}\b)`,
      "gi",
    ),
    "create ",
  ],
  [atStart(String.raw`(?:file|raise|log|report) (?=${report}(?:\W*$| (?:in|for|about|with|on|at|to|that|because)\b))`), "create "],
  [atStart(String.raw`open (?:(?:an?|new|another|support) ){0,2}(?=(?:ticket|case)(?:\W*$| (?:in|for|about|with|on|at)\b))`), "create "],
  [atStart(String.raw`(?:record|note) (?:that|it|this)\b`), "create log note "],
  [/(?<=^\W*|\b(to|please|and|you) )log (that|it|this)\b|\bplease (record|note) (that|it|this)\b/gi, "create log note"],
  [/\bbook (?=((?!room|meeting|table|call|appointment|flight)\S+ ){0,5}hours?\b)/gi, "add time entry "],
  [
    atStart(
      String.raw`(?:schedule|arrange) (?!(?:of|for|conflicts?|deletion|details?|list|changes?|names?|ids?|status|settings?|runs?)\b)`,
    ),
    "$&create ",
  ],
  [atStart(String.raw`book (?:(?=(?:appointment|meeting|room|table|flight|call|demo|slot)\b)|${thing})`), "$&create "],
  [atStart(String.raw`(?:enter|prepare) (?!of\b)`), "$&create "],
  [atStart(String.raw`(?:record|request|submit) ${thing}`), "$&create "],
  [/\bset (?=(him|her|them|it|us|me) up\b)/gi, "create "],
  [/\bneed (an extra|another|an additional|a new) /gi, "create "],
  [
    /(?<=^\W*|\b(to|please|and|you) )log (?=((?!last|past|from|for|of|in|files?)\S+ ){0,2}(hours?|time|minutes|calls?|meeting|activity|note)\b)/gi,
    "log add ",
  ],
  [/\b(spent|worked) (\S+ ){1,3}(hours?|minutes)\b/gi, "$& log time entry"],
  [
    atStart(String.raw`block (?:out )?(?=(?:(?!for|at|until|after)\S+ ){0,3}(?:hours?|minutes|time|slot|morning|afternoon)\b)`),
    "create calendar event ",
  ],
  [/\bsave (?=[^.?!]{0,15}(['’]s|\bhis|\bher|\btheir) (email|number|mobile|phone|contact|address)\b)/gi, "create contact "],
  [/\bleave (a |an )?(\S+ )?(message|note|comment|remark) (on|under)\b|^\W*write (under|on|below)\b/gi, "add comment"],
  // To bring things together, somewhere else, or away.
  [/\b(put|bring|roll)(ing)? [^.?!,]{1,30} (together|into one)\b/gi, "$& merge combine"],
  [atStart(String.raw`(?:put|stick) (?=[^.?!]{1,60} into\b)`), "move add "],
  [
    atStart(
      String.raw`(?:put|stick) (?=(?:[^.?!]{1,40} )?(?:pdf|file|photo|picture|image|document|contract|attachment)s? (?:\S+ )?on(?:to)?\b(?! (?:hold|pause)))`,
    ),
    "attach upload ",
  ],
  [atStart(String.raw`(?:put|stick) (?![^.?!]{0,40}\b(?:on (?:hold|pause|silent|mute)|off|back|together)\b)(?=\S)`), "$&add "],
  [/\btake (?=(\S+ ){1,4}off (the|my|our|your|it|this|that)\b)/gi, "remove "],
  [/\bget (?=(it|them|these|this|him|her) out of (the|my|our)\b)/gi, "remove "],
  [/\bpass (?=(\S+ ){1,4}on to\b)/gi, "assign forward "],
  [/(?<!\bon )\bhand (the )?\S+ (\S+ )?over (?=to\b)/gi, "$&assign transfer "],
  [
    /\bturn(ed|ing)? ((him|her) down\b|down (?=(the |this |that )?(offer|application|applicant|candidate|invitation|mrs?|ms)\b))/gi,
    "reject decline ",
  ],
  [/\b(just|exactly) like (it|that|this)\b/gi, "duplicate copy"],
  [/\b(money|charge|payment) back\b(?!-)|\breturn (the |their |his |her )?money\b/gi, "$& refund"],
  [/\bgiv(e|ing) (?!(?:me|us)\b)(?=[^.?!]{0,40}(\bmoney|\beuros?|\bdollars?|[€$£])[^.?!]{0,20} back\b)/gi, "refund "],
  // Who may, and who is told.
  [
    /\bwho( all| else)? (can|could|may|is able to|is allowed to) (access|edit|open|read|see|use|view)\b|\bwho has access\b/gi,
    "access permission",
  ],
  [/\bgiv(e|ing) [^.?!,]{1,40} access\b(?! (logs?|keys?|tokens?)\b)/gi, "$& share grant"],
  [/\blet (?!(?:me|us|users?)\b)(?=(\S+ ){1,3}into (the|my|our)\b)/gi, "share invite access "],
  [/\bkeep \S+( and \S+)? (in the loop|posted)\b/gi, "$& notify follower"],
  [/\blet (?!(?:me|us)\b)(?=(\S+ ){3,4}know\b)/gi, "send message "],
  [/\bwrit(e|ing) to (?=\S+@|(mrs?|ms|dr|him|her|them)\b|the (customer|client|team|supplier)\b)/gi, "$&send email message "],
  [/\b(don['’]?t|do not) send (it|them)( yet)?\b/gi, "draft"],
  [/\bout[- ]of[- ](the[- ])?office (?=(message|reply|note|notice)\b)/gi, "automatic reply setting "],
  [/\btag(ged|s)? (me|him|her)\b(?! (as|in|with)\b)/gi, "mention"],
  [/\bmark(ed|ing)? (\S+ ){0,5}as (un)?read\b/gi, "$& update"],
  // To find out.
  [/\b(dig|digging|dug) (it |them |that |this )?(up|out)\b/gi, "find"],
  [
    /\bwhat (do|have) (i|we) (have |got )?(planned|coming up|on(?= (today|tomorrow|this|next|(mon|tues|wednes|thurs|fri|satur|sun)day)\b|\W*$))/gi,
    "list calendar events",
  ],
  [/\bwhat did (i|we) miss\b/gi, "recent messages"],
  [/\bhow many hours\b/gi, "time entry report"],
  [/\bhow busy\b/gi, "usage load metric"],
  [/\bwho am i\b/gi, "current user"],
  [/\bback and forth\b/gi, "conversation"],
  [/\b(seen|had|happened) [^.?!]{0,40}\bbefore(?=[.,;!?]|$)/gi, "$& past similar history"],
  [/\bover (the )?(years|months|weeks)\b/gi, "history"],
  [/\bat (this|the) (very )?moment\b|\bas we speak\b/gi, "current realtime"],
  [/\bright now\b/gi, "current"],
  // How things stand.
  [/\bcase (?=#?\d)|\b(support|customer) case\b/gi, "$& ticket "],
  [/\b(never|did ?n['’]?t|did not) (turn(ed)?|show(ed)?) up\b|\b(never|did ?n['’]?t|did not) appear(ed)?(?=[.,;!?]|$)/gi, "no show"],
  [/\bsold out\b/gi, "stock low"],
  [/\b(running|runs|run|ran) low\b(?! priority)/gi, "low stock"],
  [/\b(a|pay|last) raise\b(?! in\b)/gi, "salary compensation"],
  [/\bfrom now on\b|\bshould (automatically |always )?(go|skip|land) (?=\S)/gi, "rule filter automation "],
  [/\bopt(ed|ing|s)? out\b/gi, "unsubscribe suppression"],
  [/\bto-?dos?\b/gi, "todo task"],
  [/\bpost-its?\b/gi, "sticky note"],
];

/** The query with such turns in the words of tools. */
export function withoutTurns(query: string): string {
  let text = query;
  for (const [form, said] of turns) {
    const changed = text.replace(form, ` ${said} `);
    // One space between words, as those that come later have it.
    if (changed !== text) text = changed.replace(/ {2,}/g, " ").trim();
  }
  return text;
}
