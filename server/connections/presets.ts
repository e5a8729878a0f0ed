// Known servers that can be added with one click. Data only; a new one is one entry.
import type { AuthType, CredentialMode } from "#server/db.ts";
import type { OAuthSettings } from "#server/oauth/settings.ts";

/** How an organization makes its own OAuth application at a provider. */
export interface OwnApp {
  /** Where; null where every organization has an address of its own. */
  url: string | null;
  /** What to make there, and how. */
  make: string;
  /** Where to enter the redirect URL. */
  redirect: string;
  /** Where its client id and secret are found. */
  copy: string;
}

export interface Preset {
  id: string;
  name: string;
  url: string;
  authType: AuthType;
  credentialMode: CredentialMode;
  /** One line for the tile. */
  description: string;
  /** The provider registers no applications by itself: how an admin makes one there first. Null: nobody has to. */
  ownApp: OwnApp | null;
  /** What an admin has to know before they press Add; null when there is nothing. */
  note: string | null;
  /** What its advanced settings start with, where it deviates from the standards. */
  advanced: OAuthSettings;
}

type Entry = Pick<Preset, "id" | "name" | "url" | "description"> & Partial<Preset>;

function preset(entry: Entry): Preset {
  return { authType: "oauth", credentialMode: "shared", ownApp: null, note: null, advanced: {}, ...entry };
}

export const presets: readonly Preset[] = [
  preset({ id: "notion", name: "Notion", url: "https://mcp.notion.com/mcp", description: "Pages, databases and comments" }),
  preset({ id: "linear", name: "Linear", url: "https://mcp.linear.app/mcp", description: "Issues, projects and cycles" }),
  preset({ id: "stripe", name: "Stripe", url: "https://mcp.stripe.com", description: "Payments, customers and invoices" }),
  preset({ id: "sentry", name: "Sentry", url: "https://mcp.sentry.dev/mcp", description: "Errors, issues and traces" }),
  preset({
    id: "context7",
    name: "Context7",
    url: "https://mcp.context7.com/mcp",
    authType: "none",
    description: "Current documentation of libraries",
    note: "Works without a key; with a key the limits are higher.",
  }),
  preset({
    id: "atlassian",
    name: "Atlassian",
    url: "https://mcp.atlassian.com/v2/mcp",
    description: "Jira issues and Confluence pages",
    note: "An Atlassian admin has to allow the callback address of this Gatehouse first.",
  }),
  preset({
    id: "github",
    name: "GitHub",
    url: "https://api.githubcopilot.com/mcp/",
    description: "Repositories, issues and pull requests",
    ownApp: {
      url: "https://github.com/settings/apps",
      make: "Make a GitHub App (its sign-ins renew themselves) or an OAuth app; for an organization, in its own settings under Developer settings.",
      redirect: 'As "Callback URL" (GitHub App) or "Authorization callback URL" (OAuth app).',
      copy: "The client ID is on the app's page; generate a client secret there.",
    },
    note: "Or choose API key below and use a personal access token.",
    advanced: { allowMissingPkce: true },
  }),
  preset({
    id: "slack",
    name: "Slack",
    url: "https://mcp.slack.com/mcp",
    description: "Messages, channels and files",
    ownApp: {
      url: "https://api.slack.com/apps",
      make: "Make an app, internal to your workspace or published in Slack's directory, and turn its MCP toggle on.",
      redirect: "Under OAuth & Permissions, as a redirect URL. Slack takes only https.",
      copy: "Client ID and client secret are under Basic Information.",
    },
    advanced: {
      scope:
        "search:read.public search:read.private search:read.im search:read.mpim search:read.files chat:write channels:history groups:history im:history mpim:history users:read",
      scopeParameter: "user_scope",
      tokenPath: "authed_user",
      trustedIssuer: "https://slack.com",
      expectRefreshToken: false,
    },
  }),
  preset({
    id: "hubspot",
    name: "HubSpot",
    url: "https://mcp.hubspot.com",
    description: "Contacts, companies and deals",
    ownApp: {
      url: "https://developers.hubspot.com",
      make: "Make an MCP auth app in the developer settings of your account.",
      redirect: "As the redirect URL of the app.",
      copy: "Client ID and client secret are on the app's page.",
    },
    advanced: { tokenEndpointAuthMethod: "client_secret_post" },
  }),
  preset({
    id: "asana",
    name: "Asana",
    url: "https://mcp.asana.com/v2/mcp",
    description: "Tasks, projects and portfolios",
    ownApp: {
      url: "https://app.asana.com/0/my-apps",
      make: "Make an MCP app in the developer console, and allow your workspace under its distribution.",
      redirect: "Among its redirect URLs, letter by letter.",
      copy: "Client ID and client secret are on the app's page.",
    },
  }),
  preset({
    id: "figma",
    name: "Figma",
    url: "https://mcp.figma.com/mcp",
    description: "Designs, components and variables",
    ownApp: {
      url: "https://www.figma.com/developers/apps",
      make: "Make an app. Figma lets only applications in that it has approved for its MCP server; ask Figma to approve yours.",
      redirect: "As the callback URL of the app.",
      copy: "Client ID and client secret are on the app's page.",
    },
  }),
  preset({ id: "granola", name: "Granola", url: "https://mcp.granola.ai/mcp", description: "Meeting notes and transcripts" }),
  preset({ id: "polar", name: "Polar", url: "https://mcp.polar.sh/mcp/polar-mcp", description: "Products, orders and subscriptions" }),
  preset({ id: "exa", name: "Exa", url: "https://mcp.exa.ai/mcp", authType: "api_key", description: "Search of the web" }),
  preset({
    id: "render",
    name: "Render",
    url: "https://mcp.render.com/mcp",
    authType: "api_key",
    description: "Services, deploys and logs",
  }),
];

/** What sign-in servers of several products want, by the host of their issuer: an admin finds it filled in. */
const byIssuer: readonly { host: string; advanced: OAuthSettings }[] = [
  {
    host: "accounts.google.com",
    advanced: { authorizeParameters: { access_type: "offline", prompt: "consent" }, expectRefreshToken: true },
  },
  { host: "login.microsoftonline.com", advanced: { omitResource: true, allowMissingPkce: true } },
];

/** The settings to begin with for a server whose people sign in at `issuer`. */
export function settingsForIssuer(issuer: string): OAuthSettings {
  const host = URL.canParse(issuer) ? new URL(issuer).hostname : "";
  return byIssuer.find((known) => known.host === host)?.advanced ?? {};
}
