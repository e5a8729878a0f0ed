-- AlterTable
ALTER TABLE "Catalog" ADD COLUMN     "listingBegan" TIMESTAMP(3),
ADD COLUMN     "listingUntil" TIMESTAMP(3);

-- CreateTable
CREATE TABLE "RateLimit" (
    "key" VARCHAR(255) NOT NULL,
    "points" INTEGER NOT NULL DEFAULT 0,
    "expire" BIGINT,

    CONSTRAINT "RateLimit_pkey" PRIMARY KEY ("key")
);

-- CreateIndex
CREATE INDEX "RateLimit_expire_idx" ON "RateLimit"("expire");
