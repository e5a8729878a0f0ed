// The nonce of this response's Content-Security-Policy, for the scripts that the server renders.
import { createContext } from "react";

export const NonceContext = createContext<string | undefined>(undefined);
