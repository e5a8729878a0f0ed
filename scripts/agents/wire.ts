// Stands between the agents and the product and notes what really went over the wire: what an agent prints about itself proves little.
import { once } from "node:events";
import { createServer, request } from "node:http";
import { buffer } from "node:stream/consumers";

/** One exchange that the judge looks at. */
export interface Exchange {
  method: string;
  path: string;
  status: number;
  /** What was sent and answered, as text; of pages nothing. */
  sent: string;
  answered: string;
}

export interface Wire {
  port: number;
  exchanges: Exchange[];
  /** Whether agents are not told that metadata documents are taken (CIMD): they lie on the internet, and without it nobody could sign in. */
  withoutDocuments: boolean;
  /** Where the product listens, once that is known. */
  productPort: number;
  close: () => void;
}

const judged = /^\/(mcp\/agent|authorize|register|token|device|device_authorization)\b/;

/** Starts it on a free port of this machine. */
export async function startWire(): Promise<Wire> {
  const server = createServer((req, res) => {
    const path = req.url ?? "/";
    buffer(req).then(
      (body) => {
        const { method, headers } = req;
        const forwarded = request({ host: "127.0.0.1", port: wire.productPort, method, path, headers }, (answer) => {
          if (wire.withoutDocuments && path.startsWith("/.well-known/oauth-authorization-server")) {
            buffer(answer).then(
              (metadata) => {
                const { client_id_metadata_document_supported: _hidden, ...rest }: Record<string, unknown> = JSON.parse(
                  metadata.toString(),
                );
                res.writeHead(answer.statusCode ?? 502, { "content-type": "application/json" }).end(JSON.stringify(rest));
              },
              () => res.destroy(),
            );
            return;
          }
          res.writeHead(answer.statusCode ?? 502, answer.headers);
          const chunks: Buffer[] = [];
          answer.on("data", (chunk: Buffer) => {
            if (judged.test(path)) chunks.push(chunk);
            res.write(chunk);
          });
          answer.on("end", () => {
            res.end();
            if (!judged.test(path)) return;
            const [sent, answered] = [body.toString("utf8"), Buffer.concat(chunks).toString("utf8")];
            wire.exchanges.push({ method: method ?? "", path, status: answer.statusCode ?? 0, sent, answered });
          });
          answer.on("error", () => res.destroy());
        });
        res.on("close", () => forwarded.destroy());
        forwarded.on("error", () => res.destroy());
        forwarded.end(body);
      },
      () => res.destroy(),
    );
  });
  const wire: Wire = {
    port: 0,
    exchanges: [],
    withoutDocuments: false,
    productPort: 0,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  wire.port = typeof address === "object" && address ? address.port : 0;
  return wire;
}

function registrationOf(exchanges: readonly Exchange[]): string {
  if (exchanges.some(({ path }) => path.startsWith("/device"))) return "device code";
  const asked = exchanges.find(({ path }) => path.startsWith("/authorize?"));
  const clientId = asked && new URL(asked.path, "http://wire.invalid").searchParams.get("client_id");
  if (clientId?.startsWith("https://")) return "CIMD";
  return exchanges.some(({ path, status }) => path === "/register" && status === 201) ? "DCR" : "none";
}

const revisionOf = (text: string) => /protocolVersion":\s*"(\d{4}-\d\d-\d\d)"/.exec(text)?.[1];

/** What an agent did, read from its exchanges. */
export function factsOf(exchanges: readonly Exchange[]) {
  const atDoor = exchanges.filter(({ path, status }) => path.startsWith("/mcp/agent") && status === 200);
  const called = (tool: string) =>
    atDoor.some(
      ({ sent, answered }) => /"method":\s*"tools\/call"/.test(sent) && sent.includes(`"${tool}"`) && !answered.includes('"isError":true'),
    );
  const listing = atDoor.find(({ sent }) => /"method":\s*"tools\/list"/.test(sent));
  return {
    registration: registrationOf(exchanges),
    signedIn: exchanges.some(({ path, status, answered }) => path === "/token" && status === 200 && answered.includes("access_token")),
    /** Handshake done, of either generation. */
    connected: atDoor.some(({ sent }) => /"method":\s*"(initialize|server\/discover|tools\/list)"/.test(sent)),
    listed: listing !== undefined && ["search_capabilities", "execute_capability"].every((tool) => listing.answered.includes(tool)),
    searched: called("search_capabilities"),
    executed: called("execute_capability"),
    /** The revision of MCP that was agreed on. */
    revision: atDoor.map(({ sent, answered }) => revisionOf(answered) ?? revisionOf(sent)).findLast((revision) => revision !== undefined),
  };
}
