// The client in a Worker: each request makes one, as is usual there.
import { Prisma, PrismaClient } from "@prisma/client/edge";
import { withAccelerate } from "@prisma/extension-accelerate";
import { Hono } from "hono";
import { steps } from "./steps.js";

const app = new Hono();

app.get("/steps", (context) => context.json(Object.keys(steps)));

app.post("/steps/:name", async (context) => {
  const name = context.req.param("name");
  const db = new PrismaClient({ datasourceUrl: context.env.DATABASE_URL }).$extends(withAccelerate());
  try {
    await steps[name](db, Prisma);
    return context.json({ name, ok: true });
  } catch (error) {
    return context.json({ name, ok: false, message: error.stack });
  }
});

export default app;
