// The form of agent tokens: `gth_<43 base64url characters>_<6 characters>`. The end is a checksum, so that a typo or a cut-off
// paste is told apart from a revoked token without asking the database, and secret scanners can be sure of a find.
import { hash } from "node:crypto";

import { randomSecret } from "#server/seal.ts";

const form = /^gth_([A-Za-z0-9_-]{43})_([A-Za-z0-9_-]{6})$/;

/** The first 36 bits of the SHA-256 of the random part, as base64url. */
function checksum(random: string): string {
  return hash("sha256", random, "base64url").slice(0, 6);
}

/** A new token with 256 random bits. */
export function newToken(): string {
  const random = randomSecret();
  return `gth_${random}_${checksum(random)}`;
}

/** Characters of the longest token there can be. */
export const maxTokenLength = 256;

/** False for a text that begins like a token of ours but cannot be one. Other texts (BOOTSTRAP_TOKEN has any form) may be one. */
export function isPlausible(text: string): boolean {
  if (text.length < 32 || text.length > maxTokenLength) return false;
  if (!text.startsWith("gth_")) return true;
  const [, random = "", check] = form.exec(text) ?? [];
  return checksum(random) === check;
}
