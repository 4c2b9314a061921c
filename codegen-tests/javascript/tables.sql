-- The tables of schema.prisma, as Prisma's migrations make them.
CREATE TYPE "Role" AS ENUM ('MEMBER', 'ADMIN');
CREATE TABLE "User" ("id" SERIAL PRIMARY KEY, "email" TEXT NOT NULL, "name" TEXT, "role" "Role" NOT NULL DEFAULT 'MEMBER',
  "joined" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP);
CREATE UNIQUE INDEX "User_email_key" ON "User" ("email");
CREATE TABLE "Post" ("id" SERIAL PRIMARY KEY, "title" TEXT NOT NULL, "published" BOOLEAN NOT NULL DEFAULT false,
  "views" INTEGER NOT NULL DEFAULT 0, "meta" JSONB, "authorId" INTEGER NOT NULL,
  CONSTRAINT "Post_authorId_fkey" FOREIGN KEY ("authorId") REFERENCES "User" ("id") ON DELETE RESTRICT ON UPDATE CASCADE);
CREATE TABLE "Profile" ("id" SERIAL PRIMARY KEY, "bio" TEXT NOT NULL, "userId" INTEGER NOT NULL,
  CONSTRAINT "Profile_userId_fkey" FOREIGN KEY ("userId") REFERENCES "User" ("id") ON DELETE RESTRICT ON UPDATE CASCADE);
CREATE UNIQUE INDEX "Profile_userId_key" ON "Profile" ("userId");
CREATE TABLE "Sample" ("id" SERIAL PRIMARY KEY, "big" BIGINT NOT NULL, "amount" DECIMAL(65,30) NOT NULL,
  "ratio" DOUBLE PRECISION NOT NULL, "bytes" BYTEA NOT NULL, "moment" TIMESTAMP(3) NOT NULL, "words" TEXT[], "roles" "Role"[]);
