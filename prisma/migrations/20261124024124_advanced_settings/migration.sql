-- AlterTable
ALTER TABLE "Connection" ADD COLUMN     "settings" JSONB;
