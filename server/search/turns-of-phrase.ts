// How people at work put what they want ("put her on the list", "who all can see it"), in the words that tools have for it. A word that stands in such a
// turn by chance must not be read as one: tests/unit/search-phrases.test.ts has what was misread once. One that only a single query says is not worth it.

/** At the beginning of a wish, where a word that may also be a noun ("schedule", "file") is a verb. */
const atStart = (rest: string) => new RegExp(String.raw`^\W*(?:(?:please|can you|could you) )?${rest}`, "i");
/** What a thing that something is done to begins with. */
const thing = String.raw`(?=(?:an?|the|my|our|this|that|these|another|new|me|us|him|her|his|their|\d+)\b)`;
const report = "(?:bug|ticket|issue|incident|complaint|claim|problem|defect)";
const date = "(?:appointment|call|demo|event|interview|meeting|message|post|campaign|room|table|flight|slot)";

const turns: readonly (readonly [RegExp, string])[] = [
  // To make something.
  [
    /\b(file|filing|raise|raising|log|logging|open|opening|report) ((an?|another) (new )?|new )(?=(bug|ticket|issue|incident|complaint|claim|support|problem|defect)\b)/gi,
    "create ",
  ],
  [atStart(String.raw`(?:file|raise|log|report) (?=${report}(?:\W*$| (?:in|for|about|with|on|at|to|that|because)\b))`), "create "],
  [atStart(String.raw`(?:schedule|arrange|book) (?:(?=(?:\S+ ){0,2}${date}\b)|${thing})`), "$&create "],
  [atStart(String.raw`(?:enter|prepare|request|submit) ${thing}`), "$&create "],
  [/\bset (?=(him|her|them|it|us|me) up\b)/gi, "create "],
  [/(?<=^\W*|\b(to|please|and|you) )log (it|that)\b|\bplease (record|note) that\b/gi, "create log note"],
  [
    /(?<=^\W*|\b(to|please|and|you) )log (?=((?!last|past|from|for|of|in|files?)\S+ ){0,2}(hours?|time|minutes|calls?|meeting|activity|note)\b)/gi,
    "log add ",
  ],
  [/\bleave (a |an )?(\S+ )?(message|note|comment|remark) (on|under)\b/gi, "$& add comment"],
  // To bring something somewhere else, or away.
  [atStart(String.raw`(?:put|stick) (?=[^.?!]{1,60} into\b)`), "move add "],
  [
    atStart(
      String.raw`(?:put|stick) (?=(?:[^.?!]{1,40} )?(?:pdf|file|photo|picture|image|document|contract|attachment)s? (?:\S+ )?on(?:to)?\b(?! (?:hold|pause)))`,
    ),
    "attach upload ",
  ],
  [atStart(String.raw`(?:put|stick) (?![^.?!]{0,40}\b(?:on (?:hold|pause|silent|mute)|off|back|together)\b)(?=\S)`), "$&add "],
  [/\btake (?=((?!days?|weeks?)\S+ ){1,4}off (the|my|our|your|it)\b)/gi, "remove "],
  [/(?<!\bon )\bhand (the )?\S+ (\S+ )?over (?=to\b)/gi, "$&assign transfer "],
  [/\b(money|charge|payment) back\b(?!-)|\breturn (the |their |his |her )?money\b/gi, "$& refund"],
  [/\bgiv(e|ing) (?!(?:me|us)\b)(?=[^.?!]{0,40}(\bmoney|\beuros?|\bdollars?|[€$£])[^.?!]{0,20} back\b)/gi, "refund "],
  // Who may, and who is told.
  [
    /\bwho( all| else)? (can|could|may|is able to|is allowed to) (access|edit|open|read|see|use|view)\b|\bwho has access\b/gi,
    "access permission",
  ],
  [/\bgiv(e|ing) ((?!me|us)\S+ ){0,4}access\b(?! (logs?|keys?|tokens?)\b)/gi, "$& share grant"],
  [/\blet (?!(?:me|us)\b)(?=(\S+ ){3,4}know\b)/gi, "send message "],
  [/\bwrit(e|ing) to (?=\S+@|(mrs?|ms|dr|him|her|them)\b)/gi, "$&send email message "],
  [/\b(don['’]?t|do not) send (it|them)( yet)?\b/gi, "draft"],
  [/\bout[- ]of[- ](the[- ])?office (?=(message|reply|note|notice)\b)/gi, "automatic reply setting "],
  // To find out.
  [/\b(dig|digging|dug) (it |them |that |this )?(up|out)\b/gi, "find"],
  [
    /\bwhat (do|have) (i|we) (have |got )?on(?= (today|tomorrow|(this|next) (morning|afternoon|week|weekend)|(mon|tues|wednes|thurs|fri|satur|sun)day)\b|\W*$)/gi,
    "list calendar events",
  ],
  [/\bwhat did (i|we) miss\b/gi, "recent messages"],
  [/\bwho am i\b/gi, "current user"],
  [/\bat (this|the) (very )?moment\b|\bas we speak\b/gi, "current realtime"],
  [/\bright now\b/gi, "current"],
  // How things stand.
  [/(?<!\b(test|use|edge) )\bcase (?=#?\d)|\b(support|customer) case\b(?!-| stud)/gi, "$& ticket "],
  [/\bsold out\b/gi, "stock low"],
  [/\b(running|runs|run|ran) low\b( on\b)?(?! priority)/gi, "low stock"],
  [/\bfrom now on\b|\bshould (automatically|always) (?=\S)/gi, "rule filter automation "],
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
