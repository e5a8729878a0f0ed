-- AlterTable
ALTER TABLE "Credential" ADD COLUMN     "wantedScope" TEXT;
