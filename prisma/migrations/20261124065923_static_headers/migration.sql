-- AlterTable
ALTER TABLE "Connection" ADD COLUMN     "staticHeaderNames" TEXT[] DEFAULT ARRAY[]::TEXT[],
ADD COLUMN     "staticHeaders" TEXT,
ADD COLUMN     "staticHeadersRevision" INTEGER NOT NULL DEFAULT 0;
