-- CreateTable
CREATE TABLE "KeptResult" (
    "id" TEXT NOT NULL,
    "orgId" TEXT NOT NULL,
    "membershipId" TEXT NOT NULL,
    "connectionId" TEXT,
    "sealed" TEXT NOT NULL,
    "bytes" INTEGER NOT NULL,
    "expiresAt" TIMESTAMP(3) NOT NULL,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "KeptResult_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "KeptResult_orgId_createdAt_idx" ON "KeptResult"("orgId", "createdAt");

-- CreateIndex
CREATE INDEX "KeptResult_membershipId_idx" ON "KeptResult"("membershipId");

-- CreateIndex
CREATE INDEX "KeptResult_connectionId_idx" ON "KeptResult"("connectionId");

-- CreateIndex
CREATE INDEX "KeptResult_expiresAt_idx" ON "KeptResult"("expiresAt");

-- AddForeignKey
ALTER TABLE "KeptResult" ADD CONSTRAINT "KeptResult_membershipId_fkey" FOREIGN KEY ("membershipId") REFERENCES "Membership"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "KeptResult" ADD CONSTRAINT "KeptResult_connectionId_fkey" FOREIGN KEY ("connectionId") REFERENCES "Connection"("id") ON DELETE CASCADE ON UPDATE CASCADE;
