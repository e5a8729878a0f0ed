// `curl -fsSL <origin>/agents/setup.sh | sh`: a script that adds Gatehouse to the agents on somebody's computer by their own commands. It holds no secret.
import { type RequestHandler, Router } from "express";

import { links } from "#server/origin.ts";

import { factsOf } from "./facts.ts";
import { sendError } from "./send-error.ts";

/** What may stand in the script: an origin of plain characters, none of which means anything to a shell. */
const plainOrigin = /^https?:\/\/(?:[a-z0-9.-]+|\[[0-9a-f:]+\])(?::\d+)?$/i;

/** The script for this origin; null for an origin that cannot be written into one. */
export function setupScript(origin: string): string | null {
  if (!plainOrigin.test(origin)) return null;
  return `#!/bin/sh
# Adds Gatehouse (${origin}) to the agents on this computer, each by its own command.
# It holds no secret: every agent signs in by itself afterwards, in your browser. Running it again changes nothing.
#   add:       curl -fsSL ${origin}/agents/setup.sh | sh
#   way back:  curl -fsSL ${origin}/agents/setup.sh | sh -s -- --remove
set -u

url='${links.agentEndpoint(origin)}'
page='${links.agents(origin)}'
name='gatehouse'
found=0
failed=0

say() { printf '%s\\n' "$*"; }
have() { command -v "$1" >/dev/null 2>&1; }
opencode_file() {
  file="\${XDG_CONFIG_HOME:-$HOME/.config}/opencode/opencode.json"
  if [ -f "\${file}c" ]; then printf '%s' "\${file}c"; else printf '%s' "$file"; fi
}

# What an agent has under our name; nothing and an error when it has none. Commands never read this script from standard input.
known_to() {
  case $1 in
    claude) claude mcp get "$name" ;;
    codex) codex mcp get "$name" ;;
    opencode) grep -A 6 "\\"$name\\"" "$(opencode_file)" ;;
    gemini) grep -A 6 "\\"$name\\"" "$HOME/.gemini/settings.json" ;;
    *) false ;;
  esac </dev/null 2>/dev/null
}

# attempt LABEL TOLD COMMAND...: shows the command, runs it, and tells how it went.
attempt() {
  label=$1 told=$2
  shift 2
  say "> $*"
  if "$@" </dev/null; then
    say "+ $label: $told"
  else
    failed=1
    say "! $label: that failed."
  fi
}

# add PROGRAM LABEL NEXT COMMAND...: once, and never in the place of somebody else's server.
add() {
  program=$1 label=$2 next=$3
  shift 3
  have "$program" || return 0
  found=1
  known=$(known_to "$program") || known=''
  case $known in
    '') attempt "$label" "added. $next" "$@" ;;
    *"$url"*) say "= $label: already there. $next" ;;
    *)
      failed=1
      say "! $label: has another server named $name, which was left as it is. Remove that one, or add $url under another name."
      ;;
  esac
}

# remove PROGRAM LABEL COMMAND...
remove() {
  program=$1 label=$2
  shift 2
  have "$program" || return 0
  found=1
  if known=$(known_to "$program"); then
    case $known in
      *"$url"*) attempt "$label" 'removed.' "$@" ;;
      *) say "= $label: its $name is another server, which was left as it is." ;;
    esac
  else
    say "= $label: nothing to remove."
  fi
}

add_all() {
  add claude 'Claude Code' "Sign in: claude mcp login $name" claude mcp add --transport http --scope user "$name" "$url"
  add opencode 'opencode' "Sign in: opencode mcp auth $name" opencode mcp add "$name" --url "$url"
  add gemini 'Gemini CLI' "Sign in: /mcp auth $name in Gemini CLI" gemini mcp add --scope user --transport http "$name" "$url"
  add code 'VS Code' 'Start it where VS Code lists MCP servers; it asks you to sign in.' \\
    code --add-mcp "{\\"name\\":\\"$name\\",\\"type\\":\\"http\\",\\"url\\":\\"$url\\"}"
  if have cursor; then
    found=1
    say "? Cursor: has no command for this. Press \\"Add to Cursor\\" at $page"
  fi
  # Last, for it begins its sign-in at once and waits: Ctrl-C leaves what was added.
  add codex 'Codex' "If no browser opened: codex mcp login $name" codex mcp add "$name" --url "$url"
  [ "$found" = 1 ] || say "? None of claude, codex, opencode, gemini, code and cursor is on this computer's PATH. See $page for all others."
  say "The way back: curl -fsSL $page/setup.sh | sh -s -- --remove"
}

remove_all() {
  remove claude 'Claude Code' claude mcp remove --scope user "$name"
  remove codex 'Codex' codex mcp remove "$name"
  remove gemini 'Gemini CLI' gemini mcp remove --scope user "$name"
  if have opencode; then say "? opencode: has no command for this. Take \\"$name\\" out of $(opencode_file)"; fi
  if have code; then say '? VS Code: has no command for this. Run "MCP: List Servers" there and remove it.'; fi
  if have cursor; then say '? Cursor: has no command for this. Remove it in its MCP settings.'; fi
  say "What agents may do as you ends at $page"
}

# All of it is read before anything runs: a download that broke off does nothing.
case \${1-} in
  '') add_all ;;
  --remove) remove_all ;;
  *)
    say "Unknown option: $1. There is --remove, or nothing." >&2
    exit 2
    ;;
esac
exit "$failed"
`;
}

const serveScript: RequestHandler = (req, res) => {
  const script = setupScript(factsOf(req).origin);
  if (script === null)
    return sendError(req, res, 421, "This address cannot be written into a script. Set PUBLIC_URL to the origin people use.");
  res.type("text/plain").set("cache-control", "no-store").send(script);
};

export function setupScriptRoute(): Router {
  return Router().get("/agents/setup.sh", serveScript);
}
