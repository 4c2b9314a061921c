CREATE TABLE "User" (id serial PRIMARY KEY, email text NOT NULL UNIQUE, name text);
CREATE TABLE "Post" (id serial PRIMARY KEY, title text NOT NULL, "authorId" int NOT NULL REFERENCES "User" (id));
INSERT INTO "User" (email, name) SELECT 'user' || n || '@example.com', 'User ' || n FROM generate_series(1, 10000) n;
INSERT INTO "Post" (title, "authorId") SELECT 'Post ' || n, 1 + n % 10000 FROM generate_series(1, 50000) n;
CREATE INDEX "Post_authorId_idx" ON "Post" ("authorId");
ANALYZE;
