// The ways in which real providers bend OAuth, as layers around the fake authorization server. Each is a row of what is known of a provider.
import type { Provider } from "oidc-provider";

/** Bends a server; called once, before its first request. */
export type Quirk = (provider: Provider) => void;

type Fields = Record<string, unknown>;

const isFields = (body: unknown): body is Fields => typeof body === "object" && body !== null;

/** Rewrites what the token endpoint answers. */
function tokenAnswer(change: (fields: Fields, status: number) => { status?: number; body: unknown; type?: string }): Quirk {
  return (provider) =>
    provider.use(async (ctx, next) => {
      await next();
      if (ctx.path !== "/token" || !isFields(ctx.body)) return;
      const { status = ctx.status, body, type = "application/json" } = change(ctx.body, ctx.status);
      Object.assign(ctx, { status, body, type });
    });
}

/** Refuses a request to `path` before the server sees it, when `when` says so. */
function refusal(path: string, when: (ctx: RequestContext) => boolean, answer: (ctx: RequestContext) => void): Quirk {
  return (provider) =>
    provider.use(async (ctx, next) => {
      if (ctx.path === path && when(ctx)) answer(ctx);
      else await next();
    });
}

type RequestContext = Parameters<Parameters<Provider["use"]>[0]>[0];

function sendBack(ctx: RequestContext, error: string): void {
  const { redirect_uri, state } = ctx.query;
  const back = new URL(String(redirect_uri));
  back.search = new URLSearchParams({ error, state: String(state), iss: `http://${ctx.req.headers.host}` }).toString();
  ctx.status = 303;
  ctx.res.setHeader("location", back.href);
}

/** GitHub: the answer is a form. */
export const formEncoded = tokenAnswer((fields) => ({
  body: new URLSearchParams(Object.entries(fields).map(([name, value]) => [name, String(value)])).toString(),
  type: "application/x-www-form-urlencoded",
}));

/** GitHub, Slack: a refusal has status 200. */
export const errorsWith200 = tokenAnswer((fields, status) =>
  status < 400 ? { body: fields } : { status: 200, body: { ok: false, error: fields.error } },
);

/** Slack: the person's token is inside, the one outside is a bot's. */
export const nestedToken = tokenAnswer((fields, status) =>
  status < 400
    ? { body: { ok: true, access_token: "xoxb-of-a-bot", token_type: "bot", authed_user: { ...fields, token_type: "user" } } }
    : { body: fields },
);

/** As above, with nothing outside. */
export const nestedAlone = tokenAnswer((fields, status) => (status < 400 ? { body: { ok: true, authed_user: fields } } : { body: fields }));

/** Slack: no refresh token, ever. */
export const noRefreshToken = tokenAnswer((fields) => ({ body: { ...fields, refresh_token: undefined } }));

/** Google: a refresh token only for who asked with access_type=offline. */
export const offlineByParameter: Quirk = (provider) => {
  let asked = false;
  provider.use((ctx, next) => {
    if (ctx.path === "/auth") asked = ctx.query.access_type === "offline";
    return next();
  });
  tokenAnswer((fields) => ({ body: asked ? fields : { ...fields, refresh_token: undefined } }))(provider);
};

/** HubSpot: the secret in the body alone. */
export const basicRefused = refusal(
  "/token",
  (ctx) => ctx.req.headers.authorization !== undefined,
  (ctx) => Object.assign(ctx, { status: 401, body: { error: "BAD_CLIENT_SECRET" } }),
);

/** Figma: who is not on its list may not register. */
export const registrationForbidden = refusal(
  "/reg",
  () => true,
  (ctx) => Object.assign(ctx, { status: 403, body: "Forbidden" }),
);

/** Entra: no resource parameter. */
export const resourceRefused = refusal(
  "/auth",
  (ctx) => ctx.query.resource !== undefined,
  (ctx) => sendBack(ctx, "invalid_target"),
);

/** Entra's own words for a refused resource, which the RFC calls invalid_target. */
export const resourceRefusedByEntra = (provider: Provider): void =>
  void provider.use(async (ctx, next) => {
    await next();
    if (ctx.path !== "/token" || ctx.oidc?.params?.resource === undefined) return;
    const error_description = "AADSTS9010010: The resource parameter provided in the request doesn't match with the requested scopes.";
    Object.assign(ctx, { status: 400, body: { error: "invalid_request", error_description }, type: "application/json" });
  });

/** Slack: scopes come in a parameter of another name. */
export const userScope: Quirk = (provider) =>
  provider.use(async (ctx, next) => {
    const { scope, user_scope, ...rest } = ctx.query;
    if (ctx.path !== "/auth") return next();
    if (scope !== undefined || user_scope === undefined) sendBack(ctx, "invalid_scope");
    else {
      ctx.query = { ...rest, scope: user_scope };
      await next();
    }
  });

/** Rewrites the `iss` people come back with; null takes it away. */
export const issuerInCallback =
  (iss: string | null): Quirk =>
  (provider) =>
    provider.use(async (ctx, next) => {
      await next();
      const location = String(ctx.res.getHeader("location"));
      if (!URL.canParse(location) || !new URL(location).searchParams.has("code")) return;
      const back = new URL(location);
      if (iss === null) back.searchParams.delete("iss");
      else back.searchParams.set("iss", iss);
      ctx.res.setHeader("location", back.href);
    });

/** No metadata at all. */
export const noMetadata: Quirk = (provider) =>
  provider.use(async (ctx, next) => {
    if (ctx.path.startsWith("/.well-known/")) ctx.status = 404;
    else await next();
  });
