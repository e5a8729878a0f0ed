// The nonce of this response's content security policy, for the script elements of the document. In the browser it is not needed any more.
import { createContext, useContext } from "react";

const NonceContext = createContext<string | undefined>(undefined);

export const NonceProvider = NonceContext.Provider;
export const useNonce = () => useContext(NonceContext);
