// The Worker in workerd. Prints a line of JSON a step.
import { build } from "esbuild";
import { Miniflare } from "miniflare";

const { outputFiles } = await build({
  entryPoints: ["worker.js"],
  bundle: true,
  write: false,
  format: "esm",
  target: "es2022",
  conditions: ["workerd", "worker", "browser"],
});
const worker = new Miniflare({
  modules: true,
  script: outputFiles[0].text,
  compatibilityDate: "2026-04-01",
  bindings: { DATABASE_URL: process.env.DATABASE_URL },
});

try {
  const names = await (await worker.dispatchFetch("http://worker/steps")).json();
  for (const name of names) {
    const response = await worker.dispatchFetch(`http://worker/steps/${name}`, { method: "POST" });
    console.log(await response.text());
  }
} finally {
  await worker.dispose();
}
