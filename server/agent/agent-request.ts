// A request to the agents' door as the endpoint reads it, and the answer to a plain one. Web objects are made where the SDK wants them alone:
// a Request, a Response and their streams cost as much as the call they are made for.

/** What the endpoint reads of a request. */
export interface AgentRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: {
    get: (name: string) => string | null;
    has: (name: string) => boolean;
    forEach: (each: (value: string, name: string) => void) => void;
  };
  /** The body, which may be read once; null where it is longer than 1 MiB, however long its sender says it is. Throws ClientGone. */
  readonly read: () => Promise<string | null>;
}

/** The client went away in the middle of its body: nobody is there to answer. */
export class ClientGone extends Error {
  override readonly name = "ClientGone";
}

/** A whole JSON answer, without a web Response around it, which costs as much as a call. */
export class JsonAnswer {
  readonly text: string;
  readonly status: number;
  /** Beside those that every such answer has. */
  readonly headers: Record<string, string> | null;

  constructor(text: string, status = 200, headers: Record<string, string> | null = null) {
    this.text = text;
    this.status = status;
    this.headers = headers;
  }
}

export type AgentAnswer = Response | JsonAnswer;

/** The headers of a plain answer. */
export function plainHeaders({ headers }: JsonAnswer): Record<string, string> {
  // A literal that begins with a spread and goes on is a hidden class of its own each time on Node 20.
  return { "content-type": "application/json", "cache-control": "no-store", ...headers };
}

/** The answer as a web Response. */
export function asResponse(answer: AgentAnswer): Response {
  return answer instanceof JsonAnswer ? new Response(answer.text, { status: answer.status, headers: plainHeaders(answer) }) : answer;
}

/** The request without its body, as the SDK wants it: the body was read and parsed before. */
export function asWebRequest({ method, url, headers }: AgentRequest): Request {
  const copy = new Headers();
  headers.forEach((value, name) => copy.set(name, value));
  return new Request(url, { method, headers: copy });
}
