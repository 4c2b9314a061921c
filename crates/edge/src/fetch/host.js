// The half of this module that is JavaScript. Both halves name what they wait for by a number, and JavaScript calls an
// export of the instance: that costs neither closures nor a queue of tasks in WebAssembly.

// What was posted: how to give it up, then its answer.
const posted = new Map();

// Posts a request. The answer is one text: the status, the headers that matter, an empty line, the body; without an answer
// the status is 000. A request is sent again only when nothing can have been executed twice: when the pool says that it
// refused it (`retry-after`), or when it only reads (`repeatable`).
export async function post(wasm, id, url, headers, body, repeatable) {
  const abort = new AbortController(), { signal } = abort;
  posted.set(id, abort);
  for (let left = 3, pause = 50; ; pause *= 2) {
    let answer, again, wait;
    try {
      const response = await fetch(url, { method: "POST", headers: JSON.parse(headers), body, signal, redirect: "manual" });
      const { status, headers: given } = response;
      wait = given.get("retry-after");
      again = (status == 429 || status == 503) && wait != null || repeatable && (status == 502 || status == 503);
      answer = "" + status;
      for (const name of ["accelerate-cache-status", "last-modified", "cf-ray"])
        if (given.has(name)) answer += "\n" + name + ":" + given.get(name);
      answer += "\n\n" + await response.text();
    } catch (error) {
      answer = "000\n\n" + error;
      again = repeatable;
    }
    if (signal.aborted) return;
    if (!again || !left-- || wait > 5) {
      posted.set(id, answer);
      return wasm.__lenslet_arrived(id);
    }
    await new Promise(done => setTimeout(done, (wait | 0) * 1000 + pause * (.5 + Math.random())));
  }
}

// Takes the answer, if it is there; if it is not, perhaps gives it up.
export function take(id, giveUp) {
  const answer = posted.get(id);
  if (typeof answer != "string") {
    if (!giveUp) return;
    answer?.abort();
  }
  posted.delete(id);
  return giveUp ? undefined : answer;
}
