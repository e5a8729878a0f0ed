// Sealed secrets: AES-256-GCM with a key id, bound to the row they belong to. The one file that encrypts.
import { createCipheriv, createDecipheriv, hash, randomBytes, timingSafeEqual } from "node:crypto";
import { setImmediate } from "node:timers/promises";

export interface SecretKey {
  kid: string;
  /** 32 bytes. */
  key: Buffer;
}

export interface Sealer {
  /** Seals `plaintext` for one row. `binding` names that row ("credential:<connectionId>:<holder>") and must be given again to open. */
  seal(plaintext: string, binding: string): string;
  /** Opens what `seal` made. Throws when the key is unknown, the binding differs or a bit was changed. */
  open(sealed: string, binding: string): string;
  /** Seals bytes, of which there may be megabytes: in turns, so that others are heard in between. */
  sealBytes(plain: Buffer, binding: string): Promise<string>;
  /** Opens what `seal` or `sealBytes` made, at once. Throws as `open` does. */
  openBytes(sealed: string, binding: string): Buffer;
  /** True while the key that sealed it is among these. */
  canOpen(sealed: string): boolean;
  /** True when it was sealed with an older key than the one that seals now. */
  isStale(sealed: string): boolean;
}

/** Bytes that are sealed in one turn: a multiple of three, so that the pieces of base64 make one. */
const pieceBytes = 24_576;

const kidOf = (sealed: string) => sealed.split(".", 2)[1] ?? "";

/** A sealer over these keys: the first seals, all open. The form is `v1.<kid>.<iv>.<tag>.<ciphertext>`, base64url. */
export function createSealer(keys: readonly SecretKey[]): Sealer {
  const [newest] = keys;
  if (!newest) throw new Error("A sealer needs at least one key.");
  const byId = new Map(keys.map(({ kid, key }) => [kid, key]));

  const cipherFor = (binding: string) => {
    const iv = randomBytes(12);
    const cipher = createCipheriv("aes-256-gcm", newest.key, iv).setAAD(Buffer.from(`${newest.kid}\0${binding}`));
    /** Of the whole ciphertext as base64url, once all of it was made. */
    const sealed = (ciphertext: string) =>
      `v1.${newest.kid}.${iv.toString("base64url")}.${cipher.getAuthTag().toString("base64url")}.${ciphertext}`;
    return { cipher, sealed };
  };

  const own: Sealer = {
    seal(plaintext, binding) {
      const { cipher, sealed } = cipherFor(binding);
      return sealed(Buffer.concat([cipher.update(plaintext, "utf8"), cipher.final()]).toString("base64url"));
    },
    async sealBytes(plain, binding) {
      const { cipher, sealed } = cipherFor(binding);
      let ciphertext = "";
      for (let at = 0; at < plain.length; at += pieceBytes) {
        ciphertext += cipher.update(plain.subarray(at, at + pieceBytes)).toString("base64url");
        await setImmediate();
      }
      // Nothing is left for it: GCM has no blocks.
      cipher.final();
      return sealed(ciphertext);
    },
    open: (sealed, binding) => own.openBytes(sealed, binding).toString("utf8"),
    openBytes(sealed, binding) {
      const [version, kid = "", iv = "", tag = "", ciphertext = ""] = sealed.split(".");
      const key = byId.get(kid);
      if (version !== "v1" || !key) throw new Error(`A secret was sealed with the key "${kid}", which is not in SECRET_KEYS.`);
      const authTag = Buffer.from(tag, "base64url");
      if (authTag.length !== 16) throw new Error("A sealed secret is damaged.");
      const decipher = createDecipheriv("aes-256-gcm", key, Buffer.from(iv, "base64url"))
        .setAAD(Buffer.from(`${kid}\0${binding}`))
        .setAuthTag(authTag);
      return Buffer.concat([decipher.update(Buffer.from(ciphertext, "base64url")), decipher.final()]);
    },
    canOpen: (sealed) => byId.has(kidOf(sealed)),
    isStale: (sealed) => kidOf(sealed) !== newest.kid,
  };
  return own;
}

/** SHA-256 as lower-case hex: how tokens, states and session ids are kept. */
export function hashSecret(secret: string): string {
  return hash("sha256", secret, "hex");
}

/** `bytes` random bytes as base64url. */
export function randomSecret(bytes = 32): string {
  return randomBytes(bytes).toString("base64url");
}

/** Compares two hashes of equal length without telling by its time where they differ. */
export function sameHash(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}
