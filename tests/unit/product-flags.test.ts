// The product is run in the same way by `npm start`, in the image and by the tests.
import { readFileSync } from "node:fs";
import path from "node:path";

import { expect, test } from "vitest";

import { productFlags, root } from "../../scripts/run.mjs";

const read = (file: string) => readFileSync(path.join(root, file), "utf8");

test("npm start and the image run Node as the tests do", () => {
  const image = /^CMD \[("node", .*)\]$/m.exec(read("Dockerfile"))?.[1];
  expect(image).toBe(["node", ...productFlags, "build/main.js"].map((word) => JSON.stringify(word)).join(", "));
  const { scripts }: { scripts: Record<string, string> } = JSON.parse(read("package.json"));
  // Source maps it switches on itself, as it stays in this process.
  const flags = productFlags.filter((flag) => flag !== "--enable-source-maps");
  expect(scripts.start).toBe(`node ${flags.join(" ")} scripts/start.mjs`);
});
