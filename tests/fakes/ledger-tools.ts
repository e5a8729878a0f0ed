// "Ledger", a small invoicing service as an MCP server: what the fake OAuth upstream offers behind its sign-in.
import { McpServer } from "@modelcontextprotocol/server";
import { z } from "zod";

export interface Invoice {
  id: string;
  customer: string;
  amountCents: number;
  currency: "EUR" | "USD";
  status: "draft" | "open" | "paid" | "overdue";
  dueOn: string;
}

const invoiceShape = {
  id: z.string(),
  customer: z.string(),
  amountCents: z.number().int(),
  currency: z.enum(["EUR", "USD"]),
  status: z.enum(["draft", "open", "paid", "overdue"]),
  dueOn: z.string().describe("Date, YYYY-MM-DD"),
};

/** The books of one running service. */
export function newBooks(): Invoice[] {
  return [
    { id: "INV-1041", customer: "Northwind Bakery", amountCents: 128_450, currency: "EUR", status: "paid", dueOn: "2026-09-30" },
    { id: "INV-1042", customer: "Brightwater Hotel", amountCents: 742_000, currency: "EUR", status: "overdue", dueOn: "2026-10-15" },
    { id: "INV-1043", customer: "Alder & Sons", amountCents: 56_900, currency: "EUR", status: "open", dueOn: "2026-12-01" },
    { id: "INV-1044", customer: "Quay Street Clinic", amountCents: 310_275, currency: "USD", status: "open", dueOn: "2026-12-09" },
  ];
}

function answer(value: Record<string, unknown>) {
  return { content: [{ type: "text" as const, text: JSON.stringify(value) }], structuredContent: value };
}

/** One server for one request, made for the account whose token came with it. */
export function ledgerServer(books: Invoice[], account: string): McpServer {
  const server = new McpServer({ name: "Ledger", version: "3.2.0" }, { instructions: "Invoices of the signed-in company." });
  server.registerTool(
    "list_invoices",
    {
      title: "List invoices",
      description: "Lists invoices, newest first, optionally of one status.",
      inputSchema: z.object({ status: invoiceShape.status.optional() }),
      outputSchema: z.object({ invoices: z.array(z.object(invoiceShape)) }),
      annotations: { readOnlyHint: true },
    },
    ({ status }) => answer({ invoices: books.filter((invoice) => status === undefined || invoice.status === status).reverse() }),
  );
  server.registerTool(
    "get_invoice",
    {
      title: "Get an invoice",
      description: "Returns one invoice by its number.",
      inputSchema: z.object({ id: z.string().describe("Invoice number, for example INV-1042") }),
      outputSchema: z.object(invoiceShape),
      annotations: { readOnlyHint: true },
    },
    ({ id }) => {
      const invoice = books.find((candidate) => candidate.id === id);
      return invoice ? answer({ ...invoice }) : { content: [{ type: "text" as const, text: `There is no invoice ${id}.` }], isError: true };
    },
  );
  server.registerTool(
    "create_invoice",
    {
      title: "Create an invoice",
      description: "Creates a draft invoice for a customer.",
      inputSchema: z.object({
        customer: z.string().min(1),
        amountCents: z.number().int().positive(),
        currency: invoiceShape.currency,
        dueOn: invoiceShape.dueOn,
      }),
      outputSchema: z.object(invoiceShape),
      annotations: { readOnlyHint: false, destructiveHint: false },
    },
    (input) => {
      const invoice: Invoice = { ...input, id: `INV-${1041 + books.length}`, status: "draft" };
      books.push(invoice);
      return answer({ ...invoice });
    },
  );
  server.registerTool(
    "whoami",
    {
      title: "Who am I",
      description: "Returns the account that Ledger sees behind this connection.",
      inputSchema: z.object({}),
      outputSchema: z.object({ account: z.string() }),
      annotations: { readOnlyHint: true },
    },
    () => answer({ account }),
  );
  return server;
}
