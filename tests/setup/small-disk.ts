// A disk of a few megabytes in memory, that a test can fill. Mounting takes root on Linux; where that is not to be had nothing is tested.
import { execFileSync } from "node:child_process";
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

export interface SmallDisk {
  path: string;
  /** Writes until nothing goes on it any more. */
  fill: () => void;
  free: () => void;
  remove: () => void;
}

/** Mounts one; null where that is not possible. */
export function mountSmallDisk(megabytes: number): SmallDisk | null {
  const folder = mkdtempSync(path.join(tmpdir(), "gatehouse-disk-"));
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=${megabytes}m`, "tmpfs", folder], { stdio: "ignore" });
  } catch {
    rmSync(folder, { recursive: true, force: true });
    return null;
  }
  const filler = path.join(folder, "filler");
  return {
    path: folder,
    fill: () => {
      const file = openSync(filler, "w");
      const chunk = Buffer.alloc(4_096);
      try {
        for (;;) writeSync(file, chunk);
      } catch {
        // It is full.
      } finally {
        closeSync(file);
      }
    },
    free: () => rmSync(filler),
    remove: () => {
      execFileSync("umount", ["--lazy", folder]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
