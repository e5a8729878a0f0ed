// Where Prisma's tools find the schema. The database itself is opened by server/db.ts.
import { defineConfig } from "prisma/config";

export default defineConfig({ schema: "prisma/schema.prisma" });
