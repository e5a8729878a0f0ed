// The rows of the audit trail, in words.
import { Badge, type Tone } from "./ui/badge.tsx";
import { ScrollRegion } from "./ui/scroll-region.tsx";
import { Time } from "./ui/time.tsx";

export interface AuditRow {
  id: string;
  at: Date;
  action: string;
  via: string;
  actorName: string;
  targetName: string | null;
  outcome: string;
  errorCode: string | null;
  durationMs: number | null;
  requestId: string;
}

export const actionWords: Record<string, string> = {
  "organization.created": "Created the organization",
  "organization.updated": "Renamed the organization",
  "organization.rollout_changed": "Changed the rollout",
  "invitation.created": "Invited somebody",
  "invitation.renewed": "Made a new invitation link",
  "invitation.revoked": "Took an invitation back",
  "member.joined": "Joined",
  "member.role_changed": "Changed a role",
  "member.removed": "Removed a member",
  "member.left": "Left the organization",
  "user.password_reset": "Reset a password",
  "team.created": "Created a team",
  "team.renamed": "Renamed a team",
  "team.removed": "Deleted a team",
  "team.members_replaced": "Changed a team's members",
  "session.signed_in": "Signed in",
  "session.sign_in_failed": "Failed to sign in",
  "session.signed_out": "Signed out",
  "session.switched": "Switched to this organization",
  "connection.created": "Added a connection",
  "connection.updated": "Changed a connection",
  "connection.removed": "Deleted a connection",
  "connection.connected": "Connected an account",
  "connection.disconnected": "Disconnected a connection",
  "connection.rejected": "Credential was refused",
  "connection.registered": "Gatehouse was registered anew",
  "connection.refreshed": "Refreshed the tools",
  "connection.tools_reviewed": "Reviewed what changed in the tools",
  "connection.authorization_began": "Began a sign-in",
  "connection.authorization_failed": "Sign-in did not finish",
  "grant.replaced": "Changed who can use it",
  "grant.requested": "Asked for access",
  "grant.request_approved": "Granted a request",
  "grant.request_declined": "Declined a request",
  "agent_token.created": "Created a token",
  "agent_token.revoked": "Revoked a token",
  "agent.signed_in": "Let an agent in",
  "agent.signed_out": "Ended an agent's access",
  "capability.executed": "Called a tool",
};

const outcomes: Record<string, { label: string; tone: Tone }> = {
  ok: { label: "Done", tone: "good" },
  failed: { label: "Failed", tone: "bad" },
  denied: { label: "Denied", tone: "warn" },
  started: { label: "Under way", tone: "info" },
};

const doors: Record<string, string> = {
  session: "browser",
  admin_token: "API token",
  agent_token: "agent",
  system: "Gatehouse",
  operator: "command line",
};

function Outcome({ row: { outcome, errorCode, durationMs } }: { row: AuditRow }) {
  const { label, tone } = outcomes[outcome] ?? { label: outcome, tone: "neutral" };
  return (
    <span className="flex flex-wrap items-center gap-x-2 gap-y-1">
      <Badge tone={tone}>{label}</Badge>
      {errorCode && <code className="font-mono text-xs text-muted">{errorCode}</code>}
      {durationMs !== null && <span className="text-xs whitespace-nowrap text-muted">{durationMs} ms</span>}
    </span>
  );
}

export function AuditTable({ rows }: { rows: readonly AuditRow[] }) {
  return (
    <ScrollRegion label="Audit trail" className="rounded-xl border border-line bg-surface shadow-card">
      <table className="w-full text-left">
        <thead className="border-b border-line bg-sunken text-xs text-muted">
          <tr>
            {["When", "Who", "What", "Outcome"].map((title) => (
              <th key={title} scope="col" className="px-4 py-2.5 font-medium first:pl-5 last:pr-5">
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody className="divide-y divide-line">
          {rows.map((row) => (
            <tr key={row.id} className="align-top">
              <td className="px-4 py-3 whitespace-nowrap text-muted first:pl-5">
                <Time at={row.at} />
              </td>
              <td className="px-4 py-3">
                <span className="block font-medium whitespace-nowrap">{row.actorName}</span>
                <span className="block text-xs whitespace-nowrap text-muted">by {doors[row.via] ?? row.via}</span>
              </td>
              <td className="min-w-48 px-4 py-3">
                <span className="block">{actionWords[row.action] ?? row.action}</span>
                {row.targetName && <span className="block text-xs break-all text-muted">{row.targetName}</span>}
              </td>
              <td className="px-4 py-3 last:pr-5" title={`Reference: ${row.requestId}`}>
                <Outcome row={row} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </ScrollRegion>
  );
}
