// The part of oidc-provider that the fakes use; the package comes without types.
declare module "oidc-provider" {
  import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";

  interface Context {
    req: IncomingMessage;
    path: string;
    status: number;
    body: unknown;
    oidc?: { params?: Record<string, unknown> };
  }

  interface Interaction {
    uid: string;
    params: Record<string, unknown>;
    prompt: { name: string };
    session?: { accountId: string };
  }

  interface Grant {
    addOIDCScope(scope: string): void;
    addResourceScope(resource: string, scope: string): void;
    save(): Promise<string>;
  }

  interface AccessToken {
    accountId: string;
    clientId: string;
    aud: string | string[] | undefined;
    scope: string | undefined;
    exp: number;
  }

  export class Provider {
    constructor(issuer: string, configuration: object);
    use(middleware: (ctx: Context, next: () => Promise<void>) => Promise<void>): void;
    on(event: string, listener: (...args: unknown[]) => void): void;
    callback(): RequestListener;
    interactionDetails(req: IncomingMessage, res: ServerResponse): Promise<Interaction>;
    interactionFinished(
      req: IncomingMessage,
      res: ServerResponse,
      result: object,
      options?: { mergeWithLastSubmission: boolean },
    ): Promise<void>;
    AccessToken: { find(token: string): Promise<AccessToken | undefined> };
    Client: { find(id: string): Promise<{ clientName?: string } | undefined> };
    Grant: new (properties: { accountId: string; clientId: unknown }) => Grant;
  }
}
