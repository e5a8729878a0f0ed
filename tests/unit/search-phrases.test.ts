// What people say, read in the words of tools: what it turns into, and what it leaves alone.
import { expect, test } from "vitest";

import { term, termsOf } from "#server/search/analyzer.ts";
import { meaningsOf } from "#server/search/everyday.ts";
import { withoutTurns } from "#server/search/turns-of-phrase.ts";

test.each([
  ["open a new bug", "create bug"],
  ["file bug in linear", "create bug in linear"],
  ["schedule zoom call", "schedule create zoom call"],
  ["book a table for two", "book create a table for two"],
  ["request a quote", "request create a quote"],
  ["set him up in the system", "create him up in the system"],
  ["please record that I spoke with Anna", "create log note I spoke with Anna"],
  ["log two hours on the ticket", "log add two hours on the ticket"],
  ["leave a note on the ticket", "leave a note on add comment the ticket"],
  ["put the old lists into the archive", "move add the old lists into the archive"],
  ["put the contract PDF on the card", "attach upload the contract PDF on the card"],
  ["put her on the list", "put add her on the list"],
  ["take her off the list", "remove her off the list"],
  ["hand the chat over to Ben", "hand the chat over assign transfer to Ben"],
  ["I want my money back", "I want my money back refund"],
  ["give her the 30 euros back", "refund her the 30 euros back"],
  ["Who all can see the salary sheet?", "access permission the salary sheet?"],
  ["give Maria access to the folder", "give Maria access share grant to the folder"],
  ["let everyone in general know", "send message everyone in general know"],
  ["write to billing@example.com about it", "write to send email message billing@example.com about it"],
  ["answer them but don't send it yet", "answer them but draft"],
  ["set an out-of-office reply", "set an automatic reply setting reply"],
  ["dig up the contract", "find the contract"],
  ["what do I have on tomorrow", "list calendar events tomorrow"],
  ["what did I miss", "recent messages"],
  ["who am i", "current user"],
  ["visitors at this very moment", "visitors current realtime"],
  ["builds right now", "builds current"],
  ["close case 4821", "close case ticket 4821"],
  ["what is sold out", "what is stock low"],
  ["coffee is running low", "coffee is low stock"],
  ["from now on invoices go there", "rule filter automation invoices go there"],
  ["my to-dos", "my todo task"],
  ["add a post-it", "add a sticky note"],
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
  "raise ticket priority to urgent",
  "report issue count by repository",
  "record this meeting",
  "what do we have on this customer",
  "what do we have planned for the next sprint",
  "book availability by team",
  "find the book store opening hours",
  "schedule today",
  "schedule overview of posts",
  "prepare for the meeting with Acme",
  "enter text in the search box",
  "block minutes used",
  "find contacts who need a new contract",
  "take two days off this week",
  "give me the users with access to the repo",
  "write to the customer table",
  "tickets that should go to Anna",
  "my order never showed up",
  "customer case study page",
  "get test case 12",
  "save his email as a draft",
  "how busy is Anna tomorrow",
  "turn down the volume",
])("%s means what it says", (query) => {
  expect(withoutTurns(query)).toBe(query);
});

test("no word that tools use stands for another because it has the stem of one that people say", () => {
  for (const word of ["business", "range", "present", "product", "case", "tag"]) expect(meaningsOf(term(word) ?? "")).toBeUndefined();
});

test.each([
  ["news", "new"],
  ["customers", "custom"],
  ["authorization", "author"],
  ["organization", "organize"],
  ["business", "busy"],
  ["conversion", "conversation"],
  ["production", "product"],
])("%s is not found by %s", (word, other) => {
  expect(term(word)).not.toBe(term(other));
});

test("forms of a word with a term of its own have the same", () => {
  expect(term("added")).toBe(term("add"));
  expect(term("authorised")).toBe(term("authorize"));
  expect(term("customers")).toBe(term("customer"));
  expect(term("customising")).toBe(term("customize"));
  expect(term("authorizer")).toBe(term("authorization"));
  expect(term("utils")).toBe(term("utility"));
});

test("a contraction says nothing", () => {
  for (const said of ["what's", "who’s", "I'm", "don't"]) expect(termsOf(said, "prose")).toEqual([]);
});
