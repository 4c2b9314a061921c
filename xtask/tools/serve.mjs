// Runs a Worker in workerd: `node serve.mjs FOLDER`, what `worker-build` or xtask made of a library. Prints where it listens, and ends with its input.
// Bindings are the variables of the environment whose names `BINDINGS` lists, with commas between them.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { Miniflare } from "miniflare";

const folder = process.argv[2];
// In a folder of xtask's, `index.js` is one of the files that `worker.js` was bundled of.
const script = ["worker.js", "index.js"].map(name => join(folder, name)).find(existsSync);
const names = (process.env.BINDINGS ?? "").split(",").filter(Boolean);
const worker = new Miniflare({
  modulesRoot: folder,
  modules: [
    { type: "ESModule", path: script },
    { type: "CompiledWasm", path: join(folder, "index_bg.wasm") },
  ],
  compatibilityDate: "2026-04-01",
  bindings: Object.fromEntries(names.map(name => [name, process.env[name]])),
  host: "127.0.0.1",
  port: 0,
});
console.log((await worker.ready).href);
process.stdin.resume();
process.stdin.on("end", async () => {
  await worker.dispose();
  process.exit(0);
});
