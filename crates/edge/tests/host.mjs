// What the JavaScript half of `fetch` sends again, and what it never does: `node --test crates/edge/tests/host.mjs`.
import assert from "node:assert/strict";
import { test } from "node:test";
import { post, take } from "../src/fetch/host.js";
import { begin, settle, wake } from "../src/fetch/task.js";
import { property } from "../src/fetch/environment.js";

let last = 0;

// Posts to a host that gives these answers, one a request; says what was answered and how often was asked.
async function posted(answers, repeatable) {
  let asked = 0;
  globalThis.fetch = async (url, init) => {
    assert.equal(url, "https://pool.example/graphql");
    assert.deepEqual([init.method, init.headers, init.body], ["POST", { accept: "x" }, "{}"]);
    const [status, headers, body] = answers[asked++];
    if (!status) throw new TypeError("connection refused");
    return new Response(body ?? "", { status, headers });
  };
  const id = ++last;
  const answer = await new Promise(resolve => {
    const wasm = { __lenslet_arrived: which => resolve(take(which, false)) };
    post(wasm, id, "https://pool.example/graphql", '{"accept":"x"}', "{}", repeatable);
    assert.equal(take(id, false), undefined);
  });
  assert.equal(take(id, false), undefined, "an answer is taken once");
  return [answer, asked];
}

const rows = [200, { "accelerate-cache-status": "ttl", "x-other": "y" }, "[[7]]"];
const answered = "200\naccelerate-cache-status:ttl\n\n[[7]]";
const refused = [429, { "retry-after": "0" }];

test("an answer is one text", async () => {
  assert.deepEqual(await posted([rows], false), [answered, 1]);
  assert.deepEqual(await posted([[500, {}, "no"]], true), ["500\n\nno", 1]);
});

test("reads are sent again", async () => {
  assert.deepEqual(await posted([[0], [503, {}], refused, rows], true), [answered, 4]);
  assert.deepEqual(await posted([refused, refused, refused, refused, rows], true), ["429\n\n", 4]);
  assert.deepEqual(await posted([[503, { "retry-after": "3600" }], rows], true), ["503\n\n", 1]);
});

test("writes are sent again only when they were refused", async () => {
  assert.deepEqual(await posted([refused, rows], false), [answered, 2]);
  assert.deepEqual(await posted([[503, {}], rows], false), ["503\n\n", 1]);
  assert.deepEqual(await posted([[0], rows], false), ["000\n\nTypeError: connection refused", 1]);
});

test("what nobody waits for is given up", async () => {
  let aborted = false;
  globalThis.fetch = (_, { signal }) =>
    new Promise((_, reject) => signal.addEventListener("abort", () => reject((aborted = true))));
  const wasm = { __lenslet_arrived: () => assert.fail("nobody waits") };
  const done = post(wasm, ++last, "https://pool.example/graphql", "{}", "{}", true);
  take(last, true);
  await done;
  assert.equal(aborted, true);
});

test("a promise is kept, broken, or broken by a trap", async () => {
  const steps = { 1: () => settle(1, true, "kept"), 2: () => settle(2, false, "broken") };
  const wasm = {
    __lenslet_run(id) {
      if (id == 3) throw new WebAssembly.RuntimeError("unreachable");
      steps[id]();
    },
  };
  assert.equal(await begin(wasm, 1), "kept");
  await assert.rejects(begin(wasm, 2), error => error == "broken");
  await assert.rejects(begin(wasm, 3), WebAssembly.RuntimeError);
  wake(1);
});

test("a variable is a text that is not empty", () => {
  assert.equal(property({ A: "x" }, "A"), "x");
  for (const object of [{ A: "" }, { A: 1 }, {}, undefined]) assert.equal(property(object, "A"), undefined);
});
