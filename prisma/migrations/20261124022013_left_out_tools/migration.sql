-- AlterTable
ALTER TABLE "Catalog" ADD COLUMN     "leftOut" JSONB;
