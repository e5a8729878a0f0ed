// What presets know of a provider has to be what its advanced settings take.
import { expect, test } from "vitest";

import { presets } from "#server/connections/presets.ts";
import { oauthSettings } from "#server/oauth/settings.ts";

test.each(presets)("$name: its settings are valid, and who needs an app of their own is told where to make one", (preset) => {
  expect(oauthSettings.parse(preset.advanced)).toEqual(preset.advanced);
  if (preset.needsOwnClient) expect(preset.note).toMatch(/redirect URL below.*client (ID|secret)/);
});
