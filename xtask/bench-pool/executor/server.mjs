// Prisma 7's executor of query plans, as its package has it, behind Node's own HTTP server.
// The plans beside this file are what the client of 7.10.0 sends for the two questions of the measurement.
import http from "node:http";
import { context } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { Server, parseDuration } from "@prisma/query-plan-executor";

// Its logger travels in the context of a request, which it leaves to its host to keep.
context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());

const minute = parseDuration("PT1M");
const server = await Server.create({
  databaseUrl: process.argv[2],
  queryTimeout: minute,
  maxTransactionTimeout: minute,
  maxTransactionWaitTime: minute,
  maxResponseSize: 1 << 24,
  perRequestLogContext: { logFormat: "text", logLevel: "error" },
});

const answer = async (request, response) => {
  const parts = [];
  for await (const part of request) parts.push(part);
  const asked = new Request(`http://localhost${request.url}`, {
    method: request.method,
    headers: request.headers,
    body: parts.length ? Buffer.concat(parts) : undefined,
  });
  const answered = await server.fetch(asked);
  const body = Buffer.from(await answered.arrayBuffer());
  response.writeHead(answered.status, { "content-type": "application/json", "content-length": body.length });
  response.end(body);
};

http.createServer(answer).listen(0, "127.0.0.1", function () {
  console.log(this.address().port);
});
