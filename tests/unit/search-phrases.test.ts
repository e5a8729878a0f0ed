// What people say, read in the words of tools: what it turns into, and what it leaves alone.
import { expect, test } from "vitest";

import { term } from "#server/search/analyzer.ts";
import { meaningsOf } from "#server/search/everyday.ts";
import { withoutTurns } from "#server/search/turns-of-phrase.ts";

test.each([
  ["Who all can see the salary sheet?", "access permission the salary sheet?"],
  ["give Maria access to the folder", "give Maria access share grant to the folder"],
  ["what do I have on tomorrow", "list calendar events tomorrow"],
  ["file bug in linear", "create bug in linear"],
  ["open support ticket", "create ticket"],
  ["log two hours on the ticket", "log add two hours on the ticket"],
  ["book 3 hours on project Apollo", "add time entry 3 hours on project Apollo"],
  ["record that I spoke with Anna", "create log note I spoke with Anna"],
  ["put the contract PDF on the card", "attach upload the contract PDF on the card"],
  ["put the old lists into the archive", "move add the old lists into the archive"],
  ["put the two PDFs together", "put the two PDFs together merge combine"],
  ["give her the 30 euros back", "refund her the 30 euros back"],
  ["take her off the list", "remove her off the list"],
  ["set him up in the system", "create him up in the system"],
  ["write to billing@example.com about it", "write to send email message billing@example.com about it"],
  ["answer them but don't send it yet", "answer them but draft"],
  ["she never turned up", "she no show"],
  ["my to-dos", "my todo task"],
  ["turn him down", "reject decline"],
  ["schedule zoom call", "schedule create zoom call"],
  ["Block two hours on Thursday afternoon", "create calendar event two hours on Thursday afternoon"],
])("%s: %s", (query, meant) => {
  expect(withoutTurns(query)).toBe(meant);
});

// Each of them was read as something else once.
test.each([
  "get products that are out of stock",
  "get the text out of this PDF",
  "take Friday off",
  "take the lead and log off",
  "reorder columns in the table",
  "find the record that matches the email",
  "delete the DNS record that points to the host",
  "write to a file",
  "permission to write to the repo",
  "request logs for the last hour",
  "record types in Airtable",
  "schedule conflicts for tomorrow",
  "schedule deletion of the KMS key",
  "book availability",
  "submit button color in Figma",
  "error log last 24 hours",
  "audit log activity by user",
  "block the IP address for 24 hours",
  "get ethereum block at a given time",
  "save email attachments to Drive",
  "let me search messages in Slack",
  "let users log in with Google",
  "give him his admin rights back",
  "give me the tickets that came back",
  "charge back-end logs",
  "keep Salesforce updated with new leads",
  "open ticket 4821",
  "open the ticket from Acme",
  "run low priority jobs",
  "which agreements run out before the end of the year",
  "find stale pull requests and tag them",
  "update the event without sending notifications",
  "set the volume up",
  "set status of follow up task",
  "test pass rate compared to last week",
  "the build did not show errors",
  "give me the access logs",
  "what do we have on Acme Corp",
  "stock on hand over 50",
  "who can help me",
  "audit log this week",
  "show the log that nginx wrote",
  "open ticket details",
  "raise issue priority",
  "give me the commits from 2 weeks back",
  "tag US customers in Shopify",
  "tag her as a VIP customer",
  "let me see what we know about Acme",
  "worked hours by employee",
  "a raise in traffic",
  "had a meeting before lunch",
  "turn down the volume",
  "turn down requests per second",
])("%s means what it says", (query) => {
  expect(withoutTurns(query)).toBe(query);
});

test("no word that tools use stands for another because it has the stem of one that people say", () => {
  for (const word of ["business", "range", "present", "product", "case", "tag"]) expect(meaningsOf(term(word) ?? "")).toBeUndefined();
});
