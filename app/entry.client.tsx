// Wakes the server-rendered pages up in the browser.
import { RemixBrowser } from "@remix-run/react";
import { startTransition, StrictMode } from "react";
import { hydrateRoot } from "react-dom/client";

// Libraries that add a style element look for its nonce under this name.
const { nonce } = document.querySelector<HTMLScriptElement>("script[nonce]") ?? {};
Object.assign(globalThis, { __webpack_nonce__: nonce });

startTransition(() => {
  hydrateRoot(
    document,
    <StrictMode>
      <RemixBrowser />
    </StrictMode>,
  );
});
