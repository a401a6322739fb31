// OpenAI's own client speaks of responses to a scripted model: node responses.mjs BASE_URL
import assert from "node:assert/strict";
import OpenAI from "openai";

const client = new OpenAI({ baseURL: process.argv[2], apiKey: "none", maxRetries: 0 });
const ask = (input, more = {}) => ({ model: "scripted", input, ...more });
const tools = [{
  type: "function",
  name: "weather",
  description: "The weather",
  strict: true,
  parameters: { type: "object", properties: { city: { type: "string" } }, required: ["city"], additionalProperties: false },
}];

const checks = {
  async "a whole response has text and usage"() {
    const response = await client.responses.create(ask("one two three"));
    assert.equal(response.output_text, "one two three");
    assert.equal(response.status, "completed");
    assert.equal(response.usage.total_tokens, 10);
    assert.match(response._request_id, /^req_/);
  },

  async "a stream's events add up to the response that ends it"() {
    const stream = client.responses.stream(ask("think"));
    const types = new Set();
    let text = "";
    for await (const event of stream) {
      types.add(event.type);
      if (event.type === "response.output_text.delta") text += event.delta;
    }
    const response = await stream.finalResponse();
    assert.equal(text, "It is so.");
    assert.equal(response.output_text, text);
    assert.equal(response.output[0].content[0].text, "Let me see.");
    assert.ok(types.has("response.reasoning_text.delta") && types.has("response.completed"));
  },

  async "a tool is called in a loop, its result sent with the history"() {
    const input = [{ role: "user", content: "call" }];
    const first = await client.responses.create(ask(input, { tools, store: false }));
    const call = first.output.find(item => item.type === "function_call");
    assert.deepEqual(JSON.parse(call.arguments), { city: "Łódź" });
    input.push(...first.output, { type: "function_call_output", call_id: call.call_id, output: "sunny in Łódź" });
    const second = await client.responses.create(ask(input, { tools, store: false }));
    assert.equal(second.output_text, "sunny in Łódź");
  },

  async "arguments arrive in pieces, and add up to the whole"() {
    const stream = client.responses.stream(ask("two calls", { tools }));
    const deltas = [];
    for await (const event of stream)
      if (event.type === "response.function_call_arguments.delta") deltas.push([event.output_index, event.delta]);
    assert.deepEqual(deltas, [[1, '{"ci'], [1, 'ty": "Łó'], [1, 'dź"}'], [2, '{"city": '], [2, '"Oslo" }']]);
    const told = response => response.output.map(item => [item.type, item.status, item.call_id, item.arguments]);
    const whole = await client.responses.create(ask("two calls", { tools }));
    assert.deepEqual(told(whole)[2], ["function_call", "completed", "call_2", '{"city": "Oslo" }']);
    assert.deepEqual(told(await stream.finalResponse()), told(whole));
  },

  async "a call that is cut is incomplete, and the history with it is taken"() {
    const types = [];
    let last;
    for await (const event of await client.responses.create(ask("cut", { tools, stream: true }))) types.push((last = event).type);
    assert.ok(!types.includes("response.function_call_arguments.done"));
    const [call] = last.response.output;
    assert.deepEqual([last.type, call.status, call.arguments], ["response.incomplete", "incomplete", '{"city": "Łódź", "days": [1, ']);
    const next = await client.responses.create(ask("go on", { tools, previous_response_id: last.response.id }));
    assert.equal(next.output_text, "go on");
  },

  async "a tool's result continues a stored response"() {
    const first = await client.responses.create(ask("call", { tools }));
    const call = first.output.find(item => item.type === "function_call");
    const second = await client.responses.create(ask(
      [{ type: "function_call_output", call_id: call.call_id, output: "rain" }], { previous_response_id: first.id, tools }));
    assert.equal(second.output_text, "rain");
    assert.equal(second.previous_response_id, first.id);
  },

  async "structured output is parsed"() {
    const response = await client.responses.parse(ask("json", {
      text: { format: { type: "json_schema", name: "answer", strict: true, schema: { type: "object", properties: { a: { type: "integer" } } } } },
    }));
    assert.deepEqual(response.output_parsed, { a: 1 });
  },

  async "a response is retrieved, its input listed, and deleted"() {
    const made = await client.responses.create(ask("one two"));
    assert.equal((await client.responses.retrieve(made.id)).output_text, "one two");
    const items = [];
    for await (const item of client.responses.inputItems.list(made.id)) items.push(item);
    assert.equal(items[0].content[0].text, "one two");
    await client.responses.delete(made.id);
    await assert.rejects(client.responses.retrieve(made.id), OpenAI.NotFoundError);
  },

  async "a conversation keeps its items"() {
    const conversation = await client.conversations.create({ metadata: { topic: "x" }, items: [{ role: "user", content: "one" }] });
    await client.responses.create(ask("two three", { conversation: conversation.id }));
    const items = [];
    for await (const item of client.conversations.items.list(conversation.id, { order: "asc", limit: 1 })) items.push(item);
    assert.deepEqual(items.map(item => item.content[0].text), ["one", "two three", "two three"]);
    assert.equal((await client.conversations.update(conversation.id, { metadata: { topic: "y" } })).metadata.topic, "y");
    assert.equal((await client.conversations.delete(conversation.id)).deleted, true);
  },

  async "tokens are counted"() {
    assert.equal((await client.responses.inputTokens.count(ask("one"))).input_tokens, 7);
  },

  async "a wrong field is a bad request that names it"() {
    await assert.rejects(client.responses.create(ask("one", { background: true })), error =>
      error instanceof OpenAI.BadRequestError && error.param === "background" && error.code === "unsupported_parameter");
  },

  async "a stream that fails says so in its last event"() {
    const stream = await client.responses.create(ask("fail late", { stream: true }));
    let last;
    for await (const event of stream) last = event;
    assert.equal(last.type, "response.failed");
    assert.equal(last.response.error.code, "server_error");
  },

  async "who leaves a stream ends the answer"() {
    const stream = await client.responses.create(ask("forever", { stream: true }));
    for await (const event of stream) if (event.type === "response.output_text.delta") break;
  },
};

for (const [name, check] of Object.entries(checks)) {
  try {
    await check();
    console.log("ok: " + name);
  } catch (error) {
    console.error("FAILED: " + name + "\n" + error.stack);
    process.exitCode = 1;
  }
}
