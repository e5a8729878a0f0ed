// The forms of a connection's page: each intent is one call of the api and one sentence about what it did.
import type { AppLoadContext } from "@remix-run/node";

import { accessOf, advancedOf, optionalText, staticHeadersOf, text } from "./form.ts";

type Api = AppLoadContext["api"];

const accountWords = (count: number) => (count === 1 ? "1 account was" : `${count} accounts were`);

async function saveSettings(api: Api, id: string, form: FormData): Promise<string> {
  const clientId = text(form, "clientId").trim();
  const clientSecret = optionalText(form, "clientSecret");
  const { disconnected } = await api.connection.update({
    id,
    version: Number(text(form, "version")),
    name: text(form, "name"),
    url: text(form, "url"),
    enabled: form.has("enabled"),
    requestable: form.has("requestable"),
    ...(form.has("headerName")
      ? { headerName: optionalText(form, "headerName") ?? null, headerPrefix: optionalText(form, "headerPrefix") ?? null }
      : {}),
    ...(clientId || clientSecret ? { oauthClient: { clientId, clientSecret } } : {}),
    advanced: advancedOf(form),
    staticHeaders: staticHeadersOf(form),
  });
  return disconnected ? "Saved. The stored accounts were forgotten: connect again above." : "Saved.";
}

/** Does what the form asks for. Throws what the api throws; BAD_INPUT-like surprises (no such intent) are a 400. */
export async function changeConnection(api: Api, id: string, form: FormData): Promise<{ message: string }> {
  switch (text(form, "intent")) {
    case "settings":
      return { message: await saveSettings(api, id, form) };
    case "access": {
      await api.grant.replace({ connectionId: id, version: Number(text(form, "version")), access: accessOf(form) });
      return { message: "Saved. The change counts from the next request on." };
    }
    case "connect": {
      const { tools } = await api.connection.connect({ id, apiKey: form.has("apiKey") ? text(form, "apiKey") : undefined });
      return { message: `Connected. ${tools === 1 ? "1 tool" : `${tools} tools`} found.` };
    }
    case "refresh": {
      const { added, changed, removed } = await api.connection.refresh({ id });
      const same = added + changed + removed === 0;
      return { message: same ? "Nothing has changed." : `${added} new, ${changed} changed, ${removed} gone.` };
    }
    case "review": {
      await api.connection.reviewTools({ id, asOf: text(form, "asOf") });
      return { message: "Noted. What changes from now on appears here again." };
    }
    case "disconnect": {
      const { accounts } = await api.connection.disconnect({ id, membershipId: optionalText(form, "membershipId") });
      return { message: `Disconnected. ${accountWords(accounts)} forgotten.` };
    }
    case "remove":
      await api.connection.remove({ id });
      return { message: "The connection was deleted." };
    default:
      throw new Response("This form is not known here.", { status: 400, statusText: "BAD_INPUT" });
  }
}
