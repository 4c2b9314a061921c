// The client under Node, over TLS. Prints a line of JSON a step.
import { Prisma, PrismaClient } from "@prisma/client";
import { withAccelerate } from "@prisma/extension-accelerate";
import { steps } from "./steps.js";

// For other hosts than its own the extension knows one address only: it has to be told another way.
const pool = new URL(process.env.DATABASE_URL.replace("prisma:", "https:"));
const accelerate = withAccelerate({ fetch: (url, init) => fetch(new URL(new URL(url).pathname, pool.origin), init) });
const db = new PrismaClient().$extends(accelerate);

for (const [name, step] of Object.entries(steps)) {
  try {
    await step(db, Prisma);
    console.log(JSON.stringify({ name, ok: true }));
  } catch (error) {
    console.log(JSON.stringify({ name, ok: false, message: error.stack }));
  }
}
