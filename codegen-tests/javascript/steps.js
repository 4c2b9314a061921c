// What the client is asked to do, step by step, each on what the earlier ones left. The same under Node and in workerd.

/** Fails unless both are the same as JSON, whatever the order of their keys. */
function same(actual, wanted) {
  const [one, other] = [text(actual), text(wanted)];
  if (one !== other) throw new Error(`got ${one}, not ${other}`);
}

function text(value) {
  return JSON.stringify(value, (_, it) => {
    if (typeof it === "bigint") return `${it}n`;
    if (it === null || typeof it !== "object" || Array.isArray(it)) return it;
    return Object.fromEntries(Object.entries(it).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}

/** What a promise fails with. */
async function failure(promise) {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error("it does not fail");
}

export const steps = {
  async empty(db) {
    same(await db.user.findMany(), []);
    same(await db.user.findUnique({ where: { id: 1 } }), null);
  },

  async create(db) {
    const { joined, ...ada } = await db.user.create({ data: { email: "ada@example.com", name: "Ada", role: "ADMIN" } });
    same(ada, { id: 1, email: "ada@example.com", name: "Ada", role: "ADMIN" });
    if (!(joined instanceof Date) || Math.abs(Date.now() - joined) > 60_000) throw new Error(`joined ${joined}`);
  },

  async nestedCreate(db) {
    const made = await db.user.create({
      data: {
        email: "grace@example.com",
        profile: { create: { bio: 'née "Hopper"\n\u{1f600}' } },
        posts: { create: [{ title: "Compilers", views: 7, meta: { tags: ["a b", null, 1.5] } }, { title: "Bugs" }] },
      },
      include: { posts: { orderBy: { id: "asc" } }, profile: true },
    });
    same(made.profile, { id: 1, bio: 'née "Hopper"\n\u{1f600}', userId: 2 });
    same(made.posts, [
      { id: 1, title: "Compilers", published: false, views: 7, meta: { tags: ["a b", null, 1.5] }, authorId: 2 },
      { id: 2, title: "Bugs", published: false, views: 0, meta: null, authorId: 2 },
    ]);
  },

  async findManyWithInclude(db) {
    const found = await db.user.findMany({
      where: { OR: [{ posts: { some: { views: { gte: 7 } } } }, { email: { startsWith: "ADA", mode: "insensitive" } }] },
      orderBy: { email: "asc" },
      include: { posts: { select: { title: true }, orderBy: { title: "asc" } }, _count: { select: { posts: true } } },
      omit: { joined: true },
    });
    same(found, [
      { id: 1, email: "ada@example.com", name: "Ada", role: "ADMIN", posts: [], _count: { posts: 0 } },
      {
        id: 2, email: "grace@example.com", name: null, role: "MEMBER",
        posts: [{ title: "Bugs" }, { title: "Compilers" }], _count: { posts: 2 },
      },
    ]);
  },

  async findUniquesOfOneTick(db) {
    const find = (id) => db.user.findUnique({ where: { id }, select: { email: true } });
    same(await Promise.all([find(2), find(99), find(1)]), [{ email: "grace@example.com" }, null, { email: "ada@example.com" }]);
  },

  async update(db) {
    const data = { views: { increment: 2 }, published: true, author: { update: { name: "Grace" } } };
    const updated = await db.post.update({ where: { id: 1 }, data, include: { author: { select: { name: true } } } });
    same([updated.views, updated.published, updated.author], [9, true, { name: "Grace" }]);
  },

  async upsert(db) {
    const upsert = (name) =>
      db.user.upsert({
        where: { email: "alan@example.com" },
        create: { email: "alan@example.com", name },
        update: { name },
        select: { id: true, name: true },
      });
    const made = await upsert("made");
    same(made.name, "made");
    same(await upsert("changed"), { id: made.id, name: "changed" });
  },

  async aggregate(db) {
    const all = await db.post.aggregate({ _count: true, _sum: { views: true }, _avg: { views: true }, _max: { title: true } });
    same(all, { _count: 2, _sum: { views: 9 }, _avg: { views: 4.5 }, _max: { title: "Compilers" } });
    same(await db.user.count({ where: { role: "ADMIN" } }), 1);
  },

  async groupBy(db) {
    const groups = await db.user.groupBy({ by: ["role"], _count: { _all: true }, orderBy: { role: "asc" } });
    same(groups, [{ role: "MEMBER", _count: { _all: 2 } }, { role: "ADMIN", _count: { _all: 1 } }]);
  },

  async batch(db) {
    const [made, count] = await db.$transaction([
      db.post.create({ data: { title: "Batched", authorId: 1 }, select: { title: true } }),
      db.post.count(),
    ]);
    same([made, count], [{ title: "Batched" }, 3]);
    const create = (email) => db.user.create({ data: { email } });
    const error = await failure(db.$transaction([create("undone@example.com"), create("ada@example.com")]));
    same([error.code, error.meta.target, error.batchRequestIdx], ["P2002", ["email"], 1]);
    same(await db.user.count({ where: { email: "undone@example.com" } }), 0);
  },

  async interactiveTransaction(db) {
    const count = await db.$transaction(
      async (tx) => {
        await tx.post.updateMany({ where: { authorId: 1 }, data: { views: 100 } });
        await tx.post.create({ data: { title: "Inside", author: { connect: { id: 1 } } } });
        return tx.post.count();
      },
      { isolationLevel: "Serializable" },
    );
    same([count, await db.post.count({ where: { views: 100 } })], [4, 1]);
  },

  async interactiveTransactionUndone(db) {
    const error = await failure(
      db.$transaction(async (tx) => {
        await tx.post.deleteMany();
        same(await tx.post.count(), 0);
        throw new Error("changed my mind");
      }),
    );
    same([error.message, await db.post.count()], ["changed my mind", 4]);
  },

  async interactiveTransactionExpired(db) {
    const error = await failure(
      db.$transaction(
        async (tx) => {
          await tx.post.deleteMany();
          await new Promise((resolve) => setTimeout(resolve, 400));
          await tx.post.count();
        },
        { timeout: 150 },
      ),
    );
    same([error.code, await db.post.count()], ["P2028", 4]);
  },

  async uniqueConstraint(db, Prisma) {
    const error = await failure(db.user.create({ data: { email: "ada@example.com" } }));
    same(error instanceof Prisma.PrismaClientKnownRequestError, true);
    same([error.code, error.meta], ["P2002", { modelName: "User", target: ["email"] }]);
    same(error.message.includes("Unique constraint failed on the fields: (`email`)"), true);
  },

  async recordMissing(db, Prisma) {
    for (const operation of [
      db.user.update({ where: { id: 99 }, data: { name: "nobody" } }),
      db.user.delete({ where: { id: 99 } }),
      db.user.findUniqueOrThrow({ where: { id: 99 } }),
    ]) {
      const error = await failure(operation);
      same([error instanceof Prisma.PrismaClientKnownRequestError, error.code], [true, "P2025"]);
    }
  },

  async foreignKey(db) {
    const error = await failure(db.post.create({ data: { title: "nobody's", authorId: 99 } }));
    same(error.code, "P2003");
  },

  async notInTheSchema(db, Prisma) {
    const error = await failure(db.user.findMany({ where: { nope: 1 } }));
    same([error instanceof Prisma.PrismaClientValidationError, error.message.includes("Unknown argument `nope`")], [true, true]);
  },

  async everyType(db, Prisma) {
    const data = {
      big: 9007199254740993n,
      amount: new Prisma.Decimal("123456789.123456789"),
      ratio: 0.1,
      bytes: new Uint8Array([0, 1, 254, 255]),
      moment: new Date("2026-11-21T12:34:56.789Z"),
      words: ["a", 'b"\\', ""],
      roles: ["ADMIN", "MEMBER"],
    };
    const { id } = await db.sample.create({ data });
    const found = await db.sample.findFirstOrThrow({ where: { id, moment: data.moment, big: data.big, words: { has: "a" } } });
    same([found.big, found.amount.toFixed(), found.ratio], [data.big, "123456789.123456789", 0.1]);
    same([Array.from(found.bytes), found.moment.toISOString()], [[0, 1, 254, 255], "2026-11-21T12:34:56.789Z"]);
    same([found.words, found.roles], [data.words, data.roles]);
  },

  async rawSql(db) {
    const rows = await db.$queryRaw`SELECT id, email, 12345678901::int8 AS big FROM "User" WHERE id = ${1}`;
    same(rows, [{ id: 1, email: "ada@example.com", big: 12345678901n }]);
    same(await db.$executeRaw`UPDATE "Post" SET views = views + 1 WHERE id = ${1}`, 1);
    const error = await failure(db.$queryRaw`SELECT * FROM nope`);
    same([error.code, error.meta.code], ["P2010", "42P01"]);
  },

  async cacheStrategy(db) {
    const read = () =>
      db.user.findMany({ where: { id: 1 }, select: { name: true }, cacheStrategy: { ttl: 60, tags: ["ada"] } }).withAccelerateInfo();
    const first = await read();
    same([first.data, first.info.cacheStatus], [[{ name: "Ada" }], "miss"]);
    await db.user.update({ where: { id: 1 }, data: { name: "Ada L." } });
    const second = await read();
    same([second.data, second.info.cacheStatus], [[{ name: "Ada" }], "ttl"]);
    same(Number.isFinite(Date.parse(second.info.lastModified)), true);
    const fresh = await db.user.findMany({ where: { id: 1 }, select: { name: true } }).withAccelerateInfo();
    same([fresh.data, fresh.info.cacheStatus], [[{ name: "Ada L." }], "none"]);
  },

  async cacheInvalidated(db) {
    const read = () =>
      db.user.findMany({ where: { id: 1 }, select: { name: true }, cacheStrategy: { ttl: 60, tags: ["ada"] } }).withAccelerateInfo();
    await db.$accelerate.invalidate({ tags: ["ada"] });
    const read_again = await read();
    same([read_again.data, read_again.info.cacheStatus], [[{ name: "Ada L." }], "miss"]);
    await db.$accelerate.invalidateAll();
    same((await read()).info.cacheStatus, "miss");
  },
};
