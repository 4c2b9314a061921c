// Posts a request; answers the status, the headers that matter, an empty line and the body as one text, since one text is
// the cheapest thing that JavaScript can hand to WebAssembly. Never rejects: without an answer the status is 000.
// A request is sent again only when nothing can have been executed twice: when the pool says that it refused it
// (`retry-after`), or when it only reads (`repeatable`).
export async function post(url, headers, body, repeatable) {
  for (let left = 3, pause = 50; ; pause *= 2) {
    let answer, again, wait;
    try {
      const response = await fetch(url, { method: "POST", headers: JSON.parse(headers), body, redirect: "manual" });
      const { status, headers: given } = response;
      wait = given.get("retry-after");
      again = (status == 429 || status == 503) && wait != null || repeatable && (status == 502 || status == 503);
      answer = status;
      for (const name of ["accelerate-cache-status", "last-modified", "cf-ray"])
        if (given.has(name)) answer += "\n" + name + ":" + given.get(name);
      answer += "\n\n" + await response.text();
    } catch (error) {
      answer = "000\n\n" + error;
      again = repeatable;
    }
    if (!again || !left-- || wait > 5) return answer;
    await new Promise(done => setTimeout(done, (wait | 0) * 1000 + pause * (.5 + Math.random())));
  }
}
