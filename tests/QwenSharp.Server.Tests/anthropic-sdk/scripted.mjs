// Anthropic's own client against a scripted model: node scripted.mjs BASE_URL
import assert from "node:assert/strict";
import Anthropic from "@anthropic-ai/sdk";

const client = new Anthropic({ baseURL: process.argv[2], apiKey: "open sesame", maxRetries: 0 });
const ask = (content, more = {}) => ({ model: "scripted", max_tokens: 100, messages: [{ role: "user", content }], ...more });
const tools = [{
  name: "weather",
  description: "The weather",
  input_schema: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
}];

const checks = {
  async "a whole reply has content and usage"() {
    const reply = await client.messages.create(ask("one two three"));
    assert.deepEqual(reply.content.map(block => block.text), ["one two three"]);
    assert.equal(reply.stop_reason, "end_turn");
    assert.deepEqual([reply.usage.input_tokens, reply.usage.output_tokens], [7, 3]);
    assert.match(reply._request_id, /^req_/);
  },

  async "a stream has the words, the reason and the usage"() {
    const words = [];
    const runner = client.messages.stream(ask("one two three")).on("text", word => words.push(word));
    const reply = await runner.finalMessage();
    assert.deepEqual(words, ["one", " two", " three"]);
    assert.equal(await runner.finalText(), "one two three");
    assert.deepEqual([reply.stop_reason, reply.usage.input_tokens, reply.usage.output_tokens], ["end_turn", 7, 3]);
  },

  async "raw events come in their order"() {
    const types = [];
    for await (const event of await client.messages.create(ask("one two", { stream: true }))) types.push(event.type);
    assert.deepEqual(types.filter(type => type !== "ping"), [
      "message_start", "content_block_start", "content_block_delta", "content_block_delta", "content_block_stop", "message_delta",
      "message_stop",
    ]);
  },

  async "thoughts come with a signature, and are known when they come back"() {
    const thoughts = [];
    const thinking = { type: "enabled", budget_tokens: 1024 };
    const runner = client.messages.stream(ask("think", { max_tokens: 2000, thinking })).on("thinking", more => thoughts.push(more));
    const first = await runner.finalMessage();
    assert.deepEqual(first.content.map(block => block.type), ["thinking", "text"]);
    assert.equal(first.content[0].thinking, "Well, now.");
    assert.deepEqual(thoughts, ["Well,", " now."]);
    assert.ok(first.content[0].signature.length > 20);
    const messages = [{ role: "user", content: "think" }, { role: "assistant", content: first.content }, { role: "user", content: "thoughts?" }];
    const second = await client.messages.create(ask("", { messages, max_tokens: 2000, thinking }));
    assert.equal(second.content[0].text, "1");
  },

  async "a tool call arrives piece by piece, and its result goes back"() {
    const pieces = [];
    const runner = client.messages.stream(ask("call", { tools })).on("inputJson", piece => pieces.push(piece));
    const first = await runner.finalMessage();
    assert.equal(first.stop_reason, "tool_use");
    const call = first.content.at(-1);
    assert.deepEqual([call.type, call.name, call.input], ["tool_use", "weather", { city: "Łódź" }]);
    assert.deepEqual(JSON.parse(pieces.join("")), { city: "Łódź" });
    const result = { type: "tool_result", tool_use_id: call.id, content: [{ type: "text", text: "sunny in Łódź" }] };
    const messages = [{ role: "user", content: "call" }, { role: "assistant", content: first.content }, { role: "user", content: [result] }];
    assert.equal((await client.messages.create(ask("", { tools, messages }))).content[0].text, "sunny in Łódź");
  },

  async "input arrives in pieces, and adds up to the whole"() {
    const pieces = [];
    const runner = client.messages.stream(ask("two calls", { tools })).on("inputJson", piece => pieces.push(piece));
    const streamed = await runner.finalMessage();
    assert.deepEqual(pieces, ['{"ci', 'ty": "Łó', 'dź"}', '{"city": ', '"Oslo" }']);
    const whole = await client.messages.create(ask("two calls", { tools }));
    assert.deepEqual(whole.content.map(block => block.input), [undefined, { city: "Łódź" }, { city: "Oslo" }]);
    assert.deepEqual(streamed.content.map(({ type, id, input }) => [type, id, input]), whole.content.map(({ type, id, input }) => [type, id, input]));
  },

  async "of a call that is cut the whole reply has what is whole"() {
    const streamed = await client.messages.stream(ask("cut", { tools, max_tokens: 9 })).finalMessage();
    const whole = await client.messages.create(ask("cut", { tools, max_tokens: 9 }));
    assert.deepEqual([whole.stop_reason, whole.content[0].input], ["max_tokens", { city: "Łódź" }]);
    assert.deepEqual([streamed.stop_reason, streamed.content[0].input.city], ["max_tokens", "Łódź"]);
  },

  async "the tool runner drives the loop"() {
    const run = async ({ city }) => `rain in ${city}`;
    const runner = client.beta.messages.toolRunner(ask("call", { tools: [{ ...tools[0], run, parse: input => input }] }));
    assert.equal((await runner).content[0].text, "rain in Łódź");
  },

  async "a stop sequence is named"() {
    const reply = await client.messages.create(ask("stop", { stop_sequences: ["END"] }));
    assert.deepEqual([reply.stop_reason, reply.stop_sequence], ["stop_sequence", "END"]);
  },

  async "tokens are counted"() {
    assert.equal((await client.messages.countTokens({ model: "scripted", messages: [{ role: "user", content: "Hi" }] })).input_tokens, 7);
  },

  async "models are listed"() {
    const ids = [];
    for await (const model of client.models.list()) ids.push(model.id);
    assert.deepEqual(ids, ["scripted"]);
    assert.equal((await client.models.retrieve("scripted")).type, "model");
  },

  async "betas are taken as they come"() {
    const reply = await client.beta.messages.create(ask("one", { betas: ["interleaved-thinking-2025-05-14", "unheard-of-2030-01-01"] }));
    assert.equal(reply.content[0].text, "one");
  },

  async "errors have the SDK's classes and name the field"() {
    await assert.rejects(client.messages.create(ask("x", { temperature: 9 })), error =>
      error instanceof Anthropic.BadRequestError && error.message.includes("'temperature'") && error.error.error.type === "invalid_request_error");
    await assert.rejects(client.messages.create(ask("x", { model: "claude-3" })), Anthropic.NotFoundError);
    await assert.rejects(client.withOptions({ apiKey: "guess" }).messages.create(ask("x")), Anthropic.AuthenticationError);
    await assert.rejects(client.messages.create(ask("fail")), error =>
      error instanceof Anthropic.InternalServerError && error.message.includes(error.requestID));
    const bearer = new Anthropic({ baseURL: process.argv[2], apiKey: null, authToken: "open sesame", maxRetries: 0 });
    assert.equal((await bearer.messages.create(ask("one"))).content[0].text, "one");
  },

  async "a failure amid a stream reaches the reader"() {
    const stream = await client.messages.create(ask("fail late", { stream: true }));
    await assert.rejects(async () => { for await (const _ of stream); }, Anthropic.APIError);
  },

  async "a stream can be left"() {
    const stream = await client.messages.create(ask("forever", { stream: true }));
    let events = 0;
    for await (const _ of stream) {
      if (++events === 5) break;
    }
    assert.ok(stream.controller.signal.aborted);
  },
};

for (const [name, check] of Object.entries(checks)) {
  await check();
  console.log(`ok: ${name}`);
}
