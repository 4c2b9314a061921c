import * as glue from "./index_bg.js";
import module from "./index_bg.wasm";

const instance = new WebAssembly.Instance(module, { "./index_bg.js": glue });
glue.__wbg_set_wasm(instance.exports);
instance.exports.__wbindgen_start?.();

export default {
  fetch: async (_request, env) => {
    try {
      return new Response(await glue.play(env.DATABASE_URL, env.STORY));
    } catch (message) {
      return new Response(message, { status: 500 });
    }
  },
};
