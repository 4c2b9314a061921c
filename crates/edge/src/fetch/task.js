// Promises that WebAssembly keeps.
const tasks = new Map();

// Begins a task and promises its result.
export function begin(wasm, id) {
  return new Promise((resolve, reject) => {
    tasks.set(id, {
      resolve,
      reject,
      step() {
        try {
          wasm.__lenslet_run(id);
        } catch (error) {
          reject(error);
        }
      },
    });
    wake(id);
  });
}

// Runs a task as soon as nothing else runs.
export function wake(id) {
  const task = tasks.get(id);
  task && queueMicrotask(task.step);
}

// Ends a task.
export function settle(id, kept, value) {
  const task = tasks.get(id);
  tasks.delete(id);
  kept ? task.resolve(value) : task.reject(value);
}
