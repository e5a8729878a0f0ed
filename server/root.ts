// Where the project is: one folder above this file, in the sources (server/) and in the bundle (build/) alike.
import { fileURLToPath } from "node:url";

/** The project's folder, without a slash at its end. */
export const projectRoot = fileURLToPath(new URL("..", import.meta.url)).replace(/\/$/, "");
