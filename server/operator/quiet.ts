// Imported before everything else: standard output belongs to the command, also while the other modules load.
import { log } from "#server/log.ts";

log.level = "silent";
