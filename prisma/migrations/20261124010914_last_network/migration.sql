-- AlterTable
ALTER TABLE "AgentGrant" ADD COLUMN     "lastNetwork" TEXT;

-- AlterTable
ALTER TABLE "AgentToken" ADD COLUMN     "lastNetwork" TEXT;
