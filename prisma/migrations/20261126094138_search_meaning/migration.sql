-- CreateTable
CREATE TABLE "ToolVector" (
    "catalogId" TEXT NOT NULL,
    "hash" TEXT NOT NULL,
    "orgId" TEXT NOT NULL,
    "vector" BYTEA NOT NULL,

    CONSTRAINT "ToolVector_pkey" PRIMARY KEY ("catalogId","hash")
);

-- CreateTable
CREATE TABLE "SearchAssociation" (
    "orgId" TEXT NOT NULL,
    "connectionId" TEXT NOT NULL,
    "toolName" TEXT NOT NULL,
    "term" TEXT NOT NULL,
    "membershipId" TEXT NOT NULL,
    "weight" DOUBLE PRECISION NOT NULL,
    "at" TIMESTAMP(3) NOT NULL,

    CONSTRAINT "SearchAssociation_pkey" PRIMARY KEY ("connectionId","toolName","term","membershipId")
);

-- CreateIndex
CREATE INDEX "ToolVector_orgId_hash_idx" ON "ToolVector"("orgId", "hash");

-- CreateIndex
CREATE INDEX "SearchAssociation_orgId_at_idx" ON "SearchAssociation"("orgId", "at");

-- CreateIndex
CREATE INDEX "SearchAssociation_membershipId_idx" ON "SearchAssociation"("membershipId");

-- AddForeignKey
ALTER TABLE "ToolVector" ADD CONSTRAINT "ToolVector_catalogId_fkey" FOREIGN KEY ("catalogId") REFERENCES "Catalog"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "SearchAssociation" ADD CONSTRAINT "SearchAssociation_connectionId_fkey" FOREIGN KEY ("connectionId") REFERENCES "Connection"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "SearchAssociation" ADD CONSTRAINT "SearchAssociation_membershipId_fkey" FOREIGN KEY ("membershipId") REFERENCES "Membership"("id") ON DELETE CASCADE ON UPDATE CASCADE;
