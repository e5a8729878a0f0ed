// What presets know of a provider has to be what its advanced settings take.
import { expect, test } from "vitest";

import { presets, settingsForIssuer } from "#server/connections/presets.ts";
import { oauthSettings } from "#server/oauth/settings.ts";

test.each(presets)("$name: its settings are valid", (preset) => {
  expect(oauthSettings.parse(preset.advanced)).toEqual(preset.advanced);
});

test("servers behind Google and Entra begin with what those want, whatever their address; others with nothing", () => {
  const google = settingsForIssuer("https://accounts.google.com/");
  expect(google.authorizeParameters).toEqual({ access_type: "offline", prompt: "consent" });
  expect(settingsForIssuer("https://login.microsoftonline.com/tenant/v2.0").omitResource).toBe(true);
  expect(settingsForIssuer("https://login.microsoftonline.com.evil.example")).toEqual({});
  for (const issuer of ["https://accounts.google.com", "https://login.microsoftonline.com"])
    expect(oauthSettings.safeParse(settingsForIssuer(issuer)).success).toBe(true);
});
