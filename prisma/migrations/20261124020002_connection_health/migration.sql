-- AlterTable
ALTER TABLE "Catalog" ADD COLUMN     "contacts" JSONB;

-- AlterTable
ALTER TABLE "Credential" ADD COLUMN     "renewable" BOOLEAN NOT NULL DEFAULT true;

-- AlterTable
ALTER TABLE "OAuthAttempt" ADD COLUMN     "failure" JSONB;

-- AlterTable
ALTER TABLE "OAuthClient" ADD COLUMN     "secretExpiresAt" TIMESTAMP(3);
