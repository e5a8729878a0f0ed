// Every address of the interface, in one place.

export const paths = {
  home: "/",
  login: "/login",
  logout: "/logout",
  signUp: "/signup",
  consent: "/consent/",
  device: "/device",
  settings: "/settings",
  newOrganization: "/organizations/new",
  switchOrganization: "/organizations/switch",
  connections: "/connections",
  connectionTools: (id: string) => `/connections/${encodeURIComponent(id)}`,
  playground: "/playground",
  agents: "/agents",
  setupScript: "/agents/setup.sh",
  admin: {
    connections: "/admin/connections",
    newConnection: "/admin/connections/new",
    connection: (id: string) => `/admin/connections/${encodeURIComponent(id)}`,
    members: "/admin/members",
    teams: "/admin/teams",
    audit: "/admin/audit",
    settings: "/admin/settings",
  },
  oauth: { wait: "/oauth/wait", start: "/oauth/start" },
  agentEndpoint: "/mcp/agent",
  api: "/api/trpc",
} as const;

/** The sign-in page that leads back to where somebody wanted to go. */
export function loginFor(next: string): string {
  return next === paths.home ? paths.login : `${paths.login}?next=${encodeURIComponent(next)}`;
}

/** `next` if it is an address of this product, else the start page: a link must not lead people elsewhere after sign-in. */
export function ownPath(next: string | null): string {
  return next !== null && /^\/(?![/\\])/.test(next) && !/[\s\\]/.test(next) ? next : paths.home;
}
