-- AlterTable
ALTER TABLE "Catalog" ADD COLUMN     "reviewedAt" TIMESTAMP(3),
ADD COLUMN     "reviewedBy" TEXT,
ADD COLUMN     "toolCount" INTEGER NOT NULL DEFAULT 0;

-- CreateTable
CREATE TABLE "ToolChange" (
    "id" TEXT NOT NULL,
    "catalogId" TEXT NOT NULL,
    "at" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "tool" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "diff" JSONB,

    CONSTRAINT "ToolChange_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "ToolChange_catalogId_at_idx" ON "ToolChange"("catalogId", "at" DESC);

-- AddForeignKey
ALTER TABLE "ToolChange" ADD CONSTRAINT "ToolChange_catalogId_fkey" FOREIGN KEY ("catalogId") REFERENCES "Catalog"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- What is there already counts, too.
UPDATE "Catalog" SET "toolCount" = (SELECT count(*) FROM "CatalogTool" WHERE "CatalogTool"."catalogId" = "Catalog"."id" AND "CatalogTool"."removedAt" IS NULL);
