// Runs a Worker that `worker-build` made in workerd: `node serve.mjs FOLDER`. Prints where it listens, and ends with its input.
// Bindings are the variables of the environment whose names `BINDINGS` lists, with commas between them.
import { join } from "node:path";
import { Miniflare } from "miniflare";

const folder = process.argv[2];
const names = (process.env.BINDINGS ?? "").split(",").filter(Boolean);
const worker = new Miniflare({
  modulesRoot: folder,
  modules: [
    { type: "ESModule", path: join(folder, "index.js") },
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
