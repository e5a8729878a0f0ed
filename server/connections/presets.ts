// Known servers that can be added with one click. Data only; a new one is one entry.
import type { AuthType, CredentialMode } from "#server/db.ts";
import type { OAuthSettings } from "#server/oauth/settings.ts";

export interface Preset {
  id: string;
  name: string;
  url: string;
  authType: AuthType;
  credentialMode: CredentialMode;
  /** One line for the tile. */
  description: string;
  /** The provider registers no applications by itself: an admin makes an OAuth client there first. */
  needsOwnClient: boolean;
  /** What an admin has to know before they press Add; null when there is nothing. */
  note: string | null;
  /** What its advanced settings start with, where it deviates from the standards. */
  advanced: OAuthSettings;
}

type Entry = Pick<Preset, "id" | "name" | "url" | "description"> & Partial<Preset>;

function preset(entry: Entry): Preset {
  return { authType: "oauth", credentialMode: "shared", needsOwnClient: false, note: null, advanced: {}, ...entry };
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
    needsOwnClient: true,
    note: "Needs an app of your own: at GitHub, Settings, Developer settings, make a GitHub App or OAuth app with the redirect URL below; copy its client ID, and generate a client secret. Or use a personal access token as an API key.",
    advanced: { allowMissingPkce: true },
  }),
  preset({
    id: "slack",
    name: "Slack",
    url: "https://mcp.slack.com/mcp",
    description: "Messages, channels and files",
    needsOwnClient: true,
    note: "Needs an app of your own, internal or published in Slack's directory: at api.slack.com/apps turn its MCP toggle on, add the redirect URL below under OAuth & Permissions, and copy client ID and client secret from Basic Information.",
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
    needsOwnClient: true,
    note: "Needs an MCP auth app of your own: make one in HubSpot's developer settings with the redirect URL below, and copy its client ID and client secret.",
    advanced: { tokenEndpointAuthMethod: "client_secret_post" },
  }),
  preset({
    id: "asana",
    name: "Asana",
    url: "https://mcp.asana.com/v2/mcp",
    description: "Tasks, projects and portfolios",
    needsOwnClient: true,
    note: "Needs an app of your own: make an MCP app in Asana's developer console with exactly the redirect URL below, allow your workspace, and copy its client ID and client secret.",
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
