// Where a server may be, from what an admin pasted: a name, a host or a URL. A short reviewed list, the likeliest first; nothing is asked here.
import { literalAddress } from "#server/outbound/guard.ts";

import { presets } from "./presets.ts";

export interface Candidate {
  url: string;
  presetId: string | null;
}

/** As many addresses are tried at the most: a paste must not become a scan. */
const maxCandidates = 8;
/** Where servers live on their host, by how often it was seen; the last two are old ones. */
const usualPaths = ["/mcp", "/", "/sse", "/v1/sse"];
/** Hosts of a company that is known by its name alone. */
const usualHosts = ["mcp.{}.com", "mcp.{}.dev", "mcp.{}.app", "mcp.{}.ai", "mcp.{}.io"];

const bare = (text: string) => text.toLowerCase().replace(/[^a-z0-9]/g, "");

/** Known servers on this host, or on the company's host that it belongs to ("notion.com" for mcp.notion.com). */
function presetsOn(hostname: string): Candidate[] {
  const own = presets.filter(({ url }) => {
    const known = new URL(url).hostname;
    return known === hostname || known === `mcp.${hostname.replace(/^www\./, "")}`;
  });
  return own.map(({ url, id }) => ({ url, presetId: id }));
}

function onHost(origin: URL, allowPrivate: boolean): Candidate[] {
  const { hostname } = origin;
  const isLocal = hostname === "localhost" || literalAddress(origin) !== null;
  const hosts = [origin.origin];
  if (!isLocal && !hostname.startsWith("mcp.")) hosts.push(`${origin.protocol}//mcp.${origin.host.replace(/^www\./, "")}`);
  // Inside a private network servers rarely have certificates.
  if (isLocal && allowPrivate && origin.protocol === "https:") hosts.unshift(`http://${origin.host}`);
  return hosts.flatMap((host) => usualPaths.map((path) => ({ url: new URL(path, host).href, presetId: null })));
}

function byName(text: string): Candidate[] {
  if (!/^[a-z0-9][a-z0-9 &_-]{0,62}$/i.test(text)) return [];
  const name = bare(text);
  const known = presets.filter((preset) => bare(preset.id) === name || bare(preset.name) === name);
  if (known.length > 0) return known.map(({ url, id }) => ({ url, presetId: id }));
  return usualHosts.map((host) => ({ url: `https://${host.replace("{}", name)}/mcp`, presetId: null }));
}

/** The pasted URL itself first; without a path, where servers usually are on that host. Text that can be no address gives none. */
export function candidatesFor(text: string, { allowPrivate }: { allowPrivate: boolean }): Candidate[] {
  const isUrl = /^[a-z][a-z0-9+.-]*:\/\//i.test(text);
  const isHost = !isUrl && !/\s/.test(text) && /[.:]|^localhost$/.test(text);
  if (!isUrl && !isHost) return byName(text).slice(0, maxCandidates);
  const whole = isUrl ? text : `https://${text}`;
  if (!URL.canParse(whole)) return [];
  const url = new URL(whole);
  const exact = isUrl || url.pathname !== "/" || url.search !== "";
  const onPresets = presetsOn(url.hostname);
  const all = [
    ...(exact ? [{ url: isUrl ? text : url.href, presetId: null }] : []),
    ...onPresets,
    ...(url.pathname === "/" && url.search === "" ? onHost(url, allowPrivate) : []),
  ];
  // What a preset says of an address counts, also where the address was pasted.
  const unique = new Map<string, Candidate>();
  for (const candidate of all) {
    const key = URL.canParse(candidate.url) ? new URL(candidate.url).href : candidate.url;
    unique.set(key, { ...candidate, presetId: unique.get(key)?.presetId ?? candidate.presetId });
  }
  return [...unique.values()].slice(0, maxCandidates);
}
