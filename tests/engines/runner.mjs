// Runs state machines with aws-local-stepfunctions, one step per line of stdin: `node runner.mjs FOLDER`, where FOLDER
// holds node_modules. A step begins with a message and ends when nothing more can happen without the next one; its
// answer is one line, the list of what the machine did meanwhile. Tasks, timers and the time are the caller's.
//
//   {"now": ms, "run": id, "start": {"definition", "input", "context"}}      begin a run
//   {"now": ms, "run": id, "ring": timer}                                    a timer is due
//   {"now": ms, "run": id, "answer": task, "result": {...}}                  what a task returned
//   {"now": ms, "run": id, "answer": task, "error": {"name", "cause"}}       what it raised
//   {"now": ms, "run": id, "abort": true}                                    stop the run
//
//   ["event", {...}]  of the engine's own log    ["invoke", task, parameters]    ["timer", timer, ms]    ["cancel", timer]

import { createRequire } from "node:module";
import { createInterface } from "node:readline";

let now = 0;
let did = [];
let numbers = 0;
const runs = new Map();
const tasks = new Map();
const timers = new Map();

const RealDate = Date;
globalThis.Date = class extends RealDate {
  constructor(...given) {
    super(...(given.length > 0 ? given : [now]));
  }
  static now() {
    return now;
  }
};

globalThis.setTimeout = (ring, ms) => {
  numbers += 1;
  timers.set(numbers, ring);
  did.push(["timer", numbers, ms]);
  return numbers;
};

globalThis.clearTimeout = (timer) => {
  if (timers.delete(timer)) did.push(["cancel", timer]);
};

const require = createRequire(`${process.argv[2]}/`);
const { StateMachine } = require("aws-local-stepfunctions");

function namesOfTasks(states) {
  return Object.entries(states).flatMap(([name, state]) => [
    ...(state.Type === "Task" ? [name] : []),
    ...namesOfTasks(state.ItemProcessor?.States ?? {}),
  ]);
}

function invoke(parameters) {
  numbers += 1;
  did.push(["invoke", numbers, parameters]);
  const { promise, resolve, reject } = Promise.withResolvers();
  tasks.set(numbers, { resolve, reject });
  return promise;
}

async function log(events) {
  for await (const event of events) did.push(["event", event]);
}

function start(id, { definition, input, context }) {
  const handlers = namesOfTasks(definition.States).map((name) => [name, invoke]);
  const overrides = { taskResourceLocalHandlers: Object.fromEntries(handlers) };
  const run = new StateMachine(definition).run(input, { overrides, context });
  run.result.catch(() => {}); // its log says the same
  log(run.eventLogs);
  runs.set(id, run);
}

function answer({ answer: task, result, error }) {
  const { resolve, reject } = tasks.get(task);
  tasks.delete(task);
  if (error === undefined) resolve(result);
  else reject(Object.assign(new Error(error.cause, { cause: error.cause }), { name: error.name }));
}

function ring(timer) {
  const due = timers.get(timer);
  timers.delete(timer);
  due?.();
}

for await (const line of createInterface({ input: process.stdin })) {
  const message = JSON.parse(line);
  now = message.now;
  if (message.start !== undefined) start(message.run, message.start);
  else if (message.answer !== undefined) answer(message);
  else if (message.ring !== undefined) ring(message.ring);
  else runs.get(message.run).abort();
  await new Promise(setImmediate); // all that is to happen without a message has happened
  process.stdout.write(`${JSON.stringify(did)}\n`);
  did = [];
}
