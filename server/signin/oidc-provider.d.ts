// The part of oidc-provider that is used here and by the fakes; the package comes without types.
declare module "oidc-provider" {
  import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";

  interface Context {
    req: IncomingMessage;
    res: ServerResponse;
    query: Record<string, unknown>;
    path: string;
    status: number;
    body: unknown;
    oidc?: { params?: Record<string, unknown>; result?: { consent?: { grantId?: string } } };
  }

  interface Interaction {
    uid: string;
    params: Record<string, unknown>;
    prompt: { name: string };
    session?: { accountId: string };
  }

  interface Grant {
    jti: string;
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

  interface DeviceCode {
    clientId: string;
    accountId?: string;
    error?: string;
    params: Record<string, unknown>;
    save(): Promise<string>;
  }

  interface Client {
    clientId: string;
    clientName?: string;
    grantTypeAllowed(type: string): boolean;
  }

  export const errors: { InvalidTarget: new () => Error; InvalidGrant: new (detail: string) => Error };

  export class Provider {
    constructor(issuer: string, configuration: object);
    proxy: boolean;
    use(middleware: (ctx: Context, next: () => Promise<void>) => Promise<void>): void;
    on(event: "server_error", listener: (ctx: Context, error: unknown) => void): void;
    callback(): RequestListener;
    interactionDetails(req: IncomingMessage, res: ServerResponse): Promise<Interaction>;
    interactionResult(
      req: IncomingMessage,
      res: ServerResponse,
      result: object,
      options?: { mergeWithLastSubmission: boolean },
    ): Promise<string>;
    interactionFinished(
      req: IncomingMessage,
      res: ServerResponse,
      result: object,
      options?: { mergeWithLastSubmission: boolean },
    ): Promise<void>;
    AccessToken: { find(token: string): Promise<AccessToken | undefined> };
    /** Tokens of service accounts: those have no person. */
    ClientCredentials: { find(token: string): Promise<Omit<AccessToken, "accountId"> | undefined> };
    DeviceCode: { findByUserCode(userCode: string): Promise<DeviceCode | undefined> };
    Client: { find(id: string): Promise<Client | undefined> };
    Grant: { new (properties: { accountId: string; clientId: unknown }): Grant; find(id: string): Promise<Grant | undefined> };
  }
}
