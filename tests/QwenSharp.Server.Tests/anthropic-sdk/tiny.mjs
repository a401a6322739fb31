// Anthropic's own client against the model in the box: node tiny.mjs BASE_URL MODEL
import assert from "node:assert/strict";
import Anthropic from "@anthropic-ai/sdk";

const [baseURL, model] = process.argv.slice(2);
const client = new Anthropic({ baseURL, apiKey: "none", maxRetries: 0 });
const tools = [{
  name: "get_weather",
  description: "Gets the weather in a city",
  input_schema: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
}];
const request = { model, max_tokens: 200, temperature: 0, tools };
const messages = [{ role: "user", content: "What is the weather in Oslo?" }];

const first = await client.messages.stream({ ...request, messages }).finalMessage();
const call = first.content.find(block => block.type === "tool_use");
assert.equal(first.stop_reason, "tool_use");
assert.deepEqual(call.input, { city: "Oslo" });

const result = { type: "tool_result", tool_use_id: call.id, content: '{"temperature": 17, "sky": "rainy"}' };
messages.push({ role: "assistant", content: first.content }, { role: "user", content: [result] });
const second = await client.messages.create({ ...request, messages });
assert.match(second.content[0].text, /17.*rainy|rainy.*17/s);
assert.equal(second.stop_reason, "end_turn");

const sum = { model, max_tokens: 200, temperature: 0, messages: [{ role: "user", content: "What is 348 + 275?" }] };
const thought = await client.messages.create({ ...sum, thinking: { type: "adaptive" } });
assert.deepEqual(thought.content.map(block => block.type), ["thinking", "text"]);
assert.match(thought.content[1].text, /623/);

const whole = await client.messages.create({ ...sum, messages: [{ role: "user", content: "Who are you?" }] });
const beginning = whole.content[0].text.split(" ").slice(0, 3).join(" ");
const rest = await client.messages.create({
  ...sum,
  messages: [{ role: "user", content: "Who are you?" }, { role: "assistant", content: beginning }],
});
assert.equal(beginning + rest.content[0].text, whole.content[0].text);

const stopped = await client.messages.create({ ...sum, messages: [{ role: "user", content: "Who are you?" }], stop_sequences: ["Qwen"] });
assert.deepEqual([stopped.stop_reason, stopped.stop_sequence], ["stop_sequence", "Qwen"]);

const count = await client.messages.countTokens({ model, messages: sum.messages });
const counted = await client.messages.create(sum);
assert.equal(count.input_tokens, counted.usage.input_tokens + counted.usage.cache_read_input_tokens);
console.log(whole.content[0].text);
